//! The lifecycle once more, as plainly as it can be said: a list of tasks, a list of providers, one queue.
//!
//! Written from the design and not from the kernel: the two must agree.

use agent_orchestrator::ErrorCode::{
    IllegalTransition, InvalidArgument, ProviderExists, ProviderNotFound, TaskNotFound,
};
use agent_orchestrator::{ErrorCode, TaskStatus};

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    /// There is none.
    None,
    /// It was asked for. While the task is paused it has no place in the queue.
    Waiting,
    /// Its provider is at it.
    Open,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) status: TaskStatus,
    pub(crate) attempt: u32,
    pub(crate) stage: Stage,
    pub(crate) provider: usize,
    pub(crate) parent: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Provider {
    pub(crate) registered: bool,
    pub(crate) known: bool,
    pub(crate) limit: Option<usize>,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Done,
    Nothing,
    Late,
}
pub(crate) type Answer = Result<Told, ErrorCode>;

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) limit: usize,
    pub(crate) tasks: Vec<Option<Task>>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) queue: Vec<usize>,
    pub(crate) current: Option<usize>,
}

impl Model {
    pub(crate) fn new(limit: usize, limits: &[Option<usize>]) -> Self {
        let providers = limits.iter().map(|limit| Provider {
            limit: *limit,
            ..Provider::default()
        });
        Self {
            limit,
            tasks: Vec::new(),
            providers: providers.collect(),
            queue: Vec::new(),
            current: None,
        }
    }

    pub(crate) fn task(&self, task: usize) -> Result<&Task, ErrorCode> {
        self.tasks.get(task).and_then(Option::as_ref).ok_or(TaskNotFound)
    }

    fn at(&mut self, task: usize) -> &mut Task {
        self.tasks[task].as_mut().unwrap()
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = (usize, &Task)> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter_map(|(number, task)| Some((number, task.as_ref()?)))
    }

    pub(crate) fn open(&self, provider: Option<usize>) -> usize {
        self.alive()
            .filter(|(_, task)| task.stage == Stage::Open)
            .filter(|(_, task)| provider.is_none_or(|provider| provider == task.provider))
            .count()
    }

    fn has_room(&self, provider: usize) -> bool {
        let Provider {
            registered, limit, ..
        } = self.providers[provider];
        registered && limit.is_none_or(|limit| self.open(Some(provider)) < limit)
    }

    /// First come, first served, among those who can be.
    fn fill(&mut self) {
        while self.open(None) < self.limit {
            let ready = |task: &usize| self.has_room(self.task(*task).unwrap().provider);
            let Some(place) = self.queue.iter().position(ready) else {
                return;
            };
            let task = self.queue.remove(place);
            let task = self.at(task);
            (task.stage, task.status) = (Stage::Open, TaskStatus::Running);
        }
    }

    fn leave(&mut self, task: usize) {
        self.queue.retain(|queued| *queued != task);
    }

    pub(crate) fn register(&mut self, provider: usize) -> Answer {
        if self.providers[provider].registered {
            return Err(ProviderExists);
        }
        self.providers[provider].registered = true;
        self.providers[provider].known = true;
        self.fill();
        Ok(Told::Done)
    }

    pub(crate) fn unregister(&mut self, provider: usize) -> Answer {
        match &mut self.providers[provider] {
            Provider { known: false, .. } => Err(ProviderNotFound),
            Provider { registered, .. } if *registered => {
                *registered = false;
                Ok(Told::Done)
            }
            _ => Ok(Told::Nothing),
        }
    }

    pub(crate) fn create(&mut self, provider: usize, parent: Option<usize>) -> Answer {
        if !self.providers[provider].registered {
            return Err(ProviderNotFound);
        }
        if let Some(parent) = parent
            && self.task(parent)?.status == TaskStatus::Cancelled
        {
            return Err(IllegalTransition);
        }
        self.current = self.current.or(Some(self.tasks.len()));
        self.tasks.push(Some(Task {
            status: TaskStatus::Pending,
            attempt: 0,
            stage: Stage::None,
            provider,
            parent,
        }));
        Ok(Told::Done)
    }

    fn begin(&mut self, task: usize) -> Answer {
        if !self.providers[self.task(task)?.provider].registered {
            return Err(ProviderNotFound);
        }
        let at = self.at(task);
        at.attempt += 1;
        (at.stage, at.status) = (Stage::Waiting, TaskStatus::Pending);
        self.queue.push(task);
        self.fill();
        Ok(Told::Done)
    }

    pub(crate) fn start(&mut self, task: usize) -> Answer {
        match self.task(task)? {
            Task {
                status: TaskStatus::Running,
                ..
            } => Ok(Told::Nothing),
            Task {
                status: TaskStatus::Pending,
                stage: Stage::Waiting,
                ..
            } => Ok(Told::Nothing),
            Task {
                status: TaskStatus::Pending,
                ..
            } => self.begin(task),
            _ => Err(IllegalTransition),
        }
    }

    pub(crate) fn restart(&mut self, task: usize) -> Answer {
        if !self.task(task)?.status.is_terminal() {
            return Err(IllegalTransition);
        }
        self.begin(task)
    }

    pub(crate) fn pause(&mut self, task: usize) -> Answer {
        match self.task(task)?.status {
            TaskStatus::Paused => Ok(Told::Nothing),
            TaskStatus::Pending | TaskStatus::Running => {
                self.leave(task);
                self.at(task).status = TaskStatus::Paused;
                Ok(Told::Done)
            }
            _ => Err(IllegalTransition),
        }
    }

    pub(crate) fn resume(&mut self, task: usize) -> Answer {
        match (self.task(task)?.status, self.task(task)?.stage) {
            (TaskStatus::Running, _) => return Ok(Told::Nothing),
            (TaskStatus::Paused, Stage::Open) => self.at(task).status = TaskStatus::Running,
            (TaskStatus::Paused, stage) => {
                self.at(task).status = TaskStatus::Pending;
                if stage == Stage::Waiting {
                    self.queue.push(task);
                }
            }
            _ => return Err(IllegalTransition),
        }
        self.fill();
        Ok(Told::Done)
    }

    /// The task and all below it.
    pub(crate) fn family(&self, task: usize) -> Vec<usize> {
        let mut family = vec![task];
        // Parents are older than their children.
        for (number, below) in self.alive() {
            if below.parent.is_some_and(|parent| family.contains(&parent)) {
                family.push(number);
            }
        }
        family
    }

    fn call_off(&mut self, family: &[usize]) {
        for task in family {
            if !self.at(*task).status.is_terminal() {
                self.leave(*task);
                let at = self.at(*task);
                (at.status, at.stage) = (TaskStatus::Cancelled, Stage::None);
            }
        }
    }

    pub(crate) fn cancel(&mut self, task: usize) -> Answer {
        match self.task(task)?.status {
            TaskStatus::Cancelled => Ok(Told::Nothing),
            status if status.is_terminal() => Err(IllegalTransition),
            _ => {
                self.call_off(&self.family(task));
                self.fill();
                Ok(Told::Done)
            }
        }
    }

    pub(crate) fn delete(&mut self, task: usize) -> Answer {
        self.task(task)?;
        let family = self.family(task);
        self.call_off(&family);
        for task in family {
            self.tasks[task] = None;
            self.current = self.current.filter(|current| *current != task);
        }
        self.fill();
        Ok(Told::Done)
    }

    pub(crate) fn reassign(&mut self, task: usize, provider: usize) -> Answer {
        if self.task(task)?.stage == Stage::Open {
            return Err(IllegalTransition);
        }
        if !self.providers[provider].registered {
            return Err(ProviderNotFound);
        }
        if self.task(task)?.provider == provider {
            return Ok(Told::Nothing);
        }
        self.at(task).provider = provider;
        if self.queue.contains(&task) {
            self.leave(task);
            self.queue.push(task);
        }
        self.fill();
        Ok(Told::Done)
    }

    pub(crate) fn select(&mut self, task: Option<usize>) -> Answer {
        if let Some(task) = task {
            self.task(task)?;
        }
        if self.current == task {
            return Ok(Told::Nothing);
        }
        self.current = task;
        Ok(Told::Done)
    }

    /// What becomes of a report of this attempt: it counts, is late, or is of an attempt that never was.
    pub(crate) fn report(&self, task: usize, attempt: u32) -> Answer {
        let at = self.task(task)?;
        match (attempt == at.attempt, at.stage) {
            (true, Stage::Open) => Ok(Told::Done),
            _ if attempt == 0 || attempt > at.attempt => Err(InvalidArgument),
            _ => Ok(Told::Late),
        }
    }

    pub(crate) fn finish(&mut self, task: usize, attempt: u32, success: bool) -> Answer {
        let told = self.report(task, attempt)?;
        if told == Told::Done {
            let at = self.at(task);
            at.stage = Stage::None;
            at.status = if success {
                TaskStatus::Completed
            } else {
                TaskStatus::Failed
            };
            self.fill();
        }
        Ok(told)
    }
}
