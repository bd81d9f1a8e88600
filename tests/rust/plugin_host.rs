//! A host for the face: rooms, roles and settings as a test says, virtual time, and providers that do what their name says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_orchestrator::plugin::{ChatMessage, Reply, Role, RoomInfo, Runtime};
use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestratorPluginOptions, AgentOrchestratorService, AgentProvider, EventFilter, Journal,
    OrchestratedTask, OrchestratorEvent, ProviderTaskExecutionContext, Subscription, TaskResult, async_trait,
};
use serde_json::Value;

/// What a provider makes of a task.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Runs until it is called off.
    Waits,
    /// Ends at once.
    Finishes,
    /// Fails at once.
    Fails,
}

pub(crate) struct Actor {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) does: Does,
    pub(crate) calls: Arc<Mutex<Vec<String>>>,
}

impl Actor {
    pub(crate) fn new(id: &str, label: &str, does: Does) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            does,
            calls: Arc::default(),
        }
    }
}

#[async_trait]
impl AgentProvider for Actor {
    fn id(&self) -> &str {
        &self.id
    }

    fn label(&self) -> &str {
        &self.label
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        self.calls.lock().unwrap().push(task.id.clone());
        match self.does {
            Does::Waits => {
                ctx.cancelled().await;
                TaskResult::failure("", "called off")
            }
            Does::Finishes => TaskResult::success("done"),
            Does::Fails => TaskResult::failure("not done", "no luck"),
        }
    }
}

/// The runtime of an agent, as a test sets it up.
#[derive(Default)]
pub(crate) struct Agent {
    pub(crate) worlds: Mutex<BTreeMap<String, String>>,
    pub(crate) roles: Mutex<BTreeMap<String, Role>>,
    pub(crate) settings: Mutex<BTreeMap<String, String>>,
}

#[async_trait]
impl Runtime for Agent {
    fn agent_id(&self) -> &str {
        "the-agent"
    }

    async fn room(&self, id: &str) -> Option<RoomInfo> {
        let world_id = self.worlds.lock().unwrap().get(id).cloned();
        Some(RoomInfo {
            id: id.to_owned(),
            world_id,
        })
    }

    async fn role(&self, _: &str, user: &str) -> Role {
        self.roles.lock().unwrap().get(user).copied().unwrap_or_default()
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.lock().unwrap().get(name).cloned()
    }
}

/// A service that runs in virtual time.
pub(crate) struct Host {
    pub(crate) time: SimulatedRuntime,
    pub(crate) agent: Arc<Agent>,
    pub(crate) service: AgentOrchestratorService,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::with(vec![
            Actor::new("eliza", "Eliza", Does::Waits),
            Actor::new("codex", "Codex", Does::Finishes),
            Actor::new("broken", "Broken One", Does::Fails),
        ])
    }

    pub(crate) fn with(actors: Vec<Actor>) -> Self {
        let default = actors[0].id.clone();
        Self::open(options(actors, &default))
    }

    pub(crate) fn on(journal: impl Journal) -> Self {
        let actors = vec![Actor::new("eliza", "Eliza", Does::Waits)];
        Self::open(options(actors, "eliza").with_journal(journal))
    }

    pub(crate) fn open(options: AgentOrchestratorPluginOptions) -> Self {
        let time = SimulatedRuntime::new(1_763_000_000_000, 1);
        let agent = Arc::new(Agent::default());
        let started = AgentOrchestratorService::start_with(agent.clone(), options.with_host(time.clone()));
        let service = time.block_on(started).unwrap().unwrap();
        Self { time, agent, service }
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let value = self.time.block_on(future).unwrap();
        self.time.run_until_idle();
        value
    }

    pub(crate) fn ok<T>(&self, future: impl Future<Output = agent_orchestrator::Result<T>>) -> T {
        self.wait(future).unwrap()
    }

    /// What is answered, if anything.
    pub(crate) fn hear(&self, room: &str, user: &str, text: &str) -> Option<Reply> {
        let message = ChatMessage::new(room, user, text);
        self.wait(self.service.respond(&message, &Value::Null))
    }

    pub(crate) fn say(&self, room: &str, user: &str, text: &str) -> Reply {
        self.hear(room, user, text)
            .unwrap_or_else(|| panic!("no answer to {text}"))
    }

    pub(crate) fn create(&self, room: &str, user: &str, name: &str) -> String {
        let reply = self.say(room, user, &format!("create a task called \"{name}\""));
        assert!(reply.success, "{}", reply.text);
        reply.data["taskId"].as_str().unwrap().to_owned()
    }

    /// A task outside of any room, and its provider at work.
    pub(crate) fn run(&self, name: &str) -> String {
        let id = self.ok(self.service.create_task(name, "", None, None)).id;
        drop(self.ok(self.service.start_task_execution(&id)));
        id
    }

    pub(crate) fn task(&self, id: &str) -> OrchestratedTask {
        self.service.orchestrator().get_task(id).unwrap().unwrap()
    }

    /// A hash over all that ever happened.
    pub(crate) fn history(&self) -> String {
        self.service.orchestrator().journal_hash().unwrap()
    }
}

pub(crate) fn options(actors: Vec<Actor>, default: &str) -> AgentOrchestratorPluginOptions {
    let providers = actors
        .into_iter()
        .map(|actor| Arc::new(actor) as Arc<dyn AgentProvider>)
        .collect();
    AgentOrchestratorPluginOptions::new(providers, default, || "/work".to_owned())
}

/// Events as they come.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    events: Arc<Mutex<Vec<OrchestratorEvent>>>,
}

impl Seen {
    pub(crate) fn listen(&self, host: &Host, filter: EventFilter) -> Subscription {
        let events = self.events.clone();
        let listener = move |event: &OrchestratorEvent| events.lock().unwrap().push(event.clone());
        host.service.subscribe(filter, listener).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<OrchestratorEvent> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn types(&self) -> Vec<&'static str> {
        let events = self.events.lock().unwrap();
        events.iter().map(|event| event.kind.type_name()).collect()
    }
}

/// For tests that touch what the whole process shares.
pub(crate) fn one_configuration() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
