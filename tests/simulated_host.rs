//! What the simulation offers to users: virtual time, providers that follow a script, a disk that loses power.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_orchestrator::runtime::Runtime;
use agent_orchestrator::sim::{
    Act, Call, FaultPlan, Script, ScriptedProvider, SimulatedDisk, SimulatedJournal, SimulatedRuntime,
    Simulation,
};
use agent_orchestrator::{AgentOrchestrator, CreateTask, ErrorCode, TaskStatus, TaskWait};
use futures::FutureExt;

const START: u64 = 1_763_000_000_000;

fn host(runtime: &SimulatedRuntime, provider: &ScriptedProvider) -> AgentOrchestrator {
    let builder = AgentOrchestrator::builder()
        .runtime(runtime.clone())
        .provider(provider.clone());
    runtime.block_on(builder.build()).unwrap().unwrap()
}

fn task(id: &str) -> CreateTask {
    CreateTask {
        id: Some(id.to_owned()),
        ..CreateTask::new(id)
    }
}

fn call(id: &str, attempt: u32) -> Call {
    Call {
        task_id: id.to_owned(),
        attempt,
    }
}

#[test]
fn a_script_is_followed_in_virtual_time() {
    let runtime = SimulatedRuntime::new(START, 1);
    let worker = ScriptedProvider::new("worker", &runtime)
        .script(
            "good",
            Script::new()
                .output("begun")
                .wait(5000)
                .progress(50.0)
                .succeed("done"),
        )
        .script(
            "bad",
            Script::new().then(Act::Step("look".into())).fail("no luck"),
        )
        .script("worse", Script::new().panic("at once"));
    let host = host(&runtime, &worker);
    let runs = ["good", "bad", "worse"].map(|id| runtime.block_on(host.run_task(task(id))).unwrap().unwrap());
    runtime.advance(Duration::from_millis(4999));
    let good = host.get_task("good").unwrap().unwrap();
    assert_eq!((good.status, good.progress), (TaskStatus::Running, 0));
    assert_eq!(good.output, ["begun"]);
    runtime.advance(Duration::from_millis(1));
    let ends = runs.map(|run| run.now_or_never().unwrap().unwrap());
    let told = ends.map(|end| (end.success, end.summary, end.error.unwrap_or_default()));
    assert_eq!(told[0], (true, "done".to_owned(), String::new()));
    assert_eq!((told[1].0, told[1].2.as_str()), (false, "no luck"));
    assert_eq!(
        (told[2].0, told[2].2.as_str()),
        (false, "the provider panicked: at once")
    );
    assert_eq!(
        worker.calls(),
        [call("good", 1), call("bad", 1), call("worse", 1)]
    );
    assert!(worker.live().is_empty());
}

#[test]
fn an_attempt_stops_when_it_is_called_off_unless_it_ignores_that() {
    let runtime = SimulatedRuntime::new(START, 1);
    let worker = ScriptedProvider::new("worker", &runtime)
        .script("heeds", Script::new().never())
        .script(
            "deaf",
            Script::new()
                .then(Act::IgnoreCancel)
                .wait(1000)
                .output("too late")
                .never(),
        );
    let host = host(&runtime, &worker);
    for id in ["heeds", "deaf"] {
        drop(runtime.block_on(host.run_task(task(id))).unwrap().unwrap());
    }
    runtime.run_until_idle();
    assert_eq!(
        worker.live(),
        [(call("deaf", 1), false), (call("heeds", 1), false)]
    );
    for id in ["heeds", "deaf"] {
        runtime.block_on(host.cancel_task(id, None)).unwrap().unwrap();
    }
    runtime.run_until_idle();
    assert_eq!(worker.live(), [(call("deaf", 1), true)]);
    runtime.advance(Duration::from_secs(2));
    assert!(host.get_task("deaf").unwrap().unwrap().output.is_empty());
    // Its future is dropped after the grace period.
    runtime.advance(Duration::from_secs(4));
    assert!(worker.live().is_empty());
}

#[test]
fn scripts_can_be_chosen_for_each_attempt() {
    let runtime = SimulatedRuntime::new(START, 1);
    let worker = ScriptedProvider::new("worker", &runtime).choose(|_, attempt| match attempt {
        1 => Script::new().fail("not yet"),
        _ => Script::new(),
    });
    let host = host(&runtime, &worker);
    let tried = task("tried").retry(agent_orchestrator::RetryPolicy::attempts(2));
    let run = runtime.block_on(host.run_task(tried)).unwrap().unwrap();
    runtime.run_until_idle();
    let waits = host.get_task("tried").unwrap().unwrap();
    assert_eq!((waits.attempt, waits.waiting_for), (2, Some(TaskWait::Retry)));
    runtime.advance(Duration::from_secs(2));
    assert!(run.now_or_never().unwrap().unwrap().success);
}

#[test]
fn a_journal_on_a_simulated_disk_is_slow_and_survives_a_crash() {
    let (runtime, disk) = (SimulatedRuntime::new(START, 1), SimulatedDisk::new(1));
    let open = |runtime: &SimulatedRuntime, journal: &SimulatedJournal| {
        let builder = AgentOrchestrator::builder()
            .runtime(runtime.clone())
            .journal(journal.clone())
            .provider(ScriptedProvider::new("worker", runtime));
        runtime.block_on(builder.build()).unwrap().unwrap()
    };
    let journal = SimulatedJournal::open(&runtime, &disk).unwrap();
    let first = open(&runtime, &journal);
    runtime
        .block_on(first.create_task(task("kept")))
        .unwrap()
        .unwrap();
    journal.set_delay(300);
    let mut slow = Box::pin(first.create_task(task("lost")));
    assert!(slow.as_mut().now_or_never().is_none());
    runtime.advance(Duration::from_millis(99));
    assert!(slow.as_mut().now_or_never().is_none());
    // The power fails before a byte is written.
    drop(slow);
    runtime.halt();
    disk.crash(1);
    let runtime = SimulatedRuntime::new(runtime.now(), 2);
    let journal = SimulatedJournal::open(&runtime, &disk).unwrap();
    let second = open(&runtime, &journal);
    assert!(second.get_task("kept").unwrap().is_some());
    assert!(second.get_task("lost").unwrap().is_none());
    journal.conflict_next();
    let refused = runtime
        .block_on(second.create_task(task("late")))
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

#[test]
fn the_order_of_futures_follows_from_the_seed() {
    let order = |runtime: SimulatedRuntime| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        for n in 0..8 {
            let seen = seen.clone();
            runtime.spawn(Box::pin(async move { seen.lock().unwrap().push(n) }));
        }
        assert!(runtime.run_one());
        assert_eq!(seen.lock().unwrap().len(), 1);
        runtime.run_until_idle();
        assert!(!runtime.run_one());
        Arc::into_inner(seen).unwrap().into_inner().unwrap()
    };
    assert_eq!(order(SimulatedRuntime::new(START, 5)), [0, 1, 2, 3, 4, 5, 6, 7]);
    let [first, again, other] = [5, 5, 6].map(|seed| order(SimulatedRuntime::shuffled(START, seed)));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn a_host_that_is_halted_drops_what_it_runs() {
    let runtime = SimulatedRuntime::new(START, 1);
    let held = Arc::new(());
    let (inside, sleep) = (held.clone(), runtime.sleep(Duration::from_secs(1)));
    runtime.spawn(Box::pin(async move {
        sleep.await;
        drop(inside);
    }));
    runtime.run_until_idle();
    assert_eq!(Arc::strong_count(&held), 2);
    runtime.halt();
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(!runtime.run_one());
}

#[test]
fn a_simulation_is_made_from_its_seed() {
    let operations = |seed| -> Vec<_> { Simulation::new(seed, 50).operations().cloned().collect() };
    assert_eq!(operations(3), operations(3));
    assert_ne!(operations(3), operations(4));
    assert_eq!(FaultPlan::of_seed(9), FaultPlan::of_seed(9));
    assert_eq!(Simulation::new(3, 50).operations().len(), 50);
}
