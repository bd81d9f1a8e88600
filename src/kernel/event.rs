//! What happened: the words of the journal. State is their fold, and they are the only way it changes.

use serde::{Deserialize, Serialize};

use super::agents::AgentFact;
use super::id::{AgentKey, Attempt, Millis, ProviderKey, Seq, TaskKey};
use super::plan::Plan;
use super::status::{TaskStatus, TaskUserStatus};

/// The version of the event format that this build writes.
pub const FORMAT: u16 = 1;

/// Why a started task does not run yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskWait {
    /// All slots are taken.
    Capacity,
    /// Its provider is not registered.
    Provider,
    /// Tasks that it depends on are not completed.
    Dependencies,
    /// It is not time yet.
    Time,
    /// The next attempt is due later.
    Retry,
    /// It was interrupted by a crash, and waits to be resumed.
    Interrupted,
}

impl TaskWait {
    /// The word in JS and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Provider => "provider",
            Self::Dependencies => "dependencies",
            Self::Time => "time",
            Self::Retry => "retry",
            Self::Interrupted => "interrupted",
        }
    }

    /// Every kind, in the order of their wire numbers.
    pub const ALL: [Self; 6] = [
        Self::Capacity,
        Self::Provider,
        Self::Dependencies,
        Self::Time,
        Self::Retry,
        Self::Interrupted,
    ];
}

/// What a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// Its provider: an error, or a result that is no success.
    Provider,
    /// It took too long, or its deadline has passed.
    Timeout,
    /// A task that it depends on did not complete.
    Dependency,
    /// A crash, or too many of them.
    Interrupted,
}

impl Failure {
    /// Every kind, in the order of their wire numbers.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Timeout, Self::Dependency, Self::Interrupted];

    /// The word in JS and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Timeout => "timeout",
            Self::Dependency => "dependency",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What a late report was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// Output.
    Output,
    /// Progress.
    Progress,
    /// A step added or updated.
    Step,
    /// A result.
    Result,
    /// An error.
    Failure,
}

impl Report {
    /// Every kind, in the order of their wire numbers.
    pub const ALL: [Self; 5] = [
        Self::Output,
        Self::Progress,
        Self::Step,
        Self::Result,
        Self::Failure,
    ];

    /// The word in JS and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Progress => "progress",
            Self::Step => "step",
            Self::Result => "result",
            Self::Failure => "failure",
        }
    }
}

/// A task as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created<'a> {
    /// Its key: always the next one.
    pub task: TaskKey,
    /// The id, if the user chose it.
    #[serde(borrow)]
    pub id: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// The description.
    pub description: &'a str,
    /// Who is to do it.
    pub provider: ProviderKey,
    /// The directory shown to the provider.
    pub working_directory: &'a str,
    /// The sub-agent type, if it is not the provider's id.
    pub sub_agent_type: Option<&'a str>,
    /// The room.
    pub room: Option<&'a str>,
    /// The world.
    pub world: Option<&'a str>,
    /// The task above.
    pub parent: Option<TaskKey>,
    /// The tags, one a line.
    pub tags: &'a str,
    /// The user's own data, as a canonical JSON object; empty when there is none.
    pub metadata: &'a str,
    /// When it may run, how often, and for how long; absent when all of that is at the default.
    pub plan: Option<Plan<'a>>,
}

/// A provider's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer<'a> {
    /// The summary.
    pub summary: &'a str,
    /// All else, as a canonical JSON object; empty when there is nothing else.
    pub detail: &'a str,
}

/// What the owner changed about a task. The order of the variants is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Edit<'a> {
    /// The name.
    Name(#[serde(borrow)] &'a str),
    /// The provider.
    Provider(ProviderKey),
    /// The user status.
    UserStatus(TaskUserStatus),
    /// Whether it is the current task. Making one current is the end of that for another.
    Current(bool),
    /// Whether it is the current task of a scope. Making one current there is the end of that for another.
    CurrentIn {
        /// The scope's name.
        scope: &'a str,
        /// Whether it is, or was.
        current: bool,
    },
}

/// One fact. The order of the variants is part of the format: new ones go at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "an event lives on the stack for one call and is never kept; a box would cost more than its size"
)]
pub enum Event<'a> {
    /// The journal begins.
    Opened {
        /// The version of what follows.
        format: u16,
        /// What the ids of its tasks begin with.
        #[serde(borrow)]
        prefix: &'a str,
        /// What is left to chance follows from this.
        seed: u64,
    },
    /// A provider can be used from now on.
    ProviderRegistered {
        /// Its key; the same as before when the id was known.
        provider: ProviderKey,
        /// Its id.
        id: &'a str,
        /// Its label.
        label: &'a str,
        /// Its description.
        description: Option<&'a str>,
        /// How many of its tasks may run at once.
        max_concurrency: Option<u32>,
    },
    /// A provider cannot be used any more. What it is doing goes on.
    ProviderUnregistered {
        /// Which.
        provider: ProviderKey,
    },
    /// A task exists.
    Created(Created<'a>),
    /// A start was accepted and waits for its turn.
    Queued {
        /// Which task.
        task: TaskKey,
        /// The attempt that will run.
        attempt: Attempt,
        /// What it waits for.
        wait: TaskWait,
    },
    /// An attempt runs.
    Started {
        /// Which task.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
        /// Who runs it.
        provider: ProviderKey,
    },
    /// The progress changed.
    Progressed {
        /// Which task.
        task: TaskKey,
        /// 0 to 100.
        progress: u8,
    },
    /// Lines of output came.
    Output {
        /// Which task.
        task: TaskKey,
        /// How many of the oldest lines were dropped for them.
        dropped: u32,
        /// The lines, joined by line feeds; none is blank.
        text: &'a str,
    },
    /// The plan has a step more.
    StepAdded {
        /// Which task.
        task: TaskKey,
        /// Which step, from 0: always the next one.
        step: u32,
        /// Whether the owner planned it, so that it outlasts the attempt.
        planned: bool,
        /// What is to be done.
        description: &'a str,
    },
    /// A step changed.
    StepUpdated {
        /// Which task.
        task: TaskKey,
        /// Which step, from 0.
        step: u32,
        /// What is to be done.
        description: &'a str,
        /// Its status now.
        status: TaskStatus,
        /// Its output now.
        output: Option<&'a str>,
    },
    /// The owner changed something about a task that does not move it.
    Edited {
        /// Which task.
        task: TaskKey,
        /// What changed.
        edit: Edit<'a>,
    },
    /// A task holds.
    Paused {
        /// Which.
        task: TaskKey,
    },
    /// A task goes on.
    Resumed {
        /// Which.
        task: TaskKey,
    },
    /// An attempt succeeded.
    Completed {
        /// Which task.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
        /// What came of it.
        answer: Answer<'a>,
    },
    /// An attempt did not succeed.
    Failed {
        /// Which task.
        task: TaskKey,
        /// Which attempt.
        attempt: Attempt,
        /// What it comes from.
        failure: Failure,
        /// Why.
        error: &'a str,
        /// What the provider said, if it came so far.
        answer: Option<Answer<'a>>,
    },
    /// A task was called off.
    Cancelled {
        /// Which task.
        task: TaskKey,
        /// The last attempt.
        attempt: Attempt,
        /// Why.
        reason: &'a str,
    },
    /// Something came for an attempt that no longer counts, and changed nothing. Told once per attempt and kind.
    Late {
        /// Which task.
        task: TaskKey,
        /// Which attempt it was for.
        attempt: Attempt,
        /// What it was.
        report: Report,
    },
    /// A task is gone.
    Deleted {
        /// Which.
        task: TaskKey,
    },
    /// A start was accepted and waits for other tasks.
    Blocked {
        /// Which task.
        task: TaskKey,
        /// The attempt that will run.
        attempt: Attempt,
    },
    /// An attempt did not succeed, and another one follows.
    Retrying {
        /// Which task.
        task: TaskKey,
        /// The attempt that failed.
        attempt: Attempt,
        /// What it comes from.
        failure: Failure,
        /// Why.
        error: &'a str,
        /// When the next attempt is due.
        until: Millis,
    },
    /// An attempt was under way when the orchestrator stopped. The task is paused; what follows says what becomes of it.
    Interrupted {
        /// Which task.
        task: TaskKey,
        /// The attempt.
        attempt: Attempt,
    },
    /// The journal was opened again. No provider is registered.
    Recovered {
        /// How many bytes of a torn end were dropped.
        cut: u64,
        /// How many attempts were under way.
        interrupted: u32,
    },
    /// A group has a limit now, or none any more.
    GroupLimited {
        /// Its name; empty for tasks without a group.
        group: &'a str,
        /// How many of its tasks may run at once.
        max: Option<u32>,
    },
    /// Something happened to an agent.
    Agent {
        /// Which.
        agent: AgentKey,
        /// What.
        fact: AgentFact<'a>,
    },
}

/// Takes events as they happen, before state changes by them.
pub trait Sink {
    /// Keeps one event.
    fn record(&mut self, seq: Seq, at: Millis, event: &Event<'_>);
}
