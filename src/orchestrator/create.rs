//! A task as the outside asks for it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json;
use crate::kernel::{NewTask, Result};

/// What [`AgentOrchestrator::create_task`](super::AgentOrchestrator::create_task) takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateTask {
    /// Shown to people; must have a visible character.
    pub name: String,
    /// What is to be done; the name when absent.
    pub description: Option<String>,
    /// Your own id: letters, digits, `_` and `-`, at most 128. One is made when absent.
    pub id: Option<String>,
    /// The provider; the default one when absent.
    pub provider_id: Option<String>,
    /// The sub-agent type; the provider's id when absent.
    pub sub_agent_type: Option<String>,
    /// The directory shown to the provider; the orchestrator's when absent.
    pub working_directory: Option<String>,
    /// The room.
    pub room_id: Option<String>,
    /// The world.
    pub world_id: Option<String>,
    /// The id of the task above: cancelling or deleting that one does the same to this.
    pub parent_id: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Descriptions of the steps planned so far.
    pub steps: Vec<String>,
    /// Yours; returned unchanged.
    pub metadata: Map<String, Value>,
}

impl CreateTask {
    /// A task with this name, and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets what is to be done.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Sets the provider.
    #[must_use]
    pub fn provider(mut self, id: impl Into<String>) -> Self {
        self.provider_id = Some(id.into());
        self
    }

    /// Sets the task above.
    #[must_use]
    pub fn parent(mut self, id: impl Into<String>) -> Self {
        self.parent_id = Some(id.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds an entry to the metadata.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}

/// What the kernel borrows while it creates tasks.
pub(super) struct Prepared<'a> {
    task: &'a CreateTask,
    metadata: String,
    tags: Vec<&'a str>,
    steps: Vec<&'a str>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(task: &'a CreateTask) -> Result<Self> {
        Ok(Self {
            task,
            metadata: json::canonical(task.metadata.clone())?,
            tags: task.tags.iter().map(String::as_str).collect(),
            steps: task.steps.iter().map(String::as_str).collect(),
        })
    }

    pub(super) fn borrow<'b>(&'b self, provider: Option<&'b str>, directory: &'b str) -> NewTask<'b> {
        let task = self.task;
        NewTask {
            id: task.id.as_deref(),
            name: &task.name,
            description: task.description.as_deref().unwrap_or(&task.name),
            provider: task.provider_id.as_deref().or(provider),
            working_directory: task.working_directory.as_deref().unwrap_or(directory),
            sub_agent_type: task.sub_agent_type.as_deref(),
            room: task.room_id.as_deref(),
            world: task.world_id.as_deref(),
            parent: task.parent_id.as_deref(),
            tags: &self.tags,
            steps: &self.steps,
            metadata: &self.metadata,
        }
    }
}
