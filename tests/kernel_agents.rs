//! The machine that supervises agents, command by command.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

#[path = "rust/agents.rs"]
mod agents;

use agent_orchestrator::kernel::{AgentStatus, DropReason, SupervisorAction};
use agents::Desk;

#[test]
fn a_message_is_given_to_the_agent_and_answered() {
    let mut desk = Desk::new();
    let writer = desk.add("writer", None, |_| ());
    desk.spawn(writer);
    let message = desk.send(writer);
    assert_eq!(desk.prompted(), [(writer, message)]);
    desk.answer(writer, message);
    assert_eq!(desk.settled(), [(writer, message, None)]);
    assert_eq!(desk.status(writer), AgentStatus::Running);
}

#[test]
fn a_failure_restarts_the_agent_and_drops_the_message() {
    let mut desk = Desk::new();
    let writer = desk.add("writer", None, |_| ());
    desk.spawn(writer);
    let message = desk.send(writer);
    let next = desk.send(writer);
    desk.fail(writer, message, true);
    assert_eq!(desk.settled(), [(writer, message, Some(DropReason::Failed))]);
    assert_eq!(desk.status(writer), AgentStatus::Restarting);
    desk.pass(100);
    assert_eq!(desk.status(writer), AgentStatus::Running);
    assert_eq!(desk.prompted(), [(writer, message), (writer, next)]);
    assert_eq!(desk.kernel.agent(writer).unwrap().incarnation().get(), 2);
}

#[test]
fn rest_for_one_stops_in_reverse_order_and_starts_in_order() {
    let mut desk = Desk::new();
    let top = desk.add("top", None, |settings| {
        settings.strategy = agent_orchestrator::Strategy::RestForOne;
    });
    let [a, b, c] = ["a", "b", "c"].map(|name| desk.add(name, Some(top), |_| ()));
    let below = desk.add("below", Some(c), |_| ());
    desk.spawn(top);
    assert_eq!(desk.started(), [top, a, b, c, below]);
    let message = desk.send(b);
    desk.fail(b, message, true);
    desk.pass(100);
    assert_eq!(desk.halted(), [below, c]);
    assert_eq!(desk.started(), [top, a, b, c, below, b, c, below]);
}

#[test]
fn one_restart_too_many_goes_to_the_parent_and_then_fails_the_tree() {
    let mut desk = Desk::new();
    let top = desk.add("top", None, |settings| settings.max_restarts = 1);
    let low = desk.add("low", Some(top), |settings| settings.max_restarts = 1);
    desk.spawn(top);
    for _ in 0..4 {
        let message = desk.send(low);
        desk.fail(low, message, true);
        desk.pass(1000);
    }
    assert_eq!(desk.status(low), AgentStatus::Failed);
    assert_eq!(desk.status(top), AgentStatus::Failed);
    assert_eq!(desk.started(), [top, low, low, top, low, low]);
    let _ = SupervisorAction::Stop;
}
