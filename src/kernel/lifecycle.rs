//! The life of a task: start, hold, go on, end, and begin again.

use super::command::{Ending, Reply};
use super::effect::Effect;
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Answer, Event, Report, TaskWait};
use super::id::{Attempt, ProviderKey, TaskKey};
use super::limits;
use super::state::State;
use super::status::{self, Next, Verb};
use super::task::Phase;
use super::{Turn, limits::cut};

impl State {
    /// What a waiting task of this provider waits for.
    pub(crate) fn wait(&self, provider: ProviderKey) -> TaskWait {
        match self.provider(provider) {
            Some(provider) if provider.registered => TaskWait::Capacity,
            _ => TaskWait::Provider,
        }
    }
}

impl Turn<'_> {
    pub(super) fn start(&mut self, task: TaskKey) -> Result<Reply> {
        let found = self.task(task)?;
        if status::check(found.status, Verb::Start)? == Next::Nothing || found.is_waiting() {
            return Ok(Reply::Nothing);
        }
        self.begin(task)
    }

    pub(super) fn restart(&mut self, task: TaskKey) -> Result<Reply> {
        status::check(self.task(task)?.status, Verb::Restart)?;
        self.begin(task)
    }

    /// Opens a new attempt: runs it if there is room and nobody was first, else queues it.
    fn begin(&mut self, key: TaskKey) -> Result<Reply> {
        let task = self.task(key)?;
        let (provider, attempt) = (task.provider, task.attempt.next());
        let Some(known) = self
            .state
            .provider(provider)
            .filter(|provider| provider.registered)
        else {
            let id = self.state.provider(provider).map_or("", |provider| &provider.id);
            return Err(self.no_provider(id));
        };
        if known.lane.waiting.is_empty() && known.lane.has_room() && self.has_slot() {
            self.emit(&Event::Started {
                task: key,
                attempt,
                provider,
            });
        } else {
            self.emit(&Event::Queued {
                task: key,
                attempt,
                wait: TaskWait::Capacity,
            });
        }
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

    fn has_slot(&self) -> bool {
        self.state.schedule.running < self.config.max_concurrency.max(1)
    }

    /// Runs what may run now, in the order in which it came.
    pub(super) fn fill_slots(&mut self) {
        while self.has_slot() {
            let lane = |key| self.state.provider(key).filter(|p| p.registered).map(|p| &p.lane);
            let Some(task) = self.state.schedule.next(lane) else {
                break;
            };
            let Some(found) = self.state.task(task) else { break };
            let (attempt, provider) = (found.attempt, found.provider);
            self.emit(&Event::Started {
                task,
                attempt,
                provider,
            });
        }
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
                self.fill_slots();
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
        self.fill_slots();
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
            Ending::Error(_) => Report::Failure,
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
            } => {
                status::check(status, if success { Verb::Complete } else { Verb::Fail })?;
                if let Err(refusal) = limits::SUMMARY
                    .check(summary.len())
                    .and(limits::RESULT.check(detail.len()))
                {
                    // The attempt has ended whatever it says: what it says is too much to keep.
                    self.emit(&Event::Failed {
                        task: key,
                        attempt,
                        error: refusal.message(),
                        answer: None,
                    });
                } else if success {
                    self.emit(&Event::Completed {
                        task: key,
                        attempt,
                        answer: Answer { summary, detail },
                    });
                } else {
                    let error = error.filter(|error| !error.trim().is_empty()).unwrap_or(summary);
                    let error = if error.trim().is_empty() {
                        "The provider gave no reason"
                    } else {
                        error
                    };
                    let error = cut(limits::REASON, error);
                    let answer = Some(Answer { summary, detail });
                    self.emit(&Event::Failed {
                        task: key,
                        attempt,
                        error: &error,
                        answer,
                    });
                }
            }
            Ending::Error(error) => {
                status::check(status, Verb::Fail)?;
                let error = if error.trim().is_empty() {
                    "The provider gave no reason"
                } else {
                    error
                };
                let error = cut(limits::REASON, error);
                self.emit(&Event::Failed {
                    task: key,
                    attempt,
                    error: &error,
                    answer: None,
                });
            }
        }
        self.fill_slots();
        Ok(Reply::Done)
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
        let open = |state: &State, key| {
            state
                .task(key)
                .filter(|task| task.phase == Phase::Active)
                .map(|t| t.attempt)
        };
        match *event {
            Event::Started {
                task,
                attempt,
                provider,
            } => self.effects.push_back(Effect::Run {
                task,
                attempt,
                provider,
            }),
            Event::Paused { task } => {
                let hold = open(self.state, task).map(|attempt| Effect::Hold { task, attempt });
                self.effects.extend(hold);
            }
            Event::Resumed { task } => {
                let release = open(self.state, task).map(|attempt| Effect::Release { task, attempt });
                self.effects.extend(release);
            }
            Event::Completed { task, attempt, .. } | Event::Failed { task, attempt, .. } => {
                self.effects.push_back(Effect::Settle { task, attempt });
            }
            Event::Cancelled { task, attempt, .. } => {
                let abort = open(self.state, task).map(|attempt| Effect::Abort { task, attempt });
                self.effects.extend(abort);
                self.effects.push_back(Effect::Settle { task, attempt });
            }
            _ => {}
        }
    }
}
