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
    const ALL: [Self; 6] = [
        Self::StartAt,
        Self::Retry,
        Self::Attempt,
        Self::Idle,
        Self::Total,
        Self::Deadline,
    ];

    const fn is_moment(self) -> bool {
        matches!(self, Self::StartAt | Self::Deadline)
    }
}

/// What is armed for one task.
#[derive(Clone, Debug, Default)]
struct Armed {
    due: [Option<Millis>; Timer::ALL.len()],
    /// What was left of the time-outs when the task was paused.
    held: [Option<Millis>; Timer::ALL.len()],
    /// When its provider last gave a sign of life.
    alive: Millis,
    /// For how long it had given none when the task was paused.
    quiet: Option<Millis>,
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

    pub(super) const fn steady(&self, now: Millis) -> Millis {
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
        let Some(armed) = self.of.remove(&task) else {
            return;
        };
        for timer in Timer::ALL {
            if let Some(due) = armed.due[timer as usize] {
                self.list(timer).remove(&(due, task, timer));
            }
        }
    }

    /// Stops these spans, keeping what is left of them.
    pub(super) fn hold(&mut self, now: Millis, task: TaskKey, timers: &[Timer]) {
        let steady = self.steady(now);
        let Some(armed) = self.of.get_mut(&task) else {
            return;
        };
        armed.quiet = Some(steady.saturating_sub(armed.alive));
        for timer in timers {
            let Some(due) = self.of.get(&task).and_then(|armed| armed.due[*timer as usize]) else {
                continue;
            };
            self.set(task, *timer, None);
            if let Some(armed) = self.of.get_mut(&task) {
                armed.held[*timer as usize] = Some(due.saturating_sub(steady));
            }
        }
    }

    /// Lets spans go on that were stopped.
    pub(super) fn release(&mut self, now: Millis, task: TaskKey, timers: &[Timer]) {
        let steady = self.steady(now);
        let Some(armed) = self.of.get_mut(&task) else {
            return;
        };
        armed.alive = steady.saturating_sub(armed.quiet.take().unwrap_or(0));
        for timer in timers {
            let held = self
                .of
                .get_mut(&task)
                .and_then(|armed| armed.held[*timer as usize].take());
            if let Some(left) = held {
                self.after(now, task, *timer, left);
            }
        }
    }

    /// A provider gave a sign of life.
    pub(super) fn alive(&mut self, now: Millis, task: TaskKey) {
        let steady = self.steady(now);
        if let Some(armed) = self.of.get_mut(&task) {
            armed.alive = steady;
            armed.quiet = armed.quiet.and(Some(0));
        }
    }

    /// For how long a provider has given no sign of life.
    pub(super) fn quiet(&self, now: Millis, task: TaskKey) -> Millis {
        self.of
            .get(&task)
            .map_or(0, |armed| self.steady(now).saturating_sub(armed.alive))
    }

    /// What is due first, and in how many milliseconds; below zero when it is overdue.
    fn first(&self, now: Millis) -> Option<(i128, TaskKey, Timer)> {
        let left = |list: &BTreeSet<(Millis, TaskKey, Timer)>, now: Millis| {
            let (due, task, timer) = *list.first()?;
            Some((i128::from(due) - i128::from(now), task, timer))
        };
        let moment = left(&self.moments, now);
        let span = left(&self.spans, self.steady(now));
        moment.into_iter().chain(span).min()
    }

    /// Milliseconds until something is due; 0 when something is.
    pub(super) fn wait(&self, now: Millis) -> Option<Millis> {
        // What is due is below 2^64, so what is left is.
        self.first(now).map(|(left, ..)| left.max(0) as Millis)
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
