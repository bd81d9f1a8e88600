//! What holds of the kernel after any sequence of commands, legal or not, with a clock that jumps about.
//!
//! The invariants are those of the design: I1 refused changes nothing, I2 state is the fold of the journal, I4 old
//! attempts change nothing, I5 cancel reaches everything below, I6 limits and order, I8 nothing waits for nothing.
//! (I1 and I2 are checked by the desk, after every step.)

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
    pub(crate) mod model;
}

use std::collections::BTreeMap;

use agent_orchestrator::kernel::{
    Attempt, Command, Config, Effect, Ending, Event, NewTask, ProviderKey, Reply, Reporter, TaskKey,
};
use agent_orchestrator::{
    ErrorCode, ListQuery, OrchestratedTask, Sort, TaskStatus, TaskUserStatus, TaskWait,
};
use proptest::prelude::*;
use rust::desk::{Desk, START, ending};
use rust::model::{Answer, Model, Stage, Told};

const LIMITS: [(&str, Option<usize>); 3] = [("free", None), ("two", Some(2)), ("one", Some(1))];
const MAX_CONCURRENCY: usize = 3;
const TAGS: [&str; 3] = ["red", "green", "blue"];

/// Which attempt a report is for.
#[derive(Clone, Copy, Debug)]
enum Of {
    Current,
    Last,
    Never,
    Zero,
}

#[derive(Clone, Debug)]
enum Op {
    Register(usize),
    Unregister(usize),
    Create {
        provider: usize,
        parent: Option<usize>,
        tag: usize,
    },
    Start(usize),
    Restart(usize),
    Pause(usize),
    Resume(usize),
    Cancel(usize),
    Delete(usize),
    Reassign(usize, usize),
    Select(Option<usize>),
    Rename(usize, &'static str),
    Mark(usize, TaskUserStatus),
    /// By the owner.
    Say(usize, Words),
    /// By an attempt.
    Report(usize, Of, Words),
    Finish(usize, Of, bool),
    Fail(usize, Of),
    Clock(i64),
}

#[derive(Clone, Debug)]
enum Words {
    Output(&'static str),
    Progress(f64),
    AddStep(&'static str),
    UpdateStep(&'static str, TaskStatus, Option<&'static str>),
}

fn words() -> impl Strategy<Value = Words> {
    prop_oneof![
        prop::sample::select(vec![
            "one",
            "one\r\ntwo\n",
            " \n\t",
            "",
            "é\u{2028}x",
            "a\rb\rc\rd\re\rf"
        ])
        .prop_map(Words::Output),
        prop::sample::select(vec![
            -1.0,
            0.0,
            0.5,
            49.5,
            99.49,
            100.0,
            1e300,
            f64::NAN,
            f64::INFINITY
        ])
        .prop_map(Words::Progress),
        prop::sample::select(vec!["step", " "]).prop_map(Words::AddStep),
        (
            prop::sample::select(vec!["s1", "s2", "s3", "s0", "s01", "x", ""]),
            prop::sample::select(TaskStatus::ALL.to_vec()),
            prop::sample::select(vec![None, Some("done"), Some(" ")]),
        )
            .prop_map(|(step, status, output)| Words::UpdateStep(step, status, output)),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let task = || 0..8_usize;
    let provider = || 0..LIMITS.len();
    let of = || prop_oneof![6 => Just(Of::Current), 3 => Just(Of::Last), 1 => Just(Of::Never), 1 => Just(Of::Zero)];
    prop_oneof![
        2 => provider().prop_map(Op::Register),
        1 => provider().prop_map(Op::Unregister),
        3 => (provider(), prop::option::of(task()), 0..TAGS.len())
            .prop_map(|(provider, parent, tag)| Op::Create { provider, parent, tag }),
        10 => task().prop_map(Op::Start),
        4 => task().prop_map(Op::Restart),
        6 => task().prop_map(Op::Pause),
        8 => task().prop_map(Op::Resume),
        2 => task().prop_map(Op::Cancel),
        1 => task().prop_map(Op::Delete),
        2 => (task(), provider()).prop_map(|(task, provider)| Op::Reassign(task, provider)),
        1 => prop::option::of(task()).prop_map(Op::Select),
        1 => (task(), prop::sample::select(vec!["new", "", "\u{7}"])).prop_map(|(task, name)| Op::Rename(task, name)),
        1 => (task(), prop::sample::select(vec![TaskUserStatus::Open, TaskUserStatus::Done]))
            .prop_map(|(task, status)| Op::Mark(task, status)),
        3 => (task(), words()).prop_map(|(task, words)| Op::Say(task, words)),
        5 => (task(), of(), words()).prop_map(|(task, of, words)| Op::Report(task, of, words)),
        9 => (task(), of(), any::<bool>()).prop_map(|(task, of, success)| Op::Finish(task, of, success)),
        2 => (task(), of()).prop_map(|(task, of)| Op::Fail(task, of)),
        2 => prop_oneof![0..5000_i64, -100_000_000..100_000_000_i64].prop_map(Op::Clock),
    ]
}

/// The kernel and the model, side by side.
struct Bench {
    desk: Desk,
    model: Model,
    /// Attempts that a provider was called for and not yet told of their end.
    open: BTreeMap<TaskKey, Attempt>,
}

impl Bench {
    fn new() -> Self {
        let config = Config {
            max_concurrency: MAX_CONCURRENCY as u32,
            max_output_lines: 5,
            ..Config::default()
        };
        let limits = LIMITS.map(|(_, limit)| limit);
        let mut bench = Self {
            desk: Desk::new(config),
            model: Model::new(MAX_CONCURRENCY, &limits),
            open: BTreeMap::new(),
        };
        for provider in 0..LIMITS.len() {
            bench.step(&Op::Register(provider));
        }
        // Enough to fill all slots from the first step on.
        for provider in [0, 1, 2, 1, 2] {
            bench.step(&Op::Create {
                provider,
                parent: None,
                tag: 0,
            });
        }
        bench
    }

    fn attempt(&self, task: usize, of: Of) -> u32 {
        let current = self.model.task(task).map_or(1, |task| task.attempt);
        match of {
            Of::Current => current,
            Of::Last => current.saturating_sub(1),
            Of::Never => current + 1,
            Of::Zero => 0,
        }
    }

    fn snapshots(&self) -> Vec<OrchestratedTask> {
        let kernel = self.desk.engine.kernel();
        let tasks = kernel.tasks();
        tasks
            .filter_map(|(key, _)| OrchestratedTask::of(kernel, key))
            .map(|mut task| {
                task.updated_at = 0;
                task
            })
            .collect()
    }

    fn step(&mut self, op: &Op) {
        let before: BTreeMap<_, _> = self.statuses();
        let hash = matches!(op, Op::Report(..) | Op::Finish(..) | Op::Fail(..)).then(|| self.snapshots());
        let (told, due) = self.tell(op);
        let mut events = Vec::new();
        self.desk.fold(|event| events.push(name_of(event)));
        match (&told, due) {
            (Ok(Reply::Nothing), Ok(Told::Nothing))
            | (Ok(Reply::Late), Ok(Told::Late))
            | (
                Ok(Reply::Done | Reply::Step(_) | Reply::Created { .. } | Reply::Provider(_)),
                Ok(Told::Done),
            ) => {}
            (Err(error), Err(code)) if error.code() == code => assert!(!error.message().is_empty()),
            // What is said is checked by itself below; the model knows only whether it counts.
            (Ok(Reply::Nothing), Ok(Told::Done)) if says(op) => {}
            (Err(error), _) if says(op) => assert!(matches!(
                error.code(),
                ErrorCode::InvalidArgument
                    | ErrorCode::StepNotFound
                    | ErrorCode::IllegalTransition
                    | ErrorCode::TaskNotFound
            )),
            (told, due) => panic!("{op:?}: the kernel says {told:?}, the model {due:?}"),
        }
        if told == Ok(Reply::Late) {
            // I4: at most the note that something came.
            assert!(events.is_empty() || events == ["late"], "{op:?}: {events:?}");
            assert_eq!(hash, Some(self.snapshots()), "{op:?}");
        }
        self.check_effects(&events);
        self.check_statuses(op, &before);
        self.check_limits();
        self.check_waiting();
    }

    fn tell(&mut self, op: &Op) -> (agent_orchestrator::Result<Reply>, Answer) {
        let key = |task: usize| TaskKey::new(task as u32);
        let model = &mut self.model;
        match *op {
            Op::Register(provider) => {
                let (id, limit) = LIMITS[provider];
                let due = model.register(provider);
                (self.desk.register(id, limit.map(|limit| limit as u32)), due)
            }
            Op::Unregister(provider) => {
                let due = model.unregister(provider);
                let key = ProviderKey::new(provider as u16);
                (self.desk.tell(Command::UnregisterProvider(key)), due)
            }
            Op::Create {
                provider,
                parent,
                tag,
            } => {
                // Not below one that is gone: its id may be another's by then.
                let parent = parent.filter(|parent| model.task(*parent).is_ok());
                let due = model.create(provider, parent);
                let parent = parent.map(|parent| self.desk.engine.kernel().task_id(key(parent)));
                let task = NewTask {
                    name: "task",
                    provider: Some(LIMITS[provider].0),
                    parent: parent.as_deref(),
                    tags: &TAGS[tag..],
                    ..NewTask::default()
                };
                (self.desk.tell(Command::Create(&[task])), due)
            }
            Op::Start(task) => {
                let due = model.start(task);
                (self.desk.tell(Command::Start(key(task))), due)
            }
            Op::Restart(task) => {
                let due = model.restart(task);
                (self.desk.tell(Command::Restart(key(task))), due)
            }
            Op::Pause(task) => {
                let due = model.pause(task);
                (self.desk.tell(Command::Pause(key(task))), due)
            }
            Op::Resume(task) => {
                let due = model.resume(task);
                (self.desk.tell(Command::Resume(key(task))), due)
            }
            Op::Cancel(task) => {
                let due = model.cancel(task);
                let reason = "no more";
                (
                    self.desk.tell(Command::Cancel {
                        task: key(task),
                        reason,
                    }),
                    due,
                )
            }
            Op::Delete(task) => {
                let due = model.delete(task);
                (self.desk.tell(Command::Delete(key(task))), due)
            }
            Op::Reassign(task, provider) => {
                let due = model.reassign(task, provider);
                let provider = LIMITS[provider].0;
                (
                    self.desk.tell(Command::Reassign {
                        task: key(task),
                        provider,
                    }),
                    due,
                )
            }
            Op::Select(task) => {
                let due = model.select(task);
                (self.desk.tell(Command::Select(task.map(key))), due)
            }
            Op::Rename(task, name) => {
                let told = self.desk.tell(Command::Rename {
                    task: key(task),
                    name,
                });
                (told, model.task(task).map(|_| Told::Done))
            }
            Op::Mark(task, status) => {
                let told = self.desk.tell(Command::Mark {
                    task: key(task),
                    status,
                });
                (told, model.task(task).map(|_| Told::Done))
            }
            Op::Say(task, ref words) => {
                let told = self.desk.tell(words.command(key(task), Reporter::Owner));
                (told, model.task(task).map(|_| Told::Done))
            }
            Op::Report(task, of, ref words) => {
                let attempt = self.attempt(task, of);
                let by = Reporter::Attempt(Attempt::new(attempt));
                (
                    self.desk.tell(words.command(key(task), by)),
                    self.model.report(task, attempt),
                )
            }
            Op::Finish(task, of, success) => self.finish(task, of, ending(success), success),
            Op::Fail(task, of) => self.finish(
                task,
                of,
                Ending::Error {
                    error: "boom",
                    retryable: true,
                },
                false,
            ),
            Op::Clock(by) => {
                self.desk.now = self.desk.now.saturating_add_signed(by);
                (Ok(Reply::Nothing), Ok(Told::Nothing))
            }
        }
    }

    fn finish(
        &mut self,
        task: usize,
        of: Of,
        ending: Ending<'_>,
        success: bool,
    ) -> (agent_orchestrator::Result<Reply>, Answer) {
        let attempt = self.attempt(task, of);
        let due = self.model.finish(task, attempt, success);
        let (task, attempt) = (TaskKey::new(task as u32), Attempt::new(attempt));
        (
            self.desk.tell(Command::Finish {
                task,
                attempt,
                ending,
            }),
            due,
        )
    }

    fn statuses(&self) -> BTreeMap<TaskKey, TaskStatus> {
        let tasks = self.desk.engine.kernel().tasks();
        tasks.map(|(key, task)| (key, task.status())).collect()
    }

    /// Orders are those that the events call for: every attempt is called once and told once that it is over.
    fn check_effects(&mut self, events: &[&str]) {
        let count = |names: &[&str]| events.iter().filter(|name| names.contains(name)).count();
        let effects = self.desk.effects();
        let (mut runs, mut ends) = (0, 0);
        for effect in effects {
            match effect {
                Effect::Run { task, attempt, .. } => {
                    runs += 1;
                    assert_eq!(self.open.insert(task, attempt), None, "one attempt at a time");
                }
                Effect::Abort { task, attempt }
                | Effect::Hold { task, attempt }
                | Effect::Release { task, attempt } => {
                    assert_eq!(
                        self.open.get(&task),
                        Some(&attempt),
                        "only open attempts are told"
                    );
                }
                Effect::Settle { task, .. } => {
                    ends += 1;
                    self.open.remove(&task);
                }
                other => panic!("{other:?} is new"),
            }
        }
        assert_eq!(runs, count(&["started"]));
        assert_eq!(ends, count(&["completed", "failed", "cancelled"]));
    }

    /// The model agrees; no status changed in a way that is not in the table; I5.
    fn check_statuses(&self, op: &Op, before: &BTreeMap<TaskKey, TaskStatus>) {
        use agent_orchestrator::kernel::status::{Next, Verb, next};
        let kernel = self.desk.engine.kernel();
        let found = self.statuses();
        let due: BTreeMap<_, _> = self
            .model
            .alive()
            .map(|(number, task)| (TaskKey::new(number as u32), task.status))
            .collect();
        assert_eq!(found, due, "{op:?}");
        for (key, to) in &found {
            let from = before.get(key).copied().unwrap_or_default();
            let direct = Verb::ALL
                .into_iter()
                .any(|verb| next(from, verb) == Some(Next::To(*to)));
            // Waiting for a slot stands between what the table says and where it leads.
            let waits = *to == TaskStatus::Pending && (from.is_terminal() || from == TaskStatus::Paused);
            assert!(from == *to || direct || waits, "{op:?}: {from} became {to}");
        }
        for (number, task) in self.model.alive() {
            let key = TaskKey::new(number as u32);
            let found = kernel.task(key).unwrap();
            assert_eq!(found.attempt().get(), task.attempt, "{op:?}");
            assert_eq!(found.is_active(), task.stage == Stage::Open, "{op:?}");
            assert_eq!(found.is_waiting(), task.stage == Stage::Waiting, "{op:?}");
            assert_eq!(self.open.contains_key(&key), task.stage == Stage::Open, "{op:?}");
            assert!(found.created_at() <= found.updated_at() && found.created_at() >= START);
            assert!(found.started_at().is_none_or(|at| at >= found.created_at()));
            assert_eq!(
                found.completed_at().is_some(),
                found.status().is_terminal(),
                "{op:?}"
            );
            assert!(found.progress() <= 100 && found.output().len() <= 5);
        }
        assert_eq!(kernel.current().map(|key| key.get() as usize), self.model.current);
        if let Op::Cancel(task) = op
            && self
                .model
                .task(*task)
                .is_ok_and(|task| task.status == TaskStatus::Cancelled)
            && before.get(&TaskKey::new(*task as u32)) != Some(&TaskStatus::Cancelled)
        {
            for below in self.model.family(*task) {
                let status = found[&TaskKey::new(below as u32)];
                assert!(status.is_terminal(), "{op:?}: {below} is {status}");
            }
        }
    }

    /// I6: limits hold, and no slot is free while somebody could have it.
    fn check_limits(&self) {
        let kernel = self.desk.engine.kernel();
        assert_eq!(kernel.running() as usize, self.model.open(None));
        assert!(kernel.running() as usize <= MAX_CONCURRENCY);
        for (number, (id, limit)) in LIMITS.into_iter().enumerate() {
            let Some(key) = kernel.find_provider(id) else {
                continue;
            };
            let provider = kernel.provider(key).unwrap();
            let (running, queued) = kernel.load(key);
            let running = running as usize;
            assert_eq!(running, self.model.open(Some(number)));
            assert!(limit.is_none_or(|limit| running <= limit));
            let waiting = self.model.queue.iter();
            let waiting = waiting.filter(|task| self.model.task(**task).unwrap().provider == number);
            assert_eq!(queued, waiting.count());
            let has_room = provider.is_registered() && limit.is_none_or(|limit| running < limit);
            assert!(
                queued == 0 || !has_room || kernel.running() as usize == MAX_CONCURRENCY,
                "a ready task waits while a slot is free"
            );
        }
    }

    /// I8: a task that was started has ended, runs, is paused, or says what it waits for.
    fn check_waiting(&self) {
        let kernel = self.desk.engine.kernel();
        for (_, task) in kernel.tasks() {
            let started = task.attempt() != Attempt::NONE;
            let names = kernel.waiting_for(task);
            match task.status() {
                TaskStatus::Pending => assert_eq!(started, names.is_some()),
                TaskStatus::Paused => assert_eq!(names.is_some(), started && !task.is_active()),
                _ => assert_eq!(names, None),
            }
            let registered = kernel.provider(task.provider()).unwrap().is_registered();
            if let Some(wait) = names {
                assert_eq!(wait == TaskWait::Provider, !registered);
            }
        }
    }

    /// What lists and counts say is what a look at every task says.
    fn check_indexes(&self) {
        let kernel = self.desk.engine.kernel();
        let list = |query: ListQuery| {
            let query = ListQuery {
                sort: Some(Sort::CreatedAt),
                limit: Some(1000),
                ..query
            };
            query.run(kernel).unwrap().keys
        };
        let all: Vec<_> = self
            .model
            .alive()
            .map(|(number, _)| TaskKey::new(number as u32))
            .collect();
        assert_eq!(list(ListQuery::default()), all);
        assert_eq!(kernel.len(), all.len());
        let those = |holds: &dyn Fn(TaskKey) -> bool| -> Vec<TaskKey> {
            all.iter().copied().filter(|key| holds(*key)).collect()
        };
        let task = |key| kernel.task(key).unwrap();
        for status in TaskStatus::ALL {
            let due = those(&|key| task(key).status() == status);
            assert_eq!(kernel.count(status), due.len());
            let query = ListQuery {
                status: vec![status],
                ..ListQuery::default()
            };
            assert_eq!(list(query), due);
        }
        for tag in TAGS {
            let query = ListQuery {
                tag: Some(tag.to_owned()),
                ..ListQuery::default()
            };
            assert_eq!(list(query), those(&|key| task(key).tags().any(|own| own == tag)));
        }
        for (number, (id, _)) in LIMITS.into_iter().enumerate() {
            let query = ListQuery {
                provider_id: Some(id.to_owned()),
                ..ListQuery::default()
            };
            assert_eq!(
                list(query),
                those(&|key| task(key).provider().get() as usize == number)
            );
        }
        for parent in all.iter().copied().map(Some).chain([None]) {
            let id = parent.map(|parent| kernel.task_id(parent));
            let query = ListQuery {
                parent: Some(id),
                ..ListQuery::default()
            };
            assert_eq!(list(query), those(&|key| task(key).parent() == parent));
        }
        // Pages of two, backwards, are the whole list.
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let query = ListQuery {
                limit: Some(2),
                cursor,
                ..ListQuery::default()
            };
            let page = query.run(kernel).unwrap();
            pages.extend(page.keys);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        pages.reverse();
        assert_eq!(pages, all);
    }
}

impl Words {
    const fn command(&self, task: TaskKey, by: Reporter) -> Command<'_> {
        match *self {
            Self::Output(text) => Command::Output { task, by, text },
            Self::Progress(percent) => Command::Progress { task, by, percent },
            Self::AddStep(description) => Command::AddStep {
                task,
                by,
                description,
            },
            Self::UpdateStep(step, status, output) => Command::UpdateStep {
                task,
                by,
                step,
                status,
                output,
            },
        }
    }
}

/// Whether the command only says something of a task, so that the model does not know all of what becomes of it.
const fn says(op: &Op) -> bool {
    matches!(op, Op::Say(..) | Op::Report(..) | Op::Rename(..) | Op::Mark(..))
}

const fn name_of(event: &Event<'_>) -> &'static str {
    match event {
        Event::Started { .. } => "started",
        Event::Completed { .. } => "completed",
        Event::Failed { .. } => "failed",
        Event::Cancelled { .. } => "cancelled",
        Event::Late { .. } => "late",
        _ => "other",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_keeps_its_invariants(ops in prop::collection::vec(ops(), 1..120)) {
        let mut bench = Bench::new();
        for op in &ops {
            bench.step(op);
        }
        bench.check_indexes();
    }

    /// The same commands at the same times give the same bytes.
    #[test]
    fn the_same_commands_give_the_same_hashes(ops in prop::collection::vec(ops(), 1..60)) {
        let hashes = |ops: &[Op]| {
            let mut bench = Bench::new();
            ops.iter().for_each(|op| bench.step(op));
            (bench.desk.engine.journal_hash(), bench.desk.engine.state_hash())
        };
        prop_assert_eq!(hashes(&ops), hashes(&ops));
    }

    /// Whatever has happened: when every open attempt ends and providers are there, nothing waits any more.
    #[test]
    fn nothing_is_ever_stuck(ops in prop::collection::vec(ops(), 1..80)) {
        let mut bench = Bench::new();
        for op in &ops {
            bench.step(op);
        }
        for provider in 0..LIMITS.len() {
            bench.step(&Op::Register(provider));
        }
        for task in 0..bench.model.tasks.len() {
            bench.step(&Op::Resume(task));
        }
        while let Some(task) = bench.open.keys().next().copied() {
            bench.step(&Op::Finish(task.get() as usize, Of::Current, true));
        }
        prop_assert!(bench.model.queue.is_empty());
        for (_, task) in bench.desk.engine.kernel().tasks() {
            prop_assert!(task.status().is_terminal() || task.attempt() == Attempt::NONE);
        }
    }
}
