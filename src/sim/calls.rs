//! Calls to the orchestrator, and what becomes of their answers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::model::{End, Stage};
use super::violation::{Violation, ensure};
use super::world::World;
use crate::kernel::{Attempt, Command, Ending, ErrorCode, OrchestratorError, Reply, Result, Seq, TaskKey};
use crate::orchestrator::{AgentOrchestrator, TaskOutcome, TaskRun};

/// What a call to the orchestrator gives.
pub(super) enum Answer {
    Done,
    Run(TaskRun),
    Outcome(TaskOutcome),
}

#[cfg(not(target_family = "wasm"))]
type Call = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;
#[cfg(target_family = "wasm")]
type Call = Pin<Box<dyn Future<Output = Result<Answer>>>>;

/// A call that waits for its answer.
pub(super) struct Pending {
    pub(super) call: Call,
    /// What it did is at or before this position.
    pub(super) seq: Seq,
    /// Whose end is waited for, and since when.
    pub(super) run: Option<(u32, Seq)>,
    /// Whether the answer is that end.
    pub(super) until_end: bool,
}

/// Somebody who waits for the end of a task.
pub(super) struct Held {
    pub(super) run: Pin<Box<TaskRun>>,
    pub(super) task: u32,
    pub(super) after: Seq,
}

impl World {
    /// Whether an id is new, or that of a task that is there: what is watched is known by the task's id.
    pub(super) fn is_clear(&mut self, id: Option<&String>) -> bool {
        id.is_none_or(|id| self.used.insert(id.clone()) || self.history.model.find(id).is_some())
    }

    /// Makes a call: what it does it does at once, and then it waits until that is durable.
    pub(super) fn call(
        &mut self,
        task: Option<&str>,
        until_end: bool,
        call: impl FnOnce(AgentOrchestrator) -> Call,
    ) -> Result<(), Violation> {
        let Some(orchestrator) = self.orchestrator().cloned() else {
            return Ok(());
        };
        let before = self.seq()?;
        let ended = task.and_then(|id| {
            let (key, _) = self.history.model.find(id)?;
            Some(self.history.model.end_of(key)?.seq)
        });
        let mut call = call(orchestrator);
        let answer = poll(call.as_mut());
        let seq = self.seq()?;
        self.follow()?;
        let run = task.and_then(|id| {
            let (key, _) = self.history.model.find(id)?;
            // One that had ended and has not begun anew tells of that end.
            let after = match ended.filter(|_| before == seq) {
                Some(end) => end - 1,
                None => before,
            };
            Some((key, after))
        });
        self.counts.calls += 1;
        match answer {
            Poll::Ready(Err(error)) => {
                self.counts.refusals += 1;
                self.check_error(&error)?;
                ensure("I1", before == seq, || {
                    format!("refused with {error}, and yet {} events", seq - before)
                })
            }
            Poll::Ready(Ok(answer)) => self.answered(answer, seq, run),
            Poll::Pending => {
                if let Some(life) = &mut self.life {
                    life.pending.push(Pending {
                        call,
                        seq,
                        run,
                        until_end,
                    });
                }
                Ok(())
            }
        }
    }

    /// A call that does not wait for anything.
    pub(super) fn order(
        &mut self,
        order: impl FnOnce(&AgentOrchestrator) -> Result<()>,
    ) -> Result<(), Violation> {
        let Some(orchestrator) = self.orchestrator().cloned() else {
            return Ok(());
        };
        let before = self.seq()?;
        let told = order(&orchestrator);
        let seq = self.seq()?;
        self.counts.calls += 1;
        if let Err(error) = told {
            self.counts.refusals += 1;
            self.check_error(&error)?;
            ensure("I1", before == seq, || {
                format!("refused with {error}, and yet {} events", seq - before)
            })?;
        }
        self.follow()
    }

    /// Whether a failed journal is enough reason now to open another one.
    pub(super) fn gives_up(&mut self) -> bool {
        self.rng.percent(40)
    }

    /// Reports the end of an attempt, as a host does whose messages come late, twice, or in another order.
    pub(super) fn finish_again(&mut self, id: &str, attempt: u32, success: bool) -> Result<(), Violation> {
        let Some((task, known)) = self.history.model.find(id) else {
            return Ok(());
        };
        if known.stage == Stage::Active && known.attempt == attempt {
            // It would be the first report, and its provider does not know of it.
            return Ok(());
        }
        let ending = Ending::Result {
            success,
            summary: "from afar",
            error: None,
            detail: "",
            retryable: true,
        };
        let command = Command::Finish {
            task: TaskKey::new(task),
            attempt: Attempt::new(attempt),
            ending,
        };
        let mut reply = Reply::Late;
        self.order(|orchestrator| {
            reply = orchestrator.command(command)?;
            Ok(())
        })?;
        ensure("I4", reply == Reply::Late, || {
            format!("attempt {attempt} of {id} is reported to have ended, once more: {reply:?}")
        })
    }

    pub(super) fn check_error(&self, error: &OrchestratorError) -> Result<(), Violation> {
        ensure(
            "I10",
            !matches!(error.code(), ErrorCode::Poisoned | ErrorCode::Disposed),
            || format!("refused with {error}"),
        )
    }

    pub(super) fn answered(
        &mut self,
        answer: Answer,
        seq: Seq,
        run: Option<(u32, Seq)>,
    ) -> Result<(), Violation> {
        match answer {
            Answer::Outcome(outcome) => {
                if let Some((task, after)) = run {
                    self.ended(&outcome, task, after)?;
                }
                return Ok(());
            }
            Answer::Run(held) => {
                if let (Some((task, after)), Some(life)) = (run, &mut self.life) {
                    let run = Box::pin(held);
                    life.held.push(Held { run, task, after });
                }
            }
            Answer::Done => {}
        }
        self.counts.acknowledgements += 1;
        self.acknowledged = self.acknowledged.max(seq);
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("I3", durable >= seq, || {
            format!("position {seq} was acknowledged, and {durable} is durable")
        })
    }

    /// Somebody was told how a task ended.
    pub(super) fn ended(&mut self, outcome: &TaskOutcome, task: u32, after: Seq) -> Result<(), Violation> {
        self.counts.outcomes += 1;
        let told = (outcome.attempt, outcome.status);
        let Some(end) = self.first_end(task, after) else {
            let message = format!("{} was said to end as {told:?}, and has not", outcome.task_id);
            return Err(Violation::new("I5", message));
        };
        ensure("I5", (end.attempt, end.status) == told, || {
            format!(
                "{} was said to end as {told:?}, and it was {end:?}",
                outcome.task_id
            )
        })?;
        let seq = end.seq;
        self.acknowledged = self.acknowledged.max(seq);
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("I3", durable >= seq, || {
            format!("the end at {seq} was told, and {durable} is durable")
        })
    }

    pub(super) fn first_end(&self, task: u32, after: Seq) -> Option<&End> {
        let ends = &self.history.model.ends;
        ends.iter().find(|end| end.task == task && end.seq > after)
    }
}

/// Asks a future whether it is ready; it is asked again after every move.
pub(super) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
