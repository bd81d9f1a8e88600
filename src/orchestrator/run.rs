//! A run of a task, as those who wait for it hold it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use serde::Serialize;

use super::driver::WeakDriver;
use super::subscription::{EventFilter, EventStream};
use super::task::{OrchestratedTask, TaskResult};
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq, TaskStatus};

/// How a run of a task ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskOutcome {
    /// The task's id.
    pub task_id: String,
    /// The attempt's number.
    pub attempt: u32,
    /// `completed`, `failed` or `cancelled`.
    pub status: TaskStatus,
    /// Whether it completed.
    pub success: bool,
    /// The result's summary; the error when there is no result.
    pub summary: String,
    /// The provider's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// Why it failed or was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl TaskOutcome {
    pub(super) fn of(task: OrchestratedTask) -> Self {
        let summary = task.result.as_ref().map(|result| result.summary.clone());
        Self {
            task_id: task.id,
            attempt: task.attempt,
            status: task.status,
            success: task.status == TaskStatus::Completed,
            summary: summary.or_else(|| task.error.clone()).unwrap_or_default(),
            result: task.result,
            error: task.error,
        }
    }

    pub(super) fn deleted(task_id: String, attempt: u32) -> Self {
        let error = "Task deleted".to_owned();
        Self {
            task_id,
            attempt,
            status: TaskStatus::Cancelled,
            success: false,
            summary: error.clone(),
            result: None,
            error: Some(error),
        }
    }
}

/// A run of a task. Await it for the outcome; [`events`](Self::events) gives what happens until then.
///
/// Awaiting gives an error only when the orchestrator was disposed of: that a task failed or was cancelled stands in
/// the outcome. Dropping it does not end the task.
#[must_use = "the task runs on, but nobody waits for it"]
pub struct TaskRun {
    task_id: String,
    outcome: oneshot::Receiver<Result<TaskOutcome>>,
    /// Where its events begin. Nobody pays for them who does not ask.
    from: Seq,
    driver: WeakDriver,
}

impl TaskRun {
    pub(super) const fn new(
        task_id: String,
        outcome: oneshot::Receiver<Result<TaskOutcome>>,
        from: Seq,
        driver: WeakDriver,
    ) -> Self {
        Self {
            task_id,
            outcome,
            from,
            driver,
        }
    }

    /// The task's id.
    #[must_use]
    pub fn task_id(&self) -> &str {
        &self.task_id
    }

    /// The task's events since the run was asked for. They go on after the end of this run: stop at `completed`,
    /// `failed` or `cancelled`.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub fn events(&self) -> Result<EventStream> {
        let gone = || OrchestratorError::new(ErrorCode::Disposed, "the orchestrator is gone");
        let driver = self.driver.upgrade().ok_or_else(gone)?;
        driver.events(EventFilter::all().of_task(&*self.task_id).from_seq(self.from))
    }

    /// The result of a completed task.
    ///
    /// # Errors
    /// `TASK_FAILED`, `TASK_CANCELLED`, or `DISPOSED`.
    pub async fn unwrap(self) -> Result<TaskResult> {
        let outcome = self.await?;
        match (outcome.status, outcome.result) {
            (TaskStatus::Completed, Some(result)) => Ok(result),
            (status, _) => {
                let code = match status {
                    TaskStatus::Cancelled => ErrorCode::TaskCancelled,
                    _ => ErrorCode::TaskFailed,
                };
                Err(OrchestratorError::new(
                    code,
                    outcome.error.unwrap_or(outcome.summary),
                ))
            }
        }
    }
}

impl Future for TaskRun {
    type Output = Result<TaskOutcome>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(cx).map(|told| {
            // The sender is dropped without a word only when the owner is gone.
            told.unwrap_or_else(|_| {
                Err(OrchestratorError::new(
                    ErrorCode::Disposed,
                    "the orchestrator is gone",
                ))
            })
        })
    }
}

impl fmt::Debug for TaskRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRun")
            .field("task_id", &self.task_id)
            .finish_non_exhaustive()
    }
}
