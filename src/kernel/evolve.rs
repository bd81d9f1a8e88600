//! How each event changes the state. Total: an event never fails to apply.

use std::collections::BTreeMap;

use super::event::TaskWait;
use super::event::{Answer, Created, Edit, Event};
use super::id::{Attempt, Millis, ProviderKey, TaskKey};
use super::key_set::KeySet;
use super::output::Output;
use super::plan::{Plan, TaskPlan, keys};
use super::provider::Provider;
use super::schedule::Rank;
use super::state::State;
use super::status::{TaskStatus, TaskUserStatus};
use super::task::{Extras, Phase, Place, Step, Task};

impl State {
    /// Applies one event. The only way state changes.
    pub(crate) fn evolve(&mut self, at: Millis, event: &Event<'_>) {
        self.seq = self.seq.saturating_add(1);
        self.at = at;
        match *event {
            Event::Opened { prefix, seed, .. } => {
                self.prefix = prefix.into();
                self.seed = seed;
            }
            Event::ProviderRegistered {
                provider,
                id,
                label,
                description,
                max_concurrency,
            } => {
                self.register(provider, id, label, description, max_concurrency);
            }
            Event::ProviderUnregistered { provider } => {
                if let Some(provider) = self.providers.get_mut(provider.index()) {
                    provider.registered = false;
                }
            }
            Event::Created(ref created) => self.create(at, created),
            Event::Queued { task, attempt, wait } => {
                self.ask(at, task, attempt);
                self.set_status(task, TaskStatus::Pending);
                self.wait_at(
                    task,
                    match wait {
                        TaskWait::Time => Place::Time,
                        TaskWait::Retry => Place::Retry,
                        _ => Place::Lane(0),
                    },
                );
            }
            Event::Blocked { task, attempt } => {
                self.ask(at, task, attempt);
                self.set_status(task, TaskStatus::Blocked);
                self.wait_at(task, Place::Dependencies);
            }
            Event::Started { task, attempt, .. } => self.start(at, task, attempt),
            Event::Progressed { task, progress } => self.touch(at, task, |task| task.progress = progress),
            Event::Output { task, dropped, text } => {
                self.touch(at, task, |task| task.output.push(text, dropped));
            }
            Event::StepAdded {
                task,
                description,
                planned,
                ..
            } => self.touch(at, task, |task| {
                task.extras_mut().steps.push(Step {
                    description: description.into(),
                    status: TaskStatus::Pending,
                    output: None,
                    planned,
                });
            }),
            Event::StepUpdated {
                task,
                step,
                status,
                output,
                ..
            } => self.touch(at, task, |task| {
                if let Some(step) = task.extras_mut().steps.get_mut(step as usize) {
                    step.status = status;
                    step.output = output.map(Into::into);
                }
            }),
            Event::Edited { task, edit } => self.edit(at, task, edit),
            Event::Paused { task } => {
                if self.task(task).is_some_and(Task::is_waiting) {
                    self.wait_at(task, Place::Paused);
                }
                self.set_status(task, TaskStatus::Paused);
                self.touch(at, task, |_| ());
            }
            // What was waiting still is; the event that follows says for what.
            Event::Resumed { task } => {
                let active = self.task(task).is_some_and(Task::is_active);
                self.set_status(
                    task,
                    if active {
                        TaskStatus::Running
                    } else {
                        TaskStatus::Pending
                    },
                );
                self.touch(at, task, |_| ());
            }
            Event::Completed { task, answer, .. } => {
                self.end(at, task, TaskStatus::Completed);
                self.touch(at, task, |task| {
                    task.progress = 100;
                    task.keep(answer);
                });
            }
            Event::Failed {
                task, error, answer, ..
            } => {
                self.end(at, task, TaskStatus::Failed);
                self.touch(at, task, |task| {
                    task.error = Some(error.into());
                    if let Some(answer) = answer {
                        task.keep(answer);
                    }
                });
            }
            Event::Cancelled { task, reason, .. } => {
                self.end(at, task, TaskStatus::Cancelled);
                self.touch(at, task, |task| task.error = Some(reason.into()));
            }
            Event::Late {
                task,
                attempt,
                report,
            } => self.touch(at, task, |task| {
                if attempt > task.late.0 {
                    task.late = (attempt, 0);
                }
                task.late.1 |= 1 << report as u8;
            }),
            Event::Deleted { task } => self.delete(task),
            Event::Retrying {
                task,
                attempt,
                until,
                error,
                ..
            } => {
                // Its owner may have told it to hold, which is still so.
                if self
                    .task(task)
                    .is_some_and(|task| task.status == TaskStatus::Paused)
                {
                    self.wait_at(task, Place::Paused);
                } else {
                    self.wait_at(task, Place::Retry);
                    self.set_status(task, TaskStatus::Pending);
                }
                self.touch(at, task, |task| {
                    task.begin_again();
                    task.attempt = attempt.next();
                    task.error = Some(error.into());
                    if let Some(extras) = &mut task.extras {
                        extras.interrupts = 0;
                    }
                    if let Some(plan) = task.plan_mut() {
                        plan.retry_at = Some(until);
                    }
                });
            }
            Event::Interrupted { task, attempt } => {
                self.set_phase(task, Phase::Waiting(Place::Interrupted));
                self.set_status(task, TaskStatus::Paused);
                self.touch(at, task, |task| {
                    task.begin_again();
                    task.attempt = attempt.next();
                    let extras = task.extras_mut();
                    extras.interrupts = extras.interrupts.saturating_add(1);
                });
            }
            Event::Recovered { .. } => {
                for provider in &mut self.providers {
                    provider.registered = false;
                }
                self.agents.detach();
            }
            Event::GroupLimited { group, max } => self.schedule.limit_group(group, max),
            Event::Agent { agent, ref fact } => self.agents.evolve(at, agent, fact),
        }
    }

    fn touch(&mut self, at: Millis, key: TaskKey, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.task_mut(key) {
            task.updated_at = at;
            change(task);
        }
    }

    fn register(
        &mut self,
        key: ProviderKey,
        id: &str,
        label: &str,
        description: Option<&str>,
        max_concurrency: Option<u32>,
    ) {
        if key.index() == self.providers.len() {
            self.name_provider(id, key);
            self.providers.push(Provider {
                id: id.into(),
                label: Box::default(),
                description: None,
                registered: false,
                tasks: KeySet::default(),
            });
        }
        if let Some(provider) = self.providers.get_mut(key.index()) {
            provider.label = label.into();
            provider.description = description.map(Into::into);
            provider.registered = true;
            self.schedule.limit_provider(key, max_concurrency);
        }
    }

    fn create(&mut self, at: Millis, created: &Created<'_>) {
        let key = created.task;
        let working_directory = self.strings.number(created.working_directory);
        let mut task = Task {
            status: TaskStatus::Pending,
            user_status: TaskUserStatus::Open,
            progress: 0,
            provider: created.provider,
            attempt: Attempt::NONE,
            phase: Phase::Idle,
            working_directory,
            created_at: at,
            updated_at: at,
            started_at: None,
            completed_at: None,
            name: created.name.into(),
            description: created.description.into(),
            output: Output::default(),
            summary: None,
            error: None,
            late: (Attempt::NONE, 0),
            extras: None,
        };
        let Created {
            id,
            sub_agent_type,
            room,
            world,
            parent,
            tags,
            metadata,
            ref plan,
            ..
        } = *created;
        let has_texts = !tags.is_empty() || !metadata.is_empty();
        let has_more = parent.is_some() || plan.is_some();
        if has_texts || id.or(sub_agent_type).or(room).or(world).is_some() || has_more {
            task.extras = Some(Box::new(Extras {
                id: id.map(Into::into),
                sub_agent_type: sub_agent_type.map(|text| self.strings.number(text)),
                room: room.map(|text| self.strings.number(text)),
                world: world.map(|text| self.strings.number(text)),
                parent,
                tags: tags.into(),
                metadata: metadata.into(),
                plan: plan.as_ref().map(|plan| Box::new(self.plan(plan))),
                ..Extras::default()
            }));
        }
        self.current = self.current.or(Some(key));
        self.tasks.push(task);
        self.index_task(key);
    }

    fn plan(&mut self, plan: &Plan<'_>) -> TaskPlan {
        TaskPlan {
            group: self.schedule.group(plan.group),
            priority: plan.priority,
            depends_on: keys(plan.depends_on).collect(),
            on_dependency_failure: plan.on_dependency_failure,
            retry: plan.retry,
            timeouts: plan.timeouts,
            deadline: plan.deadline,
            start_at: plan.start_at,
            on_interrupt: plan.on_interrupt,
            outlives_parent: plan.outlives_parent,
            idempotency_key: plan.idempotency_key.into(),
            fingerprint: plan.fingerprint,
            ..TaskPlan::default()
        }
    }

    fn set_status(&mut self, key: TaskKey, to: TaskStatus) {
        let Some(task) = self.task_mut(key) else { return };
        let from = std::mem::replace(&mut task.status, to);
        if from == to {
            return;
        }
        self.by_status[from as usize].remove(key);
        self.by_status[to as usize].insert(key);
        if from == TaskStatus::Completed || to == TaskStatus::Completed {
            self.count_unmet(key, to == TaskStatus::Completed);
        }
    }

    /// Tells those who wait for a task that it is completed now, or no longer.
    fn count_unmet(&mut self, key: TaskKey, completed: bool) {
        let Some(dependants) = self.dependants.get(&key) else {
            return;
        };
        for dependant in dependants.ascending(None) {
            if let Some(plan) = self.tasks.get_mut(dependant).and_then(Task::plan_mut) {
                plan.unmet = if completed {
                    plan.unmet.saturating_sub(1)
                } else {
                    plan.unmet.saturating_add(1)
                };
            }
        }
    }

    /// The one place where an attempt comes to wait, to run, or to an end.
    fn set_phase(&mut self, key: TaskKey, to: Phase) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        let from = std::mem::replace(&mut task.phase, to);
        let (group, provider, priority) = (task.group(), task.provider, task.priority());
        match from {
            Phase::Idle => {}
            Phase::Active => self.schedule.end(group, provider),
            Phase::Waiting(place) => {
                self.schedule.waiting -= 1;
                if let Place::Lane(ticket) = place {
                    self.schedule
                        .dequeue(group, provider, Rank::new(ticket, priority));
                }
            }
        }
        match to {
            Phase::Idle => {}
            Phase::Active => self.schedule.begin(group, provider),
            Phase::Waiting(place) => {
                self.schedule.waiting += 1;
                if let Place::Lane(_) = place {
                    let ticket = self.schedule.enqueue(group, provider, priority, key);
                    if let Some(task) = self.tasks.get_mut(key) {
                        task.phase = Phase::Waiting(Place::Lane(ticket));
                    }
                }
            }
        }
    }

    /// Waits there; in a lane, behind those that are in it.
    fn wait_at(&mut self, key: TaskKey, place: Place) {
        self.set_phase(key, Phase::Waiting(place));
    }

    /// A start was accepted, or goes on to wait for something else.
    fn ask(&mut self, at: Millis, key: TaskKey, attempt: Attempt) {
        self.touch(at, key, |task| {
            if task.status.is_terminal() {
                task.begin_again();
            }
            if task.phase == Phase::Idle {
                task.begin_run(attempt);
            }
            task.attempt = attempt;
        });
    }

    fn start(&mut self, at: Millis, key: TaskKey, attempt: Attempt) {
        self.ask(at, key, attempt);
        self.set_phase(key, Phase::Active);
        self.touch(at, key, |task| {
            task.started_at = task.started_at.or(Some(at));
            task.error = None;
            if let Some(plan) = task.plan_mut() {
                plan.began_at = plan.began_at.or(Some(at));
                plan.retry_at = None;
            }
        });
        self.set_status(key, TaskStatus::Running);
    }

    fn end(&mut self, at: Millis, key: TaskKey, to: TaskStatus) {
        self.set_phase(key, Phase::Idle);
        self.set_status(key, to);
        self.touch(at, key, |task| task.completed_at = Some(at));
    }

    fn edit(&mut self, at: Millis, key: TaskKey, edit: Edit<'_>) {
        match edit {
            Edit::Name(name) => self.touch(at, key, |task| task.name = name.into()),
            Edit::Provider(provider) => self.reassign(at, key, provider),
            Edit::UserStatus(status) => self.touch(at, key, |task| {
                task.user_status = status;
                task.extras_mut().user_status_at = Some(at);
            }),
            Edit::Current(current) => self.current = current.then_some(key),
            Edit::CurrentIn { scope, current: true } => self.currents.set(scope, key),
            Edit::CurrentIn { scope, .. } => self.currents.clear(scope),
        }
    }

    fn reassign(&mut self, at: Millis, key: TaskKey, to: ProviderKey) {
        let Some(task) = self.task(key) else { return };
        let (from, phase) = (task.provider, task.phase);
        let queued = matches!(phase, Phase::Waiting(Place::Lane(_)));
        if queued {
            self.set_phase(key, Phase::Waiting(Place::Paused));
        }
        for (provider, now) in [(from, false), (to, true)] {
            if let Some(provider) = self.providers.get_mut(provider.index()) {
                if now {
                    provider.tasks.insert(key)
                } else {
                    provider.tasks.remove(key)
                }
            }
        }
        self.touch(at, key, |task| {
            task.provider = to;
            if let Some(extras) = &mut task.extras {
                extras.sub_agent_type = None;
            }
        });
        if queued {
            self.set_phase(key, phase);
        }
    }

    fn delete(&mut self, key: TaskKey) {
        self.set_phase(key, Phase::Idle);
        let Some(task) = self.tasks.take(key) else { return };
        self.by_status[task.status as usize].remove(key);
        if let Some(provider) = self.providers.get_mut(task.provider.index()) {
            provider.tasks.remove(key);
        }
        for tag in task.tags() {
            if let Some(keys) = self.by_tag.get_mut(tag) {
                keys.remove(key);
                if keys.len() == 0 {
                    self.by_tag.remove(tag);
                }
            }
        }
        let place = |of: fn(&Extras) -> Option<u32>| task.extras.as_deref().and_then(of);
        for (sets, place) in [
            (&mut self.by_room, place(|extras| extras.room)),
            (&mut self.by_world, place(|extras| extras.world)),
        ] {
            if let Some(keys) = place.and_then(|place| sets.get_mut(place as usize)) {
                keys.remove(key);
            }
        }
        if let Some(parent) = task.parent() {
            remove(&mut self.children, parent, key);
        }
        for child in take(&mut self.children, key) {
            // Only those that outlive it are still there.
            if let Some(extras) = self.tasks.get_mut(child).and_then(|task| task.extras.as_mut()) {
                extras.parent = None;
            }
        }
        for on in task.depends_on() {
            remove(&mut self.dependants, *on, key);
        }
        let completed = task.status == TaskStatus::Completed;
        for dependant in take(&mut self.dependants, key) {
            if let Some(plan) = self.tasks.get_mut(dependant).and_then(Task::plan_mut) {
                plan.depends_on.retain(|on| *on != key);
                plan.unmet -= u32::from(!completed).min(plan.unmet);
            }
        }
        let own = task.extras.as_ref().and_then(|extras| extras.id.as_deref());
        self.forget_names(key, own, task.idempotency_key());
        if let Some(id) = task.extras.and_then(|extras| extras.id) {
            self.gone.insert(key, id);
        }
        if self.current == Some(key) {
            self.current = None;
        }
        self.currents.forget(key);
    }
}

type Sets = BTreeMap<TaskKey, KeySet>;

fn remove(sets: &mut Sets, of: TaskKey, key: TaskKey) {
    if let Some(keys) = sets.get_mut(&of) {
        keys.remove(key);
        if keys.len() == 0 {
            sets.remove(&of);
        }
    }
}

fn take(sets: &mut Sets, of: TaskKey) -> Vec<TaskKey> {
    sets.remove(&of)
        .map_or_else(Vec::new, |keys| keys.ascending(None).collect())
}

impl Task {
    fn keep(&mut self, answer: Answer<'_>) {
        self.summary = Some(answer.summary.into());
        if !answer.detail.is_empty() {
            self.extras_mut().detail = answer.detail.into();
        }
    }
}
