//! The set of tasks and providers: what is made, changed by its owner, and removed.

use super::Turn;
use super::command::{NewProvider, NewTask, Reply};
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Created, Edit, Event};
use super::id::{self, ProviderKey, TaskKey};
use super::limits::{self, check_id, check_visible};
use super::names::Names;
use super::order::fingerprint;
use super::plan::{Plan, keys};
use super::reports::check_step;
use super::status::{self, TaskUserStatus, Verb};

/// What a task to create refers to, looked up.
struct Checked {
    provider: ProviderKey,
    parent: Option<TaskKey>,
    tags: String,
    /// Keys, as [`Plan::depends_on`] has them.
    depends_on: Vec<u8>,
}

/// Slots that tasks made together take, counted before they exist.
#[derive(Default)]
struct Taken {
    all: u32,
    of_group: Names,
    /// By provider.
    of_provider: Vec<u32>,
}

/// The ids of tasks that are made together, and may wait for each other.
#[derive(Default)]
struct Batch(Names);

impl Batch {
    fn of(first: TaskKey, tasks: &[NewTask<'_>]) -> Result<Self> {
        let mut ids = Names::default();
        for (key, new) in (first.0..).map(TaskKey).zip(tasks) {
            if let Some(id) = new.id
                && ids.insert(id, key.0).is_some()
            {
                return Err(exists(id));
            }
        }
        Ok(Self(ids))
    }
}

impl Turn<'_> {
    pub(super) fn register_provider(&mut self, new: &NewProvider<'_>) -> Result<Reply> {
        check_id("the provider id", new.id)?;
        let label = new.label.unwrap_or(new.id);
        check_visible(limits::LABEL, label)?;
        limits::DESCRIPTION.check(new.description.map_or(0, str::len))?;
        if new.max_concurrency == Some(0) {
            return Err(OrchestratorError::invalid(
                "maxConcurrency of a provider must be at least 1",
            ));
        }
        let known = self.state.find_provider(new.id);
        if known
            .and_then(|key| self.state.provider(key))
            .is_some_and(|provider| provider.registered)
        {
            return Err(OrchestratorError::new(
                ErrorCode::ProviderExists,
                format!(
                    "a provider {:?} is registered already; unregister it first",
                    new.id
                ),
            ));
        }
        let provider = match known {
            Some(key) => key,
            None => {
                limits::PROVIDERS.check(self.state.providers.len() + 1)?;
                // The limit is far below what a key can hold.
                ProviderKey(u16::try_from(self.state.providers.len()).unwrap_or(u16::MAX))
            }
        };
        self.emit(&Event::ProviderRegistered {
            provider,
            id: new.id,
            label,
            description: new.description,
            max_concurrency: new.max_concurrency,
        });
        Ok(Reply::Provider(provider))
    }

    pub(super) fn unregister_provider(&mut self, provider: ProviderKey) -> Result<Reply> {
        match self.state.provider(provider) {
            Some(known) if known.registered => {
                self.emit(&Event::ProviderUnregistered { provider });
                Ok(Reply::Done)
            }
            Some(_) => Ok(Reply::Nothing),
            None => Err(self.no_provider("")),
        }
    }

    pub(super) fn limit_group(&mut self, group: &str, max: Option<u32>) -> Result<Reply> {
        limits::GROUP.check(group.len())?;
        if max == Some(0) {
            return Err(OrchestratorError::invalid(
                "maxConcurrency of a group must be at least 1",
            ));
        }
        let known = self.state.schedule.find_group(group);
        let current = known.map(|key| self.state.schedule.groups[key.index()].max_concurrency);
        if current.unwrap_or_default() == max {
            return Ok(Reply::Nothing);
        }
        if known.is_none() {
            limits::GROUPS.check(self.state.schedule.groups.len() + 1)?;
        }
        self.emit(&Event::GroupLimited { group, max });
        Ok(Reply::Done)
    }

    pub(super) fn create(&mut self, tasks: &[NewTask<'_>]) -> Result<Reply> {
        limits::BATCH.check(tasks.len())?;
        limits::BATCH_TEXT.check(tasks.iter().map(size).sum())?;
        if let Some(reply) = self.made_before(tasks)? {
            return Ok(reply);
        }
        let max = self.config.max_tasks as usize;
        let made = self.state.tasks.made();
        if self.state.len() + tasks.len() > max || made + tasks.len() > i32::MAX as usize {
            return Err(OrchestratorError::new(
                ErrorCode::LimitExceeded,
                format!(
                    "there are {} tasks and at most {max} are kept; delete some first",
                    self.state.len()
                ),
            ));
        }
        // Checked above to fit.
        let first = TaskKey(made as u32);
        if let [new] = tasks
            && new.plan.depends_on.is_empty()
        {
            let known = self.check_new(new, &Batch::default())?;
            self.check_groups(tasks)?;
            self.check_starts(tasks, std::slice::from_ref(&known))?;
            self.make(first, new, &known);
        } else {
            let batch = Batch::of(first, tasks)?;
            let checked = tasks
                .iter()
                .map(|new| self.check_new(new, &batch))
                .collect::<Result<Vec<_>>>()?;
            check_cycles(first, &checked)?;
            self.check_groups(tasks)?;
            self.check_starts(tasks, &checked)?;
            for ((key, new), known) in (first.0..).map(TaskKey).zip(tasks).zip(&checked) {
                self.make(key, new, known);
            }
        }
        for (key, new) in (first.0..).map(TaskKey).zip(tasks) {
            if new.plan.start {
                self.ready.push(key);
            }
        }
        // As many as were passed in, which the limit bounds.
        Ok(Reply::Created {
            first,
            count: tasks.len() as u32,
        })
    }

    /// Refuses starts that would have to wait where no more may wait.
    fn check_starts(&self, tasks: &[NewTask<'_>], checked: &[Checked]) -> Result<()> {
        if !tasks.iter().any(|new| new.plan.start) {
            return Ok(());
        }
        let mut taken = Taken::default();
        let mut waits = 0;
        for (new, known) in tasks.iter().zip(checked).filter(|(new, _)| new.plan.start) {
            waits += usize::from(!self.takes_slot(new, known, &mut taken));
        }
        if waits > 0 { self.check_room(waits) } else { Ok(()) }
    }

    /// Whether a task that is to be started finds a slot, when those before it have taken theirs.
    fn takes_slot(&self, new: &NewTask<'_>, known: &Checked, taken: &mut Taken) -> bool {
        let schedule = &self.state.schedule;
        let group = new.plan.group.unwrap_or_default();
        let key = schedule.find_group(group);
        let by_group = taken.of_group.count(group);
        let by_provider = &mut taken.of_provider;
        if by_provider.len() <= known.provider.index() {
            by_provider.resize(known.provider.index() + 1, 0);
        }
        let by_provider = &mut by_provider[known.provider.index()];
        let free = schedule.running.saturating_add(taken.all) < self.config.max_concurrency.max(1)
            && new.plan.start_at.is_none_or(|start_at| start_at <= self.now)
            && keys(&known.depends_on).all(|on| self.state.is_completed(on))
            && schedule.has_room_for(key, *by_group, known.provider, *by_provider);
        if free {
            taken.all += 1;
            *by_group += 1;
            *by_provider += 1;
        }
        free
    }

    /// Refuses new groups above the limit.
    fn check_groups(&self, tasks: &[NewTask<'_>]) -> Result<()> {
        let names = tasks.iter().filter_map(|new| new.plan.group);
        let new: Names = names
            .filter(|name| self.state.schedule.find_group(name).is_none())
            .collect();
        if new.len() == 0 {
            return Ok(());
        }
        limits::GROUPS.check(self.state.schedule.groups.len() + new.len())
    }

    fn make(&mut self, task: TaskKey, new: &NewTask<'_>, known: &Checked) {
        let plan = &new.plan;
        let recorded = (!plan.is_plain()).then(|| Plan {
            group: plan.group.unwrap_or_default(),
            priority: plan.priority,
            depends_on: &known.depends_on,
            on_dependency_failure: plan.on_dependency_failure,
            retry: plan.retry,
            timeouts: plan.timeouts,
            deadline: plan.deadline,
            start_at: plan.start_at,
            on_interrupt: plan.on_interrupt,
            outlives_parent: plan.outlives_parent,
            idempotency_key: plan.idempotency_key.unwrap_or_default(),
            fingerprint: plan.idempotency_key.map_or(0, |_| fingerprint(new)),
        });
        self.emit(&Event::Created(Created {
            task,
            id: new.id,
            name: new.name,
            description: new.description,
            provider: known.provider,
            working_directory: new.working_directory,
            sub_agent_type: new.sub_agent_type,
            room: new.room,
            world: new.world,
            parent: known.parent,
            tags: &known.tags,
            metadata: new.metadata,
            plan: recorded,
        }));
        for (step, description) in (0..).zip(new.steps) {
            self.emit(&Event::StepAdded {
                task,
                step,
                planned: true,
                description,
            });
        }
    }

    fn check_new(&self, new: &NewTask<'_>, batch: &Batch) -> Result<Checked> {
        check_visible(limits::NAME, new.name)?;
        limits::DESCRIPTION.check(new.description.len())?;
        limits::METADATA.check(new.metadata.len())?;
        for text in [
            Some(new.working_directory),
            new.sub_agent_type,
            new.room,
            new.world,
        ]
        .into_iter()
        .flatten()
        {
            limits::LABEL.check(text.len())?;
        }
        if let Some(id) = new.id {
            check_id("the task id", id)?;
            if self.state.find(id).is_some() {
                return Err(exists(id));
            }
            if id::read_id(&self.state.prefix, id).is_some() {
                return Err(OrchestratorError::invalid(format!(
                    "{id:?} looks like an id made here; choose another"
                )));
            }
        }
        limits::STEPS.check(new.steps.len())?;
        new.steps.iter().try_for_each(|step| check_step(step))?;
        Ok(Checked {
            provider: self.provider_for(new.provider)?,
            parent: new
                .parent
                .map(|parent| self.parent_for(parent, new.plan.outlives_parent))
                .transpose()?,
            tags: check_tags(new.tags)?,
            depends_on: self.check_plan(new, batch)?,
        })
    }

    fn check_plan(&self, new: &NewTask<'_>, batch: &Batch) -> Result<Vec<u8>> {
        if new.plan.is_plain() {
            return Ok(Vec::new());
        }
        new.plan.check()?;
        let mut found: Vec<TaskKey> = Vec::with_capacity(new.plan.depends_on.len());
        for id in new.plan.depends_on {
            let key = batch
                .0
                .get(id)
                .map(TaskKey)
                .or_else(|| self.state.find(id))
                .ok_or_else(|| {
                    OrchestratorError::new(
                        ErrorCode::TaskNotFound,
                        format!("there is no task {} to depend on", limits::quoted(id)),
                    )
                })?;
            found.push(key);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().flat_map(|key| key.0.to_le_bytes()).collect())
    }

    /// The provider with this id, or the only one.
    fn provider_for(&self, id: Option<&str>) -> Result<ProviderKey> {
        let registered = |key: &ProviderKey| {
            self.state
                .provider(*key)
                .is_some_and(|provider| provider.registered)
        };
        match id {
            Some(id) => self
                .state
                .find_provider(id)
                .filter(registered)
                .ok_or_else(|| self.no_provider(id)),
            None => {
                let mut all = (0..)
                    .map(ProviderKey)
                    .take(self.state.providers.len())
                    .filter(registered);
                match (all.next(), all.next()) {
                    (Some(only), None) => Ok(only),
                    (None, _) => Err(OrchestratorError::new(
                        ErrorCode::ProviderNotFound,
                        "no provider is registered; register one first",
                    )),
                    _ => Err(OrchestratorError::invalid(
                        "there are several providers and no default: name one in the task, or set a default",
                    )),
                }
            }
        }
    }

    fn parent_for(&self, id: &str, outlives: bool) -> Result<TaskKey> {
        let parent = self.state.find(id).ok_or_else(|| {
            OrchestratorError::new(
                ErrorCode::TaskNotFound,
                format!("there is no task {} to be the parent", limits::quoted(id)),
            )
        })?;
        let status = self.task(parent)?.status;
        if status.is_terminal() && !outlives {
            return Err(OrchestratorError::new(
                ErrorCode::IllegalTransition,
                format!("cannot create a task below one that is {status}, unless it outlives its parent"),
            ));
        }
        let mut depth = 1;
        let mut above = self.task(parent)?.parent();
        while let Some(key) = above {
            depth += 1;
            above = self.state.task(key).and_then(super::Task::parent);
        }
        limits::DEPTH.check(depth)?;
        Ok(parent)
    }

    pub(super) fn delete(&mut self, task: TaskKey) -> Result<Reply> {
        status::check(self.task(task)?.status, Verb::Delete)?;
        let mut all = self.state.descendants(task);
        all.insert(0, task);
        for key in &all {
            self.call_off(*key, "Task deleted");
        }
        // Nobody can restart what is gone.
        for key in &all {
            self.fail_dependants(*key);
        }
        for key in all.into_iter().rev() {
            self.emit(&Event::Deleted { task: key });
        }
        Ok(Reply::Done)
    }

    pub(super) fn rename(&mut self, task: TaskKey, name: &str) -> Result<Reply> {
        check_visible(limits::NAME, name)?;
        let found = self.task(task)?;
        status::check(found.status, Verb::Edit)?;
        if found.name() == name {
            return Ok(Reply::Nothing);
        }
        self.emit(&Event::Edited {
            task,
            edit: Edit::Name(name),
        });
        Ok(Reply::Done)
    }

    pub(super) fn reassign(&mut self, task: TaskKey, provider: &str) -> Result<Reply> {
        let found = self.task(task)?;
        status::check(found.status, Verb::Reassign)?;
        if found.is_active() {
            return Err(OrchestratorError::new(
                ErrorCode::IllegalTransition,
                "cannot reassign a task that its provider has begun; cancel it first",
            ));
        }
        let current = found.provider;
        let provider = self.provider_for(Some(provider))?;
        if provider == current {
            return Ok(Reply::Nothing);
        }
        self.emit(&Event::Edited {
            task,
            edit: Edit::Provider(provider),
        });
        Ok(Reply::Done)
    }

    pub(super) fn mark(&mut self, task: TaskKey, status: TaskUserStatus) -> Result<Reply> {
        let found = self.task(task)?;
        status::check(found.status, Verb::Edit)?;
        if found.user_status == status {
            return Ok(Reply::Nothing);
        }
        self.emit(&Event::Edited {
            task,
            edit: Edit::UserStatus(status),
        });
        Ok(Reply::Done)
    }

    pub(super) fn select(&mut self, task: Option<TaskKey>) -> Result<Reply> {
        if let Some(task) = task {
            self.task(task)?;
        }
        let (task, edit) = match (task, self.state.current) {
            (Some(task), current) if current != Some(task) => (task, Edit::Current(true)),
            (None, Some(current)) => (current, Edit::Current(false)),
            _ => return Ok(Reply::Nothing),
        };
        self.emit(&Event::Edited { task, edit });
        Ok(Reply::Done)
    }

    pub(super) fn select_in(&mut self, scope: &str, task: Option<TaskKey>) -> Result<Reply> {
        limits::SCOPE.check(scope.len())?;
        if scope.trim().is_empty() {
            return Err(OrchestratorError::invalid(
                "the name of a scope must not be blank",
            ));
        }
        let before = self.state.currents.get(scope);
        if let Some(task) = task {
            self.task(task)?;
            if before.is_none() {
                limits::SCOPES.check(self.state.currents.len() + 1)?;
            }
        }
        let current = task.is_some();
        let Some(task) = task.or(before).filter(|_| task != before) else {
            return Ok(Reply::Nothing);
        };
        let edit = Edit::CurrentIn { scope, current };
        self.emit(&Event::Edited { task, edit });
        Ok(Reply::Done)
    }
}

/// The bytes of all that a task to create says at length.
fn size(new: &NewTask<'_>) -> usize {
    let lists = new
        .tags
        .iter()
        .chain(new.steps)
        .map(|text| text.len())
        .sum::<usize>();
    // A key is kept in four bytes.
    let keys = new.plan.depends_on.len() * 4;
    new.name.len() + new.description.len() + new.metadata.len() + new.working_directory.len() + lists + keys
}

/// Refuses tasks that wait for each other in a circle. Only those that are made together can.
fn check_cycles(first: TaskKey, checked: &[Checked]) -> Result<()> {
    let mut waits = vec![0_usize; checked.len()];
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); checked.len()];
    for (place, known) in checked.iter().enumerate() {
        for on in keys(&known.depends_on).filter(|on| *on >= first) {
            waits[place] += 1;
            before[on.index() - first.index()].push(place);
        }
    }
    let mut ready: Vec<usize> = (0..waits.len()).filter(|place| waits[*place] == 0).collect();
    let mut next = 0;
    while let Some(place) = ready.get(next).copied() {
        next += 1;
        for after in &before[place] {
            waits[*after] -= 1;
            if waits[*after] == 0 {
                ready.push(*after);
            }
        }
    }
    if next == checked.len() {
        return Ok(());
    }
    Err(OrchestratorError::new(
        ErrorCode::DependencyCycle,
        format!(
            "{} of these tasks depend on each other in a circle, or on one that does",
            checked.len() - next
        ),
    ))
}

fn exists(id: &str) -> OrchestratorError {
    OrchestratorError::new(ErrorCode::TaskExists, format!("there is a task {id:?} already"))
}

/// The tags, each once, one a line.
fn check_tags(tags: &[&str]) -> Result<String> {
    limits::TAGS.check(tags.len())?;
    let mut seen: Vec<&str> = Vec::with_capacity(tags.len());
    for tag in tags {
        check_visible(limits::TAG, tag)?;
        if tag.chars().any(char::is_control) {
            return Err(OrchestratorError::invalid(format!(
                "the tag {tag:?} has a control character"
            )));
        }
        if !seen.contains(tag) {
            seen.push(tag);
        }
    }
    Ok(seen.join("\n"))
}
