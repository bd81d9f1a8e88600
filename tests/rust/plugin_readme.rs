//! The README of the earlier system's Rust edition, to the letter but for its `use` line, run until its task is done.

use agent_orchestrator::{
    configure_agent_orchestrator_plugin,
    AgentOrchestratorPluginOptions,
    AgentOrchestratorService,
    AgentProvider,
    OrchestratedTask,
    ProviderTaskExecutionContext,
    TaskResult,
};
use std::sync::Arc;

// Define your agent provider
struct MyProvider;

#[async_trait::async_trait]
impl AgentProvider for MyProvider {
    fn id(&self) -> &str {
        "my-agent"
    }

    fn label(&self) -> &str {
        "My Agent"
    }

    async fn execute_task(
        &self,
        task: &OrchestratedTask,
        ctx: &ProviderTaskExecutionContext,
    ) -> TaskResult {
        (ctx.append_output)("Hello from my-agent".to_string());
        (ctx.update_progress)(100);
        TaskResult::success("done")
    }
}

fn configure() {
    // Configure the plugin before runtime initialization
    configure_agent_orchestrator_plugin(
        AgentOrchestratorPluginOptions::new(
            vec![Arc::new(MyProvider)],
            "my-agent",
            || std::env::current_dir().unwrap().to_string_lossy().to_string(),
        )
    );
}

#[test]
fn the_readme_of_the_earlier_system_runs_to_a_completed_task() {
    let _alone = super::plugin_host::one_configuration();
    configure();
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let task = tokio.block_on(async {
        let agent = Arc::new(super::plugin_host::Agent::default());
        let service = AgentOrchestratorService::start(agent).await.unwrap();
        let task = service.create_task("Greet", "Say hello", None, None).await.unwrap();
        let outcome = service.start_task_execution(&task.id).await.unwrap().await.unwrap();
        assert!(outcome.success && outcome.summary == "done");
        let task = service.get_task(&task.id).await.unwrap().unwrap();
        service.stop().await;
        task
    });
    agent_orchestrator::reset_configuration();
    assert_eq!((task.output, task.progress), (vec!["Hello from my-agent".to_owned()], 100));
    assert_eq!(task.provider_label, "My Agent");
    assert_eq!(task.working_directory, std::env::current_dir().unwrap().to_string_lossy());
}
