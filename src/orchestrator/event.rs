//! Events as the outside sees them: owned, and in the words of the package's documentation.

use serde::Serialize;
use serde_json::Value;

use super::event_of::kind;
use super::task::{TaskResult, TaskStep};
use crate::journal::Recorded;
use crate::kernel::{
    AgentEnd, AgentFailure, DropReason, ErrorCode, Failure, Kernel, Millis, Report, Seq, TaskWait,
};

/// What a `task:message` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// The task has another name.
    Name,
    /// The task has another provider.
    Provider,
    /// The user status changed.
    UserStatus,
    /// The task became, or no longer is, the current one.
    Current,
}

/// One event: what happened, where in the journal, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrchestratorEvent {
    /// Position in the journal; the first event is 1, and there are no gaps.
    pub seq: Seq,
    /// Milliseconds since the Unix epoch; never runs backwards.
    pub at: Millis,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $wire:literal { $($(#[$fmeta:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        /// What happened. One variant for one fact.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type", rename_all_fields = "camelCase")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[doc = $doc])* #[serde(rename = $wire)] $name { $($(#[$fmeta])* $field: $type),* }),*
        }

        impl EventKind {
            /// Every type of event, in the order of the documentation.
            pub const TYPES: &'static [(&'static str, &'static str)] = &[$(($wire, concat!($($doc),*))),*];

            /// The `type`, as in JS and JSON.
            #[must_use]
            pub const fn type_name(&self) -> &'static str {
                match self { $(Self::$name { .. } => $wire),* }
            }
        }
    };
}

kinds! {
    /// The journal begins.
    Opened = "journal:opened" {
        /// The version of the journal's format.
        format: u16,
    }
    /// A provider can be used.
    ProviderRegistered = "provider:registered" {
        /// Which.
        provider_id: String,
        /// Its label.
        label: String,
    }
    /// A provider can no longer be used.
    ProviderUnregistered = "provider:unregistered" {
        /// Which.
        provider_id: String,
    }
    /// A task exists.
    Created = "task:created" {
        /// Which.
        task_id: String,
        /// Its name.
        name: String,
        /// Its provider.
        provider_id: String,
        /// The task above.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<String>,
    }
    /// A start was accepted and waits for a slot, its provider or its time.
    Queued = "task:queued" {
        /// Which task.
        task_id: String,
        /// The attempt that will run.
        attempt: u32,
        /// What it waits for.
        waiting_for: TaskWait,
    }
    /// An attempt runs.
    Started = "task:started" {
        /// Which task.
        task_id: String,
        /// Which attempt.
        attempt: u32,
        /// Who runs it.
        provider_id: String,
    }
    /// The progress changed.
    Progress = "task:progress" {
        /// Which task.
        task_id: String,
        /// 0 to 100.
        progress: u8,
    }
    /// Lines of output came.
    Output = "task:output" {
        /// Which task.
        task_id: String,
        /// The lines.
        lines: Vec<String>,
    }
    /// A step was added or changed.
    Step = "task:step" {
        /// Which task.
        task_id: String,
        /// The step as it is now.
        step: TaskStep,
    }
    /// A task was renamed, reassigned, marked or selected.
    Message = "task:message" {
        /// Which task.
        task_id: String,
        /// What changed.
        about: About,
        /// The change in words.
        message: String,
        /// Of which scope it is, or was, the current task; absent when of the whole orchestrator.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    }
    /// A task holds.
    Paused = "task:paused" {
        /// Which.
        task_id: String,
    }
    /// A task goes on.
    Resumed = "task:resumed" {
        /// Which.
        task_id: String,
    }
    /// An attempt succeeded.
    Completed = "task:completed" {
        /// Which task.
        task_id: String,
        /// Which attempt.
        attempt: u32,
        /// Always true.
        success: bool,
        /// The result's summary.
        summary: String,
        /// The result.
        result: TaskResult,
    }
    /// An attempt did not succeed.
    Failed = "task:failed" {
        /// Which task.
        task_id: String,
        /// Which attempt.
        attempt: u32,
        /// Always false.
        success: bool,
        /// The result's summary; the error when there is no result.
        summary: String,
        /// What the failure comes from.
        failure: Failure,
        /// Why.
        error: String,
        /// The result, if the provider gave one.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<TaskResult>,
    }
    /// A task was called off.
    Cancelled = "task:cancelled" {
        /// Which task.
        task_id: String,
        /// The last attempt.
        attempt: u32,
        /// Why.
        reason: String,
    }
    /// Something came from an attempt that no longer counts; it changed nothing.
    Late = "task:late" {
        /// Which task.
        task_id: String,
        /// Which attempt.
        attempt: u32,
        /// What came.
        report: Report,
    }
    /// A task is gone.
    Deleted = "task:deleted" {
        /// Which.
        task_id: String,
    }
    /// A start was accepted and waits for other tasks.
    Blocked = "task:blocked" {
        /// Which task.
        task_id: String,
        /// The attempt that will run.
        attempt: u32,
        /// What it waits for.
        waiting_for: TaskWait,
    }
    /// An attempt did not succeed, and another one follows.
    Retrying = "task:retrying" {
        /// Which task.
        task_id: String,
        /// The attempt that failed.
        attempt: u32,
        /// What the failure comes from.
        failure: Failure,
        /// Why.
        error: String,
        /// When the next attempt is due.
        retry_at: Millis,
    }
    /// An attempt was under way when the orchestrator stopped without a goodbye.
    Interrupted = "task:interrupted" {
        /// Which task.
        task_id: String,
        /// Which attempt.
        attempt: u32,
    }
    /// The journal was opened again.
    Recovered = "journal:recovered" {
        /// How many bytes of a torn end were dropped.
        cut: u64,
        /// How many attempts were interrupted.
        interrupted: u32,
    }
    /// The limit of a group changed.
    GroupLimited = "group:limited" {
        /// Its name; empty for tasks without a group.
        group: String,
        /// How many of its tasks may run at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_concurrency: Option<u32>,
    }
    /// An agent is known, and its factory is here.
    AgentAdded = "agent:added" {
        /// Its name.
        agent: String,
        /// The name of the agent above it.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
    }
    /// An agent is to start, when its turn and its time have come.
    AgentWaiting = "agent:waiting" {
        /// Its name.
        agent: String,
        /// Not before then.
        #[serde(skip_serializing_if = "Option::is_none")]
        due_at: Option<Millis>,
    }
    /// The factory of a spawned agent is called.
    AgentSpawned = "agent:spawned" {
        /// Its name.
        agent: String,
        /// The number of this start.
        incarnation: u32,
    }
    /// The factory of an agent is called again, because it or one beside or above it failed.
    AgentRestarted = "agent:restarted" {
        /// Its name.
        agent: String,
        /// The number of this start.
        incarnation: u32,
    }
    /// An agent takes messages.
    AgentReady = "agent:ready" {
        /// Its name.
        agent: String,
        /// The number of its start.
        incarnation: u32,
    }
    /// An agent failed; what follows says what becomes of it.
    AgentFailed = "agent:failed" {
        /// Its name.
        agent: String,
        /// The number of its start.
        incarnation: u32,
        /// What it comes from.
        failure: AgentFailure,
        /// Why.
        error: String,
        /// Whether another try may do better.
        retryable: bool,
        /// The message that it was at.
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<u32>,
    }
    /// An agent goes on as if it had not failed.
    AgentResumed = "agent:resumed" {
        /// Its name.
        agent: String,
    }
    /// A failure goes to those above: about whom is to be decided next, or nobody, when the whole tree fails.
    AgentEscalated = "agent:escalated" {
        /// About whom it was to be decided.
        agent: String,
        /// Who failed.
        origin: String,
        /// About whom it is to be decided now.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    }
    /// An agent will be begun anew.
    AgentRestarting = "agent:restarting" {
        /// Its name.
        agent: String,
        /// How many restarts that makes since it was spawned.
        restarts: u32,
        /// When it is due.
        due_at: Millis,
    }
    /// An agent is to go down, after those below it.
    AgentStopping = "agent:stopping" {
        /// Its name.
        agent: String,
        /// Whether it is begun anew then.
        restart: bool,
        /// Why.
        reason: String,
    }
    /// An agent has ended.
    AgentStopped = "agent:stopped" {
        /// Its name.
        agent: String,
        /// `completed`, `failed` or `cancelled`.
        status: AgentEnd,
        /// Whether it was dropped because its grace period was over.
        overdue: bool,
    }
    /// An agent takes no more messages, and ends when it has answered those that it has.
    AgentClosing = "agent:closing" {
        /// Its name.
        agent: String,
    }
    /// An agent has answered a message after a restart, so that its restarts no longer follow each other.
    AgentSteady = "agent:steady" {
        /// Its name.
        agent: String,
    }
    /// An agent was sent a message. Only of agents whose messages are recorded.
    AgentMessage = "agent:message" {
        /// Its name.
        agent: String,
        /// The number of the message, for this agent.
        message_id: u32,
        /// What it says.
        messages: Value,
    }
    /// An agent was given a message. Only of agents whose messages are recorded.
    AgentPrompted = "agent:prompted" {
        /// Its name.
        agent: String,
        /// Which message.
        message_id: u32,
    }
    /// An agent has answered. Only of agents whose messages are recorded.
    AgentReplied = "agent:replied" {
        /// Its name.
        agent: String,
        /// Which message.
        message_id: u32,
        /// The reply.
        reply: Value,
    }
    /// A message ends without a reply.
    AgentDropped = "agent:dropped" {
        /// The name of the agent.
        agent: String,
        /// Which message.
        message_id: u32,
        /// Why.
        reason: DropReason,
    }
    /// A message that an agent could not answer is kept among the dead letters.
    AgentDeadLetter = "agent:dead-letter" {
        /// The name of the agent.
        agent: String,
        /// Which message.
        message_id: u32,
        /// What it says.
        messages: Value,
        /// The last error.
        error: String,
        /// How often it was given to the agent.
        deliveries: u32,
    }
    /// An agent wants this back when it begins anew.
    AgentState = "agent:state" {
        /// Its name.
        agent: String,
        /// What it wants back.
        state: Value,
    }
    /// Something came from a start of an agent, or for a message, that no longer counts; it changed nothing. Told once
    /// for each start.
    AgentLate = "agent:late" {
        /// Its name.
        agent: String,
        /// The number of the start.
        incarnation: u32,
    }
    /// An agent is no longer known.
    AgentRemoved = "agent:removed" {
        /// Its name.
        agent: String,
    }
    /// The journal cannot be written any more: the orchestrator only reads from now on. Not part of the journal.
    JournalFailed = "journal:failed" {
        /// The error's code.
        code: ErrorCode,
        /// What went wrong.
        message: String,
    }
    /// A subscriber was too slow, or asked for events that are no longer kept.
    Lagged = "subscriber:lagged" {
        /// How many events it missed.
        dropped: u64,
    }
}

impl EventKind {
    /// The task it is about.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        match self {
            Self::Created { task_id, .. }
            | Self::Queued { task_id, .. }
            | Self::Started { task_id, .. }
            | Self::Progress { task_id, .. }
            | Self::Output { task_id, .. }
            | Self::Step { task_id, .. }
            | Self::Message { task_id, .. }
            | Self::Paused { task_id }
            | Self::Resumed { task_id }
            | Self::Completed { task_id, .. }
            | Self::Failed { task_id, .. }
            | Self::Cancelled { task_id, .. }
            | Self::Late { task_id, .. }
            | Self::Blocked { task_id, .. }
            | Self::Retrying { task_id, .. }
            | Self::Interrupted { task_id, .. }
            | Self::Deleted { task_id } => Some(task_id),
            _ => None,
        }
    }

    /// The agent it is about, by its name.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        match self {
            Self::AgentAdded { agent, .. }
            | Self::AgentWaiting { agent, .. }
            | Self::AgentSpawned { agent, .. }
            | Self::AgentRestarted { agent, .. }
            | Self::AgentReady { agent, .. }
            | Self::AgentFailed { agent, .. }
            | Self::AgentResumed { agent }
            | Self::AgentEscalated { agent, .. }
            | Self::AgentRestarting { agent, .. }
            | Self::AgentStopping { agent, .. }
            | Self::AgentStopped { agent, .. }
            | Self::AgentClosing { agent }
            | Self::AgentSteady { agent }
            | Self::AgentMessage { agent, .. }
            | Self::AgentPrompted { agent, .. }
            | Self::AgentReplied { agent, .. }
            | Self::AgentDropped { agent, .. }
            | Self::AgentDeadLetter { agent, .. }
            | Self::AgentState { agent, .. }
            | Self::AgentLate { agent, .. }
            | Self::AgentRemoved { agent } => Some(agent),
            _ => None,
        }
    }
}

impl OrchestratorEvent {
    /// The outside's view of one recorded event. Ids and labels are as the kernel has them now.
    #[must_use]
    pub fn of(kernel: &Kernel, recorded: &Recorded<'_>) -> Self {
        let Recorded { seq, at, ref event } = *recorded;
        Self {
            seq,
            at,
            kind: kind(kernel, event),
        }
    }
}
