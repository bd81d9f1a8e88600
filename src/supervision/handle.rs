//! A handle to an agent.

use std::fmt;
use std::sync::Arc;

use crate::kernel::{AgentKey, AgentStatus, OrchestratorError, Result, StopMode};
use crate::orchestrator::{
    AgentError, AgentMessage, AgentOutcome, AgentResult, Driver, EventFilter, EventStream, Said,
};

/// A handle to an agent. Clones, and all handles to the same agent, are equal; dropping them does not end it.
#[derive(Clone)]
pub struct OrchestratedHandle {
    driver: Driver,
    key: AgentKey,
    name: Arc<str>,
}

impl OrchestratedHandle {
    pub(super) fn new(driver: Driver, key: AgentKey, name: &str) -> Self {
        Self {
            driver,
            key,
            name: name.into(),
        }
    }

    /// The agent's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a text, and waits for the answer.
    ///
    /// # Errors
    /// As [`send_messages`](Self::send_messages).
    pub async fn send_message(&self, text: impl Into<String>) -> Result<AgentResult, AgentError> {
        self.driver
            .ask_agent(self.key, Said::One(AgentMessage::user(text)))
            .await
    }

    /// Sends messages, together, and waits for the answer. While the inbox is full it waits for room, unless the agent
    /// was added with another [`Overflow`](crate::Overflow).
    ///
    /// Dropping the future does not take a message back that the agent has in its inbox.
    ///
    /// # Errors
    /// What the agent failed with, or why it did not come to it; [`AgentError::Refused`] with `AGENT_NOT_RUNNING`,
    /// `INBOX_FULL`, `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, `DISPOSED`, or the journal's.
    pub async fn send_messages(&self, messages: Vec<AgentMessage>) -> Result<AgentResult, AgentError> {
        if messages.is_empty() {
            let error = OrchestratorError::invalid("there must be at least one message to send");
            return Err(error.into());
        }
        self.driver.ask_agent(self.key, Said::Many(messages)).await
    }

    /// Lets the agent answer what it has, taking no more, then ends it and all below it.
    ///
    /// # Errors
    /// `AGENT_NOT_RUNNING` when it was never spawned, `DISPOSED`, or the journal's.
    pub async fn await_result(&self) -> Result<AgentOutcome> {
        self.end(StopMode::Drain, "it is to answer what it has").await
    }

    /// Ends the agent, once it has finished the message that it is at, and all below it.
    ///
    /// # Errors
    /// As [`await_result`](Self::await_result).
    pub async fn stop(&self) -> Result<AgentOutcome> {
        self.end(StopMode::Stop, "Stopped by user").await
    }

    async fn end(&self, mode: StopMode, reason: &str) -> Result<AgentOutcome> {
        self.driver.stop_agent(self.key, mode, reason)?;
        self.ended().await
    }

    /// Calls the agent off, and all below it: whoever waits for an answer gets [`AgentError::Aborted`] at once.
    pub fn cancel(&self) {
        // Refused when it is gone: then there is nothing to call off.
        let _ = self
            .driver
            .stop_agent(self.key, StopMode::Cancel, "Cancelled by user");
    }

    /// Waits until the agent has ended: at once when it has.
    ///
    /// # Errors
    /// As [`await_result`](Self::await_result).
    pub async fn ended(&self) -> Result<AgentOutcome> {
        self.driver.agent_ended(self.key).await
    }

    /// Where the agent stands.
    #[must_use]
    pub fn status(&self) -> AgentStatus {
        self.driver.agent_status(self.key)
    }

    /// Whether the agent has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status().is_terminal()
    }

    /// What happens to the agent from now on.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub fn events(&self) -> Result<EventStream> {
        self.driver.events(EventFilter::all().of_agent(&*self.name))
    }
}

impl fmt::Debug for OrchestratedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrchestratedHandle")
            .field("name", &self.name)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
