//! One attempt, from the call of its provider to the report of its end.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{Either, select};
use tokio::sync::watch;

use super::context::{ProviderTaskExecutionContext, Signal, cancelled};
use super::driver::Driver;
use super::provider::AgentProvider;
use super::task::{OrchestratedTask, TaskResult};
use crate::kernel::{Attempt, Command, Ending, Reply, Result, TaskKey};

impl Driver {
    /// One attempt, from the call of its provider to the report of its end.
    pub(super) async fn run(
        self,
        task: TaskKey,
        attempt: Attempt,
        provider: Arc<dyn AgentProvider>,
        signal: watch::Receiver<Signal>,
    ) {
        let Ok(Some(snapshot)) = self.read(|owned| OrchestratedTask::of(owned.engine.kernel(), task)) else {
            return;
        };
        if signal.borrow().cancelled {
            return;
        }
        let ctx = ProviderTaskExecutionContext::new(self.clone(), task, attempt, &snapshot, signal.clone());
        // The call itself may panic, too: not every provider is made by the macro.
        let work = async { provider.execute_task(&snapshot, &ctx).await };
        let work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
        let runtime = self.runtime().clone();
        let grace = self.grace();
        let patience = std::pin::pin!(async move {
            cancelled(signal).await;
            runtime.sleep(grace).await;
        });
        // Dropped where it stands when it outlives the grace period.
        let Either::Left((answer, _)) = select(work, patience).await else {
            return;
        };
        // Refused when the task is deleted or all is disposed of: then nobody is left who wants to know.
        let _ = match answer {
            Ok(result) => self.finish(task, attempt, &result),
            Err(panic) => {
                let error = format!("the provider panicked: {}", panic_message(&*panic));
                self.command(Command::Finish {
                    task,
                    attempt,
                    ending: Ending::Error {
                        error: &error,
                        retryable: true,
                    },
                })
            }
        };
    }

    /// Reports how an attempt ended.
    pub(crate) fn finish(&self, task: TaskKey, attempt: Attempt, result: &TaskResult) -> Result<Reply> {
        let TaskResult {
            success,
            ref summary,
            ref error,
            retryable,
            ..
        } = *result;
        match result.detail() {
            Ok(detail) => {
                let ending = Ending::Result {
                    success,
                    summary,
                    error: error.as_deref(),
                    detail: &detail,
                    retryable: retryable != Some(false),
                };
                self.command(Command::Finish {
                    task,
                    attempt,
                    ending,
                })
            }
            // The attempt is over, whatever it has to say.
            Err(refusal) => self.command(Command::Finish {
                task,
                attempt,
                ending: Ending::Error {
                    error: refusal.message(),
                    retryable: false,
                },
            }),
        }
    }
}

pub(super) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no message")
}
