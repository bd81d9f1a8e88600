//! Puts together what the readers found and writes it down.

use std::path::Path;

use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, OrchestratedTask, ProviderTaskExecutionContext, TaskResult, async_trait,
};

use super::findings::{Tally, Work, answer};
use super::options::reason;
use super::summary::Survey;
use super::survey_text::survey_text;
use super::tasks::parts_of;
use super::text::{count, shown};

pub(crate) struct Writer {
    pub(crate) orchestrator: AgentOrchestrator,
}

#[async_trait]
impl AgentProvider for Writer {
    fn id(&self) -> &str {
        "writer"
    }

    fn label(&self) -> &str {
        "Writer"
    }

    fn description(&self) -> Option<&str> {
        Some("Writes the survey")
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        answer(self.write(task, ctx).await)
    }
}

impl Writer {
    async fn write(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> Work {
        let scout_id = task.metadata["scoutId"].as_str().unwrap_or_default();
        let out = task.metadata["out"].as_str().unwrap_or_default();
        // Finished tasks keep their results, so nobody has to hand them over.
        let scout = self
            .orchestrator
            .get_task(scout_id)?
            .and_then(|task| task.result)
            .unwrap_or_default();
        let tally: Tally = serde_json::from_value(scout.extra["tally"].clone())?;
        let folder = Path::new(&ctx.working_directory).file_name();
        let name = folder.map_or_else(|| "/".into(), |name| name.to_string_lossy());
        let survey = Survey::of(&name, tally, &parts_of(&self.orchestrator, scout_id)?)?;
        let text = survey_text(&survey);
        ctx.update_progress(50)?;

        // The last moment at which a cancelled survey leaves no file behind.
        ctx.until_resumed().await?;
        std::fs::write(out, text).map_err(|error| {
            let name = Path::new(out).file_name().unwrap_or_default().to_string_lossy();
            format!("Cannot write \"{name}\": {}", reason(&error))
        })?;
        Ok(TaskResult {
            files_created: vec![out.to_owned()],
            ..TaskResult::success(in_one_line(&survey))
        })
    }
}

fn in_one_line(survey: &Survey) -> String {
    let total = &survey.total;
    let left: Vec<String> = survey
        .skipped
        .iter()
        .map(|(why, paths)| format!("{} {why}", shown(paths.len() as u64)))
        .collect();
    let left = match left.len() {
        0 => String::new(),
        _ => format!(" Not read: {}.", left.join(", ")),
    };
    format!(
        "Read {} with {}: {}, {}, {} left to do.{left}",
        count(total.files, "file"),
        count(total.counts.lines, "line"),
        count(total.counts.item, "public item"),
        count(total.counts.heading, "heading"),
        count(total.counts.todo, "thing"),
    )
}
