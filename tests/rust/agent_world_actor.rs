//! Agents that do what their messages say, and factories and policies that do what follows from a seed.

use std::time::Duration;

use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::sim::Rng;
use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentResult, OrchestratedHandle, StopReason,
    SupervisorAction, async_trait,
};
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{Either, pending, select};

use super::agent_world_watch::Watch;

/// What a panic that is meant says.
pub(crate) const MEANT: &str = "as the script says";

/// What all that is made up in one life of a process has in common.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) watch: Watch,
    pub(crate) runtime: SimulatedRuntime,
    pub(crate) seed: u64,
    pub(crate) life: u64,
    /// Of a hundred starts, how many do not go well.
    pub(crate) bad_starts: u64,
}

fn chance(seed: u64, of: &[&str], number: u64) -> Rng {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let hash = of
        .iter()
        .flat_map(|text| text.bytes())
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, mix);
    Rng::new(hash ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Cast {
    fn calm(&self) -> bool {
        self.watch.see().calm
    }

    /// Makes agents with this name.
    pub(crate) fn factory(&self, name: &str) -> impl Fn() -> Actor + Send + Sync + 'static + use<> {
        let (cast, name) = (self.clone(), name.to_owned());
        move || {
            let starts = u64::from(
                cast.watch
                    .see()
                    .ledger
                    .find(&name)
                    .map_or(0, |one| one.incarnation),
            );
            let mut rng = chance(cast.seed, &["makes", &name], starts);
            assert!(cast.calm() || !rng.percent(cast.bad_starts / 4), "{MEANT}");
            Actor { cast: cast.clone() }
        }
    }

    /// Says what becomes of those who fail.
    pub(crate) fn policy(
        &self,
        by: &str,
    ) -> impl Fn(&str, &AgentError) -> SupervisorAction + Send + Sync + 'static + use<> {
        let (cast, by) = (self.clone(), by.to_owned());
        move |name, error| {
            let number = cast.watch.asked(name);
            let mut rng = chance(cast.seed, &["decides", &by, name], number);
            let draw = rng.below(100);
            assert!(draw >= 4 || cast.calm(), "{MEANT}");
            match (draw, error.is_retryable()) {
                (0..15, _) => SupervisorAction::Escalate,
                (15..35, _) => SupervisorAction::Resume,
                (35..42, _) | (42..65, false) => SupervisorAction::Stop,
                _ => SupervisorAction::Restart,
            }
        }
    }
}

/// Sends a message from a future of its own, which may lose its patience. Ready when it is over.
pub(crate) fn send(
    watch: &Watch,
    runtime: &SimulatedRuntime,
    to: OrchestratedHandle,
    tag: String,
    script: &str,
    patience: Option<u64>,
) -> oneshot::Receiver<()> {
    let (over, told) = oneshot::channel();
    let (watch, messages) = (watch.clone(), vec![AgentMessage::user(format!("{tag} {script}"))]);
    let waits = patience.map(|millis| runtime.sleep(Duration::from_millis(millis)));
    runtime.spawn(Box::pin(async move {
        let waits = async {
            if let Some(waits) = waits {
                waits.await
            } else {
                pending().await
            }
        };
        match select(to.send_messages(messages).boxed(), waits.boxed()).await {
            Either::Left((answer, _)) => watch.answered(&tag, &answer),
            Either::Right(((), asked)) => {
                drop(asked);
                watch.left(&tag);
            }
        }
        // Mostly nobody wants to know.
        let _ = over.send(());
    }));
    told
}

pub(crate) struct Actor {
    cast: Cast,
}

impl Actor {
    async fn sleep(&self, millis: u64) {
        self.cast.runtime.sleep(Duration::from_millis(millis)).await;
    }

    fn runs(&self, ctx: &AgentContext, what: &str) {
        self.cast.watch.runs(ctx, self.cast.life, what);
    }

    /// Uses the orchestrator from within.
    async fn reach_out(&self, what: &str, name: &str) {
        let Some(orchestrator) = self.cast.watch.see().orchestrator.clone() else {
            return;
        };
        let Some(handle) = orchestrator.agent(name) else {
            return;
        };
        self.cast.watch.see().counts.used += 1;
        match what {
            "spawn" => drop(orchestrator.spawn(name)),
            "cancel" => handle.cancel(),
            "halt" => drop(handle.stop().now_or_never()),
            _ => {
                let tag = self.cast.watch.tag(name);
                let patience = (what == "ask").then_some(400);
                let sent = send(
                    &self.cast.watch,
                    &self.cast.runtime,
                    handle,
                    tag,
                    "20 reply",
                    patience,
                );
                if what == "ask" {
                    let _ = sent.await;
                }
            }
        }
    }

    /// One word of a script; an end if it is one.
    async fn act(
        &self,
        word: &str,
        tag: &str,
        ctx: &AgentContext,
        kept: &mut String,
    ) -> Option<Result<AgentResult, AgentError>> {
        let answer = || format!("{tag} {}{kept}", ctx.incarnation());
        let end = match word {
            "reply" => {
                let text = answer();
                self.cast.watch.see().said.insert(text.clone());
                Ok(text.into())
            }
            "flaky" => {
                let tries = self.cast.watch.see().tries.get(tag).copied();
                if tries > Some(1) {
                    let text = answer();
                    self.cast.watch.see().said.insert(text.clone());
                    Ok(text.into())
                } else {
                    Err(AgentError::failed("not yet"))
                }
            }
            "fail" => Err(AgentError::ModelThrottled),
            "fatal" => Err(AgentError::fatal("no more")),
            "network" => Err(AgentError::network(std::io::Error::other("unplugged"))),
            "error" => Ok(AgentResult {
                stop_reason: StopReason::Error,
                ..AgentResult::from("half")
            }),
            "panic" => panic!("{MEANT}"),
            "hang" => {
                ctx.cancelled().await;
                Err(AgentError::Aborted)
            }
            "deaf" => pending().await,
            "stop" => {
                ctx.stop();
                return None;
            }
            "keep" => {
                let number = self.cast.watch.see().number();
                if ctx.keep(number) == Ok(true) {
                    *kept = format!(" {number}");
                }
                return None;
            }
            word if word.contains(':') => {
                let (what, name) = word.split_once(':').unwrap_or_default();
                self.reach_out(what, name).await;
                return None;
            }
            wait => {
                let millis = wait.parse().unwrap_or(1);
                let slept = select(self.sleep(millis).boxed(), ctx.cancelled().boxed()).await;
                return match slept {
                    Either::Left(_) => None,
                    Either::Right(_) => Some(Err(AgentError::Aborted)),
                };
            }
        };
        Some(end)
    }
}

#[async_trait]
impl Agent for Actor {
    async fn started(&mut self, ctx: &AgentContext) -> Result<(), AgentError> {
        self.runs(ctx, "started");
        let _starts = self.cast.watch.starts(ctx);
        {
            let mut seen = self.cast.watch.see();
            let kept = seen.ledger.find(ctx.name()).and_then(|one| one.kept.clone());
            let state = ctx.state().map(|state| state.to_string());
            seen.counts.restored += u64::from(state.is_some());
            seen.ensure("kept", state == kept, || {
                format!("{} got {state:?}, and kept {kept:?}", ctx.name())
            });
        }
        let mut rng = chance(
            self.cast.seed,
            &["starts", ctx.name()],
            u64::from(ctx.incarnation()),
        );
        if self.cast.calm() || !rng.percent(self.cast.bad_starts) {
            return Ok(());
        }
        match rng.below(6) {
            0 => Err(AgentError::failed("no luck")),
            1 => Err(AgentError::fatal("no way")),
            2 => panic!("{MEANT}"),
            3 => pending().await,
            4 => {
                self.sleep(rng.below(3000)).await;
                self.runs(ctx, "started slowly");
                Ok(())
            }
            _ => {
                self.sleep(rng.below(300)).await;
                Err(AgentError::ModelThrottled)
            }
        }
    }

    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        ctx: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        self.runs(ctx, "prompted");
        let mut words = messages[0].text().split(' ');
        let tag = words.next().unwrap_or_default().to_owned();
        let _at_it = self.cast.watch.prompted(ctx, &tag);
        let mut kept = String::new();
        for word in words {
            let word = if self.cast.calm() { "reply" } else { word };
            let end = self.act(word, &tag, ctx, &mut kept).await;
            self.runs(ctx, word);
            if let Some(end) = end {
                return end;
            }
        }
        Err(AgentError::fatal("its script has no end"))
    }

    async fn stopped(&mut self, ctx: &AgentContext) {
        self.runs(ctx, "stopped");
        let mut rng = chance(
            self.cast.seed,
            &["stops", ctx.name()],
            u64::from(ctx.incarnation()),
        );
        match rng.below(20) {
            0 => pending().await,
            1 => panic!("{MEANT}"),
            2 | 3 => self.sleep(rng.below(4000)).await,
            _ => {}
        }
        self.runs(ctx, "stopped at last");
    }
}
