//! The lifecycle and the schedule once more, as plainly as they can be said: lists, looked through from end to end.
//!
//! Written from the design and not from the kernel: the two must agree. It has no timers: when time passes, every
//! task that is under way becomes so much older.

use agent_orchestrator::ErrorCode::{
    IllegalTransition, InvalidArgument, ProviderExists, ProviderNotFound, QueueFull, TaskNotFound,
};
use agent_orchestrator::TaskStatus::{Blocked, Cancelled, Completed, Failed, Paused, Pending, Running};
use agent_orchestrator::{ErrorCode, OnInterrupt, TaskStatus};

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    /// There is none.
    None,
    /// It was asked for and waits.
    Waiting(Place),
    /// Its provider is at it.
    Open,
}

/// Where an attempt waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// In line for a slot, with this ticket.
    Line(u64),
    /// Its owner holds it.
    Held,
    /// For tasks that are not completed.
    Dependencies,
    /// For its time.
    Time,
    /// For the end of a wait after a failure.
    Retry,
    /// A crash interrupted the attempt before.
    Interrupted,
    /// Nothing but the schedule holds it any more.
    Ready,
}

/// What can be planned of a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) group: usize,
    pub(crate) priority: i64,
    pub(crate) depends_on: Vec<usize>,
    /// Whether it fails when one of those does.
    pub(crate) doomed: bool,
    /// How many attempts there may be, and the wait before the second.
    pub(crate) retry: Option<(u32, i64)>,
    pub(crate) attempt: Option<i64>,
    pub(crate) idle: Option<i64>,
    pub(crate) total: Option<i64>,
    pub(crate) deadline: Option<i64>,
    pub(crate) start_at: Option<i64>,
    pub(crate) on_interrupt: OnInterrupt,
    pub(crate) outlives: bool,
    pub(crate) start: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) status: TaskStatus,
    pub(crate) attempt: u32,
    pub(crate) stage: Stage,
    pub(crate) provider: usize,
    pub(crate) parent: Option<usize>,
    pub(crate) plan: Plan,
    /// With which attempt its owner began.
    first: u32,
    /// How many attempts in a row a crash interrupted.
    interrupts: u32,
    /// For how long the attempt has run, pauses left out.
    ran: i64,
    /// For how long its provider has been quiet, pauses left out.
    quiet: i64,
    /// For how long ago the first attempt ran, and when that was.
    began: Option<(i64, i64)>,
    /// How much is left of the wait after a failure, and when it ends.
    rest: Option<i64>,
    retry_at: Option<i64>,
    /// Whether the last attempt that ran failed, and no other has run since.
    pub(crate) wrong: bool,
}

impl Task {
    fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }

    fn ticket(&self) -> Option<u64> {
        match self.stage {
            Stage::Waiting(Place::Line(ticket)) => Some(ticket),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Provider {
    pub(crate) registered: bool,
    pub(crate) known: bool,
    pub(crate) limit: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) limit: Option<usize>,
    /// How many turns it has had or let pass.
    turns: u64,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Done,
    Nothing,
    Late,
}
pub(crate) type Answer = Result<Told, ErrorCode>;

/// What time can bring, in the order in which it does at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Start,
    Retry,
    Attempt,
    Idle,
    Total,
    Deadline,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) limit: usize,
    pub(crate) max_queued: usize,
    pub(crate) tasks: Vec<Option<Task>>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) groups: Vec<Group>,
    pub(crate) current: Option<usize>,
    /// The current task of each scope, by the scope's name.
    pub(crate) currents: Vec<(&'static str, usize)>,
    /// The host's clock.
    pub(crate) now: i64,
    /// The journal's: the time of the last event, or now if that is later.
    pub(crate) at: i64,
    turns: u64,
    next_ticket: u64,
    /// Tasks that ended or began anew, whose neighbours have not heard of it.
    news: Vec<usize>,
}

impl Model {
    pub(crate) fn new(limit: usize, max_queued: usize, limits: &[Option<usize>], groups: usize) -> Self {
        let providers = limits.iter().map(|limit| Provider {
            limit: *limit,
            ..Provider::default()
        });
        Self {
            limit,
            max_queued,
            tasks: Vec::new(),
            providers: providers.collect(),
            groups: vec![Group::default(); groups],
            current: None,
            currents: Vec::new(),
            now: 0,
            at: 0,
            turns: 0,
            next_ticket: 0,
            news: Vec::new(),
        }
    }

    pub(crate) fn task(&self, task: usize) -> Result<&Task, ErrorCode> {
        self.tasks.get(task).and_then(Option::as_ref).ok_or(TaskNotFound)
    }

    fn get(&self, task: usize) -> Option<&Task> {
        self.task(task).ok()
    }

    fn at(&mut self, task: usize) -> &mut Task {
        self.tasks[task].as_mut().unwrap()
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = (usize, &Task)> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter_map(|(number, task)| Some((number, task.as_ref()?)))
    }

    fn which(&self, holds: impl Fn(&Task) -> bool) -> Vec<usize> {
        let those = self.alive().filter(|(_, task)| holds(task));
        those.map(|(number, _)| number).collect()
    }

    pub(crate) fn open(&self, holds: impl Fn(&Task) -> bool) -> usize {
        self.which(|task| task.is_open() && holds(task)).len()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.which(Task::waits).len()
    }

    pub(crate) fn in_line(&self, holds: impl Fn(&Task) -> bool) -> usize {
        self.which(|task| task.ticket().is_some() && holds(task)).len()
    }

    /// Whether a slot of every kind that the task needs is free.
    pub(crate) fn has_room(&self, task: &Task) -> bool {
        let provider = &self.providers[task.provider];
        let group = &self.groups[task.plan.group];
        self.open(|_| true) < self.limit
            && provider.registered
            && provider
                .limit
                .is_none_or(|limit| self.open(|other| other.provider == task.provider) < limit)
            && group
                .limit
                .is_none_or(|limit| self.open(|other| other.plan.group == task.plan.group) < limit)
    }

    fn is_unmet(&self, task: usize) -> bool {
        let task = self.get(task).unwrap();
        let completed = |on: &usize| self.get(*on).is_some_and(|on| on.status == Completed);
        !task.plan.depends_on.iter().all(completed)
    }

    // ----- slots -----

    fn join(&mut self, task: usize) {
        let group = self.get(task).unwrap().plan.group;
        if self.in_line(|other| other.plan.group == group) == 0 {
            self.groups[group].turns = self.groups[group].turns.max(self.turns);
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let at = self.at(task);
        (at.stage, at.status) = (Stage::Waiting(Place::Line(ticket)), Pending);
    }

    /// The group that had the fewest turns, in it the highest priority, of those the first to come.
    fn fill(&mut self) {
        loop {
            let ready = self.which(|task| task.ticket().is_some() && self.has_room(task));
            let next = ready.into_iter().min_by_key(|number| {
                let task = self.get(*number).unwrap();
                let ticket = task.ticket().unwrap();
                let place = ticket as i64 - 1_000_000 * task.plan.priority;
                (self.groups[task.plan.group].turns, place, ticket)
            });
            let Some(task) = next else { return };
            assert!(!self.is_unmet(task));
            let (group, began) = (self.get(task).unwrap().plan.group, (0, self.at));
            self.turns = self.turns.max(self.groups[group].turns);
            self.groups[group].turns = self.turns + 1;
            let at = self.at(task);
            (at.stage, at.status) = (Stage::Open, Running);
            (at.ran, at.quiet, at.rest, at.retry_at) = (0, 0, None, None);
            at.began = at.began.or(Some(began));
            at.wrong = false;
        }
    }

    // ----- what follows from what -----

    /// Spreads the news, admits those that are ready, in this order, and fills the slots.
    fn settle(&mut self, mut ready: Vec<usize>) {
        self.spread(&mut ready);
        for task in ready {
            let left = matches!(
                self.get(task).map(|task| task.stage),
                Some(Stage::Waiting(Place::Ready))
            );
            if left {
                self.admit(task);
            }
        }
        self.spread(&mut Vec::new());
        self.fill();
    }

    fn spread(&mut self, ready: &mut Vec<usize>) {
        while !self.news.is_empty() {
            let about = self.news.remove(0);
            let Some(status) = self.get(about).map(|task| task.status) else {
                continue;
            };
            if status.is_terminal() {
                for child in self.which(|task| task.parent == Some(about) && !task.plan.outlives) {
                    self.call_off(child);
                }
            }
            for waits in self.which(|task| task.waits() && task.plan.depends_on.contains(&about)) {
                let (unmet, at) = (self.is_unmet(waits), self.at(waits));
                match at.stage {
                    Stage::Waiting(Place::Dependencies) if !unmet => {
                        at.stage = Stage::Waiting(Place::Ready);
                        ready.push(waits);
                    }
                    _ if at.plan.doomed && matches!(status, Failed | Cancelled) => {
                        self.end(waits, Failed);
                    }
                    Stage::Waiting(Place::Line(_) | Place::Time | Place::Retry | Place::Ready) if unmet => {
                        (at.stage, at.status) = (Stage::Waiting(Place::Dependencies), Blocked);
                        self.news.push(waits);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Where an attempt goes that its owner does not hold.
    fn admit(&mut self, task: usize) {
        let (now, unmet) = (self.now, self.is_unmet(task));
        let has_failed = |on: &usize| {
            self.get(*on)
                .is_none_or(|on| matches!(on.status, Failed | Cancelled))
        };
        let failed = self.get(task).unwrap().plan.depends_on.iter().any(has_failed);
        self.news.push(task);
        let at = self.at(task);
        at.status = Pending;
        if unmet {
            (at.stage, at.status) = (Stage::Waiting(Place::Dependencies), Blocked);
            if failed && at.plan.doomed {
                self.end(task, Failed);
            }
        } else if at.plan.start_at.is_some_and(|start_at| start_at > now) {
            at.stage = Stage::Waiting(Place::Time);
        } else if at.rest.is_some() {
            at.stage = Stage::Waiting(Place::Retry);
        } else {
            self.join(task);
        }
    }

    fn end(&mut self, task: usize, status: TaskStatus) {
        let at = self.at(task);
        (at.stage, at.status, at.rest) = (Stage::None, status, None);
        at.wrong = status != Completed;
        self.news.push(task);
    }

    fn call_off(&mut self, task: usize) {
        if !self.get(task).unwrap().status.is_terminal() {
            self.end(task, Cancelled);
        }
    }

    fn fail(&mut self, task: usize, retryable: bool) {
        let when = self.at;
        let at = self.at(task);
        let made = at.attempt - at.first + 1;
        let Some((_, delay)) = at.plan.retry.filter(|(max, _)| retryable && made < *max) else {
            return self.end(task, Failed);
        };
        let wait = delay << (made - 1);
        at.attempt += 1;
        at.interrupts = 0;
        at.wrong = true;
        (at.rest, at.retry_at) = (Some(wait), Some(when + wait));
        if at.status == Paused {
            at.stage = Stage::Waiting(Place::Held);
        } else {
            (at.stage, at.status) = (Stage::Waiting(Place::Retry), Pending);
        }
    }

    // ----- time -----

    /// So much time passes. A jump of the host's clock makes nothing older.
    pub(crate) fn pass(&mut self, millis: i64, is_jump: bool) {
        self.now += millis;
        if is_jump {
            return;
        }
        for task in self.tasks.iter_mut().flatten() {
            if task.is_open() && task.status == Running {
                task.ran += millis;
                task.quiet += millis;
            }
            task.began = task.began.map(|(age, at)| (age + millis, at));
            task.rest = task.rest.map(|rest| rest - millis);
        }
    }

    /// What comes next, and in how many milliseconds.
    fn next_due(&self) -> Option<(i64, usize, Due)> {
        let mut all = Vec::new();
        for (number, task) in self.alive().filter(|(_, task)| !task.status.is_terminal()) {
            let plan = &task.plan;
            let runs = task.is_open() && task.status == Running;
            let mut add = |holds: bool, left: Option<i64>, due| {
                all.extend(left.filter(|_| holds).map(|left| (left, number, due)));
            };
            let until = |moment: Option<i64>| moment.map(|moment| moment - self.now);
            add(true, until(plan.deadline), Due::Deadline);
            add(
                task.stage == Stage::Waiting(Place::Time),
                until(plan.start_at),
                Due::Start,
            );
            add(true, task.rest, Due::Retry);
            add(runs, plan.attempt.map(|span| span - task.ran), Due::Attempt);
            add(runs, plan.idle.map(|span| span - task.quiet), Due::Idle);
            let total = plan.total.zip(task.began).map(|(span, (age, _))| span - age);
            add(task.stage != Stage::None, total, Due::Total);
        }
        all.into_iter().min()
    }

    pub(crate) fn quiet_for(&self) -> Option<i64> {
        self.next_due().map(|(left, ..)| left.max(0))
    }

    pub(crate) fn time_out(&mut self) {
        let mut ready = Vec::new();
        while let Some((left, task, due)) = self.next_due()
            && left <= 0
        {
            match due {
                Due::Start => self.at(task).stage = Stage::Waiting(Place::Ready),
                Due::Retry => {
                    let at = self.at(task);
                    at.rest = None;
                    if at.stage == Stage::Waiting(Place::Retry) {
                        at.stage = Stage::Waiting(Place::Ready);
                    }
                }
                Due::Attempt | Due::Idle => self.fail(task, true),
                Due::Total | Due::Deadline => self.end(task, Failed),
            }
            if self.at(task).stage == Stage::Waiting(Place::Ready) {
                ready.push(task);
            }
        }
        self.settle(ready);
    }

    /// A provider says something of an attempt that counts.
    pub(crate) fn alive_sign(&mut self, task: usize) {
        self.at(task).quiet = 0;
    }

    // ----- commands -----

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

    pub(crate) fn limit_group(&mut self, group: usize, limit: Option<usize>) -> Answer {
        if self.groups[group].limit == limit {
            return Ok(Told::Nothing);
        }
        self.groups[group].limit = limit;
        self.fill();
        Ok(Told::Done)
    }

    /// All of them, or none.
    pub(crate) fn create(&mut self, new: &[(usize, Option<usize>, Plan)]) -> Answer {
        let first = self.tasks.len();
        for (provider, parent, plan) in new {
            if !self.providers[*provider].registered {
                return Err(ProviderNotFound);
            }
            if let Some(parent) = parent
                && self.task(*parent)?.status.is_terminal()
                && !plan.outlives
            {
                return Err(IllegalTransition);
            }
        }
        // Who would not run at once must have a place to wait.
        let mut trial = self.clone();
        let mut waits = 0;
        for (provider, parent, plan) in new {
            trial.tasks.push(Some(fresh(*provider, *parent, plan)));
            let number = trial.tasks.len() - 1;
            let task = trial.get(number).unwrap();
            let early = plan.start_at.is_some_and(|start_at| start_at > trial.now);
            if plan.start && trial.has_room(task) && !early && !trial.is_unmet(number) {
                trial.at(number).stage = Stage::Open;
            } else if plan.start {
                waits += 1;
            }
        }
        if waits > 0 && self.waiting() + waits > self.max_queued {
            return Err(QueueFull);
        }
        let mut ready = Vec::new();
        for (provider, parent, plan) in new {
            let number = self.tasks.len();
            self.tasks.push(Some(fresh(*provider, *parent, plan)));
            if plan.start {
                self.ask(number);
                ready.push(number);
            }
        }
        self.current = self.current.or(Some(first));
        self.settle(ready);
        Ok(Told::Done)
    }

    /// The owner begins a run of attempts.
    fn ask(&mut self, task: usize) {
        let at = self.at(task);
        at.attempt += 1;
        (at.first, at.interrupts, at.began, at.retry_at) = (at.attempt, 0, None, None);
        at.stage = Stage::Waiting(Place::Ready);
        at.status = Pending;
        at.wrong = false;
    }

    fn begin(&mut self, task: usize) -> Answer {
        if !self.providers[self.task(task)?.provider].registered {
            return Err(ProviderNotFound);
        }
        let mut after = self.clone();
        after.ask(task);
        after.news.push(task);
        after.settle(vec![task]);
        // The old status says whether it was told at once that it cannot be.
        let runs = after.get(task).is_some_and(Task::is_open);
        if !runs && self.waiting() + 1 > self.max_queued {
            return Err(QueueFull);
        }
        *self = after;
        Ok(Told::Done)
    }

    pub(crate) fn start(&mut self, task: usize) -> Answer {
        let found = self.task(task)?;
        match found.status {
            Running | Blocked => Ok(Told::Nothing),
            Pending if found.waits() => Ok(Told::Nothing),
            Pending => self.begin(task),
            _ => Err(IllegalTransition),
        }
    }

    pub(crate) fn restart(&mut self, task: usize) -> Answer {
        let found = self.task(task)?;
        let above = found.parent.and_then(|parent| self.get(parent));
        let below_ended = above.is_some_and(|above| above.status.is_terminal());
        if !found.status.is_terminal() || below_ended && !found.plan.outlives {
            return Err(IllegalTransition);
        }
        self.begin(task)
    }

    pub(crate) fn pause(&mut self, task: usize) -> Answer {
        let found = self.task(task)?;
        match found.status {
            Paused => Ok(Told::Nothing),
            status if status.is_terminal() => Err(IllegalTransition),
            _ => {
                let waits = found.waits();
                let at = self.at(task);
                at.status = Paused;
                if waits {
                    at.stage = Stage::Waiting(Place::Held);
                }
                // What is over already cannot become more so.
                at.ran = at.ran.min(at.plan.attempt.unwrap_or(i64::MAX));
                at.quiet = at.quiet.min(at.plan.idle.unwrap_or(i64::MAX));
                Ok(Told::Done)
            }
        }
    }

    pub(crate) fn resume(&mut self, task: usize) -> Answer {
        let found = self.task(task)?;
        match (found.status, found.stage) {
            (Running, _) => return Ok(Told::Nothing),
            (Paused, Stage::Open) => self.at(task).status = Running,
            (Paused, Stage::None) => self.at(task).status = Pending,
            (Paused, Stage::Waiting(_)) => {
                self.at(task).stage = Stage::Waiting(Place::Ready);
                self.settle(vec![task]);
            }
            _ => return Err(IllegalTransition),
        }
        Ok(Told::Done)
    }

    /// The task and all below it that do not outlive it.
    pub(crate) fn family(&self, task: usize) -> Vec<usize> {
        let mut family = vec![task];
        let mut next = 0;
        while next < family.len() {
            family.extend(self.which(|below| below.parent == Some(family[next]) && !below.plan.outlives));
            next += 1;
        }
        family
    }

    pub(crate) fn cancel(&mut self, task: usize) -> Answer {
        match self.task(task)?.status {
            Cancelled => Ok(Told::Nothing),
            status if status.is_terminal() => Err(IllegalTransition),
            _ => {
                for task in self.family(task) {
                    self.call_off(task);
                }
                self.settle(Vec::new());
                Ok(Told::Done)
            }
        }
    }

    pub(crate) fn delete(&mut self, task: usize) -> Answer {
        self.task(task)?;
        let family = self.family(task);
        for task in &family {
            self.call_off(*task);
        }
        for gone in &family {
            let completed = self.get(*gone).unwrap().status == Completed;
            let open = |task: &Task| task.plan.depends_on.contains(gone) && !task.status.is_terminal();
            for dependant in self.which(|task| !completed && open(task)) {
                self.end(dependant, Failed);
            }
        }
        for gone in family {
            self.tasks[gone] = None;
            self.current = self.current.filter(|current| *current != gone);
            self.currents.retain(|(_, current)| *current != gone);
            for task in self.tasks.iter_mut().flatten() {
                task.parent = task.parent.filter(|parent| *parent != gone);
                task.plan.depends_on.retain(|on| *on != gone);
            }
        }
        self.settle(Vec::new());
        Ok(Told::Done)
    }

    pub(crate) fn reassign(&mut self, task: usize, provider: usize) -> Answer {
        if self.task(task)?.is_open() {
            return Err(IllegalTransition);
        }
        if !self.providers[provider].registered {
            return Err(ProviderNotFound);
        }
        if self.task(task)?.provider == provider {
            return Ok(Told::Nothing);
        }
        self.at(task).provider = provider;
        if self.task(task)?.ticket().is_some() {
            self.at(task).stage = Stage::Waiting(Place::Ready);
            self.join(task);
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

    pub(crate) fn select_in(&mut self, scope: &'static str, task: Option<usize>) -> Answer {
        if let Some(task) = task {
            self.task(task)?;
        }
        if self.current_in(scope) == task {
            return Ok(Told::Nothing);
        }
        self.currents.retain(|(known, _)| *known != scope);
        self.currents.extend(task.map(|task| (scope, task)));
        Ok(Told::Done)
    }

    pub(crate) fn current_in(&self, scope: &str) -> Option<usize> {
        let found = self.currents.iter().find(|(known, _)| *known == scope);
        found.map(|(_, task)| *task)
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

    pub(crate) fn finish(&mut self, task: usize, attempt: u32, success: bool, retryable: bool) -> Answer {
        let told = self.report(task, attempt)?;
        if told == Told::Done {
            if success {
                self.end(task, Completed);
            } else {
                self.fail(task, retryable);
            }
            self.settle(Vec::new());
        }
        Ok(told)
    }

    /// The orchestrator stopped at once, and was opened again from its journal.
    pub(crate) fn crash(&mut self) {
        for provider in &mut self.providers {
            provider.registered = false;
        }
        let (journal_time, all) = (self.at, self.which(|_| true));
        for task in &all {
            let at = self.at(*task);
            if at.is_open() {
                let held = at.status == Paused && at.plan.on_interrupt == OnInterrupt::Retry;
                let place = if held { Place::Held } else { Place::Interrupted };
                (at.stage, at.status) = (Stage::Waiting(place), Paused);
                at.attempt += 1;
                at.interrupts += 1;
                at.wrong = false;
            }
            // Only the journal knows how long ago anything was.
            at.began = at.began.map(|(_, began)| (journal_time - began, began));
            let rests = at.stage == Stage::Waiting(Place::Retry);
            at.rest = at
                .retry_at
                .filter(|retry_at| at.waits() && (rests || *retry_at > journal_time))
                .map(|retry_at| (retry_at - journal_time).max(0));
        }
        for task in &all {
            self.news.push(*task);
            let at = self.at(*task);
            if at.stage != Stage::Waiting(Place::Interrupted) {
                continue;
            }
            let made = at.attempt - at.first;
            let spent = at.interrupts > 16 || at.plan.retry.is_some_and(|(max, _)| made >= max);
            match at.plan.on_interrupt {
                OnInterrupt::Pause => {}
                OnInterrupt::Retry if !spent => self.admit(*task),
                OnInterrupt::Retry | OnInterrupt::Fail => self.end(*task, Failed),
            }
        }
        self.settle(Vec::new());
    }
}

fn fresh(provider: usize, parent: Option<usize>, plan: &Plan) -> Task {
    Task {
        status: Pending,
        attempt: 0,
        stage: Stage::None,
        provider,
        parent,
        plan: plan.clone(),
        first: 0,
        interrupts: 0,
        ran: 0,
        quiet: 0,
        began: None,
        rest: None,
        retry_at: None,
        wrong: false,
    }
}
