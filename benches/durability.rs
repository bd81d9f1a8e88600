//! The journal in files: what group commit is worth, and how long it takes to open what is kept.
//!
//! A plain program: `cargo bench --features native --bench durability`. It writes below `target/`, so the disk that is
//! measured is the one this repository lies on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and may stop at what must not happen"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use agent_orchestrator::kernel::{Attempt, Command, Config, Ending, NewProvider, NewTask, Reporter, TaskKey};
use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, CreateTask, Engine, EngineOptions, FileJournal, Journal,
    OrchestratedTask, ProviderTaskExecutionContext, Seq, TaskResult, Write, async_trait,
};
use futures::future::join_all;
use tempfile::TempDir;

const NOW: u64 = 1_700_000_000_000;

struct Idle;

#[async_trait]
impl AgentProvider for Idle {
    fn id(&self) -> &str {
        "idle"
    }

    async fn execute_task(&self, _: &OrchestratedTask, _: &ProviderTaskExecutionContext) -> TaskResult {
        TaskResult::success("done")
    }
}

fn folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

async fn open(folder: &Path) -> AgentOrchestrator {
    let journal = FileJournal::open(folder).await.unwrap();
    let builder = AgentOrchestrator::builder().provider(Idle).journal(journal);
    builder.build().await.unwrap()
}

/// Tasks a second, each durable before its creator goes on to the next one.
async fn durable_tasks(creators: usize, tasks: u32) -> f64 {
    let folder = folder();
    let orchestrator = open(folder.path()).await;
    let left = Arc::new(AtomicU32::new(tasks));
    let create = || {
        let (orchestrator, left) = (orchestrator.clone(), left.clone());
        tokio::spawn(async move {
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
            {
                let task = CreateTask::new("task").description("do the thing");
                drop(orchestrator.create_task(task).await.unwrap());
            }
        })
    };
    let start = Instant::now();
    let all = join_all((0..creators).map(|_| create())).await;
    let taken = start.elapsed().as_secs_f64();
    assert!(all.iter().all(Result::is_ok));
    orchestrator.dispose().await;
    f64::from(tasks) / taken
}

async fn group_commit() {
    // What else the disk does comes and goes, so each way has its turn in each round.
    let mut best = [0.0_f64; 3];
    for _ in 0..3 {
        for (best, (creators, tasks)) in best.iter_mut().zip([(1, 500), (64, 20_000), (1000, 100_000)]) {
            *best = best.max(durable_tasks(creators, tasks).await);
        }
    }
    let [alone, some, many] = best;
    println!("  {alone:.0} durable tasks a second, one after the other: one sync of the disk for each");
    for (creators, rate) in [(64, some), (1000, many)] {
        println!(
            "  {rate:.0} a second by {creators} at the same time, which share syncs: {:.0} times as many; goal 20: {}",
            rate / alone,
            verdict(rate >= 20.0 * alone)
        );
    }
}

/// A journal of this many whole lives, about five events each, which so many tasks live in turn. Gives the position of
/// its end.
async fn fill(folder: &Path, lives: u32, tasks: u32, snapshot_bytes: u64) -> Seq {
    let journal = FileJournal::open(folder).await.unwrap();
    let options = EngineOptions {
        config: Config {
            max_concurrency: u32::MAX,
            ..Config::default()
        },
        event_log_bytes: 1 << 20,
        max_unwritten_bytes: u64::MAX,
        snapshot_bytes,
        ..EngineOptions::default()
    };
    let mut engine = Engine::recover(options, [], 0, NOW, [1, 2]).unwrap();
    let provider = NewProvider {
        id: "idle",
        ..NewProvider::default()
    };
    let _ = engine.handle(NOW, Command::RegisterProvider(provider)).unwrap();
    for n in 0..lives {
        live(&mut engine, n, tasks);
        if n % 5000 == 4999 {
            write(&mut engine, &journal).await;
        }
    }
    engine.close();
    write(&mut engine, &journal).await;
    engine.kernel().seq()
}

async fn write(engine: &mut Engine, journal: &FileJournal) {
    while let Some(write) = engine.poll_write() {
        let result = match write {
            Write::Append { expected, frame } => journal.append(expected, frame).await,
            Write::Snapshot { position, frame } => journal.snapshot(position, frame).await,
            Write::TruncateBefore { position } => journal.truncate_before(position).await,
            Write::Close => journal.close().await,
        };
        engine.written(result);
        while engine.poll_effect().is_some() {}
    }
}

fn live(engine: &mut Engine, n: u32, tasks: u32) {
    let (task, attempt) = (TaskKey::new(n % tasks), Attempt::new(n / tasks + 1));
    if n < tasks {
        let (name, description) = (format!("task {n}"), format!("do the thing number {n}"));
        let new = NewTask {
            name: &name,
            description: &description,
            ..NewTask::default()
        };
        let _ = engine.handle(NOW, Command::Create(&[new])).unwrap();
        let _ = engine.handle(NOW, Command::Start(task)).unwrap();
    } else {
        let _ = engine.handle(NOW, Command::Restart(task)).unwrap();
    }
    let by = Reporter::Attempt(attempt);
    let ending = Ending::Result {
        success: true,
        summary: "done",
        error: None,
        detail: "",
        retryable: true,
    };
    for command in [
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
            attempt,
            ending,
        },
    ] {
        let _ = engine.handle(NOW, command).unwrap();
    }
}

/// Seconds to open a journal that is kept there, and how many of them are the reading of the files.
async fn opening(folder: &Path) -> (f64, f64) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        let start = Instant::now();
        let journal = FileJournal::open(folder).await.unwrap();
        let frames = journal.load(false).await.unwrap().frames;
        let read = start.elapsed().as_secs_f64();
        drop(frames);
        journal.close().await.unwrap();

        let start = Instant::now();
        let orchestrator = open(folder).await;
        best = (best.0.min(start.elapsed().as_secs_f64()), best.1.min(read));
        orchestrator.dispose().await;
    }
    best
}

async fn recovery() {
    const LIVES: u32 = 200_000;
    const TASKS: u32 = 100;
    let all = folder();
    let events = fill(all.path(), LIVES, LIVES, 0).await;
    let (seconds, read) = opening(all.path()).await;
    let rate = f64::from(u32::try_from(events).unwrap()) / seconds;
    println!(
        "  {:.0} ms to open a journal of {events} events without a snapshot, {:.0} ms of them to read its files: {:.2} million \
         events a second; goal 0.5: {}",
        seconds * 1e3,
        read * 1e3,
        rate / 1e6,
        verdict(rate >= 5e5)
    );
    for lives in [LIVES / 8, LIVES / 2, 2 * LIVES] {
        let short = folder();
        let events = fill(short.path(), lives, TASKS, 1 << 20).await;
        let (seconds, _) = opening(short.path()).await;
        println!(
            "  {:.0} ms to open one of {events} events, of {TASKS} tasks that begin again and again, with snapshots every MiB",
            seconds * 1e3
        );
    }
}

#[tokio::main]
async fn main() {
    group_commit().await;
    recovery().await;
}
