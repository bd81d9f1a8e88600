//! What carries out tasks.

use async_trait::async_trait;

use super::context::ProviderTaskExecutionContext;
use super::task::{OrchestratedTask, TaskResult};
use crate::runtime::{MaybeSend, MaybeSync};

/// Something that can carry out tasks.
///
/// Panicking fails the task, natively; on wasm32 a panic ends the instance.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AgentProvider: MaybeSend + MaybeSync + 'static {
    /// Letters, digits, `_` and `-`, at most 128.
    fn id(&self) -> &str;

    /// Shown to people.
    fn label(&self) -> &str {
        self.id()
    }

    /// What it is good for.
    fn description(&self) -> Option<&str> {
        None
    }

    /// How many of its tasks may run at once; no limit of its own when absent.
    fn max_concurrency(&self) -> Option<u32> {
        None
    }

    /// Carries out one attempt of a task.
    ///
    /// When the attempt is called off, [`ProviderTaskExecutionContext::cancelled`] is ready; the future is dropped
    /// after the grace period if it has not ended by then.
    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult;
}
