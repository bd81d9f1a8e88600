//! An engine with few words: what kernel tests have in common.

#![allow(dead_code, reason = "not every test uses all of it")]

use agent_orchestrator::kernel::{
    Attempt, Command, Config, Effect, Ending, Event, Kernel, NewProvider, NewTask, Reply, Reporter, TaskKey,
};
use agent_orchestrator::{Engine, EngineOptions, Result, TaskStatus};

pub(crate) const START: u64 = 1_763_000_000_000;

/// An engine whose state is folded again from its journal after every step, and compared.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) now: u64,
    folded: Kernel,
    read: agent_orchestrator::journal::Cursor,
    at: u64,
}

impl Desk {
    pub(crate) fn new(config: Config) -> Self {
        let options = EngineOptions {
            config,
            ..EngineOptions::default()
        };
        let engine = Engine::open(options, START, 7);
        let mut desk = Self {
            read: engine.log().seek(1),
            engine,
            now: START,
            folded: Kernel::new(config),
            at: 0,
        };
        assert_eq!(desk.fold(|_| ()), 1);
        desk
    }

    /// Carries out a command. A refused one, and one to no effect, changes nothing.
    pub(crate) fn tell(&mut self, command: Command<'_>) -> Result<Reply> {
        let before = self.engine.kernel().state().clone();
        let reply = self.engine.handle(self.now, command);
        if matches!(reply, Err(_) | Ok(Reply::Nothing)) {
            assert!(
                self.engine.kernel().state() == &before,
                "{reply:?} and yet a change"
            );
        }
        reply
    }

    /// Reads the events since the last time and folds them; the state must be the same, and time not run backwards.
    pub(crate) fn fold(&mut self, mut see: impl FnMut(&Event<'_>)) -> usize {
        let mut count = 0;
        while let Some(recorded) = self.engine.log().read(&mut self.read) {
            assert!(recorded.at >= self.at, "time runs backwards at {}", recorded.seq);
            assert_eq!(recorded.seq, self.folded.seq() + 1);
            self.at = recorded.at;
            self.folded.apply(recorded.at, &recorded.event);
            see(&recorded.event);
            count += 1;
        }
        assert_eq!(self.read, self.engine.log().end());
        assert!(
            self.folded.state() == self.engine.kernel().state(),
            "the state is not the fold of the journal"
        );
        count
    }

    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.engine.poll_effect()).collect()
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
        let task = NewTask {
            name: "task",
            provider: Some("worker"),
            ..NewTask::default()
        };
        match self.tell(Command::Create(&[task])) {
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

    pub(crate) fn attempt(&self, task: TaskKey) -> Attempt {
        self.engine
            .kernel()
            .task(task)
            .map_or(Attempt::NONE, |task| task.attempt())
    }

    pub(crate) fn status(&self, task: TaskKey) -> Option<TaskStatus> {
        self.engine.kernel().task(task).map(|task| task.status())
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
