//! How each event changes the state. Total: an event never fails to apply.

use super::event::{Answer, Created, Edit, Event};
use super::id::{Attempt, Millis, ProviderKey, TaskKey};
use super::key_set::KeySet;
use super::output::Output;
use super::provider::Provider;
use super::schedule::Lane;
use super::state::State;
use super::status::{TaskStatus, TaskUserStatus};
use super::task::{Extras, Phase, Step, Task};

impl State {
    /// Applies one event. The only way state changes.
    pub(crate) fn evolve(&mut self, at: Millis, event: &Event<'_>) {
        self.seq += 1;
        self.at = at;
        match *event {
            Event::Opened { prefix, .. } => self.prefix = prefix.into(),
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
            Event::Queued { task, attempt, .. } => self.queue(at, task, attempt),
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
                self.leave_queue(task);
                self.set_status(task, TaskStatus::Paused);
                self.touch(at, task, |_| ());
            }
            Event::Resumed { task } => self.resume(at, task),
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
            self.provider_keys.insert(id.into(), key);
            self.providers.push(Provider {
                id: id.into(),
                label: Box::default(),
                description: None,
                registered: false,
                lane: Lane::default(),
                tasks: KeySet::default(),
            });
        }
        if let Some(provider) = self.providers.get_mut(key.index()) {
            provider.label = label.into();
            provider.description = description.map(Into::into);
            provider.registered = true;
            provider.lane.max_concurrency = max_concurrency;
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
            ..
        } = *created;
        let has_texts = !tags.is_empty() || !metadata.is_empty();
        if has_texts || id.or(sub_agent_type).or(room).or(world).is_some() || parent.is_some() {
            task.extras = Some(Box::new(Extras {
                id: id.map(Into::into),
                sub_agent_type: sub_agent_type.map(|text| self.strings.number(text)),
                room: room.map(|text| self.strings.number(text)),
                world: world.map(|text| self.strings.number(text)),
                parent,
                tags: tags.into(),
                metadata: metadata.into(),
                ..Extras::default()
            }));
        }
        if let Some(id) = id {
            self.ids.insert(id.into(), key);
        }
        for tag in task.tags() {
            self.by_tag.entry(tag.into()).or_default().insert(key);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(key);
        }
        if let Some(provider) = self.providers.get_mut(created.provider.index()) {
            provider.tasks.insert(key);
        }
        self.by_status[TaskStatus::Pending as usize].insert(key);
        self.current = self.current.or(Some(key));
        self.tasks.push(Some(Box::new(task)));
    }

    fn set_status(&mut self, key: TaskKey, to: TaskStatus) {
        if let Some(task) = self.task_mut(key) {
            let from = std::mem::replace(&mut task.status, to);
            if from != to {
                self.by_status[from as usize].remove(key);
                self.by_status[to as usize].insert(key);
            }
        }
    }

    /// Takes a waiting task out of the queue; the attempt goes on waiting, without a place.
    fn leave_queue(&mut self, key: TaskKey) {
        let Some(task) = self.tasks.get_mut(key.index()).and_then(Option::as_deref_mut) else {
            return;
        };
        if let Phase::Waiting(Some(ticket)) = task.phase {
            task.phase = Phase::Waiting(None);
            if let Some(provider) = self.providers.get_mut(task.provider.index()) {
                self.schedule.dequeue(task.provider, &mut provider.lane, ticket);
            }
        }
    }

    /// Puts a task at the end of its provider's queue.
    fn enter_queue(&mut self, key: TaskKey) {
        let Some(task) = self.tasks.get_mut(key.index()).and_then(Option::as_deref_mut) else {
            return;
        };
        if let Some(provider) = self.providers.get_mut(task.provider.index()) {
            let ticket = self.schedule.enqueue(task.provider, &mut provider.lane, key);
            task.phase = Phase::Waiting(Some(ticket));
        }
    }

    fn queue(&mut self, at: Millis, key: TaskKey, attempt: Attempt) {
        self.touch(at, key, |task| {
            if task.status.is_terminal() {
                task.begin_again();
            }
            task.attempt = attempt;
        });
        self.set_status(key, TaskStatus::Pending);
        self.enter_queue(key);
    }

    fn start(&mut self, at: Millis, key: TaskKey, attempt: Attempt) {
        self.leave_queue(key);
        self.set_active(key, true);
        self.touch(at, key, |task| {
            if task.status.is_terminal() {
                task.begin_again();
            }
            task.attempt = attempt;
            task.phase = Phase::Active;
            task.started_at = task.started_at.or(Some(at));
        });
        self.set_status(key, TaskStatus::Running);
    }

    fn set_active(&mut self, key: TaskKey, active: bool) {
        let Some(task) = self.tasks.get(key.index()).and_then(Option::as_deref) else {
            return;
        };
        if task.is_active() == active {
            return;
        }
        if let Some(provider) = self.providers.get_mut(task.provider.index()) {
            let running = &mut provider.lane.running;
            *running = if active {
                *running + 1
            } else {
                running.saturating_sub(1)
            };
            let running = &mut self.schedule.running;
            *running = if active {
                *running + 1
            } else {
                running.saturating_sub(1)
            };
        }
    }

    fn resume(&mut self, at: Millis, key: TaskKey) {
        match self.task(key).map(|task| task.phase) {
            Some(Phase::Active) => self.set_status(key, TaskStatus::Running),
            Some(Phase::Waiting(_)) => {
                self.set_status(key, TaskStatus::Pending);
                self.enter_queue(key);
            }
            Some(Phase::Idle) => self.set_status(key, TaskStatus::Pending),
            None => {}
        }
        self.touch(at, key, |_| ());
    }

    fn end(&mut self, at: Millis, key: TaskKey, to: TaskStatus) {
        self.leave_queue(key);
        self.set_active(key, false);
        self.set_status(key, to);
        self.touch(at, key, |task| {
            task.phase = Phase::Idle;
            task.completed_at = Some(at);
        });
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
        }
    }

    fn reassign(&mut self, at: Millis, key: TaskKey, to: ProviderKey) {
        let Some(task) = self.task(key) else { return };
        let (from, queued) = (task.provider, matches!(task.phase, Phase::Waiting(Some(_))));
        self.leave_queue(key);
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
            self.enter_queue(key);
        }
    }

    fn delete(&mut self, key: TaskKey) {
        let Some(task) = self.tasks.get_mut(key.index()).and_then(Option::take) else {
            return;
        };
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
        if let Some(children) = task.parent().and_then(|parent| self.children.get_mut(&parent)) {
            children.remove(key);
        }
        self.children.remove(&key);
        if let Some(id) = task.extras.and_then(|extras| extras.id) {
            self.ids.remove(&id);
            self.gone.insert(key, id);
        }
        if self.current == Some(key) {
            self.current = None;
        }
    }
}

impl Task {
    fn keep(&mut self, answer: Answer<'_>) {
        self.summary = Some(answer.summary.into());
        if !answer.detail.is_empty() {
            self.extras_mut().detail = answer.detail.into();
        }
    }
}
