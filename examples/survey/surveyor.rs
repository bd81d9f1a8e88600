//! Leads the survey: a provider that does its work by giving tasks to other providers.

use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, CreateTask, OrchestratedTask, ProviderTaskExecutionContext, Result,
    TaskOutcome, TaskResult, TaskStatus, async_trait,
};
use futures::future::try_join_all;

use super::findings::{Work, answer};
use super::tasks::parts_of;
use super::text::count;

pub(crate) struct Surveyor {
    pub(crate) orchestrator: AgentOrchestrator,
}

#[async_trait]
impl AgentProvider for Surveyor {
    fn id(&self) -> &str {
        "surveyor"
    }

    fn label(&self) -> &str {
        "Surveyor"
    }

    fn description(&self) -> Option<&str> {
        Some("Has a source tree scouted, read and written up")
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        answer(self.lead(task, ctx).await)
    }
}

impl Surveyor {
    async fn lead(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> Work {
        let finding = ctx.add_step("Find the files")?.id;
        let reading = ctx.add_step("Read the parts")?.id;
        let writing = ctx.add_step("Write the survey")?.id;
        let out = task.metadata["out"].clone();
        // Tasks with a parent are cancelled together with it, so nothing here has to stop them. The key names the
        // order: after an interruption, ordering the same again gives the task that is there.
        let below = |name, provider, key: &str| CreateTask {
            idempotency_key: Some(format!("{}: {key}", task.id)),
            ..CreateTask::new(name).provider(provider).parent(&task.id)
        };

        let scout = below("Find the files", "scout", "find");
        let scout = scout.metadata("leaveOut", task.metadata["leaveOut"].clone());
        let scout = self.orchestrator.create_task(scout).await?.id;
        let found = self.run(ctx, &finding, [scout.clone()]).await?;
        if failed(&found) > 0 {
            return Err("The files could not be found.".into());
        }

        let parts = parts_of(&self.orchestrator, &scout)?;
        let read = self
            .run(ctx, &reading, parts.into_iter().map(|part| part.id))
            .await?;

        // Parts that failed are missing from the survey, and it says so: better than no survey. Were they read after
        // all when this is done again, that is another order.
        let missing = failed(&read);
        let writer = below("Write the survey", "writer", &format!("write without {missing}"));
        let writer = writer.metadata("scoutId", scout).metadata("out", out);
        let writer = self.orchestrator.create_task(writer).await?.id;
        let written = self.run(ctx, &writing, [writer]).await?;
        let Some(TaskResult {
            success: true,
            summary,
            files_created,
            ..
        }) = written.into_iter().find_map(|outcome| outcome.result)
        else {
            return Err("The survey could not be written.".into());
        };

        Ok(TaskResult {
            success: missing == 0,
            error: (missing > 0).then(|| format!("{} could not be read", count(missing, "part"))),
            files_created,
            ..TaskResult::success(summary)
        })
    }

    /// Has tasks done, all at once; the orchestrator lets as many run as there is room for.
    async fn run(
        &self,
        ctx: &ProviderTaskExecutionContext,
        step: &str,
        tasks: impl IntoIterator<Item = String>,
    ) -> Result<Vec<TaskOutcome>> {
        ctx.update_step(step, TaskStatus::Running, None)?;
        let outcomes = try_join_all(tasks.into_iter().map(|id| self.done(id))).await?;
        ctx.until_resumed().await?;
        let status = match failed(&outcomes) {
            0 => TaskStatus::Completed,
            _ => TaskStatus::Failed,
        };
        ctx.update_step(step, status, None)?;
        Ok(outcomes)
    }

    /// What is completed stays so, whatever has interrupted us since; everything else is begun, or begun again. One
    /// that is under way already is joined.
    async fn done(&self, id: String) -> Result<TaskOutcome> {
        let run = match self.orchestrator.get_task(&id)?.map(|task| task.status) {
            Some(TaskStatus::Completed) => return self.orchestrator.wait_for_task(&id).await,
            Some(TaskStatus::Failed | TaskStatus::Cancelled) => self.orchestrator.restart_task(&id).await?,
            _ => self.orchestrator.start_task(&id).await?,
        };
        run.await
    }
}

fn failed(outcomes: &[TaskOutcome]) -> u64 {
    outcomes.iter().filter(|outcome| !outcome.success).count() as u64
}
