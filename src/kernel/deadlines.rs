//! What time does to tasks: when timers are armed, and what happens when one is due.

use super::Turn;
use super::event::{Event, Failure, TaskWait};
use super::id::{Millis, TaskKey};
use super::task::{Phase, Place, Task};
use super::timers::Timer;

/// The timers of an attempt.
const OF_ATTEMPT: [Timer; 2] = [Timer::Attempt, Timer::Idle];
/// The timers of a wait.
const OF_WAIT: [Timer; 2] = [Timer::StartAt, Timer::Retry];

impl Turn<'_> {
    /// Arms and disarms what an event calls for, seen after the state has changed by it.
    pub(super) fn keep_time(&mut self, event: &Event<'_>) {
        let now = self.now;
        match *event {
            Event::Created(ref created) => {
                if let Some(deadline) = created.plan.as_ref().and_then(|plan| plan.deadline) {
                    self.timers.at(created.task, Timer::Deadline, deadline);
                }
            }
            Event::Queued { task, wait, .. } => {
                self.begin_deadline(task);
                let start_at = self.state.task(task).and_then(Task::start_at);
                if let Some(start_at) = start_at.filter(|_| wait == TaskWait::Time) {
                    self.timers.at(task, Timer::StartAt, start_at);
                }
            }
            // The wait for the next attempt goes on all the same, so that what is left of it is kept.
            Event::Blocked { task, .. } => {
                self.timers.disarm(task, &[Timer::StartAt]);
                self.begin_deadline(task);
            }
            Event::Started { task, .. } => self.time_attempt(task),
            Event::Retrying { task, until, .. } => {
                self.timers.disarm(task, &OF_ATTEMPT);
                self.timers
                    .after(now, task, Timer::Retry, until.saturating_sub(self.at));
            }
            Event::Paused { task } => {
                self.timers.disarm(task, &[Timer::StartAt]);
                self.timers.hold(now, task, &OF_ATTEMPT);
            }
            Event::Resumed { task } => self.timers.release(now, task, &OF_ATTEMPT),
            Event::Completed { task, .. }
            | Event::Failed { task, .. }
            | Event::Cancelled { task, .. }
            | Event::Deleted { task } => self.timers.forget(task),
            _ => {}
        }
    }

    /// A task that has ended had no deadline any more.
    fn begin_deadline(&mut self, task: TaskKey) {
        if let Some(deadline) = self.state.task(task).and_then(Task::deadline)
            && !self.timers.is_armed(task, Timer::Deadline)
        {
            self.timers.at(task, Timer::Deadline, deadline);
        }
    }

    fn time_attempt(&mut self, key: TaskKey) {
        let Some(plan) = self.state.task(key).and_then(Task::plan) else {
            return;
        };
        let (now, timeouts, began_at) = (self.now, plan.timeouts, plan.began_at);
        self.timers.disarm(key, &OF_WAIT);
        self.begin_deadline(key);
        for (timer, span) in OF_ATTEMPT.into_iter().zip([timeouts.attempt, timeouts.idle]) {
            if let Some(span) = span {
                self.timers.after(now, key, timer, span);
            }
        }
        self.timers.alive(now, key);
        if let Some(total) = timeouts.total
            && !self.timers.is_armed(key, Timer::Total)
        {
            let spent = self.at.saturating_sub(began_at.unwrap_or(self.at));
            self.timers
                .after(now, key, Timer::Total, total.saturating_sub(spent));
        }
    }

    /// Whether it is too early for the next attempt after a failed one.
    pub(super) fn is_resting(&self, task: TaskKey) -> bool {
        self.timers.is_armed(task, Timer::Retry)
    }

    /// The provider of a task gave a sign of life.
    pub(super) fn alive(&mut self, task: TaskKey) {
        self.timers.alive(self.now, task);
    }

    /// Arms what a task that was read from a journal calls for. No attempt is under way.
    pub(super) fn rearm(&mut self, key: TaskKey) {
        let Some(task) = self.state.task(key).filter(|task| !task.status.is_terminal()) else {
            return;
        };
        let Some(plan) = task.plan() else { return };
        let (phase, now, at) = (task.phase, self.now, self.at);
        let (start_at, retry_at) = (plan.start_at, plan.retry_at);
        let total = plan.timeouts.total.zip(plan.began_at);
        self.begin_deadline(key);
        if let (Phase::Waiting(Place::Time), Some(start_at)) = (phase, start_at) {
            self.timers.at(key, Timer::StartAt, start_at);
        }
        if let (Phase::Waiting(place), Some(retry_at)) = (phase, retry_at)
            && (place == Place::Retry || retry_at > at)
        {
            self.timers
                .after(now, key, Timer::Retry, retry_at.saturating_sub(at));
        }
        if let Some((total, began_at)) = total.filter(|_| task_is_asked(phase)) {
            let spent = at.saturating_sub(began_at);
            self.timers
                .after(now, key, Timer::Total, total.saturating_sub(spent));
        }
    }

    /// Does all that is due.
    pub(super) fn time_out(&mut self) {
        while let Some((task, timer)) = self.timers.pop(self.now) {
            self.due(task, timer);
        }
        self.settle();
    }

    fn due(&mut self, key: TaskKey, timer: Timer) {
        let Some(task) = self.state.task(key).filter(|task| !task.status.is_terminal()) else {
            return;
        };
        let timeouts = task.timeouts();
        match (timer, task.phase) {
            (Timer::StartAt, Phase::Waiting(Place::Time)) | (Timer::Retry, Phase::Waiting(Place::Retry)) => {
                self.ready.push(key);
            }
            (Timer::Attempt, Phase::Active) => {
                self.end_late(key, "the attempt took longer than", timeouts.attempt, true);
            }
            (Timer::Idle, Phase::Active) => {
                let quiet = self.timers.quiet(self.now, key);
                let idle = timeouts.idle.unwrap_or(Millis::MAX);
                if quiet < idle {
                    self.timers.after(self.now, key, Timer::Idle, idle - quiet);
                } else {
                    self.end_late(key, "the provider gave no sign of life for", timeouts.idle, true);
                }
            }
            (Timer::Total, _) => self.end_late(
                key,
                "all attempts together took longer than",
                timeouts.total,
                false,
            ),
            (Timer::Deadline, _) => self.fail(key, Failure::Timeout, "its deadline has passed", None, false),
            _ => {}
        }
    }

    fn end_late(&mut self, key: TaskKey, what: &str, span: Option<Millis>, retryable: bool) {
        let error = format!("{what} {} ms", span.unwrap_or(0));
        self.fail(key, Failure::Timeout, &error, None, retryable);
    }
}

const fn task_is_asked(phase: Phase) -> bool {
    !matches!(phase, Phase::Idle)
}
