//! A task as the outside asks for it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json;
use crate::kernel::{
    Millis, NewPlan, NewTask, OnDependencyFailure, OnInterrupt, OrchestratorError, Result, Retry, Timeouts,
};

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
    /// Whether it is started at once.
    pub start: Start,
    /// Ids of tasks that must be completed before it runs.
    pub depends_on: Vec<String>,
    /// What becomes of it when one of those fails, is cancelled or is deleted.
    pub on_dependency_failure: OnDependencyFailure,
    /// Higher ones run first, within their group; from -1000 to 1000.
    pub priority: i32,
    /// The group whose limit and turn it shares.
    pub group: Option<String>,
    /// How failed attempts are repeated; not at all when absent.
    pub retry: Option<RetryPolicy>,
    /// How long it may take, in milliseconds.
    pub timeout: Timeouts,
    /// When it must have ended, in milliseconds since 1970; else it fails.
    pub deadline: Option<Millis>,
    /// Before when it does not run, in milliseconds since 1970.
    pub start_at: Option<Millis>,
    /// What becomes of it after a crash; the orchestrator's default when absent.
    pub on_interrupt: Option<OnInterrupt>,
    /// Whether it goes on when the task above it ends; else it is cancelled then.
    pub outlives_parent: bool,
    /// Names this order: the same order given again is the same task, another one under this name is `CONFLICT`.
    pub idempotency_key: Option<String>,
}

/// When a new task is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Start {
    /// When somebody says so.
    #[default]
    Manual,
    /// At once.
    Now,
}

/// How failed attempts are repeated, as the outside says it. See [`Retry`] for what the numbers mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryPolicy {
    /// How many attempts there may be in all, the first included; at least 1.
    pub max_attempts: u32,
    /// Milliseconds before the second attempt; 1000 when not said.
    #[serde(default = "defaults::delay")]
    pub delay: Millis,
    /// The longest wait between two attempts, in milliseconds; 60,000 when not said.
    #[serde(default = "defaults::max_delay")]
    pub max_delay: Millis,
    /// By how much each wait is longer than the one before, from 1 to 100; 2 when not said.
    #[serde(default = "defaults::factor")]
    pub factor: f64,
    /// The share of a wait, from 0 to 1, of which a random part is left out; a half when not said.
    #[serde(default = "defaults::jitter")]
    pub jitter: f64,
}

mod defaults {
    use crate::kernel::{Millis, Retry};

    pub(super) fn delay() -> Millis {
        Retry::default().delay
    }

    pub(super) fn max_delay() -> Millis {
        Retry::default().max_delay
    }

    pub(super) const fn factor() -> f64 {
        2.0
    }

    pub(super) const fn jitter() -> f64 {
        0.5
    }
}

impl RetryPolicy {
    /// At most this many attempts, and the defaults for the rest.
    #[must_use]
    pub fn attempts(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            delay: defaults::delay(),
            max_delay: defaults::max_delay(),
            factor: defaults::factor(),
            jitter: defaults::jitter(),
        }
    }

    /// The numbers as the kernel takes them, which checks the rest.
    pub(crate) fn read(&self) -> Result<Retry> {
        let thousandths = |what: &str, number: f64, max: f64| {
            if (0.0..=max).contains(&number) {
                // In range, so it fits.
                Ok((number * 1000.0).round() as u32)
            } else {
                Err(OrchestratorError::invalid(format!(
                    "{what} must be at most {max}, and not below 0"
                )))
            }
        };
        Ok(Retry {
            max_attempts: self.max_attempts,
            delay: self.delay,
            max_delay: self.max_delay,
            factor: thousandths("retry.factor", self.factor, 100.0)?,
            jitter: thousandths("retry.jitter", self.jitter, 1.0)?,
        })
    }
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

    /// Starts it at once.
    #[must_use]
    pub const fn start_now(mut self) -> Self {
        self.start = Start::Now;
        self
    }

    /// Adds a task that must be completed before it runs.
    #[must_use]
    pub fn depends_on(mut self, id: impl Into<String>) -> Self {
        self.depends_on.push(id.into());
        self
    }

    /// Sets how failed attempts are repeated.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets what becomes of it after a crash.
    #[must_use]
    pub const fn on_interrupt(mut self, then: OnInterrupt) -> Self {
        self.on_interrupt = Some(then);
        self
    }

    /// Sets its group.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Sets its priority.
    #[must_use]
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
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
    depends_on: Vec<&'a str>,
    retry: Option<Retry>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(task: &'a CreateTask) -> Result<Self> {
        Ok(Self {
            task,
            metadata: json::canonical(task.metadata.clone())?,
            tags: task.tags.iter().map(String::as_str).collect(),
            steps: task.steps.iter().map(String::as_str).collect(),
            depends_on: task.depends_on.iter().map(String::as_str).collect(),
            retry: task.retry.as_ref().map(RetryPolicy::read).transpose()?,
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
            plan: NewPlan {
                start: task.start == Start::Now,
                group: task.group.as_deref(),
                priority: task.priority,
                depends_on: &self.depends_on,
                on_dependency_failure: task.on_dependency_failure,
                retry: self.retry,
                timeouts: task.timeout,
                deadline: task.deadline,
                start_at: task.start_at,
                on_interrupt: task.on_interrupt,
                outlives_parent: task.outlives_parent,
                idempotency_key: task.idempotency_key.as_deref(),
            },
        }
    }
}
