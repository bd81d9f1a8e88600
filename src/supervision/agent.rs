//! What an agent is.

use async_trait::async_trait;

use super::context::AgentContext;
use crate::orchestrator::{AgentError, AgentMessage, AgentResult};
use crate::runtime::MaybeSend;

/// A long-lived agent. Its factory makes it at every start; what it is to remember after a restart it
/// [keeps](AgentContext::keep).
///
/// Panicking is a failure, natively; on wasm32 a panic ends the instance.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Agent: MaybeSend + 'static {
    /// Called before its first message. What was kept is in [`AgentContext::state`].
    ///
    /// # Errors
    /// Its start has failed, as when its factory fails.
    async fn started(&mut self, _ctx: &AgentContext) -> Result<(), AgentError> {
        Ok(())
    }

    /// Answers. One call after the other, each with what was sent together.
    ///
    /// When the message no longer counts, [`AgentContext::cancelled`] is ready; the future is dropped after the
    /// orchestrator's grace period if it has not ended by then, and at once when the agent is begun anew.
    ///
    /// # Errors
    /// Whoever asked gets the error, and a policy is asked what becomes of the agent.
    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        ctx: &AgentContext,
    ) -> Result<AgentResult, AgentError>;

    /// Called when it is asked to go, or has ended by itself; not after a failure.
    async fn stopped(&mut self, _ctx: &AgentContext) {}
}
