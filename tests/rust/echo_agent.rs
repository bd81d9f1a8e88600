//! An agent that does what its messages say, and a stage for it with virtual time.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentOptions, AgentOrchestrator, AgentOrchestratorBuilder,
    AgentResult, AgentStatus, OrchestratedHandle, StopReason, async_trait,
};
use futures::channel::oneshot;

/// What all agents of a test have done.
#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    pub(crate) made: Arc<AtomicU32>,
    pub(crate) alive: Arc<AtomicU32>,
    /// Opened by tests, for agents that wait at "gate".
    gates: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
}

impl Log {
    pub(crate) fn say(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn made(&self) -> u32 {
        self.made.load(SeqCst)
    }

    pub(crate) fn alive(&self) -> u32 {
        self.alive.load(SeqCst)
    }

    /// Lets all go on that wait at a gate.
    pub(crate) fn open(&self) {
        for gate in self.gates.lock().unwrap().drain(..) {
            let _ = gate.send(());
        }
    }

    /// Makes agents that do what they are told.
    pub(crate) fn factory(&self) -> impl Fn() -> Doer + Send + Sync + 'static {
        let log = self.clone();
        move || {
            log.made.fetch_add(1, SeqCst);
            log.alive.fetch_add(1, SeqCst);
            Doer {
                log: log.clone(),
                count: 0,
            }
        }
    }
}

pub(crate) struct Doer {
    log: Log,
    count: u32,
}

impl Drop for Doer {
    fn drop(&mut self) {
        self.log.alive.fetch_sub(1, SeqCst);
    }
}

#[async_trait]
impl Agent for Doer {
    async fn started(&mut self, ctx: &AgentContext) -> Result<(), AgentError> {
        self.log.say(format!("{} starts", ctx.name()));
        Ok(())
    }

    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        ctx: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        self.count += 1;
        let what = messages[0].text().to_owned();
        self.log.say(format!("{} {what}", ctx.name()));
        match what.as_str() {
            "count" => Ok(self.count.to_string().into()),
            "throttled" => Err(AgentError::ModelThrottled),
            "fatal" => Err(AgentError::fatal("no more")),
            "fail" => Err(AgentError::failed("it broke")),
            "network" => Err(AgentError::network(std::io::Error::other("unplugged"))),
            "panic" => panic!("the roof is on fire"),
            "model failure" => Ok(AgentResult {
                stop_reason: StopReason::Error,
                error: Some("the model is down".to_owned()),
                ..AgentResult::from("")
            }),
            "model aborted" => Ok(AgentResult {
                stop_reason: StopReason::Aborted,
                ..AgentResult::from("half a")
            }),
            "stop" => {
                ctx.stop();
                Ok("bye".into())
            }
            "keep" => Ok(ctx.keep(self.count).unwrap().to_string().into()),
            "state" => Ok(AgentResult::new(ctx.state().unwrap_or_default())),
            "who" => Ok(format!("{} {} {:?}", ctx.name(), ctx.incarnation(), ctx.message_id()).into()),
            "gate" => {
                let (sender, receiver) = oneshot::channel();
                self.log.gates.lock().unwrap().push(sender);
                let _ = receiver.await;
                self.log.say(format!("{} passes", ctx.name()));
                Ok("passed".into())
            }
            "attentive" => {
                ctx.cancelled().await;
                self.log.say(format!("{} heard", ctx.name()));
                Err(AgentError::Aborted)
            }
            "deaf" => std::future::pending().await,
            text => Ok(format!("echo: {text}").into()),
        }
    }

    async fn stopped(&mut self, ctx: &AgentContext) {
        self.log.say(format!("{} stops", ctx.name()));
    }
}

/// An orchestrator with virtual time.
pub(crate) struct Stage {
    pub(crate) runtime: SimulatedRuntime,
    pub(crate) orchestrator: AgentOrchestrator,
    pub(crate) log: Log,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(set: impl FnOnce(AgentOrchestratorBuilder) -> AgentOrchestratorBuilder) -> Self {
        let runtime = SimulatedRuntime::new(1_763_000_000_000, 1);
        let builder = set(AgentOrchestrator::builder().runtime(runtime.clone()));
        let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
        Self {
            runtime,
            orchestrator,
            log: Log::default(),
        }
    }

    pub(crate) fn add(&self, name: &str) {
        self.orchestrator.add_agent(name, self.log.factory()).unwrap();
    }

    pub(crate) fn add_child(&self, name: &str, parent: &str) {
        self.orchestrator
            .add_child(name, parent, self.log.factory())
            .unwrap();
    }

    pub(crate) fn add_with(&self, name: &str, options: AgentOptions) {
        self.orchestrator
            .add_agent_with(name, options, self.log.factory())
            .unwrap();
    }

    pub(crate) fn spawn(&self, name: &str) -> OrchestratedHandle {
        let handle = self.orchestrator.spawn(name).unwrap();
        self.runtime.run_until_idle();
        handle
    }

    /// Adds an agent and spawns it.
    pub(crate) fn start(&self, name: &str) -> OrchestratedHandle {
        self.add(name);
        self.spawn(name)
    }

    /// Waits without letting time pass.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future).expect("it waits for time to pass")
    }

    pub(crate) fn ask(&self, agent: &OrchestratedHandle, text: &str) -> Result<AgentResult, AgentError> {
        self.wait(agent.send_message(text))
    }

    /// Sends without waiting for the answer.
    pub(crate) fn post(&self, agent: &OrchestratedHandle, text: &str) -> Reply {
        let (sender, receiver) = oneshot::channel();
        let (agent, text) = (agent.clone(), text.to_owned());
        agent_orchestrator::runtime::Runtime::spawn(
            &self.runtime,
            Box::pin(async move {
                let _ = sender.send(agent.send_message(text).await);
            }),
        );
        self.runtime.run_until_idle();
        Reply(receiver)
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.runtime.advance(Duration::from_millis(millis));
    }

    pub(crate) fn status(&self, name: &str) -> AgentStatus {
        self.orchestrator.agent(name).unwrap().status()
    }
}

/// An answer that is on its way.
pub(crate) struct Reply(oneshot::Receiver<Result<AgentResult, AgentError>>);

impl Reply {
    /// The answer, if it is there.
    pub(crate) fn now(&mut self) -> Option<Result<AgentResult, AgentError>> {
        self.0.try_recv().unwrap()
    }
}
