//! What a provider sees of the attempt it runs.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use super::driver::Driver;
use super::task::{OrchestratedTask, TaskStep};
use crate::kernel::{
    Attempt, Command, ErrorCode, OrchestratorError, Reply, Reporter, Result, TaskKey, TaskStatus,
};
use crate::runtime::Callback;

/// How an attempt stands, as its provider can watch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) cancelled: bool,
    pub(crate) paused: bool,
}

/// What a provider sees of the attempt it runs.
///
/// The calls return false, or change nothing, once the attempt no longer counts; what came too late is recorded as
/// `task:late`.
pub struct ProviderTaskExecutionContext {
    /// The task's id.
    pub task_id: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The directory shown to the provider.
    pub working_directory: String,
    /// The room.
    pub room_id: Option<String>,
    /// The world.
    pub world_id: Option<String>,
    /// The same as the method of this name, as a function that can be handed on. What it refuses is lost.
    pub append_output: Callback<String>,
    /// The same as the method of this name, as a function that can be handed on. What it refuses is lost.
    pub update_progress: Callback<i32>,
    reporter: Arc<AttemptReporter>,
    signal: watch::Receiver<Signal>,
}

/// The way from an attempt to its task.
struct AttemptReporter {
    driver: Driver,
    task: TaskKey,
    attempt: Attempt,
}

impl AttemptReporter {
    fn report(&self, command: impl FnOnce(Reporter) -> Command<'static>) -> Result<Option<Reply>> {
        self.tell(command(Reporter::Attempt(self.attempt)))
    }

    fn tell(&self, command: Command<'_>) -> Result<Option<Reply>> {
        match self.driver.command(command) {
            Ok(Reply::Late) => Ok(None),
            Ok(reply) => Ok(Some(reply)),
            // Deleted, or nobody is there any more: too late, too.
            Err(error) if matches!(error.code(), ErrorCode::TaskNotFound | ErrorCode::Disposed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn output(&self, text: &str) -> Result<bool> {
        let by = Reporter::Attempt(self.attempt);
        self.tell(Command::Output {
            task: self.task,
            by,
            text,
        })
        .map(|reply| reply.is_some())
    }

    fn progress(&self, percent: f64) -> Result<bool> {
        let task = self.task;
        self.report(|by| Command::Progress { task, by, percent })
            .map(|reply| reply.is_some())
    }
}

impl ProviderTaskExecutionContext {
    pub(super) fn new(
        driver: Driver,
        task: TaskKey,
        attempt: Attempt,
        of: &OrchestratedTask,
        signal: watch::Receiver<Signal>,
    ) -> Self {
        let reporter = Arc::new(AttemptReporter {
            driver,
            task,
            attempt,
        });
        let (output, progress) = (reporter.clone(), reporter.clone());
        Self {
            task_id: of.id.clone(),
            attempt: attempt.get(),
            working_directory: of.working_directory.clone(),
            room_id: of.room_id.clone(),
            world_id: of.world_id.clone(),
            append_output: Box::new(move |text| drop(output.output(&text))),
            update_progress: Box::new(move |percent| drop(progress.progress(percent.into()))),
            reporter,
            signal,
        }
    }

    /// Adds the non-blank lines of a text to the task's output. False when it came too late.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` for a text that is too long.
    pub fn append_output(&self, text: impl AsRef<str>) -> Result<bool> {
        self.reporter.output(text.as_ref())
    }

    /// Sets the progress: rounded, and clamped to 0..=100. False when it came too late.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what is not a number.
    pub fn update_progress(&self, percent: impl Into<f64>) -> Result<bool> {
        self.reporter.progress(percent.into())
    }

    /// Adds a step to the plan, `pending` at first.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` or `LIMIT_EXCEEDED` for a bad description or one step too many, `TASK_CANCELLED` when it
    /// came too late.
    pub fn add_step(&self, description: &str) -> Result<TaskStep> {
        let AttemptReporter { task, attempt, .. } = *self.reporter;
        let by = Reporter::Attempt(attempt);
        match self.reporter.tell(Command::AddStep {
            task,
            by,
            description,
        })? {
            Some(Reply::Step(index)) => Ok(TaskStep {
                id: format!("s{}", index + 1),
                description: description.to_owned(),
                status: TaskStatus::Pending,
                output: None,
            }),
            _ => Err(OrchestratorError::new(
                ErrorCode::TaskCancelled,
                "this attempt no longer counts",
            )),
        }
    }

    /// Moves a step; the task's progress follows the share of completed steps. False when it came too late.
    ///
    /// # Errors
    /// `STEP_NOT_FOUND`, or `LIMIT_EXCEEDED` for too long an output.
    pub fn update_step(&self, step_id: &str, status: TaskStatus, output: Option<&str>) -> Result<bool> {
        let AttemptReporter { task, attempt, .. } = *self.reporter;
        let by = Reporter::Attempt(attempt);
        let command = Command::UpdateStep {
            task,
            by,
            step: step_id,
            status,
            output,
        };
        self.reporter.tell(command).map(|reply| reply.is_some())
    }

    /// Whether this attempt no longer counts.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.signal.borrow().cancelled
    }

    /// Whether the task is asked to hold.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.signal.borrow().paused
    }

    /// Ready once this attempt no longer counts.
    pub fn cancelled(&self) -> impl Future<Output = ()> + use<> {
        cancelled(self.signal.clone())
    }

    /// Ready at once when the task is not paused, else when it goes on.
    ///
    /// # Errors
    /// `TASK_CANCELLED` once the attempt no longer counts.
    pub async fn until_resumed(&self) -> Result<()> {
        let mut signal = self.signal.clone();
        // The sender lives as long as the attempt counts.
        let cancelled = signal
            .wait_for(|s| s.cancelled || !s.paused)
            .await
            .map_or(true, |signal| signal.cancelled);
        if cancelled {
            return Err(OrchestratorError::new(
                ErrorCode::TaskCancelled,
                "this attempt no longer counts",
            ));
        }
        Ok(())
    }
}

/// Ready once the attempt that is watched no longer counts.
pub(super) async fn cancelled(mut signal: watch::Receiver<Signal>) {
    // An error means that the sender is gone, and with it the attempt.
    let _ = signal.wait_for(|signal| signal.cancelled).await;
}

impl fmt::Debug for ProviderTaskExecutionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderTaskExecutionContext")
            .field("task_id", &self.task_id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
