//! What can be asked of the kernel. Strings are borrowed: the kernel copies what it keeps.

use super::agents::AgentCommand;
use super::id::{AgentKey, Attempt, Message, ProviderKey, TaskKey};
use super::plan::NewPlan;
use super::status::{TaskStatus, TaskUserStatus};

/// A task to create.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewTask<'a> {
    /// The id, or none to have one made.
    pub id: Option<&'a str>,
    /// The name; must have a visible character.
    pub name: &'a str,
    /// What is to be done.
    pub description: &'a str,
    /// The provider's id; the default provider when absent.
    pub provider: Option<&'a str>,
    /// The directory shown to the provider.
    pub working_directory: &'a str,
    /// The sub-agent type; the provider's id when absent.
    pub sub_agent_type: Option<&'a str>,
    /// The room.
    pub room: Option<&'a str>,
    /// The world.
    pub world: Option<&'a str>,
    /// The id of the task above.
    pub parent: Option<&'a str>,
    /// Tags; a repeated one counts once.
    pub tags: &'a [&'a str],
    /// Descriptions of the first steps.
    pub steps: &'a [&'a str],
    /// The user's own data, as a canonical JSON object; empty when there is none.
    pub metadata: &'a str,
    /// When it may run, how often, and for how long.
    pub plan: NewPlan<'a>,
}

/// A provider to register.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewProvider<'a> {
    /// The id.
    pub id: &'a str,
    /// Shown to people; the id when absent.
    pub label: Option<&'a str>,
    /// What it is good for.
    pub description: Option<&'a str>,
    /// How many of its tasks may run at once.
    pub max_concurrency: Option<u32>,
}

/// Who reports on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporter {
    /// The provider, within this attempt.
    Attempt(Attempt),
    /// Whoever holds the orchestrator.
    Owner,
}

/// How an attempt ended, as its provider says.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// With a result.
    Result {
        /// Whether the provider calls it a success.
        success: bool,
        /// The summary.
        summary: &'a str,
        /// The error the provider names, for a failure.
        error: Option<&'a str>,
        /// All else, as a canonical JSON object; empty when there is nothing else.
        detail: &'a str,
        /// Whether another attempt may do better, if it is no success.
        retryable: bool,
    },
    /// With an error: thrown, panicked, or not a result.
    Error {
        /// What it says.
        error: &'a str,
        /// Whether another attempt may do better.
        retryable: bool,
    },
}

/// One order to the kernel.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Register a provider.
    RegisterProvider(NewProvider<'a>),
    /// Unregister a provider.
    UnregisterProvider(ProviderKey),
    /// Say how many tasks of a group may run at once; any number when absent. An empty name is that of all tasks
    /// without a group.
    LimitGroup {
        /// Its name.
        group: &'a str,
        /// The limit.
        max: Option<u32>,
    },
    /// Create tasks: all, or none.
    Create(&'a [NewTask<'a>]),
    /// Begin the first attempt, or join the one that is under way.
    Start(TaskKey),
    /// Hold.
    Pause(TaskKey),
    /// Go on.
    Resume(TaskKey),
    /// Call off, with everything below.
    Cancel {
        /// Which.
        task: TaskKey,
        /// Why.
        reason: &'a str,
    },
    /// Begin a new attempt.
    Restart(TaskKey),
    /// Remove, with everything below.
    Delete(TaskKey),
    /// Give another name.
    Rename {
        /// Which.
        task: TaskKey,
        /// The new name.
        name: &'a str,
    },
    /// Give to another provider.
    Reassign {
        /// Which.
        task: TaskKey,
        /// The id of the new provider.
        provider: &'a str,
    },
    /// Set the user status.
    Mark {
        /// Which.
        task: TaskKey,
        /// The new user status.
        status: TaskUserStatus,
    },
    /// Make a task, or none, the current one.
    Select(Option<TaskKey>),
    /// Make a task, or none, the current one of a scope: of a room, of a user, of whatever the host names so.
    SelectIn {
        /// The scope's name.
        scope: &'a str,
        /// The task.
        task: Option<TaskKey>,
    },
    /// Append output.
    Output {
        /// To which task.
        task: TaskKey,
        /// Who says so.
        by: Reporter,
        /// Any text; its non-blank lines are kept.
        text: &'a str,
    },
    /// Set the progress.
    Progress {
        /// Of which task.
        task: TaskKey,
        /// Who says so.
        by: Reporter,
        /// Rounded half up and clamped to 0..=100.
        percent: f64,
    },
    /// Add a step to the plan.
    AddStep {
        /// Of which task.
        task: TaskKey,
        /// Who says so.
        by: Reporter,
        /// What is to be done.
        description: &'a str,
    },
    /// Change a step.
    UpdateStep {
        /// Of which task.
        task: TaskKey,
        /// Who says so.
        by: Reporter,
        /// The step's id: `s1`, `s2`, ...
        step: &'a str,
        /// Its new status.
        status: TaskStatus,
        /// Its output; blank or absent leaves what is there.
        output: Option<&'a str>,
    },
    /// An attempt ended.
    Finish {
        /// Of which task.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
        /// How.
        ending: Ending<'a>,
    },
    /// About agents.
    Agent(AgentCommand<'a>),
}

/// What a command that was not refused came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reply {
    /// It was done.
    Done,
    /// It was legal and there was nothing to do.
    Nothing,
    /// It came from an attempt that no longer counts; nothing changed but perhaps a `Late` event.
    Late,
    /// These tasks exist now, with consecutive keys.
    Created {
        /// The key of the first.
        first: TaskKey,
        /// How many.
        count: u32,
    },
    /// The same order came before: these are the tasks it made.
    Existing {
        /// The key of the first.
        first: TaskKey,
        /// How many.
        count: u32,
    },
    /// This provider is registered now.
    Provider(ProviderKey),
    /// This step exists now, counted from 0.
    Step(u32),
    /// This agent is known now.
    Agent(AgentKey),
    /// This message was taken.
    Message(Message),
    /// The inbox is full: [`AgentEffect::Room`](super::AgentEffect::Room) says when to send it again.
    Full,
}
