//! What becomes of a state that was read from a journal: attempts that were under way are interrupted, and what the
//! last command before the stop had not come to is done.

use super::Turn;
use super::event::{Event, Failure};
use super::id::TaskKey;
use super::limits;
use super::plan::OnInterrupt;
use super::status::TaskStatus;
use super::task::{Phase, Place, Task};
use super::timers::Timers;

impl Turn<'_> {
    pub(super) fn recover(&mut self, cut: u64) {
        let all: Vec<TaskKey> = self.state.tasks.iter().map(|(key, _)| key).collect();
        let is_active = |key: &TaskKey| self.state.task(*key).is_some_and(Task::is_active);
        let open: Vec<TaskKey> = all.iter().copied().filter(is_active).collect();
        self.emit(&Event::Recovered {
            cut,
            // There are fewer tasks than that.
            interrupted: open.len() as u32,
        });
        *self.timers = Timers::default();
        for key in &all {
            self.rearm(*key);
        }
        for key in open {
            self.interrupt(key);
        }
        for key in all {
            self.catch_up(key);
        }
        self.settle();
    }

    fn interrupt(&mut self, key: TaskKey) {
        let Some(task) = self.state.task(key) else { return };
        let (attempt, was_paused) = (task.attempt, task.status == TaskStatus::Paused);
        self.emit(&Event::Interrupted { task: key, attempt });
        if was_paused && self.on_interrupt(key) == OnInterrupt::Retry {
            // Its owner had told it to hold: it does not begin again by itself.
            self.emit(&Event::Paused { task: key });
        }
    }

    fn on_interrupt(&self, key: TaskKey) -> OnInterrupt {
        let plan = self.state.task(key).and_then(Task::plan);
        plan.and_then(|plan| plan.on_interrupt)
            .unwrap_or(self.config.on_interrupt)
    }

    /// Does what should have followed the last event that is known of a task, in case the journal ends between two.
    fn catch_up(&mut self, key: TaskKey) {
        let Some(task) = self.state.task(key) else { return };
        match (task.phase, task.status) {
            (Phase::Waiting(Place::Interrupted), _) => self.follow_interrupt(key),
            (Phase::Waiting(Place::Paused), TaskStatus::Pending) => self.ready.push(key),
            _ => {}
        }
        if self.state.children.contains_key(&key) || self.state.dependants.contains_key(&key) {
            self.changed.push(key);
        }
    }

    fn follow_interrupt(&mut self, key: TaskKey) {
        let Some(task) = self.state.task(key) else { return };
        let (attempt, interrupts) = (task.attempt, task.interrupts());
        // The number is that of the attempt which would follow.
        let made = task.plan().map_or(0, |plan| plan.attempts(attempt) - 1);
        let spent = task.retry().is_some_and(|retry| made >= retry.max_attempts);
        match self.on_interrupt(key) {
            OnInterrupt::Pause => {}
            OnInterrupt::Fail => self.fail(key, Failure::Interrupted, "it was interrupted", None, false),
            OnInterrupt::Retry if interrupts as usize > limits::INTERRUPTS.max => {
                let error = format!("it was interrupted {interrupts} times in a row");
                self.fail(key, Failure::Interrupted, &error, None, false);
            }
            OnInterrupt::Retry if spent => {
                let error = format!("it was interrupted in the last of its {made} attempts");
                self.fail(key, Failure::Interrupted, &error, None, false);
            }
            OnInterrupt::Retry => self.admit(key, attempt),
        }
    }
}
