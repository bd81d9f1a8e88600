//! A task as the outside sees it: an owned snapshot, the same shape in Rust, JSON and JS.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json;
use crate::kernel::{Attempt, Kernel, Millis, Result, TaskKey, TaskStatus, TaskUserStatus, TaskWait};

/// One step of a task's plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskStep {
    /// Unique within the task: `s1`, `s2`, ...
    pub id: String,
    /// What is to be done.
    pub description: String,
    /// How far it is.
    pub status: TaskStatus,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// What a provider made of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskResult {
    /// Whether the task is done.
    pub success: bool,
    /// One or a few sentences for people.
    #[serde(default)]
    pub summary: String,
    /// What went wrong, for a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether another attempt may do better, for a failure; yes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// Files that exist now and did not before.
    #[serde(default)]
    pub files_created: Vec<String>,
    /// Files that are different now.
    #[serde(default)]
    pub files_modified: Vec<String>,
    /// Anything else; kept as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl TaskResult {
    /// A success.
    #[must_use]
    pub fn success(summary: impl Into<String>) -> Self {
        Self {
            success: true,
            summary: summary.into(),
            ..Self::default()
        }
    }

    /// A failure.
    #[must_use]
    pub fn failure(summary: impl Into<String>, error: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            error: Some(error.into()),
            ..Self::default()
        }
    }

    /// Says that no further attempt would do better.
    #[must_use]
    pub const fn no_retry(mut self) -> Self {
        self.retryable = Some(false);
        self
    }

    /// What the kernel keeps beside the summary.
    pub(crate) fn detail(&self) -> Result<String> {
        let mut detail = self.extra.clone();
        // What the fields say wins over what an extra of the same name says.
        for name in [
            "success",
            "summary",
            "error",
            "retryable",
            "filesCreated",
            "filesModified",
        ] {
            detail.remove(name);
        }
        if let Some(error) = &self.error {
            detail.insert("error".into(), error.clone().into());
        }
        for (name, files) in [
            ("filesCreated", &self.files_created),
            ("filesModified", &self.files_modified),
        ] {
            if !files.is_empty() {
                detail.insert(name.into(), files.clone().into());
            }
        }
        json::canonical(detail)
    }

    /// The result that the kernel kept.
    pub(crate) fn restore(success: bool, summary: &str, detail: &str) -> Self {
        let mut fields = json::parse(detail);
        let mut files = |name| match fields.remove(name) {
            Some(Value::Array(files)) => files
                .into_iter()
                .filter_map(|f| f.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        let (files_created, files_modified) = (files("filesCreated"), files("filesModified"));
        let error = fields
            .remove("error")
            .and_then(|error| error.as_str().map(str::to_owned));
        Self {
            success,
            summary: summary.to_owned(),
            error,
            retryable: None,
            files_created,
            files_modified,
            extra: fields,
        }
    }
}

/// A snapshot of a task: complete, and never updated. Ask again for a newer one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrchestratedTask {
    /// The id.
    pub id: String,
    /// Shown to people.
    pub name: String,
    /// What is to be done.
    pub description: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// What the user thinks of it.
    pub user_status: TaskUserStatus,
    /// What it waits for, while it was started and does not run yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<TaskWait>,
    /// 0 to 100.
    pub progress: u8,
    /// The current or last attempt; 0 before the first.
    pub attempt: u32,
    /// Who does it.
    pub provider_id: String,
    /// Who does it, for people.
    pub provider_label: String,
    /// The sub-agent type.
    pub sub_agent_type: String,
    /// The directory shown to the provider.
    pub working_directory: String,
    /// The room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_id: Option<String>,
    /// The world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world_id: Option<String>,
    /// The task above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// The plan.
    pub steps: Vec<TaskStep>,
    /// The last lines of output, oldest first.
    pub output: Vec<String>,
    /// How many older lines were dropped.
    pub output_dropped: u64,
    /// The provider's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// Why it failed or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// As in the result.
    pub files_created: Vec<String>,
    /// As in the result.
    pub files_modified: Vec<String>,
    /// Milliseconds since the Unix epoch, as are all times.
    pub created_at: Millis,
    /// When anything of it last changed.
    pub updated_at: Millis,
    /// When it first ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Millis>,
    /// When it last ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Millis>,
    /// When the user status last changed; the time of creation at first.
    pub user_status_updated_at: Millis,
    /// Tasks that must be completed before it runs.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Higher ones run first, within their group.
    #[serde(default)]
    pub priority: i32,
    /// The group whose limit and turn it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When it must have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Millis>,
    /// Before when it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Millis>,
    /// When the next attempt is due, after a failed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Millis>,
    /// Whether it goes on when the task above it ends.
    #[serde(default)]
    pub outlives_parent: bool,
    /// The user's own data.
    #[serde(default)]
    pub metadata: Map<String, Value>,
}

impl OrchestratedTask {
    /// The snapshot of a task of this kernel.
    #[must_use]
    pub fn of(kernel: &Kernel, key: TaskKey) -> Option<Self> {
        let task = kernel.task(key)?;
        let provider = kernel.provider(task.provider());
        let result = task.summary().map(|summary| {
            TaskResult::restore(task.status() == TaskStatus::Completed, summary, task.detail())
        });
        let files =
            |of: fn(&TaskResult) -> &Vec<String>| result.as_ref().map(of).cloned().unwrap_or_default();
        Some(Self {
            id: kernel.task_id(key),
            name: task.name().to_owned(),
            description: task.description().to_owned(),
            status: task.status(),
            user_status: task.user_status(),
            waiting_for: kernel.waiting_for(task),
            progress: task.progress(),
            attempt: Attempt::get(task.attempt()),
            provider_id: provider.map_or("", |provider| provider.id()).to_owned(),
            provider_label: provider.map_or("", |provider| provider.label()).to_owned(),
            sub_agent_type: kernel.sub_agent_type(task).to_owned(),
            working_directory: kernel.working_directory(task).to_owned(),
            room_id: kernel.room(task).map(str::to_owned),
            world_id: kernel.world(task).map(str::to_owned),
            parent_id: task.parent().map(|parent| kernel.task_id(parent)),
            tags: task.tags().map(str::to_owned).collect(),
            steps: steps_of(kernel, key),
            output: task.output().map(str::to_owned).collect(),
            output_dropped: task.output_dropped(),
            error: task.error().map(str::to_owned),
            files_created: files(|result| &result.files_created),
            files_modified: files(|result| &result.files_modified),
            result,
            created_at: task.created_at(),
            updated_at: task.updated_at(),
            started_at: task.started_at(),
            completed_at: task.completed_at(),
            user_status_updated_at: task.user_status_at(),
            depends_on: task.depends_on().iter().map(|on| kernel.task_id(*on)).collect(),
            priority: task.priority(),
            group: kernel.group(task).map(str::to_owned),
            deadline: task.deadline(),
            start_at: task.start_at(),
            retry_at: task.retry_at(),
            outlives_parent: task.outlives_parent(),
            metadata: json::parse(task.metadata()),
        })
    }
}

/// The plan of a task.
pub(crate) fn steps_of(kernel: &Kernel, key: TaskKey) -> Vec<TaskStep> {
    let steps = kernel.task(key).map_or(&[][..], |task| task.steps());
    steps
        .iter()
        .enumerate()
        .map(|(index, step)| step_of(index, step))
        .collect()
}

pub(crate) fn step_of(index: usize, step: &crate::kernel::Step) -> TaskStep {
    TaskStep {
        id: format!("s{}", index + 1),
        description: step.description().to_owned(),
        status: step.status(),
        output: step.output().map(str::to_owned),
    }
}
