//! The same tests on tokio with threads, in Node, and in headless Chromium: what the host must not change.
//!
//! `cargo test --features native --test portable`, or compiled to wasm32 and run by wasm-bindgen's test runner.

#![cfg(any(target_family = "wasm", feature = "native"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod agent_scenario;
    pub(crate) mod scenario;
    pub(crate) mod scripted;
    pub(crate) mod worker;
}

use std::sync::Arc;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
use agent_orchestrator::TokioRuntime as HostRuntime;
#[cfg(target_family = "wasm")]
use agent_orchestrator::runtime::BrowserRuntime as HostRuntime;
use agent_orchestrator::runtime::Runtime;
use agent_orchestrator::{
    AgentOrchestrator, CreateTask, ErrorCode, EventFilter, EventKind, OrchestratorEvent, TaskStatus,
};
use futures::future::{Either, FutureExt, join_all, select};
use futures::{Stream, StreamExt};
use rust::worker::{Log, Worker};
use rust::{agent_scenario, scenario, scripted};

async fn with_worker() -> (AgentOrchestrator, Arc<Log>) {
    let log = Arc::new(Log::default());
    let worker = Worker(log.clone());
    let orchestrator = AgentOrchestrator::builder().provider(worker).build().await;
    (orchestrator.unwrap(), log)
}

fn task(name: &str, work: &str) -> CreateTask {
    CreateTask::new(name).description(work)
}

/// Reads up to the first event of this type.
async fn until(
    events: &mut (impl Stream<Item = OrchestratorEvent> + Unpin),
    name: &str,
) -> OrchestratorEvent {
    loop {
        let event = events.next().await.unwrap();
        if event.kind.type_name() == name {
            return event;
        }
    }
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn a_task_lives_from_its_creation_to_its_outcome() {
    let (orchestrator, _) = with_worker().await;
    let mut events = orchestrator.events(EventFilter::all()).unwrap();
    let created = orchestrator.create_task(task("Count", "lines 3")).await.unwrap();
    assert_eq!((created.status, created.attempt), (TaskStatus::Pending, 0));

    let outcome = orchestrator.start_task(&created.id).await.unwrap().await.unwrap();
    assert_eq!((outcome.status, outcome.success), (TaskStatus::Completed, true));
    assert_eq!(outcome.summary, "3 lines");

    let ended = orchestrator.get_task(&created.id).unwrap().unwrap();
    assert_eq!(ended.output, ["line 0", "line 1", "line 2"]);
    assert_eq!((ended.progress, ended.attempt), (100, 1));
    assert!(ended.created_at <= ended.started_at.unwrap() && ended.started_at <= ended.completed_at);
    assert!(
        ended.created_at > 1_700_000_000_000,
        "the host's clock tells the time"
    );

    let mut types = Vec::new();
    while types.last() != Some(&"task:completed") {
        types.push(events.next().await.unwrap().kind.type_name());
    }
    let outputs = ["task:output"; 3];
    let due = [
        &["task:created", "task:started"][..],
        &outputs,
        &["task:completed"],
    ]
    .concat();
    assert_eq!(types, due);
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn cancel_settles_at_once_although_the_provider_never_ends() {
    let (orchestrator, log) = with_worker().await;
    let mut events = orchestrator.events(EventFilter::all()).unwrap();
    let run = orchestrator.run_task(task("Endless", "forever")).await.unwrap();
    let id = run.task_id().to_owned();
    until(&mut events, "task:output").await;

    let cancelled = orchestrator.cancel_task(&id, Some("enough")).await.unwrap();
    assert_eq!(cancelled.status, TaskStatus::Cancelled);
    let outcome = run.now_or_never().expect("the outcome is there already").unwrap();
    assert_eq!(
        (outcome.status, outcome.error.as_deref()),
        (TaskStatus::Cancelled, Some("enough"))
    );
    assert_eq!(log.ended(), 0, "the provider is still at it");
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn a_provider_that_looks_holds_while_its_task_is_paused() {
    let (orchestrator, _) = with_worker().await;
    let mut events = orchestrator.events(EventFilter::all()).unwrap();
    let run = orchestrator.run_task(task("Careful", "hold")).await.unwrap();
    let id = run.task_id().to_owned();
    until(&mut events, "task:output").await;

    let paused = orchestrator.pause_task(&id).await.unwrap();
    assert_eq!(paused.status, TaskStatus::Paused);
    until(&mut events, "task:output").await;
    let task = orchestrator.get_task(&id).unwrap().unwrap();
    assert_eq!((task.status, task.output.len()), (TaskStatus::Paused, 2));

    orchestrator.resume_task(&id).await.unwrap();
    assert!(run.await.unwrap().success);
    let task = orchestrator.get_task(&id).unwrap().unwrap();
    assert_eq!(task.output, ["ready", "sees the pause", "goes on"]);
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn a_thousand_outputs_of_twenty_tasks_are_all_there_in_order() {
    let (orchestrator, _) = with_worker().await;
    let tasks: Vec<_> = (0..20).map(|n| task(&format!("Task {n}"), "lines 50")).collect();
    let tasks = orchestrator.create_tasks(&tasks).await.unwrap();
    let mut runs = Vec::new();
    for task in &tasks {
        runs.push(orchestrator.start_task(&task.id).await.unwrap());
    }
    for outcome in join_all(runs).await {
        assert!(outcome.unwrap().success);
    }
    let due: Vec<_> = (0..50).map(|n| format!("line {n}")).collect();
    for task in &tasks {
        assert_eq!(orchestrator.get_task(&task.id).unwrap().unwrap().output, due);
    }
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn no_more_tasks_run_at_once_than_the_limit_allows() {
    let log = Arc::new(Log::default());
    let builder = AgentOrchestrator::builder()
        .provider(Worker(log.clone()))
        .max_concurrency(3);
    let orchestrator = builder.build().await.unwrap();
    let mut runs = Vec::new();
    for n in 0..12 {
        let run = orchestrator
            .run_task(task(&format!("Task {n}"), "lines 20"))
            .await;
        runs.push(run.unwrap());
        assert!(orchestrator.count_tasks(TaskStatus::Running).unwrap() <= 3);
    }
    for outcome in join_all(runs).await {
        assert!(outcome.unwrap().success);
    }
    assert_eq!(log.ended(), 12);
    assert!((1..=3).contains(&log.most_at_once()), "{}", log.most_at_once());
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn events_replay_from_any_position_and_go_on_live() {
    let (orchestrator, _) = with_worker().await;
    orchestrator
        .run_task(task("First", "lines 300"))
        .await
        .unwrap()
        .await
        .unwrap();
    let mut all = orchestrator.events(EventFilter::all().from_seq(0)).unwrap();
    let mut some = orchestrator.events(EventFilter::all().from_seq(100)).unwrap();
    let mut types = orchestrator
        .events(
            EventFilter::all()
                .from_seq(1)
                .of_type("task:created")
                .of_type("task:completed"),
        )
        .unwrap();
    let run = orchestrator.run_task(task("Second", "lines 1")).await.unwrap();
    let second = run.task_id().to_owned();
    run.await.unwrap();
    let mut of_task = orchestrator
        .events(EventFilter::all().from_seq(1).of_task(&*second))
        .unwrap();

    // journal:opened, provider:registered, and 303 + 4 of the two tasks.
    for due in 1..=309 {
        assert_eq!(all.next().await.unwrap().seq, due);
    }
    for due in 100..=309 {
        assert_eq!(some.next().await.unwrap().seq, due);
    }
    for due in ["task:created", "task:completed", "task:created", "task:completed"] {
        assert_eq!(types.next().await.unwrap().kind.type_name(), due);
    }
    for due in ["task:created", "task:started", "task:output", "task:completed"] {
        let event = of_task.next().await.unwrap();
        assert_eq!(
            (event.kind.type_name(), event.kind.task_id()),
            (due, Some(&*second))
        );
    }
    for stream in [&mut all, &mut some, &mut types, &mut of_task] {
        assert!(
            stream.next().now_or_never().is_none(),
            "nothing more has happened"
        );
    }
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn a_slow_reader_is_told_how_much_it_missed() {
    let (orchestrator, _) = with_worker().await;
    let filter = EventFilter::all().of_type("task:output").buffer(4);
    let mut slow = orchestrator.events(filter).unwrap();
    let mut quick = orchestrator
        .events(EventFilter::all().of_type("task:output"))
        .unwrap();
    orchestrator
        .run_task(task("Chatty", "lines 10"))
        .await
        .unwrap()
        .await
        .unwrap();
    assert_eq!(slow.next().await.unwrap().kind, EventKind::Lagged { dropped: 6 });
    for n in 6..10 {
        let EventKind::Output { lines, .. } = slow.next().await.unwrap().kind else {
            panic!("only output was asked for");
        };
        assert_eq!(lines, [format!("line {n}")]);
    }
    for _ in 0..10 {
        assert_eq!(quick.next().await.unwrap().kind.type_name(), "task:output");
    }
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn tasks_are_found_by_the_words_that_people_gave_them() {
    let (orchestrator, _) = with_worker().await;
    let tasks = [
        task("Login page", "the form").tag("auth"),
        task("Log out", "a button"),
        task("Straße kehren", "früh"),
        task("测试任务", ""),
    ];
    let ids = orchestrator.create_tasks(&tasks).await.unwrap();
    for (text, due) in [
        ("login", &[0][..]),
        ("log", &[1, 0]),
        ("AUTH", &[0]),
        ("STRASSE", &[2]),
        ("任务", &[3]),
        ("button log", &[1]),
        ("task", &[]),
        ("lo.in", &[]),
        (&ids[3].id, &[3]),
    ] {
        let found = orchestrator.search_tasks(text, 10).unwrap();
        let found: Vec<_> = found.into_iter().map(|task| task.name).collect();
        let due: Vec<_> = due.iter().map(|n: &usize| tasks[*n].name.clone()).collect();
        assert_eq!(found, due, "{text}");
    }
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn dispose_in_mid_flight_settles_everything() {
    let (orchestrator, log) = with_worker().await;
    let mut events = orchestrator.events(EventFilter::all()).unwrap();
    let run = orchestrator
        .run_task(task("Endless", "until cancelled"))
        .await
        .unwrap();
    let id = run.task_id().to_owned();
    let waiting = orchestrator.wait_for_task(&id);
    until(&mut events, "task:output").await;

    let dispose = orchestrator.clone();
    let (waited, ()) = futures::join!(waiting, async move { dispose.dispose().await });
    assert_eq!(waited.unwrap_err().code(), ErrorCode::Disposed);
    assert_eq!(run.await.unwrap_err().code(), ErrorCode::Disposed);
    assert_eq!(events.next().await, None);
    let calls = [
        orchestrator.create_task(CreateTask::new("x")).await.map(drop),
        orchestrator.cancel_task(&id, None).await.map(drop),
        orchestrator.get_task(&id).map(drop),
        orchestrator.events(EventFilter::all()).map(drop),
        orchestrator.state_hash().map(drop),
    ];
    for call in calls {
        assert_eq!(call.unwrap_err().code(), ErrorCode::Disposed);
    }
    orchestrator.dispose().await;
    // The provider hears of it, and ends.
    while log.ended() == 0 {
        rust::worker::yield_now().await;
    }
}

/// A timer of the host holds 31 bits of milliseconds, 24 days: longer ones used to fire at once.
#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn a_sleep_of_thirty_days_does_not_end_early() {
    #[cfg(target_family = "wasm")]
    let host = HostRuntime;
    #[cfg(not(target_family = "wasm"))]
    let host = HostRuntime::current().unwrap();
    let long = host.sleep(Duration::from_secs(30 * 24 * 60 * 60));
    let short = host.sleep(Duration::from_millis(40));
    assert!(matches!(select(long, short).await, Either::Right(_)));
}

/// Holds what a scenario gave against what its file says; `UPDATE=1` writes that.
fn hold(file: &str, text: &str, due: [String; 2], found: scenario::Hashes) {
    let [journal, state] = due;
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("UPDATE").is_some() {
        let text = text.replace(
            &format!("\"journalHash\": \"{journal}\",\n  \"stateHash\": \"{state}\""),
            &format!(
                "\"journalHash\": \"{}\",\n  \"stateHash\": \"{}\"",
                found.journal, found.state
            ),
        );
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        return std::fs::write(std::path::Path::new(folder).join(file), text).unwrap();
    }
    let _ = (file, text);
    assert_eq!(found, scenario::Hashes { journal, state }, "UPDATE=1 writes them");
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn the_scenario_gives_the_same_hashes_on_every_host() {
    let text = scenario::LIFECYCLE;
    let scenario = scenario::read(text);
    let due = [scenario.journal_hash.clone(), scenario.state_hash.clone()];
    hold("lifecycle.json", text, due, scenario::run(scenario));
}

#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn the_scenario_of_agents_gives_the_same_hashes_on_every_host() {
    let text = agent_scenario::AGENTS;
    let scenario = agent_scenario::read(text);
    let due = [scenario.journal_hash.clone(), scenario.state_hash.clone()];
    hold("agents.json", text, due, agent_scenario::run(scenario));
}

/// The stage itself works on every host, too: orders reach the attempt they are for.
#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_family = "wasm"), tokio::test(flavor = "multi_thread"))]
async fn what_a_provider_says_after_a_cancel_changes_nothing() {
    let (builder, stage) = scripted::on_stage();
    let orchestrator = builder.build().await.unwrap();
    let run = orchestrator.run_task(CreateTask::new("Late")).await.unwrap();
    let id = run.task_id().to_owned();
    while !stage.was_called(&id, 1) {
        rust::worker::yield_now().await;
    }
    let order = |order| stage.order(&id, 1, order);
    assert_eq!(
        order(scripted::Order::Output("in time".into())).await.unwrap(),
        Ok(true)
    );
    orchestrator.cancel_task(&id, None).await.unwrap();
    assert_eq!(order(scripted::Order::IsCancelled).await.unwrap(), Ok(true));
    assert_eq!(
        order(scripted::Order::Output("too late".into())).await.unwrap(),
        Ok(false)
    );
    assert_eq!(order(scripted::Order::Progress(50.0)).await.unwrap(), Ok(false));
    let result = agent_orchestrator::TaskResult::success("too late");
    let mut late = orchestrator
        .events(EventFilter::all().of_type("task:late"))
        .unwrap();
    let _ = order(scripted::Order::End(result)).await;
    until(&mut late, "task:late").await;
    let task = orchestrator.get_task(&id).unwrap().unwrap();
    assert_eq!((task.status, task.progress), (TaskStatus::Cancelled, 0));
    assert_eq!((task.output, task.result), (vec!["in time".to_owned()], None));
    assert_eq!(run.await.unwrap().status, TaskStatus::Cancelled);
}

/// Only where there are JS values.
#[cfg(target_family = "wasm")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn tasks_cross_to_js_and_back_as_plain_objects() {
    use wasm_bindgen::JsValue;

    let (orchestrator, _) = with_worker().await;
    let text = r#"{"name":"Cross","tags":["border"],"metadata":{"deep":{"n":[1,"two",null]}}}"#;
    let wanted = CreateTask::try_from(js_sys::JSON::parse(text).unwrap()).unwrap();
    let created = orchestrator.create_task(wanted).await.unwrap();
    let json = js_sys::JSON::stringify(&JsValue::from(&created)).unwrap();
    let back: serde_json::Value = serde_json::from_str(&String::from(json)).unwrap();
    assert_eq!(back["name"], "Cross");
    assert_eq!(back["tags"][0], "border");
    assert_eq!(back["metadata"]["deep"]["n"], serde_json::json!([1, "two", null]));
    assert_eq!(back.get("startedAt"), None);
    let refused = CreateTask::try_from(JsValue::from_str("not an object")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidArgument);
}
