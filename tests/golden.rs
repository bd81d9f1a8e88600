//! Every format of the journal that was ever written can still be read. Each version has a file in
//! `tests/fixtures/journals/`, and beside it what must come out of it.
//!
//! `UPDATE=1` writes the file of the current version anew: only right while that version is not released.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod scripted;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent_orchestrator::kernel::FORMAT;
use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, CreateTask, Engine, EngineOptions, ErrorCode, ListQuery, MemoryJournal,
    OnDependencyFailure, OnInterrupt, RetryPolicy, Sort, TaskResult, TaskStatus, import_journal,
};
use futures::FutureExt;
use rust::scripted::{Order, Stage};
use serde_json::{Value, json};

const START: u64 = 1_763_000_000_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals")
}

fn open(runtime: &SimulatedRuntime, stage: &Stage, journal: MemoryJournal) -> AgentOrchestrator {
    let builder = AgentOrchestrator::builder()
        .runtime(runtime.clone())
        .provider(stage.provider("worker"))
        .provider(stage.provider("helper"))
        .default_provider("worker")
        .working_directory(|| "work".into())
        .group_limit("team", 2)
        .keep_history(true)
        .max_concurrency(3)
        .journal(journal);
    runtime.block_on(builder.build()).unwrap().unwrap()
}

/// A journal with every kind of event in it, a snapshot in the middle, and a crash.
fn record() -> Vec<u8> {
    let runtime = SimulatedRuntime::new(START, 42);
    let (journal, stage) = (MemoryJournal::new(), Stage::default());
    let wait = |orchestrator: &AgentOrchestrator| runtime.block_on(orchestrator.flush()).unwrap().unwrap();
    let task = |id: &str| CreateTask {
        id: Some(id.into()),
        ..CreateTask::new(format!("Task {id}"))
    };
    let orchestrator = open(&runtime, &stage, journal.clone());
    let create = |task: CreateTask| {
        runtime.block_on(orchestrator.create_task(task)).unwrap().unwrap();
        runtime.advance(Duration::from_millis(7));
    };
    create(
        CreateTask {
            description: Some("täglich – 每日".into()),
            tags: vec!["red".into(), "blue".into()],
            ..task("plain")
        }
        .start_now(),
    );
    create(
        CreateTask {
            steps: vec!["look".into(), "leap".into()],
            ..task("steps")
        }
        .metadata("pages", 12)
        .start_now(),
    );
    create(task("waits").depends_on("plain").depends_on("steps").start_now());
    create(task("fails").provider("helper").start_now());
    create(
        CreateTask {
            on_dependency_failure: OnDependencyFailure::Fail,
            ..task("doomed")
        }
        .depends_on("fails")
        .start_now(),
    );
    let order = |id: &str, attempt, order| {
        drop(stage.order(id, attempt, order));
        runtime.advance(Duration::from_millis(5));
    };
    order("plain", 1, Order::Output("one\ntwo".into()));
    order("plain", 1, Order::Progress(40.0));
    order("steps", 1, Order::AddStep("land".into()));
    order(
        "steps",
        1,
        Order::UpdateStep("s1".into(), TaskStatus::Completed, Some("seen".into())),
    );
    order(
        "plain",
        1,
        Order::End(TaskResult {
            files_created: vec!["a.txt".into()],
            ..TaskResult::success("done")
        }),
    );
    order("fails", 1, Order::End(TaskResult::failure("no", "it broke")));
    create(task("retried").retry(RetryPolicy::attempts(3)).start_now());
    order("retried", 1, Order::End(TaskResult::failure("not yet", "later")));
    create(
        task("grouped")
            .group("team")
            .priority(5)
            .on_interrupt(OnInterrupt::Retry)
            .start_now(),
    );
    create(
        CreateTask {
            start_at: Some(START + 3_600_000),
            deadline: Some(START + 7_200_000),
            idempotency_key: Some("order-1".into()),
            ..task("timed")
        }
        .start_now(),
    );
    runtime.block_on(orchestrator.compact()).unwrap().unwrap();
    runtime.run_until_idle();
    let change = |change: &dyn Fn() -> bool| {
        assert!(change());
        runtime.advance(Duration::from_millis(3));
    };
    change(&|| {
        runtime
            .block_on(orchestrator.pause_task("steps"))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.resume_task("steps"))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.rename_task("plain", "Renamed"))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.cancel_task("timed", Some("no more")))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.reassign_task("timed", "helper"))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.set_user_status("plain", agent_orchestrator::TaskUserStatus::Done))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.switch_task_in("room", Some("plain")))
            .unwrap()
            .is_ok()
    });
    change(&|| {
        runtime
            .block_on(orchestrator.delete_task("doomed"))
            .unwrap()
            .is_ok()
    });
    change(&|| orchestrator.unregister_provider("helper").is_ok());
    wait(&orchestrator);
    drop(orchestrator);

    let stage = Stage::default();
    let orchestrator = open(&runtime, &stage, journal.clone());
    drop(stage.order("grouped", 2, Order::End(TaskResult::success("second time"))));
    runtime.run_until_idle();
    wait(&orchestrator);
    runtime
        .block_on(orchestrator.export_journal(true))
        .unwrap()
        .unwrap()
}

/// What must come out of a journal.
fn described(bytes: &[u8]) -> Value {
    let past = |seq| Engine::past([bytes], seq);
    let end = agent_orchestrator::journal::recover([bytes]).unwrap().position();
    let journal = MemoryJournal::new();
    import_journal(&journal, bytes).now_or_never().unwrap().unwrap();
    let runtime = SimulatedRuntime::new(START + 1_000_000, 43);
    let orchestrator = open(&runtime, &Stage::default(), journal);
    let checked = runtime.block_on(orchestrator.verify()).unwrap().unwrap();
    assert!(checked.seq > end);
    let query = ListQuery {
        sort: Some(Sort::CreatedAt),
        ..ListQuery::default()
    };
    let before = runtime.block_on(orchestrator.at(end)).unwrap().unwrap();
    json!({
        "seq": end,
        "stateHash": past(end).unwrap().state_hash(),
        "journalHash": past(end).unwrap().journal_hash(),
        "tasks": before.list_tasks(&query).unwrap().tasks,
    })
}

#[test]
fn every_format_ever_written_can_be_read() {
    let current = format!("v{FORMAT}");
    if std::env::var_os("UPDATE").is_some() {
        let bytes = record();
        let text = serde_json::to_string_pretty(&described(&bytes)).unwrap() + "\n";
        fs::create_dir_all(folder()).unwrap();
        fs::write(folder().join(format!("{current}.journal")), bytes).unwrap();
        fs::write(folder().join(format!("{current}.json")), text).unwrap();
    }
    let mut versions = 0;
    for version in 1..=FORMAT {
        let read = |end: &str| fs::read(folder().join(format!("v{version}.{end}")));
        let (bytes, text) = (read("journal").unwrap(), read("json").unwrap());
        let expected: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(described(&bytes), expected, "v{version}");
        versions += 1;
    }
    assert!(versions > 0);
}

#[test]
fn the_current_format_is_written_as_its_file_says() {
    let written = fs::read(folder().join(format!("v{FORMAT}.journal"))).unwrap();
    assert!(
        record() == written,
        "what is written has changed: raise FORMAT and read the old one still, or (before a release) UPDATE=1"
    );
}

#[test]
fn a_later_format_is_refused() {
    use agent_orchestrator::journal::{Framer, push_record};
    // An event `Opened` with a later format, as postcard writes it: time, variant, format, prefix, seed.
    let mut payload = Vec::new();
    push_record(&mut payload, &[1, 0, (FORMAT + 1) as u8, 0, 0]);
    let frame = Framer::new(7).events(&payload).unwrap();
    let refused = Engine::recover(EngineOptions::default(), [&frame[..]], 0, START, [1, 2]).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::JournalVersion);
    // A snapshot begins with the format, too.
    let frame = Framer::at(7, 5).snapshot(&[(FORMAT + 1) as u8, 1, 2, 3]).unwrap();
    let refused = Engine::recover(EngineOptions::default(), [&frame[..]], 0, START, [1, 2]).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::JournalVersion);
}
