//! What happens to agents: their part of the words of the journal.

use serde::{Deserialize, Serialize};

use super::spec::AgentSettings;
use crate::kernel::id::{AgentKey, Incarnation, Message, Millis};
use crate::kernel::words::words;

/// How an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentEnd {
    /// By itself, or because it was asked to stop.
    Completed,
    /// It failed, and was not begun anew.
    Failed,
    /// It was called off.
    Cancelled,
}

words!(AgentEnd { Completed = "completed", Failed = "failed", Cancelled = "cancelled" });

/// What the failure of an agent comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentFailure {
    /// Its factory.
    Factory,
    /// A message that it could not answer.
    Message,
    /// A message that it held for too long.
    Timeout,
    /// It ended by itself though it is permanent.
    Exit,
}

words!(AgentFailure { Factory = "factory", Message = "message", Timeout = "timeout", Exit = "exit" });

/// Why a message ends without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DropReason {
    /// The agent failed at it.
    Failed,
    /// The agent held it for too long.
    Timeout,
    /// The agent ended.
    Stopped,
    /// The agent was called off.
    Cancelled,
    /// The agent was begun anew while it was at it.
    Restarted,
    /// A newer one took its place in a full inbox.
    Overflow,
    /// Whoever sent it took it back.
    Withdrawn,
    /// The process ended again and again while the agent was at it.
    Poisoned,
}

words!(DropReason {
    Failed = "failed",
    Timeout = "timeout",
    Stopped = "stopped",
    Cancelled = "cancelled",
    Restarted = "restarted",
    Overflow = "overflow",
    Withdrawn = "withdrawn",
    Poisoned = "poisoned",
});

/// Why an agent goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// To begin anew.
    Restart {
        /// Not before then.
        due: Option<Millis>,
    },
    /// For good.
    End(AgentEnd),
}

/// One fact about an agent. The order of the variants is part of the format: new ones go at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a fact lives on the stack for one call and is never kept; a box would cost more than its size"
)]
pub enum AgentFact<'a> {
    /// It is known, and its factory is here.
    Added {
        /// Its name.
        #[serde(borrow)]
        name: &'a str,
        /// The agent above it.
        parent: Option<AgentKey>,
        /// All else.
        settings: AgentSettings,
    },
    /// It is gone.
    Removed,
    /// It is to start: when those above it run, those before it have started, and its time has come.
    Waiting {
        /// Not before then.
        due: Option<Millis>,
    },
    /// Its factory is called.
    Starting {
        /// The number of this start, from 1.
        incarnation: Incarnation,
        /// Whether it was started since it was spawned.
        again: bool,
    },
    /// It takes messages.
    Ready {
        /// Which start.
        incarnation: Incarnation,
    },
    /// It failed, and what becomes of it is to be decided.
    Failed {
        /// Which start.
        incarnation: Incarnation,
        /// What it comes from.
        failure: AgentFailure,
        /// Why.
        error: &'a str,
        /// Whether another try may do better.
        retryable: bool,
        /// The message that it was at.
        message: Option<Message>,
    },
    /// It goes on as if it had not failed.
    Resumed,
    /// A failure goes to those above.
    Escalated {
        /// Who failed.
        origin: AgentKey,
        /// About whom is to be decided now; about nobody when the whole tree fails.
        to: Option<AgentKey>,
    },
    /// It will be begun anew.
    Restarting {
        /// How many restarts that makes in all.
        restarts: u32,
        /// When it is due.
        due: Millis,
    },
    /// It is to go down: after those below it.
    Stopping {
        /// And then.
        goal: Goal,
        /// Why.
        reason: &'a str,
    },
    /// It has ended.
    Stopped {
        /// How.
        end: AgentEnd,
        /// Whether it was dropped because its grace period was over.
        overdue: bool,
    },
    /// It takes no more messages, and ends when it has answered those that it has.
    Closing,
    /// It has answered a message, so that its restarts no longer follow each other.
    Steady,
    /// A message came.
    Sent {
        /// Its number.
        message: Message,
        /// What it says, as JSON; empty when that is not kept.
        payload: &'a str,
    },
    /// A message was given to the agent.
    Prompted {
        /// Which.
        message: Message,
    },
    /// A message was answered.
    Answered {
        /// Which.
        message: Message,
        /// The reply, as JSON.
        reply: &'a str,
    },
    /// A message ends without a reply.
    Dropped {
        /// Which.
        message: Message,
        /// Why.
        why: DropReason,
    },
    /// A message that could not be answered is kept to be looked at.
    DeadLetter {
        /// Which.
        message: Message,
        /// What it says, as JSON.
        payload: &'a str,
        /// The last error.
        error: &'a str,
        /// How often it was given to the agent.
        deliveries: u32,
    },
    /// The agent wants this back when it begins anew.
    Kept {
        /// As JSON.
        state: &'a str,
    },
    /// Something came from a start, or for a message, that no longer counts, and changed nothing. Told once per start.
    Late {
        /// Which start.
        incarnation: Incarnation,
    },
}

impl AgentFact<'_> {
    /// Whether this is only recorded for agents whose messages are.
    pub(super) const fn is_mail(&self) -> bool {
        matches!(
            self,
            Self::Sent { .. } | Self::Prompted { .. } | Self::Answered { .. }
        )
    }
}
