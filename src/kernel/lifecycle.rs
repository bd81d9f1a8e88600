//! The life of a task: start, hold, go on, end, and begin again.

use super::Turn;
use super::command::{Ending, Reply};
use super::effect::Effect;
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Answer, Event, Failure, Report};
use super::id::{Attempt, TaskKey};
use super::limits::{self, cut};
use super::status::{self, Next, Verb};
use super::task::Phase;

impl Turn<'_> {
    pub(super) fn start(&mut self, task: TaskKey) -> Result<Reply> {
        let found = self.task(task)?;
        if status::check(found.status, Verb::Start)? == Next::Nothing || found.is_waiting() {
            return Ok(Reply::Nothing);
        }
        self.begin(task)
    }

    pub(super) fn restart(&mut self, task: TaskKey) -> Result<Reply> {
        let found = self.task(task)?;
        status::check(found.status, Verb::Restart)?;
        let above = found.parent().and_then(|parent| self.state.task(parent));
        if let Some(above) = above.filter(|above| above.status.is_terminal() && !found.outlives_parent()) {
            return Err(OrchestratorError::new(
                ErrorCode::IllegalTransition,
                format!(
                    "cannot restart a task below one that is {}, unless it outlives its parent; restart that first",
                    above.status
                ),
            ));
        }
        self.begin(task)
    }

    /// The owner asks for an attempt.
    fn begin(&mut self, key: TaskKey) -> Result<Reply> {
        let task = self.task(key)?;
        let (provider, attempt) = (task.provider, task.attempt.next());
        if !self.state.is_registered(provider) {
            let id = self.state.provider(provider).map_or("", |provider| &provider.id);
            return Err(self.no_provider(id));
        }
        if !self.could_run(key) {
            self.check_room(1)?;
        }
        self.admit(key, attempt);
        Ok(Reply::Done)
    }

    pub(super) fn no_provider(&self, id: &str) -> OrchestratorError {
        let known: Vec<&str> = self
            .state
            .providers
            .iter()
            .filter(|p| p.registered)
            .map(|p| &*p.id)
            .take(20)
            .collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        OrchestratorError::new(
            ErrorCode::ProviderNotFound,
            format!(
                "no provider {} is registered; registered are: {known}",
                limits::quoted(id)
            ),
        )
    }

    pub(super) fn pause(&mut self, task: TaskKey) -> Result<Reply> {
        match status::check(self.task(task)?.status, Verb::Pause)? {
            Next::Nothing => Ok(Reply::Nothing),
            _ => {
                self.emit(&Event::Paused { task });
                Ok(Reply::Done)
            }
        }
    }

    pub(super) fn resume(&mut self, task: TaskKey) -> Result<Reply> {
        match status::check(self.task(task)?.status, Verb::Resume)? {
            Next::Nothing => Ok(Reply::Nothing),
            _ => {
                self.emit(&Event::Resumed { task });
                let found = self.task(task)?;
                if found.is_waiting() {
                    let attempt = found.attempt;
                    self.admit(task, attempt);
                }
                Ok(Reply::Done)
            }
        }
    }

    pub(super) fn cancel(&mut self, task: TaskKey, reason: &str) -> Result<Reply> {
        if status::check(self.task(task)?.status, Verb::Cancel)? == Next::Nothing {
            return Ok(Reply::Nothing);
        }
        let reason = cut(limits::REASON, reason);
        self.call_off(task, &reason);
        for below in self.state.descendants(task) {
            self.call_off(below, &reason);
        }
        Ok(Reply::Done)
    }

    /// Cancels one task if it has not ended.
    pub(super) fn call_off(&mut self, key: TaskKey, reason: &str) {
        if let Some(task) = self.state.task(key).filter(|task| !task.status.is_terminal()) {
            let attempt = task.attempt;
            self.emit(&Event::Cancelled {
                task: key,
                attempt,
                reason,
            });
        }
    }

    pub(super) fn finish(&mut self, key: TaskKey, attempt: Attempt, ending: Ending<'_>) -> Result<Reply> {
        let report = match ending {
            Ending::Result { .. } => Report::Result,
            Ending::Error { .. } => Report::Failure,
        };
        if self.is_late(key, attempt, report)? {
            return Ok(Reply::Late);
        }
        let status = self.task(key)?.status;
        match ending {
            Ending::Result {
                success,
                summary,
                error,
                detail,
                retryable,
            } => {
                status::check(status, if success { Verb::Complete } else { Verb::Fail })?;
                let answer = Answer { summary, detail };
                let size = limits::SUMMARY.check(summary.len());
                if let Err(refusal) = size.and(limits::RESULT.check(detail.len())) {
                    // The attempt has ended whatever it says: what it says is too much to keep.
                    self.fail(key, Failure::Provider, refusal.message(), None, false);
                } else if success {
                    self.emit(&Event::Completed {
                        task: key,
                        attempt,
                        answer,
                    });
                } else {
                    let error = error.filter(|error| !error.trim().is_empty()).unwrap_or(summary);
                    self.fail(key, Failure::Provider, error, Some(answer), retryable);
                }
            }
            Ending::Error { error, retryable } => {
                status::check(status, Verb::Fail)?;
                self.fail(key, Failure::Provider, error, None, retryable);
            }
        }
        Ok(Reply::Done)
    }

    /// Ends what a task is doing with a failure: for good, or until the next attempt.
    pub(super) fn fail(
        &mut self,
        key: TaskKey,
        failure: Failure,
        error: &str,
        answer: Option<Answer<'_>>,
        retryable: bool,
    ) {
        let Some(task) = self.state.task(key) else { return };
        let attempt = task.attempt;
        let error = if error.trim().is_empty() {
            "The provider gave no reason"
        } else {
            error
        };
        let error = &cut(limits::REASON, error);
        match self.next_attempt(key).filter(|_| retryable) {
            Some(until) => self.emit(&Event::Retrying {
                task: key,
                attempt,
                failure,
                error,
                until,
            }),
            None => self.emit(&Event::Failed {
                task: key,
                attempt,
                failure,
                error,
                answer,
            }),
        }
    }

    /// Whether a report is for an attempt that no longer counts; records it once if so.
    pub(super) fn is_late(&mut self, key: TaskKey, attempt: Attempt, report: Report) -> Result<bool> {
        let task = self.task(key)?;
        if attempt == task.attempt && task.is_active() {
            return Ok(false);
        }
        if attempt == Attempt::NONE || attempt > task.attempt {
            return Err(OrchestratorError::invalid(format!(
                "the task has had no attempt {}",
                attempt.0
            )));
        }
        if task.late_is_news(attempt, report) {
            self.emit(&Event::Late {
                task: key,
                attempt,
                report,
            });
        }
        Ok(true)
    }

    /// What the host must do about an event, seen before the state changes by it.
    pub(super) fn order(&mut self, event: &Event<'_>) {
        let open = |key| {
            let task = self.state.task(key)?;
            (task.phase == Phase::Active).then_some(task.attempt)
        };
        match *event {
            Event::Started {
                task,
                attempt,
                provider,
            } => self.effect(Effect::Run {
                task,
                attempt,
                provider,
            }),
            Event::Paused { task } => {
                if let Some(attempt) = open(task) {
                    self.effect(Effect::Hold { task, attempt });
                }
            }
            Event::Resumed { task } => {
                if let Some(attempt) = open(task) {
                    self.effect(Effect::Release { task, attempt });
                }
            }
            Event::Completed { task, attempt, .. } => self.effect(Effect::Settle { task, attempt }),
            // A provider that said so itself is done.
            Event::Retrying {
                task,
                attempt,
                failure,
                ..
            } if failure != Failure::Provider => self.effect(Effect::Abort { task, attempt }),
            Event::Failed {
                task,
                attempt,
                failure,
                ..
            } => {
                if failure != Failure::Provider && open(task).is_some() {
                    self.effect(Effect::Abort { task, attempt });
                }
                self.effect(Effect::Settle { task, attempt });
            }
            Event::Cancelled { task, attempt, .. } => {
                if open(task).is_some() {
                    self.effect(Effect::Abort { task, attempt });
                }
                self.effect(Effect::Settle { task, attempt });
            }
            _ => {}
        }
    }

    fn effect(&mut self, effect: Effect) {
        // The event is recorded, and not yet counted.
        self.effects.push_back((self.state.seq.saturating_add(1), effect));
    }
}
