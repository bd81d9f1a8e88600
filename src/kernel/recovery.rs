//! What becomes of a state that was read from a journal: attempts that were under way are interrupted.

use super::Turn;
use super::event::{Event, Failure};
use super::id::TaskKey;
use super::limits;
use super::plan::OnInterrupt;
use super::status::TaskStatus;
use super::task::Task;

impl Turn<'_> {
    pub(super) fn recover(&mut self, cut: u64) {
        let open: Vec<(TaskKey, TaskStatus)> = [TaskStatus::Running, TaskStatus::Paused]
            .into_iter()
            .flat_map(|status| {
                self.state.by_status[status as usize]
                    .ascending(None)
                    .map(move |key| (key, status))
            })
            .filter(|(key, _)| self.state.task(*key).is_some_and(Task::is_active))
            .collect();
        self.emit(&Event::Recovered {
            cut,
            // There are fewer tasks than that.
            interrupted: open.len() as u32,
        });
        let waiting: Vec<TaskKey> = self.state.tasks.iter().map(|(key, _)| key).collect();
        for key in waiting {
            self.rearm(key);
        }
        for (task, status) in open {
            self.interrupt(task, status);
        }
        self.settle();
    }

    fn interrupt(&mut self, key: TaskKey, status: TaskStatus) {
        let Some(task) = self.state.task(key) else { return };
        let attempt = task.attempt;
        let then = task
            .plan()
            .and_then(|plan| plan.on_interrupt)
            .unwrap_or(self.config.on_interrupt);
        let attempts = task
            .plan()
            .map_or(0, |plan| attempt.0.saturating_sub(plan.first_attempt.0) + 1);
        let spent = task.retry().is_some_and(|retry| attempts >= retry.max_attempts);
        self.emit(&Event::Interrupted { task: key, attempt });
        let interrupts = self.state.task(key).map_or(0, Task::interrupts) as usize;
        match then {
            OnInterrupt::Pause => {}
            OnInterrupt::Fail => self.fail(key, Failure::Interrupted, "it was interrupted", None, false),
            OnInterrupt::Retry if spent || interrupts > limits::INTERRUPTS.max => {
                let error = format!("it was interrupted in each of {interrupts} attempts");
                self.fail(key, Failure::Interrupted, &error, None, false);
            }
            // One that its owner had paused stays so.
            OnInterrupt::Retry if status == TaskStatus::Paused => {}
            OnInterrupt::Retry => self.admit(key, attempt.next()),
        }
    }
}
