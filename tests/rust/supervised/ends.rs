//! How agents end: all at once, after what they are at, or after all that they have; those below first.

use std::time::Duration;

use agent_orchestrator::{AgentError, AgentOptions, AgentStatus, ErrorCode, EventFilter, EventKind};
use futures::{FutureExt, StreamExt};

use crate::rust::echo_agent::Stage;

#[test]
fn await_result_answers_what_is_there_takes_no_more_and_gives_the_last_answer() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut gate = stage.post(&agent, "gate");
    let mut queued = stage.post(&agent, "last words");
    let mut outcome = Box::pin(agent.await_result());
    assert!((&mut outcome).now_or_never().is_none());
    assert_eq!(agent.status(), AgentStatus::Stopping);
    assert_eq!(
        stage.ask(&agent, "more").unwrap_err().code(),
        ErrorCode::AgentNotRunning
    );
    stage.log.open();
    let outcome = stage.wait(outcome).unwrap();
    assert!(gate.now().unwrap().is_ok() && queued.now().unwrap().is_ok());
    assert_eq!((outcome.status, outcome.restarts), (AgentStatus::Completed, 0));
    assert_eq!(outcome.last_result.unwrap().text(), "echo: last words");
    assert_eq!(outcome.error, None);
    assert_eq!(
        stage.wait(agent.await_result()).unwrap().agent,
        "writer",
        "as often as one likes"
    );
    assert_eq!(stage.log.lines().last().unwrap(), "writer stops");
}

#[test]
fn any_number_of_handles_may_wait_for_the_end() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let other = agent.clone();
    let mut waiting = [Box::pin(agent.ended()), Box::pin(other.ended())];
    for waiting in &mut waiting {
        assert!(waiting.now_or_never().is_none());
    }
    agent.cancel();
    for waiting in waiting {
        assert_eq!(stage.wait(waiting).unwrap().status, AgentStatus::Cancelled);
    }
}

#[test]
fn cancel_tells_the_one_that_is_served_and_those_that_wait_the_same_at_once() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut waiting = [
        stage.post(&agent, "deaf"),
        stage.post(&agent, "queued"),
        stage.post(&agent, "queued"),
    ];
    agent.cancel();
    agent.cancel();
    stage.runtime.run_until_idle();
    for reply in &mut waiting {
        let error = reply.now().unwrap().unwrap_err();
        assert!(matches!(error, AgentError::Aborted), "{error}");
        assert_eq!(error.code(), ErrorCode::Aborted);
    }
    assert_eq!(
        stage.ask(&agent, "late").unwrap_err().code(),
        ErrorCode::AgentNotRunning
    );
    assert_eq!((agent.status(), stage.log.alive()), (AgentStatus::Stopping, 1));
    stage.pass(5000);
    assert_eq!(
        (agent.status(), stage.log.alive()),
        (AgentStatus::Cancelled, 0),
        "after its grace"
    );
    assert_eq!(stage.wait(agent.ended()).unwrap().status, AgentStatus::Cancelled);
}

#[test]
fn one_that_listens_ends_as_soon_as_it_is_called_off() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut reply = stage.post(&agent, "attentive");
    agent.cancel();
    stage.runtime.run_until_idle();
    assert!(matches!(reply.now().unwrap(), Err(AgentError::Aborted)));
    assert_eq!(agent.status(), AgentStatus::Cancelled);
    assert_eq!(
        stage.log.lines()[2..],
        ["writer heard", "writer stops"].map(str::to_owned)
    );
}

#[test]
fn stop_lets_it_finish_what_it_is_at_and_tells_the_others() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut gate = stage.post(&agent, "gate");
    let mut queued = stage.post(&agent, "queued");
    let mut outcome = Box::pin(agent.stop());
    assert!((&mut outcome).now_or_never().is_none());
    stage.runtime.run_until_idle();
    assert_eq!(queued.now().unwrap().unwrap_err().code(), ErrorCode::AgentStopped);
    assert!(gate.now().is_none());
    stage.log.open();
    assert_eq!(stage.wait(outcome).unwrap().status, AgentStatus::Completed);
    assert_eq!(gate.now().unwrap().unwrap().text(), "passed");
}

#[test]
fn one_that_takes_longer_than_its_grace_is_dropped_and_that_is_told() {
    let stage = Stage::new();
    let options = AgentOptions::new().grace(Duration::from_secs(1));
    stage.add_with("writer", options);
    let agent = stage.spawn("writer");
    let mut deaf = stage.post(&agent, "deaf");
    let mut events = stage
        .orchestrator
        .events(EventFilter::all().of_type("agent:stopped"))
        .unwrap();
    let mut outcome = Box::pin(agent.stop());
    assert!((&mut outcome).now_or_never().is_none());
    stage.pass(1000);
    assert!(stage.wait(outcome).is_ok());
    assert_eq!(deaf.now().unwrap().unwrap_err().code(), ErrorCode::AgentStopped);
    assert_eq!(stage.log.alive(), 0);
    let event = stage.wait(events.next()).unwrap();
    assert!(matches!(
        event.kind,
        EventKind::AgentStopped { overdue: true, .. }
    ));
}

#[test]
fn cancelling_a_parent_ends_all_below_it_leaves_first() {
    let stage = Stage::new();
    stage.add("boss");
    stage.add_child("first", "boss");
    stage.add_child("second", "boss");
    stage.add_child("leaf", "first");
    let boss = stage.spawn("boss");
    let leaf = stage.orchestrator.agent("leaf").unwrap();
    let mut waiting = stage.post(&leaf, "attentive");
    boss.cancel();
    stage.runtime.run_until_idle();
    assert!(matches!(waiting.now().unwrap(), Err(AgentError::Aborted)));
    for name in ["boss", "first", "second", "leaf"] {
        assert_eq!(stage.status(name), AgentStatus::Cancelled, "{name}");
    }
    let stops: Vec<_> = stage
        .log
        .lines()
        .into_iter()
        .filter(|line| line.ends_with("stops"))
        .collect();
    let place = |name: &str| stops.iter().position(|line| line.starts_with(name)).unwrap();
    assert_eq!(stops.len(), 4);
    assert!(place("leaf") < place("first") && place("first") < place("boss"));
    assert_eq!(stops[3], "boss stops");
    assert_eq!(stage.log.alive(), 0);
}

#[test]
fn a_child_needs_its_parent_to_run() {
    let stage = Stage::new();
    stage.add("boss");
    stage.add_child("worker", "boss");
    assert_eq!(
        stage.orchestrator.spawn("worker").unwrap_err().code(),
        ErrorCode::AgentNotRunning
    );
    stage.spawn("boss");
    assert_eq!(
        stage.status("worker"),
        AgentStatus::Running,
        "it starts with its parent"
    );
    assert_eq!(stage.log.lines(), ["boss starts", "worker starts"]);
}

#[test]
fn the_end_of_a_life_is_told_to_those_of_that_life() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut first = Box::pin(agent.ended());
    assert!((&mut first).now_or_never().is_none());
    agent.cancel();
    stage.runtime.run_until_idle();
    stage.spawn("writer");
    assert_eq!(stage.wait(first).unwrap().status, AgentStatus::Cancelled);
    assert!(Box::pin(agent.ended()).now_or_never().is_none(), "it lives again");
}
