//! How an agent is supervised, and how it takes messages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::kernel::{AgentSettings, Backoff, Millis, Overflow, RestartType, Strategy};
use crate::orchestrator::SupervisorPolicy;

/// How an agent is supervised, and how it takes messages. What is not said is as the orchestrator's builder says.
#[derive(Clone, Default)]
#[must_use]
pub struct AgentOptions {
    pub(super) parent: Option<String>,
    pub(super) settings: AgentSettings,
    pub(super) max_restarts: Option<u32>,
    pub(super) inbox: Option<u32>,
    pub(super) supervisor: Option<Arc<dyn SupervisorPolicy>>,
}

impl AgentOptions {
    /// The options of an agent that has none of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// The agent above it, by its name.
    pub fn parent(mut self, name: impl Into<String>) -> Self {
        self.parent = Some(name.into());
        self
    }

    /// Who of its children is begun anew with one of them; the child alone when not said.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.settings.strategy = strategy;
        self
    }

    /// When it is begun anew by itself; after a failure when not said.
    pub const fn restart(mut self, restart: RestartType) -> Self {
        self.settings.restart = restart;
        self
    }

    /// How many restarts are within its limits; with one more, its failure goes to its parent.
    pub const fn max_restarts(mut self, restarts: u32) -> Self {
        self.max_restarts = Some(restarts);
        self
    }

    /// Within which time restarts count. When not said, those count that follow each other with no message answered
    /// between them.
    pub const fn restart_window(mut self, window: Duration) -> Self {
        self.settings.window = Some(millis(window));
        self
    }

    /// How long a restart waits; from 50 to 100 ms at first, and twice as long after each one, when not said.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// How long it may go on with its message when it is to stop; 5 seconds when not said.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = millis(grace);
        self
    }

    /// How many messages may wait in its inbox.
    pub const fn inbox_capacity(mut self, messages: u32) -> Self {
        self.inbox = Some(messages);
        self
    }

    /// What becomes of one more; whoever sends it waits when not said.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.settings.overflow = overflow;
        self
    }

    /// How long it may hold a message, or its factory may take; longer is a failure. For ever when not said.
    pub const fn message_timeout(mut self, timeout: Duration) -> Self {
        self.settings.message_timeout = Some(millis(timeout));
        self
    }

    /// How often a message that it failed at is given to it again after a restart; then it goes to the dead letters.
    /// Never when not said.
    pub const fn retry_message(mut self, times: u32) -> Self {
        self.settings.retry_message = times;
        self
    }

    /// Who says what becomes of those below it that have failed.
    pub fn supervisor(mut self, policy: impl SupervisorPolicy) -> Self {
        self.supervisor = Some(Arc::new(policy));
        self
    }

    /// Whether its messages and its answers are in the journal; when not said, they are if there is one.
    pub const fn record_messages(mut self, record: bool) -> Self {
        self.settings.recorded = Some(record);
        self
    }
}

/// Whole milliseconds, upwards: a span that is not nothing does not become it.
const fn millis(span: Duration) -> Millis {
    let whole = span.as_micros().div_ceil(1000);
    if whole > Millis::MAX as u128 {
        Millis::MAX
    } else {
        whole as Millis
    }
}

impl fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOptions")
            .field("parent", &self.parent)
            .field("settings", &self.settings)
            .field("max_restarts", &self.max_restarts)
            .field("inbox_capacity", &self.inbox)
            .field("supervisor", &self.supervisor.as_ref().map(|_| ".."))
            .finish()
    }
}
