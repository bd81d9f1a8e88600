//! A second, small account of the schedule, kept from events alone: who may run, who waits in which order, who runs.
//!
//! Not written from the kernel's code but from what it promises, and slow where that is plainer.

use std::collections::{BTreeMap, BTreeSet};

use super::violation::{Violation, ensure};
use crate::kernel::{
    Attempt, Created, Edit, Event, Millis, Plan, ProviderKey, Seq, TaskKey, TaskStatus, TaskWait,
};

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not started.
    Idle,
    /// In line for a slot, with this number.
    InLine(u64),
    /// Started, and held back by something else than a slot.
    Aside,
    /// At its provider.
    Active,
    Ended(TaskStatus),
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) stage: Stage,
    pub(super) attempt: u32,
    /// The last attempt that ran.
    ran: u32,
    provider: u16,
    group: String,
    priority: i32,
    depends_on: BTreeSet<u32>,
    start_at: Millis,
    parent: Option<u32>,
    outlives: bool,
}

/// How a run of a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) seq: Seq,
    pub(super) task: u32,
    pub(super) attempt: u32,
    pub(super) status: TaskStatus,
}

#[derive(Clone, Copy, Debug, Default)]
struct Desk {
    registered: bool,
    max: Option<u32>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    slots: usize,
    pub(super) tasks: BTreeMap<u32, Known>,
    names: BTreeMap<String, u32>,
    desks: BTreeMap<u16, Desk>,
    groups: BTreeMap<String, u32>,
    next: u64,
    pub(super) ends: Vec<End>,
    /// Where it is written that an attempt runs.
    pub(super) starts: BTreeMap<(String, u32), Seq>,
    /// Tasks that have ended since the last look.
    ended: BTreeSet<u32>,
    pub(super) late: u64,
}

impl Model {
    pub(super) fn new(slots: u32) -> Self {
        Self {
            slots: slots as usize,
            ..Self::default()
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<(u32, &Known)> {
        let key = self.names.get(id)?;
        Some((*key, self.tasks.get(key)?))
    }

    /// Whether this attempt is at its provider.
    pub(super) fn is_active(&self, id: &str, attempt: u32) -> bool {
        self.find(id)
            .is_some_and(|(_, task)| task.stage == Stage::Active && task.attempt == attempt)
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &Known> {
        self.tasks.values().filter(|task| task.stage == Stage::Active)
    }

    pub(super) fn ended_tasks(&self) -> BTreeSet<u32> {
        let ended = self
            .tasks
            .iter()
            .filter(|(_, task)| matches!(task.stage, Stage::Ended(_)));
        ended.map(|(key, _)| *key).collect()
    }

    /// How a task last ended, if it has not begun again.
    pub(super) fn end_of(&self, key: u32) -> Option<&End> {
        match self.tasks.get(&key)?.stage {
            Stage::Ended(_) => self.ends.iter().rev().find(|end| end.task == key),
            _ => None,
        }
    }

    fn line(&mut self) -> Stage {
        self.next += 1;
        Stage::InLine(self.next)
    }

    fn move_to(&mut self, task: TaskKey, attempt: Option<Attempt>, stage: Stage) {
        if let Some(known) = self.tasks.get_mut(&task.get()) {
            known.stage = stage;
            if let Some(attempt) = attempt {
                known.attempt = attempt.get();
            }
        }
    }

    pub(super) fn apply(&mut self, seq: Seq, at: Millis, event: &Event<'_>) -> Result<(), Violation> {
        match *event {
            Event::ProviderRegistered {
                provider,
                max_concurrency,
                ..
            } => {
                let desk = Desk {
                    registered: true,
                    max: max_concurrency,
                };
                self.desks.insert(provider.get(), desk);
            }
            Event::ProviderUnregistered { provider } => {
                self.desks.entry(provider.get()).or_default().registered = false;
            }
            Event::Recovered { .. } => self.desks.values_mut().for_each(|desk| desk.registered = false),
            Event::GroupLimited { group, max } => match max {
                Some(max) => drop(self.groups.insert(group.to_owned(), max)),
                None => drop(self.groups.remove(group)),
            },
            Event::Created(ref created) => self.create(created),
            Event::Queued { task, attempt, wait } => {
                let stage = match wait {
                    TaskWait::Capacity | TaskWait::Provider => self.line(),
                    _ => Stage::Aside,
                };
                self.move_to(task, Some(attempt), stage);
            }
            Event::Blocked { task, attempt } => self.move_to(task, Some(attempt), Stage::Aside),
            Event::Started {
                task,
                attempt,
                provider,
            } => self.start(seq, at, task, attempt, provider)?,
            Event::Paused { task } => {
                if let Some(Stage::InLine(_)) = self.tasks.get(&task.get()).map(|known| known.stage) {
                    self.move_to(task, None, Stage::Aside);
                }
            }
            Event::Completed { task, attempt, .. } => {
                ensure(
                    "I4",
                    self.tasks
                        .get(&task.get())
                        .is_some_and(|known| known.stage == Stage::Active && known.attempt == attempt.get()),
                    || format!("{task:?} completed by attempt {attempt:?}, which does not run"),
                )?;
                self.end(seq, task, attempt, TaskStatus::Completed);
            }
            Event::Failed { task, attempt, .. } => self.end(seq, task, attempt, TaskStatus::Failed),
            Event::Cancelled { task, attempt, .. } => self.end(seq, task, attempt, TaskStatus::Cancelled),
            Event::Retrying { task, attempt, .. } | Event::Interrupted { task, attempt } => {
                self.move_to(task, Some(Attempt::NONE), Stage::Aside);
                if let Some(known) = self.tasks.get_mut(&task.get()) {
                    known.attempt = attempt.get() + 1;
                }
            }
            Event::Deleted { task } => self.delete(task.get()),
            Event::Edited {
                task,
                edit: Edit::Provider(provider),
            } => self.reassign(task.get(), provider),
            Event::Late { .. } => self.late += 1,
            _ => {}
        }
        Ok(())
    }

    fn create(&mut self, created: &Created<'_>) {
        let plan = created.plan.as_ref();
        let keys = |plan: &Plan<'_>| {
            plan.depends_on
                .as_chunks()
                .0
                .iter()
                .map(|key| u32::from_le_bytes(*key))
                .collect()
        };
        let id = created.id.unwrap_or_default().to_owned();
        let key = created.task.get();
        self.names.insert(id.clone(), key);
        let known = Known {
            id,
            stage: Stage::Idle,
            attempt: 0,
            ran: 0,
            provider: created.provider.get(),
            group: plan.map_or("", |plan| plan.group).to_owned(),
            priority: plan.map_or(0, |plan| plan.priority),
            depends_on: plan.map(keys).unwrap_or_default(),
            start_at: plan.and_then(|plan| plan.start_at).unwrap_or(0),
            parent: created.parent.map(TaskKey::get),
            outlives: plan.is_some_and(|plan| plan.outlives_parent),
        };
        self.tasks.insert(key, known);
    }

    fn delete(&mut self, key: u32) {
        let Some(gone) = self.tasks.remove(&key) else {
            return;
        };
        self.names.remove(&gone.id);
        self.starts.retain(|(id, _), _| *id != gone.id);
        for known in self.tasks.values_mut() {
            known.depends_on.remove(&key);
            known.parent = known.parent.filter(|parent| *parent != key);
        }
    }

    fn reassign(&mut self, key: u32, to: ProviderKey) {
        let stage = match self.tasks.get(&key).map(|known| known.stage) {
            Some(Stage::InLine(_)) => self.line(),
            Some(stage) => stage,
            None => return,
        };
        if let Some(known) = self.tasks.get_mut(&key) {
            known.provider = to.get();
            known.stage = stage;
        }
    }

    fn end(&mut self, seq: Seq, task: TaskKey, attempt: Attempt, status: TaskStatus) {
        self.move_to(task, None, Stage::Ended(status));
        self.ended.insert(task.get());
        self.ends.push(End {
            seq,
            task: task.get(),
            attempt: attempt.get(),
            status,
        });
    }

    fn running(&self, of: impl Fn(&Known) -> bool) -> usize {
        self.active().filter(|known| of(known)).count()
    }

    /// What keeps a task that is in line from running.
    fn obstacle(&self, task: &Known) -> Option<&'static str> {
        if self.running(|_| true) >= self.slots {
            return Some("all slots are taken");
        }
        let desk = self.desks.get(&task.provider).copied().unwrap_or_default();
        if !desk.registered {
            return Some("its provider is not registered");
        }
        let full = |max: Option<u32>, running: usize| max.is_some_and(|max| running >= max as usize);
        if full(desk.max, self.running(|known| known.provider == task.provider)) {
            return Some("its provider has no slot");
        }
        let max = self.groups.get(&task.group).copied();
        full(max, self.running(|known| known.group == task.group)).then_some("its group has no slot")
    }

    fn start(
        &mut self,
        seq: Seq,
        at: Millis,
        key: TaskKey,
        attempt: Attempt,
        provider: ProviderKey,
    ) -> Result<(), Violation> {
        let Some(task) = self.tasks.get(&key.get()) else {
            return Err(Violation::new("I6", format!("{key:?} runs and is not there")));
        };
        let id = task.id.clone();
        ensure("I6", task.provider == provider.get(), || {
            format!("{id} runs at another provider than its own")
        })?;
        ensure("P11", attempt.get() > task.ran, || {
            format!(
                "{id} runs as attempt {} after attempt {}",
                attempt.get(),
                task.ran
            )
        })?;
        ensure("I6", task.stage != Stage::Active, || format!("{id} runs twice"))?;
        if let Some(obstacle) = self.obstacle(task) {
            return Err(Violation::new("I6", format!("{id} runs, and {obstacle}")));
        }
        let unmet = |on: &&u32| {
            self.tasks
                .get(on)
                .is_none_or(|on| on.stage != Stage::Ended(TaskStatus::Completed))
        };
        if let Some(on) = task.depends_on.iter().find(unmet) {
            let message = format!("{id} runs, and number {on}, on which it depends, is not completed");
            return Err(Violation::new("I6", message));
        }
        ensure("I6", task.start_at <= at, || format!("{id} runs before its time"))?;
        let place = match task.stage {
            Stage::InLine(place) => place,
            _ => u64::MAX,
        };
        let goes_before = |other: &Known| match other.stage {
            Stage::InLine(theirs) => {
                (other.provider, &other.group) == (task.provider, &task.group)
                    && (-other.priority, theirs) < (-task.priority, place)
            }
            _ => false,
        };
        if let Some(other) = self.tasks.values().find(|other| goes_before(other)) {
            let message = format!("{id} runs before {}, whose turn it is", other.id);
            return Err(Violation::new("I6", message));
        }
        self.starts.insert((id, attempt.get()), seq);
        self.move_to(key, Some(attempt), Stage::Active);
        if let Some(known) = self.tasks.get_mut(&key.get()) {
            known.ran = attempt.get();
        }
        Ok(())
    }

    /// What must be so whenever a command is done.
    pub(super) fn check(&mut self) -> Result<(), Violation> {
        for task in self.tasks.values() {
            if let Stage::InLine(_) = task.stage
                && self.obstacle(task).is_none()
            {
                let message = format!("{} waits for its turn, and nothing is in its way", task.id);
                return Err(Violation::new("I6", message));
            }
        }
        for parent in std::mem::take(&mut self.ended) {
            if !matches!(
                self.tasks.get(&parent).map(|task| task.stage),
                Some(Stage::Ended(_))
            ) {
                continue;
            }
            let left = |task: &&Known| {
                task.parent == Some(parent) && !task.outlives && !matches!(task.stage, Stage::Ended(_))
            };
            if let Some(child) = self.tasks.values().find(left) {
                let message = format!("{} goes on, and the task above it has ended", child.id);
                return Err(Violation::new("I5", message));
            }
        }
        Ok(())
    }
}
