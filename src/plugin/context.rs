//! What a prompt is told about tasks: those of the room that it is for, and no others.

use serde::Serialize;

use super::chat::ChatMessage;
use super::replies::{FEW, lines, one_line};
use super::service::AgentOrchestratorService;
use super::viewer::{Seen, Viewer, seen_by};
use crate::kernel::Result;

/// Something that a host puts into prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderDef {
    /// The name.
    pub name: &'static str,
    /// What it tells.
    pub description: &'static str,
    /// Where it stands among others; later ones have higher numbers.
    pub position: i32,
}

/// Tells about the tasks of a room.
pub const TASK_CONTEXT_PROVIDER: ProviderDef = ProviderDef {
    name: "TASK_CONTEXT",
    description: "Provides context about active and recent orchestrated tasks",
    position: 90,
};

impl ProviderDef {
    /// What a prompt that answers this message is told.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub async fn get(
        &self,
        service: &AgentOrchestratorService,
        message: &ChatMessage,
    ) -> Result<TaskContext> {
        service.task_context(&service.viewer(message).await)
    }
}

/// What a prompt is told about tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskContext {
    /// All of it.
    pub text: String,
    /// For the gaps of a template.
    pub values: TaskContextValues,
    /// For code.
    pub data: TaskContextData,
}

/// What fills the gaps of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskContextValues {
    /// About the current task, or else the newest.
    pub task_context: String,
    /// The name of the current task; `None` as a word when there is none.
    pub current_task_name: String,
    /// Its status; `N/A` when there is none.
    pub current_task_status: String,
}

/// What code wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskContextData {
    /// How many tasks the viewer sees.
    pub task_count: usize,
    /// The current one.
    pub current_task_id: Option<String>,
}

impl AgentOrchestratorService {
    /// What a prompt is told about the tasks that somebody sees: the current one, the newest, and those that a crash has
    /// interrupted.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub fn task_context(&self, viewer: &Viewer) -> Result<TaskContext> {
        let replies = self.language().replies();
        let tasks = seen_by(self.orchestrator(), viewer)?;
        let current = self.current_task_of(viewer, false)?;
        let about = current
            .as_ref()
            .map(|task| &task.id)
            .or(tasks.first().map(|task| &task.id));
        let task_context = match about {
            Some(id) => self.orchestrator().task_context_of(id)?,
            None => replies.no_context.clone(),
        };
        let current_id = current.as_ref().map(|task| task.id.clone());
        let mut parts = vec![replies.context.clone(), task_context.clone()];
        if !tasks.is_empty() {
            let recent = &tasks[..tasks.len().min(FEW)];
            let line = &replies.recent_line;
            parts.push(section(
                &replies.recent,
                lines(self.language(), line, recent, FEW, current_id.as_deref()),
            ));
        }
        parts.extend(self.interrupted_section(viewer)?);
        let named = current
            .as_ref()
            .map(|task| (one_line(&task.name), task.status.to_string()));
        let (current_task_name, current_task_status) =
            named.unwrap_or_else(|| (replies.no_name.clone(), replies.no_status.clone()));
        Ok(TaskContext {
            text: parts.join("\n\n"),
            values: TaskContextValues {
                task_context,
                current_task_name,
                current_task_status,
            },
            data: TaskContextData {
                task_count: tasks.len(),
                current_task_id: current_id,
            },
        })
    }

    fn interrupted_section(&self, viewer: &Viewer) -> Result<Option<String>> {
        let mut interrupted = self.interrupted_tasks()?;
        interrupted.retain(|task| viewer.sees(task));
        if interrupted.is_empty() {
            return Ok(None);
        }
        let replies = self.language().replies();
        let tasks: Vec<Seen> = interrupted.into_iter().map(Seen::from).collect();
        let mut lines = lines(self.language(), &replies.line, &tasks, FEW, None);
        lines.push(replies.interrupted_hint.clone());
        Ok(Some(section(&replies.interrupted, lines)))
    }
}

fn section(title: &str, lines: Vec<String>) -> String {
    format!("{title}\n{}", lines.join("\n"))
}
