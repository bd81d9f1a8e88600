//! What the host must do about agents.

use super::fact::DropReason;
use crate::kernel::id::{AgentKey, Incarnation, Message};

/// An order to the driver about an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentEffect {
    /// Call the factory, then say `Ready` or `Fail`.
    Start {
        /// Whose.
        agent: AgentKey,
        /// For this start.
        incarnation: Incarnation,
    },
    /// Give the agent a message, then say `Answer` or `Fail`.
    Prompt {
        /// To whom.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// Which.
        message: Message,
    },
    /// Tell whoever sent a message what became of it: answered when there is no reason why not.
    Settle {
        /// To whom it was sent.
        agent: AgentKey,
        /// Which.
        message: Message,
        /// Why there is no reply.
        dropped: Option<DropReason>,
    },
    /// Tell the agent that the message it is at no longer counts.
    Abort {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
        /// Which message.
        message: Message,
    },
    /// Let the agent go when it has finished what it is at, then say `Halted`.
    Halt {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
    },
    /// Drop the agent where it stands. Nothing is expected of it any more.
    Discard {
        /// Which.
        agent: AgentKey,
        /// Which start.
        incarnation: Incarnation,
    },
    /// Ask a policy what to do, then say `Decide`.
    Consult {
        /// Whose policy; that of the orchestrator when absent.
        by: Option<AgentKey>,
        /// About whom.
        about: AgentKey,
        /// Who failed: the same one, or one below it.
        origin: AgentKey,
    },
    /// An inbox that was full has room again.
    Room {
        /// Whose.
        agent: AgentKey,
    },
    /// Tell those who wait for the agent that it has ended.
    Ended {
        /// Which.
        agent: AgentKey,
    },
}
