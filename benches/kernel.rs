//! The kernel with its in-memory journal, natively on one core: speed, memory, and whether it stays flat.
//!
//! A plain program: `cargo bench --bench kernel`, or `cargo bench --bench kernel -- speed` for one part of it. Times are
//! those that one thread was given, where the system tells, the best of several rounds, since whatever else the machine
//! does only adds to them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and may stop at what must not happen"
)]

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::{Duration, Instant};

use agent_orchestrator::kernel::{
    Attempt, Command, Config, Effect, Ending, NewPlan, NewProvider, NewTask, Reply, Reporter, TaskKey,
    TaskStatus,
};
use agent_orchestrator::{Engine, EngineOptions, ListQuery};

/// A small journal: what is measured here is what a task keeps, not how much of the past is.
const LOG_BYTES: usize = 1 << 20;
/// Events of one life: created, started, output, progress, completed.
const TRANSITIONS: u32 = 5;

fn open() -> Engine {
    open_with(u32::MAX)
}

fn open_with(max_concurrency: u32) -> Engine {
    let mut engine = Engine::open(
        EngineOptions {
            config: Config {
                max_concurrency,
                max_tasks: u32::MAX,
                ..Config::default()
            },
            event_log_bytes: LOG_BYTES,
            ..EngineOptions::default()
        },
        1_700_000_000_000,
        1,
    );
    let provider = NewProvider {
        id: "mock",
        ..NewProvider::default()
    };
    let _ = engine
        .handle(1_700_000_000_000, Command::RegisterProvider(provider))
        .unwrap();
    engine
}

/// The texts of a task, written before the clock runs.
fn texts(count: u32) -> Vec<(String, String)> {
    (0..count)
        .map(|n| (format!("task {n}"), format!("do the thing number {n}")))
        .collect()
}

fn create(engine: &mut Engine, (name, description): &(String, String)) -> TaskKey {
    let task = NewTask {
        name,
        description,
        ..NewTask::default()
    };
    let now = 1_700_000_000_000 + u64::from(u32::try_from(engine.kernel().len()).unwrap());
    match engine.handle(now, Command::Create(&[task])).unwrap() {
        Reply::Created { first, .. } => first,
        other => unreachable!("{other:?}"),
    }
}

fn rest_of_life(engine: &mut Engine, task: TaskKey) {
    let now = 1_700_000_100_000;
    let by = Reporter::Attempt(Attempt::new(1));
    let ending = Ending::Result {
        success: true,
        summary: "done",
        error: None,
        detail: "",
        retryable: true,
    };
    for command in [
        Command::Start(task),
        Command::Output {
            task,
            by,
            text: "working on it",
        },
        Command::Progress {
            task,
            by,
            percent: 50.0,
        },
        Command::Finish {
            task,
            attempt: Attempt::new(1),
            ending,
        },
    ] {
        let _ = black_box(engine.handle(now, command).unwrap());
        while let Some(effect) = engine.poll_effect() {
            let _ = black_box(effect);
        }
    }
}

/// Bytes of memory that this process really uses; none where there is no /proc.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// How long this thread was on a processor, or else how long it is since the first call.
fn clock() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    // Brings the number up to date.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

fn speed() {
    const TASKS: u32 = 200_000;
    let texts = texts(TASKS);
    let best = (0..7)
        .map(|_| {
            let mut engine = open();
            let start = clock();
            for text in &texts {
                let task = create(&mut engine, text);
                rest_of_life(&mut engine, task);
            }
            (clock() - start).as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    let per_second = f64::from(TASKS * TRANSITIONS) / best;
    println!(
        "  {:.2} million transitions a second: create, start, output, progress and finish of {TASKS} tasks, {TRANSITIONS} events \
         a task; goal 2: {}",
        per_second / 1e6,
        verdict(per_second >= 2e6)
    );
}

fn memory() {
    const TASKS: u32 = 1_000_000;
    let mut engine = open();
    let Some(before) = resident() else {
        println!("  memory: not measured, there is no /proc here");
        return;
    };
    for n in 0..TASKS {
        let text = (format!("task {n}"), format!("do the thing number {n}"));
        let task = create(&mut engine, &text);
        rest_of_life(&mut engine, task);
    }
    let each = resident().unwrap_or(before).saturating_sub(before) / u64::from(TASKS);
    println!(
        "  {each} bytes for each of {TASKS} finished tasks that are kept, the journal's last MiB among them (resident memory of \
         the process, from /proc/self/statm); goal 700: {}",
        verdict(each <= 700)
    );
}

/// Nanoseconds of one of many calls.
fn each<T>(calls: u32, mut call: impl FnMut(u32) -> T) -> u64 {
    let round = |call: &mut dyn FnMut(u32) -> T| {
        let start = Instant::now();
        for n in 0..calls {
            let _ = black_box(call(n));
        }
        start.elapsed().as_nanos() / u128::from(calls)
    };
    let best = (0..3).map(|_| round(&mut call)).min().unwrap_or_default();
    u64::try_from(best).unwrap_or(u64::MAX)
}

/// A page from the middle of a list, as a reader gets there: by the cursor of the page before.
fn page(engine: &Engine, query: &ListQuery) -> usize {
    query.run(engine.kernel()).unwrap().keys.len()
}

fn flatness() {
    println!("  nanoseconds a call, with so many tasks there, of which one in eight has not ended:");
    println!(
        "  {:>10}{:>10}{:>10}{:>16}{:>16}{:>10}",
        "tasks", "create", "find", "list, cursor", "list, status", "count"
    );
    for count in [1_000_u32, 10_000, 100_000, 1_000_000] {
        let mut engine = open();
        for (n, text) in (0..).zip(&texts(count)) {
            let task = create(&mut engine, text);
            if n % 8 != 0 {
                rest_of_life(&mut engine, task);
            }
        }
        let ids: Vec<String> = (0..1000)
            .map(|n| engine.kernel().task_id(TaskKey::new(n * (count / 1000))))
            .collect();
        let found = each(100_000, |n| {
            engine.kernel().find_task(&ids[n as usize % ids.len()])
        });
        let middle = ListQuery {
            cursor: Some((count / 2).to_string()),
            ..ListQuery::default()
        };
        let pending = ListQuery {
            status: vec![TaskStatus::Pending],
            ..middle.clone()
        };
        assert_eq!((page(&engine, &middle), page(&engine, &pending)), (20, 20));
        let listed = each(10_000, |_| page(&engine, &middle));
        let by_status = each(10_000, |_| page(&engine, &pending));
        let counted = each(1_000_000, |_| {
            engine.kernel().count(black_box(TaskStatus::Completed))
        });
        // Last, since it makes more of them: a tenth more at most.
        let more = texts(count / 30);
        let created = each(count / 30, |n| create(&mut engine, &more[n as usize]));
        let counted = if counted == 0 {
            "under 1".to_owned()
        } else {
            counted.to_string()
        };
        println!("  {count:>10}{created:>10}{found:>10}{listed:>16}{by_status:>16}{counted:>10}");
    }
}

/// One of many tasks that wait for 64 slots; with `mixed`, in one of a hundred groups, with one of seven priorities, and
/// every second one after another task.
fn queue(engine: &mut Engine, number: u32, mixed: bool, after: Option<TaskKey>) {
    let group = format!("group {}", number % 100);
    let after = after
        .filter(|_| mixed && number.is_multiple_of(2))
        .map(|key| engine.kernel().task_id(key));
    let depends_on: Vec<&str> = after.iter().map(String::as_str).collect();
    let plan = NewPlan {
        start: true,
        group: Some(group.as_str()).filter(|_| mixed),
        priority: if mixed { number as i32 % 7 } else { 0 },
        depends_on: &depends_on,
        ..NewPlan::default()
    };
    let task = NewTask {
        name: "task",
        plan,
        ..NewTask::default()
    };
    let _ = engine
        .handle(1_700_000_000_000, Command::Create(&[task]))
        .unwrap();
}

/// Nanoseconds for one to finish, the next to start and one more to be queued, with so many waiting.
fn step(waiting: u32, mixed: bool) -> f64 {
    const STEPS: u32 = 100_000;
    let mut engine = open_with(64);
    let mut running = VecDeque::new();
    let called = |engine: &mut Engine, running: &mut VecDeque<(TaskKey, Attempt)>| {
        while let Some(effect) = engine.poll_effect() {
            if let Effect::Run { task, attempt, .. } = effect {
                running.push_back((task, attempt));
            }
        }
    };
    for number in 0..64 + waiting {
        queue(&mut engine, number, mixed, running.back().map(|(task, _)| *task));
        called(&mut engine, &mut running);
    }
    let start = clock();
    for number in 0..STEPS {
        let (task, attempt) = running.pop_front().unwrap();
        let ending = Ending::Result {
            success: true,
            summary: "done",
            error: None,
            detail: "",
            retryable: true,
        };
        let finish = Command::Finish {
            task,
            attempt,
            ending,
        };
        let _ = engine.handle(1_700_000_000_000, finish).unwrap();
        called(&mut engine, &mut running);
        queue(&mut engine, number, mixed, running.back().map(|(task, _)| *task));
    }
    let taken = (clock() - start).as_nanos() as f64 / f64::from(STEPS);
    assert!(running.len() == 64 && engine.kernel().waiting() >= waiting as usize);
    taken
}

fn scheduler() {
    println!(
        "  nanoseconds a step of the scheduler (one ends, one starts, one more waits), with so many waiting:"
    );
    println!("  {:>10}{:>12}{:>12}{:>8}", "", "1000", "100000", "times");
    for (name, mixed) in [("one line", false), ("mixed", true)] {
        let best = |waiting| (0..3).map(|_| step(waiting, mixed)).fold(f64::INFINITY, f64::min);
        let (few, many) = (best(1000), best(100_000));
        let times = many / few;
        let reached = verdict(times <= 2.0);
        println!("  {name:>10}{few:>12.0}{many:>12.0}{times:>8.2}; goal 2: {reached}");
    }
}

fn main() {
    let parts: [(&str, fn()); 4] = [
        // Memory first: what the others leave behind would be used again, and not be seen.
        ("memory", memory),
        ("speed", speed),
        ("scheduler", scheduler),
        ("flatness", flatness),
    ];
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part();
        }
    }
}
