//! The tree of agents as it stands, and the messages that nobody could answer.

use serde::Serialize;
use serde_json::Value;

use crate::kernel::{AgentKey, AgentStatus, Kernel, Millis, RestartType, Strategy};
use crate::orchestrator::PastState;

/// One agent, with those below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentNode {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub status: AgentStatus,
    /// The number of its last start; 0 before the first.
    pub incarnation: u32,
    /// How often it was begun anew since it was spawned.
    pub restarts: u32,
    /// How many messages wait in its inbox.
    pub queued: usize,
    /// The number of the message that it is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<u32>,
    /// Why it last failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Who of its children is begun anew with one of them.
    pub strategy: Strategy,
    /// When it is begun anew by itself.
    pub restart: RestartType,
    /// Whether its factory is here: after a recovery it is not, until the agent is added again.
    pub attached: bool,
    /// Those right below it, in the order in which they were added.
    pub children: Vec<Self>,
}

impl AgentNode {
    fn of(kernel: &Kernel, key: AgentKey) -> Option<Self> {
        let agent = kernel.agent(key)?;
        let busy = kernel.prompted(key);
        let at_it = busy.is_some_and(|busy| kernel.knows_message(key, busy));
        let children = agent.children().iter();
        Some(Self {
            name: agent.name().to_owned(),
            status: agent.status(),
            incarnation: agent.incarnation().get(),
            restarts: agent.restarts(),
            queued: kernel.unanswered(key) - usize::from(at_it),
            busy: busy.map(crate::kernel::Message::get),
            last_error: agent.last_error().map(str::to_owned),
            strategy: agent.settings().strategy,
            restart: agent.settings().restart,
            attached: agent.is_attached(),
            // No deeper than the limit on agents above an agent.
            children: children.filter_map(|child| Self::of(kernel, *child)).collect(),
        })
    }
}

impl PastState {
    /// All agents that had none above them, with those below each. What an agent was at is not known of the past.
    #[must_use]
    pub fn tree(&self) -> Vec<AgentNode> {
        tree(self.kernel())
    }

    /// The messages that agents could not answer.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        dead_letters(self.kernel())
    }
}

/// All agents that have none above them, with those below each.
pub(crate) fn tree(kernel: &Kernel) -> Vec<AgentNode> {
    let roots = kernel.agents().filter(|(_, agent)| agent.parent().is_none());
    roots.filter_map(|(key, _)| AgentNode::of(kernel, key)).collect()
}

/// A message that an agent could not answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeadLetter {
    /// The name of the agent.
    pub agent: String,
    /// The number of the message, for this agent.
    pub message_id: u32,
    /// What it says.
    pub messages: Value,
    /// The last error.
    pub error: String,
    /// How often it was given to the agent.
    pub deliveries: u32,
    /// When that was given up, in milliseconds since the Unix epoch.
    pub at: Millis,
}

/// The messages that agents could not answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeadLetters {
    /// Oldest first.
    pub letters: Vec<DeadLetter>,
    /// How many older ones were dropped.
    pub dropped: u64,
}

pub(crate) fn dead_letters(kernel: &Kernel) -> DeadLetters {
    let (letters, dropped) = kernel.dead_letters();
    let letters = letters.iter().map(|letter| DeadLetter {
        agent: kernel.agent_name(letter.agent).to_owned(),
        message_id: letter.message.get(),
        // It was canonical JSON when it came in.
        messages: serde_json::from_str(&letter.payload).unwrap_or(Value::Null),
        error: letter.error.clone().into(),
        deliveries: letter.deliveries,
        at: letter.at,
    });
    DeadLetters {
        letters: letters.collect(),
        dropped,
    }
}
