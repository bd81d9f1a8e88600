//! When an accepted attempt runs: after the tasks it depends on, at its time, when there is a slot; and again after a
//! failure.

use super::Turn;
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Event, Failure, TaskWait};
use super::id::{Attempt, Millis, TaskKey};
use super::plan::{OnDependencyFailure, TaskPlan};
use super::state::State;
use super::status::TaskStatus;
use super::task::{Phase, Place, Task};

impl State {
    /// What a waiting task waits for.
    pub(crate) fn wait(&self, task: &Task) -> Option<TaskWait> {
        let Phase::Waiting(place) = task.phase else {
            return None;
        };
        Some(match place {
            Place::Dependencies => TaskWait::Dependencies,
            Place::Paused if task.unmet() > 0 => TaskWait::Dependencies,
            Place::Paused if task.start_at() > Some(self.at) => TaskWait::Time,
            Place::Paused if task.retry_at() > Some(self.at) => TaskWait::Retry,
            Place::Lane(_) | Place::Paused if self.is_registered(task.provider) => TaskWait::Capacity,
            Place::Lane(_) | Place::Paused => TaskWait::Provider,
            Place::Time => TaskWait::Time,
            Place::Retry => TaskWait::Retry,
            Place::Interrupted => TaskWait::Interrupted,
        })
    }
}

impl Turn<'_> {
    fn has_slot(&self) -> bool {
        self.state.schedule.running < self.config.max_concurrency.max(1)
    }

    /// Whether nothing holds a task back: no dependency, no time, no limit, and nobody ahead of it.
    pub(super) fn could_run(&self, key: TaskKey) -> bool {
        self.state.task(key).is_some_and(|task| {
            let ready = task
                .plan()
                .is_none_or(|plan| plan.unmet == 0 && !self.is_early(plan));
            ready
                && !self.is_resting(key)
                && self.has_slot()
                && self.state.is_registered(task.provider)
                && self.state.schedule.is_open(task.group(), task.provider)
        })
    }

    fn is_early(&self, plan: &TaskPlan) -> bool {
        plan.start_at.is_some_and(|start_at| start_at > self.now)
    }

    /// Refuses more waiting tasks than may wait.
    pub(super) fn check_room(&self, coming: usize) -> Result<()> {
        let max = self.config.max_queued as usize;
        let waiting = self.state.schedule.waiting;
        if waiting + coming <= max {
            return Ok(());
        }
        Err(OrchestratorError::new(
            ErrorCode::QueueFull,
            format!(
                "{waiting} started tasks wait for their turn, and at most {max} may; try again when some have run"
            ),
        ))
    }

    /// Lets an accepted attempt run, or puts it where it waits.
    pub(super) fn admit(&mut self, task: TaskKey, attempt: Attempt) {
        if self.could_run(task) {
            self.run(task, attempt);
        } else {
            self.put(task, attempt);
        }
    }

    /// Puts an accepted attempt where it waits.
    fn put(&mut self, task: TaskKey, attempt: Attempt) {
        let Some(found) = self.state.task(task) else {
            return;
        };
        let plan = found.plan();
        if found.unmet() > 0 {
            let doomed = plan.is_some_and(|plan| plan.on_dependency_failure == OnDependencyFailure::Fail);
            let failed = found
                .depends_on()
                .iter()
                .find(|on| self.has_failed(**on))
                .copied();
            self.emit(&Event::Blocked { task, attempt });
            if let Some(failed) = failed.filter(|_| doomed) {
                self.fail_with(task, failed);
            }
            return;
        }
        let wait = if plan.is_some_and(|plan| self.is_early(plan)) {
            TaskWait::Time
        } else if self.is_resting(task) {
            TaskWait::Retry
        } else if self.state.is_registered(found.provider) {
            TaskWait::Capacity
        } else {
            TaskWait::Provider
        };
        self.emit(&Event::Queued { task, attempt, wait });
    }

    fn run(&mut self, task: TaskKey, attempt: Attempt) {
        let Some(found) = self.state.task(task) else {
            return;
        };
        let provider = found.provider;
        self.emit(&Event::Started {
            task,
            attempt,
            provider,
        });
    }

    /// Admits all that became ready at the same time. Who of them and of those in the lanes goes first is for the
    /// schedule to say, so where it matters they take their places before any of them runs.
    fn admit_ready(&mut self) {
        let mut ready = std::mem::take(self.ready);
        ready.retain(|key| self.is_left(*key));
        let contested = self.is_contested(&ready);
        for key in ready.drain(..) {
            let Some(task) = self.state.task(key).filter(|_| self.is_left(key)) else {
                continue;
            };
            let attempt = match task.phase {
                Phase::Idle => task.attempt.next(),
                _ => task.attempt,
            };
            if contested {
                self.put(key, attempt);
            } else {
                self.admit(key, attempt);
            }
        }
        // Its memory is used again.
        *self.ready = ready;
    }

    /// Whether a task that became ready has not been seen to since.
    fn is_left(&self, key: TaskKey) -> bool {
        self.state.task(key).is_some_and(|task| match task.phase {
            Phase::Idle => task.status == TaskStatus::Pending,
            Phase::Waiting(Place::Dependencies) => task.unmet() == 0,
            Phase::Waiting(Place::Time | Place::Retry) => true,
            Phase::Waiting(Place::Paused) => task.status == TaskStatus::Pending,
            Phase::Waiting(Place::Lane(_) | Place::Interrupted) | Phase::Active => false,
        })
    }

    /// Whether these cannot all run at once, others wait for the same slots, or several groups would take their turns.
    fn is_contested(&self, ready: &[TaskKey]) -> bool {
        let schedule = &self.state.schedule;
        let free = self
            .config
            .max_concurrency
            .max(1)
            .saturating_sub(schedule.running);
        let group = |key: &TaskKey| self.state.task(*key).map(Task::group);
        let limited = |key: &TaskKey| {
            group(key) != ready.first().and_then(group)
                || self
                    .state
                    .task(*key)
                    .is_some_and(|task| schedule.is_limited(task.group(), task.provider))
        };
        let first = || schedule.next(|provider| self.state.is_registered(provider));
        first().is_some() || ready.len() > 1 && (ready.len() > free as usize || ready.iter().any(limited))
    }

    /// Runs what may run now, in the order in which it is due.
    fn fill_slots(&mut self) {
        while self.has_slot() {
            let Some(task) = self
                .state
                .schedule
                .next(|provider| self.state.is_registered(provider))
            else {
                break;
            };
            let Some(found) = self.state.task(task) else { break };
            let attempt = found.attempt;
            self.run(task, attempt);
        }
    }

    fn has_failed(&self, key: TaskKey) -> bool {
        let status = self.state.task(key).map(|task| task.status);
        status.is_none_or(|status| matches!(status, TaskStatus::Failed | TaskStatus::Cancelled))
    }

    /// Fails a task because one that it depends on did not complete.
    pub(super) fn fail_with(&mut self, key: TaskKey, on: TaskKey) {
        let mut error = String::from("a task that it depends on did not complete: ");
        self.state.write_id(on, &mut error);
        self.fail(key, Failure::Dependency, &error, None, false);
    }

    /// Fails all that have not ended and wait for this task, unless it is completed.
    pub(super) fn fail_dependants(&mut self, key: TaskKey) {
        if self.state.is_completed(key) {
            return;
        }
        let Some(dependants) = self.state.dependants.get(&key) else {
            return;
        };
        let open = |key: &TaskKey| {
            self.state
                .task(*key)
                .is_some_and(|task| !task.status.is_terminal())
        };
        let dependants: Vec<TaskKey> = dependants.ascending(None).filter(open).collect();
        for dependant in dependants {
            self.fail_with(dependant, key);
        }
    }

    /// What follows once a command has done what it says: from tasks that have ended or begun anew, to those below
    /// them and those that wait for them, and at last to the slots that are free.
    pub(super) fn settle(&mut self) {
        self.tell_neighbours();
        if !self.ready.is_empty() {
            self.admit_ready();
            // Some that were admitted fail at once: one that they depend on has failed.
            self.tell_neighbours();
        }
        self.fill_slots();
        // Nobody waits for a task to run.
        self.changed.clear();
    }

    fn tell_neighbours(&mut self) {
        let mut next = 0;
        while let Some(key) = self.changed.get(next).copied() {
            next += 1;
            let Some(task) = self.state.task(key) else {
                continue;
            };
            if task.status.is_terminal() {
                self.end_children(key);
            }
            self.tell_dependants(key);
        }
        self.changed.clear();
    }

    fn end_children(&mut self, key: TaskKey) {
        let Some(children) = self.state.children.get(&key) else {
            return;
        };
        let bound = |child: &TaskKey| {
            self.state
                .task(*child)
                .is_some_and(|child| !child.outlives_parent())
        };
        let children: Vec<TaskKey> = children.ascending(None).filter(bound).collect();
        for child in children {
            self.call_off(child, "The task above it has ended");
        }
    }

    fn tell_dependants(&mut self, key: TaskKey) {
        let Some(dependants) = self.state.dependants.get(&key) else {
            return;
        };
        let dependants: Vec<TaskKey> = dependants.ascending(None).collect();
        let failed = self.has_failed(key);
        for dependant in dependants {
            let Some(task) = self.state.task(dependant) else {
                continue;
            };
            let Phase::Waiting(place) = task.phase else {
                continue;
            };
            let doomed = failed
                && task
                    .plan()
                    .is_some_and(|plan| plan.on_dependency_failure == OnDependencyFailure::Fail);
            let attempt = task.attempt;
            match (place, task.unmet()) {
                (Place::Dependencies, 0) => self.ready.push(dependant),
                _ if doomed => self.fail_with(dependant, key),
                // It was ready, and one that it depends on has begun anew.
                (Place::Lane(_) | Place::Time | Place::Retry, 1..) => self.emit(&Event::Blocked {
                    task: dependant,
                    attempt,
                }),
                _ => {}
            }
        }
    }

    /// When the next attempt is due if the current one fails now; none if there is no next one.
    pub(super) fn next_attempt(&self, key: TaskKey) -> Option<Millis> {
        let task = self.state.task(key)?;
        let plan = task.plan()?;
        let retry = plan.retry?;
        let attempts = plan.attempts(task.attempt);
        let wait = retry.wait(attempts, self.state.chance(key, task.attempt));
        (attempts < retry.max_attempts).then(|| self.at.saturating_add(wait))
    }
}
