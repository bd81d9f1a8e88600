//! Supervised agents on a journal that takes its time: what is told of them waits for it, and is told all the same.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod echo_agent;
}

use agent_orchestrator::sim::{SimulatedDisk, SimulatedJournal};
use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentOrchestrator, AgentResult, AgentStatus, ErrorCode,
    OrchestratedHandle, async_trait,
};
use futures::FutureExt;
use rust::echo_agent::Stage;

/// A stage with a journal that takes its time when it is told to, and an agent that runs there.
fn on_a_journal() -> (Stage, SimulatedJournal, OrchestratedHandle) {
    let mut stage = Stage::new();
    let journal = SimulatedJournal::open(&stage.runtime, &SimulatedDisk::new(1)).unwrap();
    let builder = AgentOrchestrator::builder()
        .runtime(stage.runtime.clone())
        .journal(journal.clone());
    stage.orchestrator = stage.wait(builder.build()).unwrap();
    let agent = stage.start("writer");
    (stage, journal, agent)
}

#[test]
fn the_end_of_an_agent_is_told_though_it_is_removed_before_that_is_durable() {
    let (stage, journal, agent) = on_a_journal();
    let mut ended = Box::pin(agent.ended());
    assert!(ended.as_mut().now_or_never().is_none());
    journal.set_delay(300);
    agent.cancel();
    // An agent that runs is told to go when it is durable that it is to.
    stage.pass(300);
    assert_eq!(agent.status(), AgentStatus::Cancelled);
    let mut removed = Box::pin(stage.orchestrator.remove_agent("writer"));
    assert!(
        removed.as_mut().now_or_never().is_none(),
        "its end is not durable yet"
    );
    stage.pass(1000);
    assert_eq!(removed.now_or_never(), Some(Ok(())));
    assert_eq!(
        ended.now_or_never().unwrap().unwrap().status,
        AgentStatus::Cancelled
    );
}

#[test]
fn nobody_waits_for_the_end_of_an_agent_when_the_journal_has_failed() {
    let (stage, journal, agent) = on_a_journal();
    journal.conflict_next();
    let error = stage.ask(&agent, "hello").unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    let ended = agent.ended().now_or_never().expect("it will never end");
    assert_eq!(ended.unwrap_err().code(), ErrorCode::Conflict);
}

/// An agent that never comes to its first message.
struct Sleeper;

#[async_trait]
impl Agent for Sleeper {
    async fn started(&mut self, _: &AgentContext) -> Result<(), AgentError> {
        std::future::pending().await
    }

    async fn prompt(&mut self, _: &[AgentMessage], _: &AgentContext) -> Result<AgentResult, AgentError> {
        Err(AgentError::fatal("it sleeps"))
    }
}

#[test]
fn an_end_is_not_told_when_only_the_one_before_it_is_durable() {
    let (stage, journal, _) = on_a_journal();
    stage.orchestrator.add_agent("boss", || Sleeper).unwrap();
    stage.add_child("clerk", "boss");
    stage.wait(stage.orchestrator.flush()).unwrap();
    journal.set_delay(300);
    // Written at once; what follows waits for that, and then for what is before it.
    stage.spawn("boss");
    let clerk = stage.orchestrator.agent("clerk").unwrap();
    clerk.cancel();
    stage.pass(300);
    stage.spawn("clerk");
    let mut ended = Box::pin(clerk.ended());
    assert!(ended.as_mut().now_or_never().is_none());
    drop(clerk.stop().now_or_never());
    assert_eq!(clerk.status(), AgentStatus::Completed);
    stage.pass(300);
    assert!(
        ended.as_mut().now_or_never().is_none(),
        "only the first end is durable"
    );
    stage.pass(300);
    assert_eq!(
        ended.now_or_never().unwrap().unwrap().status,
        AgentStatus::Completed
    );
}
