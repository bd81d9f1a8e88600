//! A kernel with its journal and few words: what kernel tests have in common.

#![allow(dead_code, reason = "not every test uses all of it")]

use agent_orchestrator::kernel::{
    Attempt, Command, Config, Effect, Ending, Event, Kernel, NewPlan, NewProvider, NewTask, Reply, Reporter,
    Seq, Sink, State, TaskKey,
};
use agent_orchestrator::{ErrorCode, Result, TaskStatus, TaskWait};

pub(crate) const START: u64 = 1_763_000_000_000;

/// What is recorded: the time of each event, and its bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Journal(pub(crate) Vec<(u64, Vec<u8>)>);

impl Sink for Journal {
    fn record(&mut self, seq: Seq, at: u64, event: &Event<'_>) {
        assert_eq!(seq, self.0.len() as u64 + 1, "no gap in the journal");
        self.0.push((at, postcard::to_allocvec(event).unwrap()));
    }
}

/// A kernel whose state is folded again from its journal after every step, and compared.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) kernel: Kernel,
    pub(crate) journal: Journal,
    pub(crate) now: u64,
    folded: Kernel,
    read: usize,
}

impl Desk {
    pub(crate) fn new(config: Config) -> Self {
        let mut desk = Self {
            kernel: Kernel::new(config),
            journal: Journal::default(),
            now: START,
            folded: Kernel::new(config),
            read: 0,
        };
        desk.kernel.open(START, 7, &mut desk.journal);
        assert_eq!(desk.fold(|_| ()), 1);
        desk
    }

    /// One with the provider `worker`.
    pub(crate) fn with_worker(config: Config) -> Self {
        let mut desk = Self::new(config);
        let _ = desk.register("worker", None).unwrap();
        desk
    }

    /// What a crash leaves of it, when so many events were kept, opened again.
    pub(crate) fn crashed(&self, config: Config, kept: usize) -> Self {
        let journal = Journal(self.journal.0[..kept].to_vec());
        let mut desk = Self {
            kernel: replayed(config, &journal),
            folded: replayed(config, &journal),
            journal,
            now: self.now,
            read: kept,
        };
        desk.kernel.recover(desk.now, 0, &mut desk.journal);
        desk
    }

    /// The same one from the bytes of a snapshot.
    pub(crate) fn restored(&self) -> Self {
        let state: State = postcard::from_bytes(&self.snapshot()).unwrap();
        Self {
            kernel: Kernel::restore(*self.kernel.config(), state.clone()),
            journal: self.journal.clone(),
            now: self.now,
            folded: Kernel::restore(*self.kernel.config(), state),
            read: self.journal.0.len(),
        }
    }

    pub(crate) fn recover(&mut self) {
        self.kernel.recover(self.now, 0, &mut self.journal);
        self.fold(|_| ());
    }

    pub(crate) fn snapshot(&self) -> Vec<u8> {
        postcard::to_allocvec(self.kernel.state()).unwrap()
    }

    /// Carries out a command. A refused one, and one to no effect, changes nothing.
    pub(crate) fn tell(&mut self, command: Command<'_>) -> Result<Reply> {
        let before = self.kernel.state().clone();
        let reply = self.kernel.handle(self.now, command, &mut self.journal);
        if matches!(reply, Err(_) | Ok(Reply::Nothing | Reply::Existing { .. })) {
            assert!(self.kernel.state() == &before, "{reply:?} and yet a change");
        }
        reply
    }

    /// Carries out a command that must work, and reads what follows.
    pub(crate) fn done(&mut self, command: Command<'_>) {
        assert_eq!(self.tell(command), Ok(Reply::Done), "{command:?}");
        self.fold(|_| ());
    }

    /// Lets time pass, and what is due happen at its time.
    pub(crate) fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        for _ in 0..10_000 {
            match self.kernel.poll_timeout(self.now) {
                Some(wait) if self.now + wait <= end => {
                    self.now += wait;
                    self.time_out();
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("time stands still at {}", self.now);
    }

    /// Lets what is due now happen. Nothing is due any more then.
    pub(crate) fn time_out(&mut self) {
        self.kernel.handle_timeout(self.now, &mut self.journal);
        self.fold(|_| ());
        assert_ne!(
            self.kernel.poll_timeout(self.now),
            Some(0),
            "it would go on for ever"
        );
    }

    /// The host's clock is set.
    pub(crate) fn jump(&mut self, by: i64) {
        self.now = self.now.saturating_add_signed(by);
        self.kernel.clock_jumped(by);
    }

    /// Reads the events since the last time and folds them; the state must be the same, and time not run backwards.
    pub(crate) fn fold(&mut self, mut see: impl FnMut(&Event<'_>)) -> usize {
        let from = self.read;
        let mut last = from.checked_sub(1).map_or(0, |last| self.journal.0[last].0);
        for (at, bytes) in &self.journal.0[from..] {
            assert!(*at >= last, "time runs backwards");
            last = *at;
            let event: Event<'_> = postcard::from_bytes(bytes).unwrap();
            self.folded.apply(*at, &event);
            see(&event);
        }
        self.read = self.journal.0.len();
        assert!(
            self.folded.state() == self.kernel.state(),
            "the state is not the fold of the journal"
        );
        self.read - from
    }

    /// How many events were not read yet.
    pub(crate) fn unread(&self) -> usize {
        self.journal.0.len() - self.read
    }

    /// The time of the last event.
    pub(crate) fn at(&self) -> u64 {
        self.journal.0.last().map_or(0, |(at, _)| *at)
    }

    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        let end = self.kernel.seq();
        std::iter::from_fn(|| self.kernel.poll_effect(end)).collect()
    }

    pub(crate) fn register(&mut self, id: &str, max_concurrency: Option<u32>) -> Result<Reply> {
        self.tell(Command::RegisterProvider(NewProvider {
            id,
            max_concurrency,
            ..NewProvider::default()
        }))
    }

    /// Creates a task of the provider `worker`.
    pub(crate) fn create(&mut self) -> TaskKey {
        self.planned(NewPlan::default())
    }

    /// Creates a task of the provider `worker` with a plan.
    pub(crate) fn planned(&mut self, plan: NewPlan<'_>) -> TaskKey {
        self.made(NewTask { plan, ..task() })
    }

    pub(crate) fn made(&mut self, new: NewTask<'_>) -> TaskKey {
        let reply = self.tell(Command::Create(&[new]));
        self.fold(|_| ());
        match reply {
            Ok(Reply::Created { first, count: 1 }) => first,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn finish(&mut self, task: TaskKey, success: bool) -> Result<Reply> {
        let attempt = self.attempt(task);
        self.tell(Command::Finish {
            task,
            attempt,
            ending: ending(success),
        })
    }

    /// The current attempt succeeds.
    pub(crate) fn complete(&mut self, task: TaskKey) {
        assert_eq!(self.finish(task, true), Ok(Reply::Done));
        self.fold(|_| ());
    }

    /// The current attempt does not succeed, and may be repeated.
    pub(crate) fn spoil(&mut self, task: TaskKey) {
        assert_eq!(self.finish(task, false), Ok(Reply::Done));
        self.fold(|_| ());
    }

    pub(crate) fn attempt(&self, task: TaskKey) -> Attempt {
        self.kernel
            .task(task)
            .map_or(Attempt::NONE, |task| task.attempt())
    }

    pub(crate) fn status(&self, task: TaskKey) -> Option<TaskStatus> {
        self.kernel.task(task).map(|task| task.status())
    }
}

/// The kernel that a journal leads to.
pub(crate) fn replayed(config: Config, journal: &Journal) -> Kernel {
    let mut kernel = Kernel::new(config);
    for (at, bytes) in &journal.0 {
        kernel.apply(*at, &postcard::from_bytes(bytes).unwrap());
    }
    kernel
}

/// A task of the provider `worker`.
pub(crate) fn task() -> NewTask<'static> {
    NewTask {
        name: "task",
        provider: Some("worker"),
        ..NewTask::default()
    }
}

pub(crate) const fn ending(success: bool) -> Ending<'static> {
    Ending::Result {
        success,
        summary: "so it ended",
        error: None,
        detail: "",
        retryable: true,
    }
}

pub(crate) const fn output(task: TaskKey, by: Reporter, text: &str) -> Command<'_> {
    Command::Output { task, by, text }
}

/// A desk with the provider `worker` and so many slots.
pub(crate) fn desk(max_concurrency: u32) -> Desk {
    Desk::with_worker(Config {
        max_concurrency,
        ..Config::default()
    })
}

/// Started at once.
pub(crate) fn now() -> NewPlan<'static> {
    NewPlan {
        start: true,
        ..NewPlan::default()
    }
}

/// Creates tasks together; each has the id `t` and its place, and the plan.
pub(crate) fn together(desk: &mut Desk, plans: &[NewPlan<'_>]) -> Result<Vec<TaskKey>> {
    let ids: Vec<_> = (0..plans.len())
        .map(|n| format!("t{}", desk.kernel.len() + n))
        .collect();
    let tasks: Vec<_> = ids
        .iter()
        .zip(plans)
        .map(|(id, plan)| NewTask {
            id: Some(id),
            plan: *plan,
            ..task()
        })
        .collect();
    let reply = desk.tell(Command::Create(&tasks));
    desk.fold(|_| ());
    reply.map(|reply| match reply {
        Reply::Created { first, count } | Reply::Existing { first, count } => {
            (first.get()..first.get() + count).map(TaskKey::new).collect()
        }
        other => panic!("{other:?}"),
    })
}

/// What a task waits for.
pub(crate) fn wait(desk: &Desk, task: TaskKey) -> Option<TaskWait> {
    desk.kernel.waiting_for(desk.kernel.task(task).unwrap())
}

/// What has become of these tasks.
pub(crate) fn statuses<const N: usize>(desk: &Desk, tasks: [TaskKey; N]) -> [TaskStatus; N] {
    tasks.map(|task| desk.status(task).unwrap())
}

/// What went wrong with a task.
pub(crate) fn error(desk: &Desk, task: TaskKey) -> &str {
    desk.kernel.task(task).unwrap().error().unwrap_or_default()
}

/// Why a command was refused.
pub(crate) fn code(reply: Result<Reply>) -> ErrorCode {
    reply.unwrap_err().code()
}
