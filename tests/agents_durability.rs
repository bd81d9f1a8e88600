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

use agent_orchestrator::AgentStatus;
use agent_orchestrator::sim::{SimulatedDisk, SimulatedJournal};
use futures::FutureExt;
use rust::echo_agent::{Log, Stage};

#[test]
fn the_end_of_an_agent_is_told_though_it_is_removed_before_that_is_durable() {
    let mut stage = Stage::new();
    let journal = SimulatedJournal::open(&stage.runtime, &SimulatedDisk::new(1)).unwrap();
    let builder = agent_orchestrator::AgentOrchestrator::builder()
        .runtime(stage.runtime.clone())
        .journal(journal.clone());
    stage.orchestrator = stage.wait(builder.build()).unwrap();
    stage.log = Log::default();
    let agent = stage.start("writer");
    let mut ended = Box::pin(agent.ended());
    assert!(ended.as_mut().now_or_never().is_none());
    journal.set_delay(300);
    agent.cancel();
    // The halt of an agent that runs is ordered when that it is to go is durable.
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
