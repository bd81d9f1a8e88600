//! Who says what becomes of an agent that has failed.

use super::error::AgentError;
use crate::kernel::SupervisorAction;
use crate::runtime::{MaybeSend, MaybeSync};

/// Says what becomes of an agent that has failed. A closure is one, too.
///
/// It is asked while nothing is locked, and may use the orchestrator. When it panics, the failure goes to those above,
/// as if it had said [`SupervisorAction::Escalate`].
pub trait SupervisorPolicy: MaybeSend + MaybeSync + 'static {
    /// What becomes of the agent with this name.
    fn on_agent_error(&self, name: &str, error: &AgentError) -> SupervisorAction;

    /// How many restarts any agent under this policy may have at most, whatever else is said of it.
    fn max_restarts(&self) -> Option<u32> {
        None
    }
}

impl<F> SupervisorPolicy for F
where
    F: Fn(&str, &AgentError) -> SupervisorAction + MaybeSend + MaybeSync + 'static,
{
    fn on_agent_error(&self, name: &str, error: &AgentError) -> SupervisorAction {
        self(name, error)
    }
}

/// Restarts an agent when another try may do better, a number of times; else ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultSupervisor {
    max_restarts: u32,
}

impl DefaultSupervisor {
    /// One that allows this many restarts.
    #[must_use]
    pub const fn new(max_restarts: u32) -> Self {
        Self { max_restarts }
    }

    /// How many restarts it allows.
    #[must_use]
    pub const fn max_restarts(&self) -> u32 {
        self.max_restarts
    }
}

impl Default for DefaultSupervisor {
    fn default() -> Self {
        Self::new(3)
    }
}

impl SupervisorPolicy for DefaultSupervisor {
    fn on_agent_error(&self, _: &str, error: &AgentError) -> SupervisorAction {
        if error.is_retryable() {
            SupervisorAction::Restart
        } else {
            SupervisorAction::Stop
        }
    }

    fn max_restarts(&self) -> Option<u32> {
        Some(self.max_restarts)
    }
}
