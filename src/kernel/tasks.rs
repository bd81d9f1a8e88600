//! The set of tasks and providers: what is made, changed by its owner, and removed.

use std::collections::BTreeSet;

use super::Turn;
use super::command::{NewProvider, NewTask, Reply};
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Created, Edit, Event};
use super::id::{self, ProviderKey, TaskKey};
use super::limits::{self, check_id, check_visible};
use super::reports::check_step;
use super::status::{self, TaskStatus, TaskUserStatus, Verb};

/// What a task to create refers to, looked up.
struct Checked {
    provider: ProviderKey,
    parent: Option<TaskKey>,
    tags: String,
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
        let known = self.state.provider_keys.get(new.id).copied();
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
        self.fill_slots();
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

    pub(super) fn create(&mut self, tasks: &[NewTask<'_>]) -> Result<Reply> {
        limits::BATCH.check(tasks.len())?;
        let max = self.config.max_tasks as usize;
        let made = self.state.tasks.len();
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
        if let [new] = tasks {
            let known = self.check_new(new)?;
            self.make(first, new, &known);
        } else {
            let mut ids = BTreeSet::new();
            let mut checked = Vec::with_capacity(tasks.len());
            for new in tasks {
                checked.push(self.check_new(new)?);
                if let Some(id) = new.id
                    && !ids.insert(id)
                {
                    return Err(exists(id));
                }
            }
            for ((key, new), known) in (first.0..).map(TaskKey).zip(tasks).zip(&checked) {
                self.make(key, new, known);
            }
        }
        // As many as were passed in, which the limit bounds.
        Ok(Reply::Created {
            first,
            count: tasks.len() as u32,
        })
    }

    fn make(&mut self, task: TaskKey, new: &NewTask<'_>, known: &Checked) {
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

    fn check_new(&self, new: &NewTask<'_>) -> Result<Checked> {
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
            parent: new.parent.map(|parent| self.parent_for(parent)).transpose()?,
            tags: check_tags(new.tags)?,
        })
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
                .provider_keys
                .get(id)
                .copied()
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

    fn parent_for(&self, id: &str) -> Result<TaskKey> {
        let parent = self.state.find(id).ok_or_else(|| {
            OrchestratorError::new(
                ErrorCode::TaskNotFound,
                format!("there is no task {} to be the parent", limits::quoted(id)),
            )
        })?;
        if self.task(parent)?.status == TaskStatus::Cancelled {
            return Err(OrchestratorError::new(
                ErrorCode::IllegalTransition,
                "cannot create a task below one that is cancelled",
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
        for key in all.into_iter().rev() {
            self.emit(&Event::Deleted { task: key });
        }
        self.fill_slots();
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
        self.fill_slots();
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
