//! Runs the scenario of agents in simulated time. `tests/fixtures/run-agent-scenario.mjs` runs the same file through the
//! npm package; a step there and a step here must mean the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentNode, AgentOptions, AgentOrchestrator, AgentResult,
    Backoff, MessageRole, OrchestratedHandle, Overflow, RestartType, Result, Strategy, SupervisorAction,
    async_trait,
};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::scenario::Hashes;

pub(crate) const AGENTS: &str = include_str!("../fixtures/agents.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scenario {
    seed: u64,
    start: u64,
    top: String,
    decisions: BTreeMap<String, SupervisorAction>,
    steps: Vec<Step>,
    pub(crate) journal_hash: String,
    pub(crate) state_hash: String,
}

#[derive(Deserialize)]
struct Step {
    /// Milliseconds since the start.
    at: u64,
    /// The code of the refusal that is due.
    refused: Option<String>,
    #[serde(flatten)]
    deed: Deed,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Deed {
    Add {
        name: String,
        parent: Option<String>,
        #[serde(default)]
        options: Options,
    },
    Spawn {
        name: String,
    },
    Send {
        name: String,
        content: Value,
    },
    Answer {
        name: String,
        value: Value,
    },
    Fail {
        name: String,
        error: String,
        #[serde(default = "yes")]
        retryable: bool,
    },
    Keep {
        name: String,
        state: Value,
    },
    Stop {
        name: String,
    },
    Drain {
        name: String,
    },
    Cancel {
        name: String,
    },
    Remove {
        name: String,
    },
    /// The agent stands so in the tree.
    Expect {
        name: String,
        is: Map<String, Value>,
    },
}

const fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    strategy: Strategy,
    restart: RestartType,
    max_restarts: Option<u32>,
    restart_window: Option<u64>,
    retry_message: u32,
    inbox_capacity: Option<u32>,
    overflow: Overflow,
    message_timeout: Option<u64>,
    backoff: Option<Wait>,
}

/// As the package says it: factor and jitter are no thousandths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    delay: u64,
    factor: f64,
    jitter: f64,
}

impl Options {
    fn read(self) -> AgentOptions {
        let mut options = AgentOptions::new()
            .strategy(self.strategy)
            .restart(self.restart)
            .retry_message(self.retry_message)
            .overflow(self.overflow)
            .record_messages(true);
        if let Some(restarts) = self.max_restarts {
            options = options.max_restarts(restarts);
        }
        if let Some(window) = self.restart_window {
            options = options.restart_window(Duration::from_millis(window));
        }
        if let Some(messages) = self.inbox_capacity {
            options = options.inbox_capacity(messages);
        }
        if let Some(timeout) = self.message_timeout {
            options = options.message_timeout(Duration::from_millis(timeout));
        }
        if let Some(Wait {
            delay,
            factor,
            jitter,
        }) = self.backoff
        {
            options = options.backoff(Backoff {
                delay,
                factor: (factor * 1000.0) as u32,
                jitter: (jitter * 1000.0) as u32,
                ..Backoff::default()
            });
        }
        options
    }
}

/// What an agent is told by the scenario.
enum Order {
    Answer(Value),
    Fail(AgentError),
    Keep(Value),
}

/// The ways to the agents that are at a message, by their names.
type Open = Arc<Mutex<BTreeMap<String, UnboundedSender<Order>>>>;

struct Puppet(Open);

#[cfg_attr(target_family = "wasm", async_trait(?Send))]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
impl Agent for Puppet {
    async fn prompt(
        &mut self,
        _: &[AgentMessage],
        ctx: &AgentContext,
    ) -> std::result::Result<AgentResult, AgentError> {
        let (sender, mut orders) = unbounded();
        self.0.lock().unwrap().insert(ctx.name().to_owned(), sender);
        while let Some(order) = orders.next().await {
            match order {
                Order::Answer(value) => return Ok(AgentResult::new(value)),
                Order::Fail(error) => return Err(error),
                Order::Keep(state) => assert!(ctx.keep(state).unwrap()),
            }
        }
        Err(AgentError::Aborted)
    }
}

pub(crate) fn read(text: &str) -> Scenario {
    serde_json::from_str(text).unwrap()
}

struct Play {
    runtime: SimulatedRuntime,
    orchestrator: AgentOrchestrator,
    open: Open,
}

pub(crate) fn run(scenario: Scenario) -> Hashes {
    let runtime = SimulatedRuntime::new(scenario.start, scenario.seed);
    let (top, decisions) = (scenario.top, scenario.decisions);
    let builder = AgentOrchestrator::builder()
        .runtime(runtime.clone())
        // In JS nobody can drop what an agent does, so what comes late must be able to come here, too.
        .grace_period(Duration::from_secs(1_000_000))
        .with_supervisor(move |name: &str, error: &AgentError| {
            let decision = decisions.get(&error.to_string());
            // What was handed up to the one at the top, or took too long, begins anew.
            let decision = decision.filter(|_| name != top);
            decision.copied().unwrap_or(SupervisorAction::Restart)
        });
    let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
    let play = Play {
        runtime,
        orchestrator,
        open: Open::default(),
    };
    for (number, step) in scenario.steps.into_iter().enumerate() {
        let ahead = (scenario.start + step.at).checked_sub(play.runtime.now());
        let ahead = ahead.unwrap_or_else(|| panic!("step {number} is in the past"));
        play.runtime.advance(Duration::from_millis(ahead));
        let told = play.perform(number, step.deed);
        play.runtime.run_until_idle();
        match (told, step.refused) {
            (Ok(()), None) => {}
            (Err(error), Some(code)) => assert_eq!(error.code().as_str(), code, "step {number}: {error}"),
            (told, refused) => panic!("step {number} gave {told:?}, {refused:?} was due"),
        }
    }
    Hashes {
        journal: play.orchestrator.journal_hash().unwrap(),
        state: play.orchestrator.state_hash().unwrap(),
    }
}

impl Play {
    fn agent(&self, name: &str) -> OrchestratedHandle {
        self.orchestrator.agent(name).unwrap()
    }

    fn order(&self, name: &str, order: Order) {
        // A start that is over no longer listens.
        let _ = self.open.lock().unwrap()[name].unbounded_send(order);
    }

    fn perform(&self, number: usize, deed: Deed) -> Result<()> {
        let at = &self.orchestrator;
        match deed {
            Deed::Add {
                name,
                parent,
                options,
            } => {
                let mut options = options.read();
                if let Some(parent) = parent {
                    options = options.parent(parent);
                }
                let open = self.open.clone();
                at.add_agent_with(&name, options, move || Puppet(open.clone()))?;
            }
            Deed::Spawn { name } => drop(at.spawn(&name)?),
            Deed::Send { name, content } => {
                let agent = self.agent(&name);
                let message = AgentMessage::new(MessageRole::User, content);
                self.runtime.spawn(Box::pin(async move {
                    // What becomes of it is in the journal.
                    let _ = agent.send_messages(vec![message]).await;
                }));
            }
            Deed::Answer { name, value } => self.order(&name, Order::Answer(value)),
            Deed::Fail {
                name,
                error,
                retryable,
            } => {
                let error = if retryable {
                    AgentError::failed(error)
                } else {
                    AgentError::fatal(error)
                };
                self.order(&name, Order::Fail(error));
            }
            Deed::Keep { name, state } => self.order(&name, Order::Keep(state)),
            Deed::Stop { name } => {
                let agent = self.agent(&name);
                self.runtime
                    .spawn(Box::pin(async move { drop(agent.stop().await) }));
            }
            Deed::Drain { name } => {
                let agent = self.agent(&name);
                self.runtime
                    .spawn(Box::pin(async move { drop(agent.await_result().await) }));
            }
            Deed::Cancel { name } => self.agent(&name).cancel(),
            Deed::Remove { name } => self.runtime.block_on(at.remove_agent(&name)).unwrap()?,
            Deed::Expect { name, is } => {
                let node = find(&at.tree()?, &name).unwrap();
                let node = serde_json::to_value(node).unwrap();
                for (field, due) in is {
                    assert_eq!(node.get(&field), Some(&due), "step {number}: {field} of {name}");
                }
            }
        }
        Ok(())
    }
}

fn find(nodes: &[AgentNode], name: &str) -> Option<AgentNode> {
    nodes.iter().find_map(|node| {
        if node.name == name {
            return Some(node.clone());
        }
        find(&node.children, name)
    })
}
