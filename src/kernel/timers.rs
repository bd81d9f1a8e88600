//! What is due when. No part of the state: it follows from the events, and is armed anew after a recovery.
//!
//! Moments (a deadline, a time to start) are told by the host's clock, spans (time-outs, waits between attempts) by one
//! that does not jump: the host's clock less all jumps that were reported.

use std::collections::{BTreeMap, BTreeSet};

use super::id::{Millis, TaskKey};

/// What is due. The order decides between those that are due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    StartAt,
    Retry,
    Attempt,
    Idle,
    Total,
    Deadline,
}

impl Timer {
    const COUNT: usize = 6;

    const fn is_moment(self) -> bool {
        matches!(self, Self::StartAt | Self::Deadline)
    }
}

/// What is armed for one task.
#[derive(Clone, Debug, Default)]
struct Armed {
    due: [Option<Millis>; Timer::COUNT],
    /// What was left of the time-outs when the task was paused.
    held: [Option<Millis>; Timer::COUNT],
    /// When its provider last gave a sign of life.
    alive: Millis,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    /// How far the host's clock has jumped, in all.
    jumped: i64,
    moments: BTreeSet<(Millis, TaskKey, Timer)>,
    spans: BTreeSet<(Millis, TaskKey, Timer)>,
    of: BTreeMap<TaskKey, Armed>,
}

impl Timers {
    pub(super) fn is_empty(&self) -> bool {
        self.moments.is_empty() && self.spans.is_empty()
    }

    pub(super) const fn jump(&mut self, by: i64) {
        self.jumped = self.jumped.saturating_add(by);
    }

    const fn steady(&self, now: Millis) -> Millis {
        now.saturating_add_signed(self.jumped.saturating_neg())
    }

    fn list(&mut self, timer: Timer) -> &mut BTreeSet<(Millis, TaskKey, Timer)> {
        if timer.is_moment() {
            &mut self.moments
        } else {
            &mut self.spans
        }
    }

    fn set(&mut self, task: TaskKey, timer: Timer, due: Option<Millis>) {
        let armed = self.of.entry(task).or_default();
        let before = std::mem::replace(&mut armed.due[timer as usize], due);
        if let Some(before) = before {
            self.list(timer).remove(&(before, task, timer));
        }
        if let Some(due) = due {
            self.list(timer).insert((due, task, timer));
        }
    }

    /// Arms a moment.
    pub(super) fn at(&mut self, task: TaskKey, timer: Timer, moment: Millis) {
        self.set(task, timer, Some(moment));
    }

    /// Arms a span, from now on.
    pub(super) fn after(&mut self, now: Millis, task: TaskKey, timer: Timer, span: Millis) {
        let due = self.steady(now).saturating_add(span);
        self.set(task, timer, Some(due));
    }

    pub(super) fn is_armed(&self, task: TaskKey, timer: Timer) -> bool {
        self.of
            .get(&task)
            .is_some_and(|armed| armed.due[timer as usize].is_some())
    }

    pub(super) fn disarm(&mut self, task: TaskKey, timers: &[Timer]) {
        if !self.of.contains_key(&task) {
            return;
        }
        for timer in timers {
            self.set(task, *timer, None);
            if let Some(armed) = self.of.get_mut(&task) {
                armed.held[*timer as usize] = None;
            }
        }
    }

    pub(super) fn forget(&mut self, task: TaskKey) {
        if let Some(armed) = self.of.get(&task) {
            for timer in [
                Timer::StartAt,
                Timer::Retry,
                Timer::Attempt,
                Timer::Idle,
                Timer::Total,
                Timer::Deadline,
            ] {
                if let Some(due) = armed.due[timer as usize] {
                    let list = if timer.is_moment() {
                        &mut self.moments
                    } else {
                        &mut self.spans
                    };
                    list.remove(&(due, task, timer));
                }
            }
            self.of.remove(&task);
        }
    }

    /// Stops a span, keeping what is left of it.
    pub(super) fn hold(&mut self, now: Millis, task: TaskKey, timer: Timer) {
        let steady = self.steady(now);
        let Some(due) = self.of.get(&task).and_then(|armed| armed.due[timer as usize]) else {
            return;
        };
        self.set(task, timer, None);
        if let Some(armed) = self.of.get_mut(&task) {
            armed.held[timer as usize] = Some(due.saturating_sub(steady));
        }
    }

    /// Lets a span go on that was stopped.
    pub(super) fn release(&mut self, now: Millis, task: TaskKey, timer: Timer) {
        let held = self
            .of
            .get_mut(&task)
            .and_then(|armed| armed.held[timer as usize].take());
        if let Some(left) = held {
            self.after(now, task, timer, left);
        }
    }

    /// A provider gave a sign of life.
    pub(super) fn alive(&mut self, now: Millis, task: TaskKey) {
        let steady = self.steady(now);
        if let Some(armed) = self.of.get_mut(&task) {
            armed.alive = steady;
        }
    }

    /// For how long a provider has given no sign of life.
    pub(super) fn quiet(&self, now: Millis, task: TaskKey) -> Millis {
        self.of
            .get(&task)
            .map_or(0, |armed| self.steady(now).saturating_sub(armed.alive))
    }

    fn first(&self, now: Millis) -> Option<(Millis, TaskKey, Timer)> {
        let steady = self.steady(now);
        let moment = self
            .moments
            .first()
            .map(|(due, task, timer)| (due.saturating_sub(now), *task, *timer));
        let span = self
            .spans
            .first()
            .map(|(due, task, timer)| (due.saturating_sub(steady), *task, *timer));
        moment.into_iter().chain(span).min()
    }

    /// Milliseconds until something is due; 0 when something is.
    pub(super) fn wait(&self, now: Millis) -> Option<Millis> {
        self.first(now).map(|(left, ..)| left)
    }

    /// Takes what is due.
    pub(super) fn pop(&mut self, now: Millis) -> Option<(TaskKey, Timer)> {
        let (left, task, timer) = self.first(now)?;
        if left > 0 {
            return None;
        }
        self.set(task, timer, None);
        Some((task, timer))
    }
}
