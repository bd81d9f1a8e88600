//! What the host must do now.

use super::agents::AgentEffect;
use super::id::{Attempt, ProviderKey, TaskKey};

/// An order to the driver. Orders come after the events that caused them are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Call the provider.
    Run {
        /// For this task.
        task: TaskKey,
        /// As this attempt.
        attempt: Attempt,
        /// The provider to call.
        provider: ProviderKey,
    },
    /// Tell the provider that this attempt no longer counts.
    Abort {
        /// Whose.
        task: TaskKey,
        /// Which.
        attempt: Attempt,
    },
    /// Tell the provider to hold.
    Hold {
        /// Whose.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
    },
    /// Tell the provider to go on.
    Release {
        /// Whose.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
    },
    /// Tell those who wait that the task has ended. It may be deleted already.
    Settle {
        /// Which.
        task: TaskKey,
        /// Its last attempt.
        attempt: Attempt,
    },
    /// About agents.
    Agent(AgentEffect),
}
