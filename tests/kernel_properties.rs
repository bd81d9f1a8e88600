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
    Attempt, Command, Config, Effect, Ending, Event, NewPlan, NewProvider, NewTask, OnDependencyFailure,
    ProviderKey, Reply, Reporter, Retry, Task, TaskKey, Timeouts,
};
use agent_orchestrator::{
    ErrorCode, ListQuery, OnInterrupt, OrchestratedTask, Sort, TaskStatus, TaskUserStatus, TaskWait,
};
use proptest::prelude::*;
use rust::desk::{Desk, START, ending};
use rust::model::{Answer, Model, Place, Plan, Stage, Told};

const LIMITS: [(&str, Option<usize>); 3] = [("free", None), ("two", Some(2)), ("one", Some(1))];
const SCOPES: [&str; 3] = ["room", "room|ann", "räume"];
const GROUPS: [&str; 3] = ["", "red", "blue"];
const MAX_CONCURRENCY: usize = 2;
const MAX_QUEUED: usize = 9;
/// Enough to find what goes wrong in one of some hundred sequences; the simulator looks further.
const CASES: u32 = 120;
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
    Create(Vec<New>),
    LimitGroup(usize, Option<usize>),
    Start(usize),
    Restart(usize),
    Pause(usize),
    Resume(usize),
    Cancel(usize),
    Delete(usize),
    Reassign(usize, usize),
    Select(Option<usize>),
    SelectIn(&'static str, Option<usize>),
    Rename(usize, &'static str),
    Mark(usize, TaskUserStatus),
    /// By the owner.
    Say(usize, Words),
    /// By an attempt.
    Report(usize, Of, Words),
    Finish(usize, Of, bool),
    /// With an error, which may be worth another attempt.
    Fail(usize, Of, bool),
    /// Time passes, and what is due happens.
    Pass(i64),
    /// Time passes, and what is due happens too late.
    Late(i64),
    /// The host's clock is set.
    Jump(i64),
    /// The process ends at once and begins anew.
    Crash,
}

/// A task to create. Moments are told from now.
#[derive(Clone, Debug)]
struct New {
    provider: usize,
    parent: Option<usize>,
    tag: usize,
    plan: Plan,
}

impl New {
    fn plain(provider: usize) -> Self {
        Self {
            provider,
            parent: None,
            tag: 0,
            plan: Plan::default(),
        }
    }
}

fn new() -> impl Strategy<Value = New> {
    let task = || 0..10_usize;
    let sometimes = |often: u32, most: i64| prop_oneof![often => Just(None), 1 => (1..most).prop_map(Some)];
    let on_interrupt = prop::sample::select(OnInterrupt::ALL.to_vec());
    let retry = prop_oneof![2 => Just(None), 1 => (1..4_u32, 0..3000_i64).prop_map(Some)];
    (
        (
            0..LIMITS.len(),
            prop::option::weighted(0.3, task()),
            0..TAGS.len(),
        ),
        (0..GROUPS.len(), -1..2_i64, any::<bool>(), any::<bool>()),
        (
            prop_oneof![1 => Just(vec![]), 1 => prop::collection::vec(task(), 1..3)],
            prop::bool::weighted(0.2),
        ),
        (retry, sometimes(3, 500), sometimes(3, 400), sometimes(3, 1500)),
        (sometimes(5, 3000), sometimes(4, 1000), on_interrupt),
    )
        .prop_map(
            |(
                (provider, parent, tag),
                (group, priority, doomed, start),
                (depends_on, outlives),
                (retry, attempt, idle, total),
                (deadline, start_at, on_interrupt),
            )| New {
                provider,
                parent,
                tag,
                plan: Plan {
                    group,
                    priority,
                    depends_on,
                    doomed,
                    retry,
                    attempt,
                    idle,
                    total,
                    deadline,
                    start_at,
                    on_interrupt,
                    outlives,
                    start,
                },
            },
        )
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
    let task = || 0..10_usize;
    let provider = || 0..LIMITS.len();
    let of = || prop_oneof![6 => Just(Of::Current), 3 => Just(Of::Last), 1 => Just(Of::Never), 1 => Just(Of::Zero)];
    prop_oneof![
        2 => provider().prop_map(Op::Register),
        1 => provider().prop_map(Op::Unregister),
        6 => prop::collection::vec(new(), 1..4).prop_map(Op::Create),
        1 => (0..GROUPS.len(), prop::option::of(1..3_usize)).prop_map(|(group, max)| Op::LimitGroup(group, max)),
        10 => task().prop_map(Op::Start),
        4 => task().prop_map(Op::Restart),
        6 => task().prop_map(Op::Pause),
        8 => task().prop_map(Op::Resume),
        2 => task().prop_map(Op::Cancel),
        1 => task().prop_map(Op::Delete),
        2 => (task(), provider()).prop_map(|(task, provider)| Op::Reassign(task, provider)),
        1 => prop::option::of(task()).prop_map(Op::Select),
        2 => (prop::sample::select(&SCOPES[..]), prop::option::weighted(0.8, task()))
            .prop_map(|(scope, task)| Op::SelectIn(scope, task)),
        1 => (task(), prop::sample::select(vec!["new", "", "\u{7}"])).prop_map(|(task, name)| Op::Rename(task, name)),
        1 => (task(), prop::sample::select(vec![TaskUserStatus::Open, TaskUserStatus::Done]))
            .prop_map(|(task, status)| Op::Mark(task, status)),
        3 => (task(), words()).prop_map(|(task, words)| Op::Say(task, words)),
        5 => (task(), of(), words()).prop_map(|(task, of, words)| Op::Report(task, of, words)),
        9 => (task(), of(), any::<bool>()).prop_map(|(task, of, success)| Op::Finish(task, of, success)),
        7 => (task(), of(), any::<bool>()).prop_map(|(task, of, retryable)| Op::Fail(task, of, retryable)),
        8 => (0..400_i64).prop_map(Op::Pass),
        2 => (0..400_i64).prop_map(Op::Late),
        1 => prop::sample::select(vec![-3_600_000, -50, 70, 3_600_000_i64]).prop_map(Op::Jump),
        1 => Just(Op::Crash),
    ]
}

/// The kernel and the model, side by side.
struct Bench {
    desk: Desk,
    model: Model,
    /// Attempts that a provider was called for and not yet told of their end.
    open: BTreeMap<TaskKey, Attempt>,
    /// Another kernel that is told the same.
    twin: Option<Desk>,
}

impl Bench {
    fn new() -> Self {
        let config = Config {
            max_concurrency: MAX_CONCURRENCY as u32,
            max_output_lines: 5,
            max_queued: MAX_QUEUED as u32,
            ..Config::default()
        };
        let limits = LIMITS.map(|(_, limit)| limit);
        let mut bench = Self {
            desk: Desk::new(config),
            model: Model::new(MAX_CONCURRENCY, MAX_QUEUED, &limits, GROUPS.len()),
            twin: None,
            open: BTreeMap::new(),
        };
        for provider in 0..LIMITS.len() {
            bench.step(&Op::Register(provider));
        }
        // Enough to fill all slots from the first step on.
        for provider in [0, 1, 2, 1, 2] {
            bench.step(&Op::Create(vec![New::plain(provider)]));
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
        let kernel = &self.desk.kernel;
        let tasks = kernel.tasks();
        tasks
            .filter_map(|(key, _)| OrchestratedTask::of(kernel, key))
            .map(|mut task| {
                task.updated_at = 0;
                // What a paused task would wait for is told by the time of the last event.
                task.waiting_for = None;
                task
            })
            .collect()
    }

    fn step(&mut self, op: &Op) {
        let before: BTreeMap<_, _> = self.statuses();
        let hash = matches!(op, Op::Report(..) | Op::Finish(..) | Op::Fail(..)).then(|| self.snapshots());
        self.model.now = self.desk.now as i64;
        self.model.at = self.desk.at().max(self.desk.now) as i64;
        let (told, due) = self.tell(op);
        if let Some(twin) = &self.twin {
            let events = |desk: &Desk| desk.journal.0[desk.journal.0.len() - self.desk.unread()..].to_vec();
            assert_eq!(events(twin), events(&self.desk), "{op:?}");
            assert_eq!(twin.snapshot(), self.desk.snapshot(), "{op:?}");
        }
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
        self.check_time();
    }

    /// Tells the kernel, and its twin if it has one.
    fn both(&mut self, command: Command<'_>) -> agent_orchestrator::Result<Reply> {
        let told = self.desk.tell(command);
        if let Some(twin) = &mut self.twin {
            assert_eq!(twin.tell(command), told);
        }
        told
    }

    fn desks(&mut self) -> impl Iterator<Item = &mut Desk> {
        std::iter::once(&mut self.desk).chain(&mut self.twin)
    }

    /// What is due happens.
    fn time_out(&mut self) {
        self.model.at = self.desk.at().max(self.desk.now) as i64;
        for desk in self.desks() {
            desk.kernel.handle_timeout(desk.now, &mut desk.journal);
            assert_ne!(
                desk.kernel.poll_timeout(desk.now),
                Some(0),
                "it would go on for ever"
            );
        }
        self.model.time_out();
    }

    fn create(&mut self, tasks: &[New]) -> (agent_orchestrator::Result<Reply>, Answer) {
        let now = self.model.now;
        // Not below, and not after one that is gone: its id may be another's by then.
        let there = |task: &usize| self.model.task(*task).is_ok();
        let tasks: Vec<New> = tasks
            .iter()
            .cloned()
            .map(|mut new| {
                new.parent = new.parent.filter(there);
                new.plan.depends_on.retain(there);
                new.plan.deadline = new.plan.deadline.map(|span| now + span);
                new.plan.start_at = new.plan.start_at.map(|span| now + span);
                new
            })
            .collect();
        let id = |task: usize| self.desk.kernel.task_id(TaskKey::new(task as u32));
        let parents: Vec<_> = tasks.iter().map(|new| new.parent.map(id)).collect();
        let depends_on: Vec<Vec<_>> = tasks
            .iter()
            .map(|new| new.plan.depends_on.iter().copied().map(id).collect())
            .collect();
        let depends_on: Vec<Vec<&str>> = depends_on
            .iter()
            .map(|ids| ids.iter().map(String::as_str).collect())
            .collect();
        let of = |place: usize| {
            let New {
                provider, tag, plan, ..
            } = &tasks[place];
            NewTask {
                name: "task",
                provider: Some(LIMITS[*provider].0),
                parent: parents[place].as_deref(),
                tags: &TAGS[*tag..],
                plan: planned(plan, &depends_on[place]),
                ..NewTask::default()
            }
        };
        let orders: Vec<_> = (0..tasks.len()).map(of).collect();
        let told = self.both(Command::Create(&orders));
        let model: Vec<_> = tasks
            .iter()
            .map(|new| (new.provider, new.parent, new.plan.clone()))
            .collect();
        (told, self.model.create(&model))
    }

    /// Time brings what the model says, no later, and not for ever.
    fn check_time(&self) {
        let found = self.desk.kernel.poll_timeout(self.desk.now);
        let due = self.model.quiet_for();
        if let Some(due) = due {
            assert!(found.is_some_and(|found| found as i64 <= due), "{found:?}, {due}");
        }
        if self
            .desk
            .kernel
            .tasks()
            .all(|(_, task)| task.status().is_terminal())
        {
            let timers = format!("{:?}", self.desk.kernel);
            assert!(timers.contains("moments: {}, spans: {}, of: {}"), "{timers}");
            assert_eq!(found, None);
        }
    }

    fn tell(&mut self, op: &Op) -> (agent_orchestrator::Result<Reply>, Answer) {
        let key = |task: usize| TaskKey::new(task as u32);
        match *op {
            Op::Register(provider) => {
                let (id, limit) = LIMITS[provider];
                let told = self.both(Command::RegisterProvider(NewProvider {
                    id,
                    max_concurrency: limit.map(|limit| limit as u32),
                    ..NewProvider::default()
                }));
                (told, self.model.register(provider))
            }
            Op::Unregister(provider) => {
                let key = ProviderKey::new(provider as u16);
                let told = self.both(Command::UnregisterProvider(key));
                (told, self.model.unregister(provider))
            }
            Op::Create(ref tasks) => self.create(tasks),
            Op::LimitGroup(group, max) => {
                let told = self.both(Command::LimitGroup {
                    group: GROUPS[group],
                    max: max.map(|max| max as u32),
                });
                (told, self.model.limit_group(group, max))
            }
            Op::Start(task) => (self.both(Command::Start(key(task))), self.model.start(task)),
            Op::Restart(task) => (self.both(Command::Restart(key(task))), self.model.restart(task)),
            Op::Pause(task) => (self.both(Command::Pause(key(task))), self.model.pause(task)),
            Op::Resume(task) => (self.both(Command::Resume(key(task))), self.model.resume(task)),
            Op::Cancel(task) => {
                let told = self.both(Command::Cancel {
                    task: key(task),
                    reason: "no more",
                });
                (told, self.model.cancel(task))
            }
            Op::Delete(task) => (self.both(Command::Delete(key(task))), self.model.delete(task)),
            Op::Reassign(task, provider) => {
                let told = self.both(Command::Reassign {
                    task: key(task),
                    provider: LIMITS[provider].0,
                });
                (told, self.model.reassign(task, provider))
            }
            Op::Select(task) => (self.both(Command::Select(task.map(key))), self.model.select(task)),
            Op::SelectIn(scope, task) => {
                let told = self.both(Command::SelectIn {
                    scope,
                    task: task.map(key),
                });
                (told, self.model.select_in(scope, task))
            }
            Op::Rename(task, name) => {
                let told = self.both(Command::Rename {
                    task: key(task),
                    name,
                });
                (told, self.model.task(task).map(|_| Told::Done))
            }
            Op::Mark(task, status) => {
                let told = self.both(Command::Mark {
                    task: key(task),
                    status,
                });
                (told, self.model.task(task).map(|_| Told::Done))
            }
            Op::Say(task, ref words) => {
                let told = self.both(words.command(key(task), Reporter::Owner));
                (told, self.model.task(task).map(|_| Told::Done))
            }
            Op::Report(task, of, ref words) => {
                let attempt = self.attempt(task, of);
                let by = Reporter::Attempt(Attempt::new(attempt));
                let told = self.both(words.command(key(task), by));
                let due = self.model.report(task, attempt);
                if due == Ok(Told::Done) && words.are_a_sign_of_life() {
                    self.model.alive_sign(task);
                }
                (told, due)
            }
            Op::Finish(task, of, success) => self.finish(task, of, ending(success), success, true),
            Op::Fail(task, of, retryable) => {
                let error = "boom";
                self.finish(task, of, Ending::Error { error, retryable }, false, retryable)
            }
            Op::Pass(millis) | Op::Late(millis) => {
                for desk in self.desks() {
                    desk.now += millis as u64;
                }
                self.model.pass(millis, false);
                if matches!(op, Op::Pass(_)) {
                    self.time_out();
                }
                (Ok(Reply::Done), Ok(Told::Done))
            }
            Op::Jump(by) => {
                self.desks().for_each(|desk| desk.jump(by));
                self.model.pass(by, true);
                self.time_out();
                (Ok(Reply::Done), Ok(Told::Done))
            }
            Op::Crash => {
                let config = *self.desk.kernel.config();
                self.desk.fold(|_| ());
                for desk in self.desks() {
                    *desk = desk.crashed(config, desk.journal.0.len());
                }
                self.open.clear();
                self.model.crash();
                (Ok(Reply::Done), Ok(Told::Done))
            }
        }
    }

    fn finish(
        &mut self,
        task: usize,
        of: Of,
        ending: Ending<'_>,
        success: bool,
        retryable: bool,
    ) -> (agent_orchestrator::Result<Reply>, Answer) {
        let attempt = self.attempt(task, of);
        let (key, number) = (TaskKey::new(task as u32), Attempt::new(attempt));
        let told = self.both(Command::Finish {
            task: key,
            attempt: number,
            ending,
        });
        (told, self.model.finish(task, attempt, success, retryable))
    }

    fn statuses(&self) -> BTreeMap<TaskKey, TaskStatus> {
        let tasks = self.desk.kernel.tasks();
        tasks.map(|(key, task)| (key, task.status())).collect()
    }

    /// Orders are those that the events call for: every attempt is called once, and told once that it is over unless
    /// its provider said so.
    fn check_effects(&mut self, events: &[&str]) {
        let count = |names: &[&str]| events.iter().filter(|name| names.contains(name)).count();
        let (mut runs, mut ends) = (0, 0);
        for effect in self.desk.effects() {
            match effect {
                Effect::Run { task, attempt, .. } => {
                    runs += 1;
                    let before = self.open.insert(task, attempt);
                    assert!(
                        before.is_none_or(|before| before < attempt),
                        "one attempt at a time"
                    );
                }
                Effect::Abort { task, attempt } => {
                    assert_eq!(
                        self.open.remove(&task),
                        Some(attempt),
                        "only open attempts are aborted"
                    );
                }
                Effect::Hold { task, attempt } | Effect::Release { task, attempt } => {
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
        if let Some(twin) = &mut self.twin {
            let _ = twin.effects();
        }
        assert_eq!(runs, count(&["started"]));
        assert_eq!(ends, count(&["completed", "failed", "cancelled"]));
        // What a provider said itself is over, too.
        let kernel = &self.desk.kernel;
        self.open.retain(|key, attempt| {
            kernel
                .task(*key)
                .is_some_and(|task| task.is_active() && task.attempt() == *attempt)
        });
    }

    /// The model agrees; no status changed in a way that is not in the table; I5.
    fn check_statuses(&self, op: &Op, before: &BTreeMap<TaskKey, TaskStatus>) {
        use agent_orchestrator::kernel::status::{Next, Verb, next};
        let kernel = &self.desk.kernel;
        let found = self.statuses();
        let due: BTreeMap<_, _> = self
            .model
            .alive()
            .map(|(number, task)| (TaskKey::new(number as u32), task.status))
            .collect();
        assert_eq!(found, due, "{op:?}");
        for (key, to) in &found {
            let from = before.get(key).copied().unwrap_or_default();
            let leads = |from, to| {
                let direct = |verb| next(from, verb) == Some(Next::To(to));
                from == to || Verb::ALL.into_iter().any(direct)
            };
            // Waiting stands between what the table says and where it leads, and several steps may be one.
            let waits = matches!(
                to,
                TaskStatus::Pending | TaskStatus::Blocked | TaskStatus::Running
            );
            let ends = *to == TaskStatus::Failed && !from.is_terminal();
            let fails = from.is_terminal() && *to == TaskStatus::Failed && matches!(op, Op::Restart(_));
            let crash = matches!(op, Op::Crash) && *to == TaskStatus::Paused;
            assert!(
                leads(from, *to)
                    || waits && !from.is_terminal()
                    || ends
                    || fails
                    || crash
                    || waits && matches!(op, Op::Restart(_)),
                "{op:?}: {from} became {to}"
            );
        }
        for (number, task) in self.model.alive() {
            let key = TaskKey::new(number as u32);
            let found = kernel.task(key).unwrap();
            assert_eq!(found.attempt().get(), task.attempt, "{op:?}");
            assert_eq!(found.is_active(), task.stage == Stage::Open, "{op:?}");
            let waits = matches!(task.stage, Stage::Waiting(_));
            assert_eq!(found.is_waiting(), waits, "{op:?}");
            assert_eq!(found.error().is_some(), task.wrong, "{op:?}");
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
        for scope in SCOPES {
            let current = kernel.current_in(scope).map(|key| key.get() as usize);
            assert_eq!(current, self.model.current_in(scope), "{op:?}");
        }
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
        let kernel = &self.desk.kernel;
        assert_eq!(kernel.running() as usize, self.model.open(|_| true));
        assert!(kernel.running() as usize <= MAX_CONCURRENCY);
        assert_eq!(kernel.waiting(), self.model.waiting());
        for (number, (id, limit)) in LIMITS.into_iter().enumerate() {
            let Some(key) = kernel.find_provider(id) else {
                continue;
            };
            let (running, queued) = kernel.load(key);
            assert_eq!(running as usize, self.model.open(|task| task.provider == number));
            assert!(limit.is_none_or(|limit| running as usize <= limit));
            assert_eq!(queued, self.model.in_line(|task| task.provider == number));
        }
        assert_eq!(
            self.model.in_line(|task| self.model.has_room(task)),
            0,
            "a ready task waits while a slot is free"
        );
    }

    /// I8: a task that was started has ended, runs, is paused, or says what it waits for.
    fn check_waiting(&self) {
        let kernel = &self.desk.kernel;
        for (number, model) in self.model.alive() {
            let task = kernel.task(TaskKey::new(number as u32)).unwrap();
            let registered = kernel.provider(task.provider()).unwrap().is_registered();
            let due = match model.stage {
                Stage::Waiting(Place::Line(_)) if registered => Some(TaskWait::Capacity),
                Stage::Waiting(Place::Line(_)) => Some(TaskWait::Provider),
                Stage::Waiting(Place::Dependencies) => Some(TaskWait::Dependencies),
                Stage::Waiting(Place::Time) => Some(TaskWait::Time),
                Stage::Waiting(Place::Retry) => Some(TaskWait::Retry),
                Stage::Waiting(Place::Interrupted) => Some(TaskWait::Interrupted),
                // It says what it would wait for.
                Stage::Waiting(Place::Held) => kernel.waiting_for(task),
                Stage::Waiting(Place::Ready) => unreachable!("nobody is left behind"),
                Stage::None | Stage::Open => None,
            };
            assert_eq!(kernel.waiting_for(task), due);
            assert_eq!(due.is_some(), task.is_waiting());
        }
    }

    /// What lists and counts say is what a look at every task says.
    fn check_indexes(&self) {
        let kernel = &self.desk.kernel;
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

fn planned<'a>(plan: &Plan, depends_on: &'a [&'a str]) -> NewPlan<'a> {
    let millis = |span: Option<i64>| span.map(|span| span as u64);
    NewPlan {
        start: plan.start,
        group: Some(GROUPS[plan.group]).filter(|name| !name.is_empty()),
        priority: plan.priority as i32,
        depends_on,
        on_dependency_failure: if plan.doomed {
            OnDependencyFailure::Fail
        } else {
            OnDependencyFailure::Block
        },
        retry: plan.retry.map(|(max_attempts, delay)| Retry {
            max_attempts,
            delay: delay as u64,
            jitter: 0,
            ..Retry::default()
        }),
        timeouts: Timeouts {
            attempt: millis(plan.attempt),
            idle: millis(plan.idle),
            total: millis(plan.total),
        },
        deadline: millis(plan.deadline),
        start_at: millis(plan.start_at),
        on_interrupt: Some(plan.on_interrupt),
        outlives_parent: plan.outlives,
        idempotency_key: None,
    }
}

impl Words {
    /// Whether they come as far as the attempt they are about.
    fn are_a_sign_of_life(&self) -> bool {
        match self {
            Self::Progress(percent) => percent.is_finite(),
            Self::AddStep(description) => *description != " ",
            _ => true,
        }
    }

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
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

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
    fn the_same_commands_give_the_same_bytes(ops in prop::collection::vec(ops(), 1..60)) {
        let bytes = |ops: &[Op]| {
            let mut bench = Bench::new();
            ops.iter().for_each(|op| bench.step(op));
            (bench.desk.journal.clone(), bench.desk.snapshot())
        };
        prop_assert_eq!(bytes(&ops), bytes(&ops));
    }

    /// A kernel read from a snapshot is the same one: what it says, and whatever it is told.
    #[test]
    fn a_snapshot_is_all_that_counts(
        before in prop::collection::vec(ops(), 1..60),
        after in prop::collection::vec(ops(), 1..60),
    ) {
        let mut bench = Bench::new();
        before.iter().for_each(|op| bench.step(op));
        bench.twin = Some(bench.desk.restored());
        let twin = bench.twin.as_ref().unwrap();
        prop_assert_eq!(twin.snapshot(), bench.desk.snapshot());
        std::mem::swap(&mut bench.desk, bench.twin.as_mut().unwrap());
        bench.check_statuses(&Op::Pass(0), &bench.statuses());
        bench.check_limits();
        bench.check_waiting();
        bench.check_indexes();
        // Timers are no part of it: they are armed anew.
        bench.step(&Op::Crash);
        for provider in 0..LIMITS.len() {
            bench.step(&Op::Register(provider));
        }
        after.iter().for_each(|op| bench.step(op));
    }

    /// A journal that ends anywhere is a state to go on from, in which nothing is forgotten.
    #[test]
    fn a_crash_between_any_two_events_loses_nothing(ops in prop::collection::vec(ops(), 1..60), kept in any::<prop::sample::Index>()) {
        let mut bench = Bench::new();
        ops.iter().for_each(|op| bench.step(op));
        let config = *bench.desk.kernel.config();
        let kept = 1 + kept.index(bench.desk.journal.0.len());
        let mut desk = bench.desk.crashed(config, kept);
        desk.fold(|_| ());
        let attempts: BTreeMap<_, _> = desk.kernel.tasks().map(|(key, task)| (key, task.attempt())).collect();
        for (_, task) in desk.kernel.tasks() {
            prop_assert!(!task.is_active());
            prop_assert!(kernel_is_at_rest(&desk, task), "{:?}", task);
        }
        // Once more changes nothing but that it is recorded.
        let before = desk.journal.0.len();
        desk.recover();
        prop_assert_eq!(desk.journal.0.len(), before + 1);
        for (id, limit) in LIMITS {
            let _ = desk.register(id, limit.map(|limit| limit as u32));
        }
        desk.fold(|_| ());
        for effect in desk.effects() {
            if let Effect::Run { task, attempt, .. } = effect {
                // Every attempt that is known is known to be over.
                prop_assert!(attempts[&task] <= attempt);
                let old = Attempt::new(attempt.get() - 1);
                if old != Attempt::NONE {
                    let late = desk.tell(Command::Finish { task, attempt: old, ending: ending(true) });
                    prop_assert_eq!(late, Ok(Reply::Late));
                }
            }
        }
    }

    /// Whatever has happened: when every open attempt ends and providers are there, nothing waits any more but for
    /// what it names.
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
        for _ in 0..bench.model.tasks.len() * 5 {
            bench.step(&Op::Pass(100_000_000));
            while let Some(task) = bench.open.keys().next().copied() {
                bench.step(&Op::Finish(task.get() as usize, Of::Current, true));
            }
        }
        for (_, task) in bench.desk.kernel.tasks() {
            let blocked = task.status() == TaskStatus::Blocked && task.unmet() > 0;
            prop_assert!(task.status().is_terminal() || task.attempt() == Attempt::NONE || blocked, "{:?}", task);
        }
    }
}

/// Whether a task waits only for what can come.
fn kernel_is_at_rest(desk: &Desk, task: &Task) -> bool {
    let above = task.parent().and_then(|parent| desk.kernel.task(parent));
    let orphan = above.is_some_and(|above| above.status().is_terminal()) && !task.outlives_parent();
    let wait = desk.kernel.waiting_for(task);
    match task.status() {
        status if status.is_terminal() => true,
        _ if orphan => false,
        TaskStatus::Pending => {
            !task.is_waiting() || wait != Some(TaskWait::Dependencies) && task.unmet() == 0
        }
        TaskStatus::Blocked => wait == Some(TaskWait::Dependencies) && task.unmet() > 0,
        status => status == TaskStatus::Paused,
    }
}
