//! What can be asked of the machine that supervises agents.

use super::fact::AgentFailure;
use super::spec::{NewAgent, SupervisorAction};
use crate::kernel::id::{AgentKey, Incarnation, Message};

/// How an agent is brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// It answers all that it has, and takes no more.
    Drain,
    /// It may finish the message that it is at.
    Stop,
    /// It is called off, and whoever waits is told at once.
    Cancel,
}

/// A request to the kernel about agents. Strings are borrowed: the kernel copies what it keeps.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum AgentCommand<'a> {
    /// Add an agent, or give one that a journal knows its factory again.
    Add(NewAgent<'a>),
    /// Forget an agent and all below it; they must have ended.
    Remove(AgentKey),
    /// Start an agent and all below it.
    Spawn(AgentKey),
    /// Send a message.
    Send {
        /// To whom.
        agent: AgentKey,
        /// As JSON; may be empty unless [`Kernel::keeps_payload`](crate::kernel::Kernel::keeps_payload) says otherwise.
        payload: &'a str,
    },
    /// Take a message back.
    Withdraw {
        /// From whom.
        agent: AgentKey,
        /// Which.
        message: Message,
    },
    /// The factory has made the agent.
    Ready {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
    },
    /// The agent has answered.
    Answer {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// Which message.
        message: Message,
        /// The reply as JSON; may be empty unless the agent's messages are recorded.
        reply: &'a str,
    },
    /// The factory, or the agent at a message, has failed.
    Fail {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// The message it was at; none for the factory.
        message: Option<Message>,
        /// Why.
        error: &'a str,
        /// Whether another try may do better.
        retryable: bool,
    },
    /// What a policy says of a failure; the answer to [`AgentEffect::Consult`](super::AgentEffect::Consult).
    Decide {
        /// Who failed.
        origin: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// About whom.
        about: AgentKey,
        /// What is to be done.
        action: SupervisorAction,
    },
    /// The agent is gone, as it was told by [`AgentEffect::Halt`](super::AgentEffect::Halt).
    Halted {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
    },
    /// The agent wants to end, after the message that it is at.
    Quit {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
    },
    /// Bring an agent and all below it to an end.
    Stop {
        /// Which.
        agent: AgentKey,
        /// How.
        mode: StopMode,
        /// Why.
        reason: &'a str,
    },
    /// The agent wants this back when it begins anew.
    Keep {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// As JSON.
        state: &'a str,
    },
}

impl AgentFailure {
    /// What a failure at this message comes from.
    pub(super) const fn of(message: Option<Message>) -> Self {
        if message.is_some() {
            Self::Message
        } else {
            Self::Factory
        }
    }
}
