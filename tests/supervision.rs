//! Supervised agents through the public API: the rules of the earlier system's orchestrator, and that we do not have its
//! faults.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod echo_agent;
}

use agent_orchestrator::{AgentError, AgentStatus, ErrorCode};
use rust::echo_agent::Stage;

#[test]
fn an_agent_answers_what_it_is_sent() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(stage.ask(&agent, "hello").unwrap().text(), "echo: hello");
    assert_eq!(stage.ask(&agent, "who").unwrap().text(), "writer 1 Some(2)");
    assert_eq!(agent.status(), AgentStatus::Running);
    assert!(!agent.is_done());
}

#[test]
fn one_that_failed_and_may_do_better_begins_anew_from_its_factory() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(stage.ask(&agent, "count").unwrap().text(), "1");
    assert!(matches!(
        stage.ask(&agent, "throttled"),
        Err(AgentError::ModelThrottled)
    ));
    assert_eq!(agent.status(), AgentStatus::Restarting);
    stage.pass(100);
    assert_eq!(agent.status(), AgentStatus::Running);
    assert_eq!(
        stage.ask(&agent, "count").unwrap().text(),
        "1",
        "it has forgotten"
    );
    assert_eq!((stage.log.made(), stage.log.alive()), (2, 1));
}

#[test]
fn one_that_will_fail_again_ends() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "fatal").unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.code()),
        ("no more", ErrorCode::AgentFailed)
    );
    let outcome = stage.wait(agent.ended()).unwrap();
    assert_eq!(outcome.status, AgentStatus::Failed);
    assert_eq!(stage.log.alive(), 0);
}
