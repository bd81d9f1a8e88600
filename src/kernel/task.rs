//! One task as the kernel keeps it.

use serde::{Deserialize, Serialize};

use super::event::Report;
use super::id::{Attempt, GroupKey, Millis, ProviderKey, TaskKey};
use super::output::Output;
use super::plan::{Retry, TaskPlan, Timeouts};
use super::status::{TaskStatus, TaskUserStatus};

/// How far the current attempt of a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// There is none, or it has ended.
    #[default]
    Idle,
    /// It was asked for and does not run yet.
    Waiting(Place),
    /// Its provider was called and has not answered.
    Active,
}

/// Where an attempt waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// In its lane, with this ticket.
    Lane(u64),
    /// Nowhere: the task is paused.
    Paused,
    /// For tasks that are not completed.
    Dependencies,
    /// For its time.
    Time,
    /// For the end of the wait after a failed attempt.
    Retry,
    /// Nowhere: the attempt before was interrupted, and the task is paused.
    Interrupted,
}

/// A step of a task's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub(crate) description: Box<str>,
    pub(crate) status: TaskStatus,
    pub(crate) output: Option<Box<str>>,
    /// Whether the owner put it there, and not an attempt.
    pub(crate) planned: bool,
}

impl Step {
    /// What is to be done.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How far it is.
    #[must_use]
    pub const fn status(&self) -> TaskStatus {
        self.status
    }

    /// What came of it.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.output.as_deref()
    }
}

/// What most tasks do not have, kept apart so that they do not pay for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extras {
    pub(crate) id: Option<Box<str>>,
    pub(crate) sub_agent_type: Option<u32>,
    pub(crate) room: Option<u32>,
    pub(crate) world: Option<u32>,
    pub(crate) parent: Option<TaskKey>,
    pub(crate) tags: Box<str>,
    pub(crate) steps: Vec<Step>,
    pub(crate) metadata: Box<str>,
    pub(crate) detail: Box<str>,
    pub(crate) user_status_at: Option<Millis>,
    pub(crate) plan: Option<Box<TaskPlan>>,
    /// How many attempts in a row were interrupted by a crash.
    pub(crate) interrupts: u32,
}

/// A task. Read it through [`super::Kernel::task`]; it changes only by events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub(crate) status: TaskStatus,
    pub(crate) user_status: TaskUserStatus,
    pub(crate) progress: u8,
    pub(crate) provider: ProviderKey,
    pub(crate) attempt: Attempt,
    pub(crate) phase: Phase,
    pub(crate) working_directory: u32,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
    pub(crate) started_at: Option<Millis>,
    pub(crate) completed_at: Option<Millis>,
    pub(crate) name: Box<str>,
    pub(crate) description: Box<str>,
    pub(crate) output: Output,
    /// Whether there is a result, and its summary.
    pub(crate) summary: Option<Box<str>>,
    pub(crate) error: Option<Box<str>>,
    /// Late reports already told: of which attempt, and a bit for each kind.
    pub(crate) late: (Attempt, u8),
    pub(crate) extras: Option<Box<Extras>>,
}

impl Task {
    /// The status.
    #[must_use]
    pub const fn status(&self) -> TaskStatus {
        self.status
    }

    /// The user status.
    #[must_use]
    pub const fn user_status(&self) -> TaskUserStatus {
        self.user_status
    }

    /// 0 to 100.
    #[must_use]
    pub const fn progress(&self) -> u8 {
        self.progress
    }

    /// Who does it.
    #[must_use]
    pub const fn provider(&self) -> ProviderKey {
        self.provider
    }

    /// The current or last attempt.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// Whether the provider was called for the current attempt and has not answered.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.phase == Phase::Active
    }

    /// Whether a start was accepted that has not led to a run yet.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting(_))
    }

    /// When it was created.
    #[must_use]
    pub const fn created_at(&self) -> Millis {
        self.created_at
    }

    /// When anything of it last changed.
    #[must_use]
    pub const fn updated_at(&self) -> Millis {
        self.updated_at
    }

    /// When it first ran.
    #[must_use]
    pub const fn started_at(&self) -> Option<Millis> {
        self.started_at
    }

    /// When it last ended.
    #[must_use]
    pub const fn completed_at(&self) -> Option<Millis> {
        self.completed_at
    }

    /// When the user status last changed; the time of creation at first.
    #[must_use]
    pub fn user_status_at(&self) -> Millis {
        self.extras
            .as_ref()
            .and_then(|extras| extras.user_status_at)
            .unwrap_or(self.created_at)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The last lines of output, oldest first.
    pub fn output(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.output.lines()
    }

    /// The same as one text, the lines joined by line feeds.
    #[must_use]
    pub fn output_text(&self) -> &str {
        self.output.text()
    }

    /// How many older lines were dropped.
    #[must_use]
    pub const fn output_dropped(&self) -> u64 {
        self.output.dropped()
    }

    /// The result's summary, if there is a result.
    #[must_use]
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// The rest of the result, as a canonical JSON object; empty when there is nothing else.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.extras.as_ref().map_or("", |extras| &extras.detail)
    }

    /// Why it failed or was cancelled.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The user's tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.extras
            .as_ref()
            .map_or("", |extras| &extras.tags)
            .split('\n')
            .filter(|tag| !tag.is_empty())
    }

    /// The plan.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        self.extras.as_ref().map_or(&[], |extras| &extras.steps)
    }

    /// The user's own data, as a canonical JSON object; empty when there is none.
    #[must_use]
    pub fn metadata(&self) -> &str {
        self.extras.as_ref().map_or("", |extras| &extras.metadata)
    }

    /// The task above.
    #[must_use]
    pub fn parent(&self) -> Option<TaskKey> {
        self.extras.as_ref().and_then(|extras| extras.parent)
    }

    pub(crate) fn plan(&self) -> Option<&TaskPlan> {
        self.extras.as_ref()?.plan.as_deref()
    }

    pub(crate) fn plan_mut(&mut self) -> Option<&mut TaskPlan> {
        self.extras.as_mut()?.plan.as_deref_mut()
    }

    pub(crate) fn group(&self) -> GroupKey {
        self.plan().map_or(GroupKey::NONE, |plan| plan.group)
    }

    /// Higher ones run first, within the group.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.plan().map_or(0, |plan| plan.priority)
    }

    /// The tasks that must be completed before it runs.
    #[must_use]
    pub fn depends_on(&self) -> &[TaskKey] {
        self.plan().map_or(&[], |plan| &plan.depends_on)
    }

    /// How many of those are not completed.
    #[must_use]
    pub fn unmet(&self) -> u32 {
        self.plan().map_or(0, |plan| plan.unmet)
    }

    /// How failed attempts are repeated.
    #[must_use]
    pub fn retry(&self) -> Option<Retry> {
        self.plan()?.retry
    }

    /// How long it may take.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.plan().map_or_else(Timeouts::default, |plan| plan.timeouts)
    }

    /// When it must have ended.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.plan()?.deadline
    }

    /// Before when it does not run.
    #[must_use]
    pub fn start_at(&self) -> Option<Millis> {
        self.plan()?.start_at
    }

    /// When the next attempt is due, after a failed one.
    #[must_use]
    pub fn retry_at(&self) -> Option<Millis> {
        self.plan()?.retry_at
    }

    /// Whether it goes on when the task above it ends.
    #[must_use]
    pub fn outlives_parent(&self) -> bool {
        self.plan().is_some_and(|plan| plan.outlives_parent)
    }

    /// How many attempts in a row were interrupted by a crash.
    #[must_use]
    pub fn interrupts(&self) -> u32 {
        self.extras.as_ref().map_or(0, |extras| extras.interrupts)
    }

    /// The name of the order that made it, if there was one.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.plan()
            .map(|plan| &*plan.idempotency_key)
            .filter(|key| !key.is_empty())
    }

    /// Whether it has any of what most tasks do not have.
    #[cfg(target_family = "wasm")]
    pub(crate) const fn has_extras(&self) -> bool {
        self.extras.is_some()
    }

    /// Whether its plan differs from the default.
    #[cfg(target_family = "wasm")]
    pub(crate) fn has_plan(&self) -> bool {
        self.plan().is_some()
    }

    pub(crate) fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// The share of completed steps, rounded half up, if the step at `index` had this status.
    pub(crate) fn progress_with(&self, index: usize, status: TaskStatus) -> u8 {
        let steps = self.steps();
        let done = steps
            .iter()
            .enumerate()
            .filter(|(n, step)| (if *n == index { status } else { step.status }) == TaskStatus::Completed)
            .count();
        // At most 1000 steps, so the share is at most 100 and fits.
        u8::try_from((done * 200 + steps.len()) / (steps.len().max(1) * 2)).unwrap_or(100)
    }

    /// Whether this late report has not been told yet.
    pub(crate) fn late_is_news(&self, attempt: Attempt, report: Report) -> bool {
        attempt > self.late.0 || (attempt == self.late.0 && self.late.1 & (1 << report as u8) == 0)
    }

    /// Forgets what the last attempt came to and the steps it added; its output stays, and the owner's plan.
    pub(crate) fn begin_again(&mut self) {
        self.progress = 0;
        self.summary = None;
        self.error = None;
        self.completed_at = None;
        if let Some(extras) = &mut self.extras {
            extras.steps.retain(|step| step.planned);
            for step in &mut extras.steps {
                step.status = TaskStatus::Pending;
                step.output = None;
            }
            extras.detail = Box::default();
        }
    }

    /// The owner begins a run of attempts with this one.
    pub(crate) fn begin_run(&mut self, attempt: Attempt) {
        if let Some(extras) = &mut self.extras {
            extras.interrupts = 0;
        }
        if let Some(plan) = self.plan_mut() {
            plan.first_attempt = attempt;
            plan.began_at = None;
            plan.retry_at = None;
        }
    }
}
