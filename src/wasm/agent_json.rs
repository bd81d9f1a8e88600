//! What is told of agents, as JSON: there are many kinds of events, and few of each. The names and words are those of
//! `EventKind`, which `tests/golden_agents.rs` and `tests/js/golden.test.mjs` hold against each other.

use super::json::{Object, array};
use crate::kernel::{Agent, AgentFact, AgentKey, Goal, Kernel, Message};
use crate::supervision::AgentNode;

/// One event, without its position and time.
pub(super) fn event(kernel: &Kernel, key: AgentKey, fact: &AgentFact<'_>) -> String {
    let name = |key| kernel.agent_name(key);
    let of = |kind: &str| Object::new().text("type", kind).text("agent", name(key));
    let about = |kind: &str, message: Message| of(kind).number("messageId", message.get());
    let event = match *fact {
        // An agent that is known is told of under the name that it has.
        AgentFact::Added {
            name: added, parent, ..
        } => Object::new()
            .text("type", "agent:added")
            .text("agent", added)
            .with(parent, |event, parent| event.text("parent", name(parent))),
        AgentFact::Removed => of("agent:removed"),
        AgentFact::Waiting { due } => of("agent:waiting").with(due, |event, due| event.number("dueAt", due)),
        AgentFact::Starting { incarnation, again } => {
            of(if again { "agent:restarted" } else { "agent:spawned" })
                .number("incarnation", incarnation.get())
        }
        AgentFact::Ready { incarnation } => of("agent:ready").number("incarnation", incarnation.get()),
        AgentFact::Failed {
            incarnation,
            failure,
            error,
            retryable,
            message,
        } => of("agent:failed")
            .number("incarnation", incarnation.get())
            .text("failure", failure.as_str())
            .text("error", error)
            .flag("retryable", retryable)
            .with(message, |event, message| event.number("messageId", message.get())),
        AgentFact::Resumed => of("agent:resumed"),
        AgentFact::Escalated { origin, to } => of("agent:escalated")
            .text("origin", name(origin))
            .with(to, |event, to| event.text("to", name(to))),
        AgentFact::Restarting { restarts, due } => of("agent:restarting")
            .number("restarts", restarts)
            .number("dueAt", due),
        AgentFact::Stopping { goal, reason } => of("agent:stopping")
            .flag("restart", matches!(goal, Goal::Restart { .. }))
            .text("reason", reason),
        AgentFact::Stopped { end, overdue } => of("agent:stopped")
            .text("status", end.as_str())
            .flag("overdue", overdue),
        AgentFact::Closing => of("agent:closing"),
        AgentFact::Steady => of("agent:steady"),
        AgentFact::Sent { message, payload } => about("agent:message", message).json("messages", payload),
        AgentFact::Prompted { message } => about("agent:prompted", message),
        AgentFact::Answered { message, reply } => about("agent:replied", message).json("reply", reply),
        AgentFact::Dropped { message, why } => about("agent:dropped", message).text("reason", why.as_str()),
        AgentFact::DeadLetter {
            message,
            payload,
            error,
            deliveries,
        } => about("agent:dead-letter", message)
            .json("messages", payload)
            .text("error", error)
            .number("deliveries", deliveries),
        AgentFact::Kept { state } => of("agent:state").json("state", state),
        AgentFact::Late { incarnation } => of("agent:late").number("incarnation", incarnation.get()),
    };
    event.end()
}

/// Trees of agents.
pub(super) fn nodes(nodes: &[AgentNode]) -> String {
    array(nodes.iter().map(|node| {
        Object::new()
            .text("name", &node.name)
            .text("status", node.status.as_str())
            .number("incarnation", node.incarnation)
            .number("restarts", node.restarts)
            // No inbox has near 2^64 messages.
            .number("queued", node.queued as u64)
            .with(node.busy, |node, busy| node.number("busy", busy))
            .with(node.last_error.as_deref(), |node, error| {
                node.text("lastError", error)
            })
            .text("strategy", node.strategy.as_str())
            .text("restart", node.restart.as_str())
            .flag("attached", node.attached)
            // No deeper than the limit on agents above an agent.
            .json("children", &self::nodes(&node.children))
            .end()
    }))
}

/// The messages that nobody could answer.
pub(super) fn dead_letters(kernel: &Kernel) -> String {
    let (letters, dropped) = kernel.dead_letters();
    let letters = array(letters.iter().map(|letter| {
        Object::new()
            .text("agent", kernel.agent_name(letter.agent))
            .number("messageId", letter.message.get())
            .json("messages", &letter.payload)
            .text("error", &letter.error)
            .number("deliveries", letter.deliveries)
            .number("at", letter.at)
            .end()
    }));
    Object::new()
        .json("letters", &letters)
        .number("dropped", dropped)
        .end()
}

/// Why an agent last failed.
pub(super) fn failure(agent: &Agent) -> Option<String> {
    let failed = agent.failed.as_ref()?;
    let failure = Object::new()
        .text("failure", failed.failure.as_str())
        .text("error", &failed.error)
        .flag("retryable", failed.retryable)
        .with(failed.message, |failure, message| {
            failure.number("messageId", message.get())
        });
    Some(failure.end())
}
