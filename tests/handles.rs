//! Who keeps whom alive.
#![cfg(all(feature = "native", not(target_family = "wasm")))]

use std::sync::{Arc, OnceLock, Weak};

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, ErrorCode, OrchestratedTask, OrchestratorError,
    ProviderTaskExecutionContext, Result, TaskResult, async_trait,
};

/// A provider that creates tasks of its own needs a handle to its orchestrator.
#[derive(Default)]
struct Holder {
    orchestrator: OnceLock<AgentOrchestrator>,
}

#[async_trait]
impl AgentProvider for Holder {
    fn id(&self) -> &str {
        "holder"
    }

    async fn execute_task(&self, _: &OrchestratedTask, _: &ProviderTaskExecutionContext) -> TaskResult {
        TaskResult::success("held")
    }
}

/// Calls its orchestrator when it is dropped, as one that cleans up might.
impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(orchestrator) = self.orchestrator.get() {
            // Disposed of or not: it must answer, and not wait for itself.
            let _ = orchestrator.task_context();
        }
    }
}

fn opened(runtime: &SimulatedRuntime) -> Result<(AgentOrchestrator, Weak<Holder>)> {
    let holder = Arc::new(Holder::default());
    let weak = Arc::downgrade(&holder);
    let build = AgentOrchestrator::builder()
        .runtime(runtime.clone())
        .shared_provider(holder.clone());
    // There is nothing to wait for.
    let orchestrator = runtime.block_on(build.build());
    let orchestrator =
        orchestrator.ok_or_else(|| OrchestratorError::new(ErrorCode::Disposed, "it never opened"))??;
    assert!(holder.orchestrator.set(orchestrator.clone()).is_ok());
    Ok((orchestrator, weak))
}

#[test]
fn a_provider_that_holds_its_orchestrator_is_freed_at_dispose() -> Result<()> {
    let runtime = SimulatedRuntime::new(0, 1);
    let (orchestrator, holder) = opened(&runtime)?;
    assert!(holder.upgrade().is_some());
    runtime.block_on(orchestrator.dispose());
    assert!(holder.upgrade().is_none());
    Ok(())
}

#[test]
fn a_provider_is_freed_when_it_is_unregistered() -> Result<()> {
    let runtime = SimulatedRuntime::new(0, 1);
    let (orchestrator, holder) = opened(&runtime)?;
    orchestrator.unregister_provider("holder")?;
    assert!(holder.upgrade().is_none());
    Ok(())
}
