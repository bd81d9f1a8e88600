//! What an agent sees of its start and its message.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::kernel::{Message, OrchestratorError, Result};
use crate::orchestrator::{Life, canonical_value};

/// What an agent sees of its start, and of the message that it is at.
pub struct AgentContext {
    name: Arc<str>,
    life: Life,
    message: Option<Message>,
}

impl AgentContext {
    pub(super) const fn new(name: Arc<str>, life: Life) -> Self {
        Self {
            name,
            life,
            message: None,
        }
    }

    pub(super) const fn life(&self) -> &Life {
        &self.life
    }

    pub(super) const fn turn_to(&mut self, message: Option<Message>) {
        self.message = message;
    }

    /// The agent's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of this start, from 1.
    #[must_use]
    pub const fn incarnation(&self) -> u32 {
        self.life.incarnation().get()
    }

    /// The number of the message that it is at, for this agent, from 1. One that is given again has the same.
    #[must_use]
    pub fn message_id(&self) -> Option<u32> {
        self.message.map(Message::get)
    }

    /// Whether the message, or this start, no longer counts.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.life.is_aborted(self.watched())
    }

    /// Ready once the message, or this start, no longer counts.
    pub fn cancelled(&self) -> impl Future<Output = ()> + use<> {
        self.life.aborted(self.watched())
    }

    /// Between messages only the end of the start counts, as for a message that never comes.
    fn watched(&self) -> Message {
        self.message.unwrap_or(Message::new(u32::MAX))
    }

    /// What was kept last, by this start or one before it.
    #[must_use]
    pub fn state(&self) -> Option<Value> {
        // It was JSON when it was kept.
        serde_json::from_str(&self.life.kept()?).ok()
    }

    /// Keeps a value for the next start, in place of what was kept before; in the journal, if there is one. False when
    /// this start no longer counts: then nothing has changed.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what JSON does not have, `LIMIT_EXCEEDED`, or the journal's.
    pub fn keep(&self, state: impl Serialize) -> Result<bool> {
        let state = serde_json::to_value(state).map_err(|error| {
            OrchestratorError::invalid(format!("the state of an agent must be JSON: {error}"))
        })?;
        self.life.keep(&canonical_value(&state)?)
    }

    /// Ends the agent by itself once it has answered the message that it is at. A permanent one is begun anew.
    pub fn stop(&self) {
        self.life.quit();
    }
}

impl fmt::Debug for AgentContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentContext")
            .field("name", &self.name)
            .field("incarnation", &self.incarnation())
            .field("message_id", &self.message_id())
            .finish_non_exhaustive()
    }
}
