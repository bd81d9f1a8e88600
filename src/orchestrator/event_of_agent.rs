//! What happens to agents, as the outside sees it.

use serde_json::Value;

use super::event::EventKind;
use crate::kernel::{AgentFact, AgentKey, Goal, Kernel};

pub(super) fn event_of_agent(kernel: &Kernel, key: AgentKey, fact: &AgentFact<'_>) -> EventKind {
    let name = |key: AgentKey| kernel.agent_name(key).to_owned();
    let agent = name(key);
    // What is in the journal was canonical JSON, or nothing, when it came in.
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    match *fact {
        // An agent that is known is told of under the name that it has.
        AgentFact::Added {
            name: added, parent, ..
        } => EventKind::AgentAdded {
            agent: added.to_owned(),
            parent: parent.map(name),
        },
        AgentFact::Removed => EventKind::AgentRemoved { agent },
        AgentFact::Waiting { due } => EventKind::AgentWaiting { agent, due_at: due },
        AgentFact::Starting {
            incarnation,
            again: false,
        } => EventKind::AgentSpawned {
            agent,
            incarnation: incarnation.get(),
        },
        AgentFact::Starting { incarnation, .. } => EventKind::AgentRestarted {
            agent,
            incarnation: incarnation.get(),
        },
        AgentFact::Ready { incarnation } => EventKind::AgentReady {
            agent,
            incarnation: incarnation.get(),
        },
        AgentFact::Failed {
            incarnation,
            failure,
            error,
            retryable,
            message,
        } => EventKind::AgentFailed {
            agent,
            incarnation: incarnation.get(),
            failure,
            error: error.to_owned(),
            retryable,
            message_id: message.map(crate::kernel::Message::get),
        },
        AgentFact::Resumed => EventKind::AgentResumed { agent },
        AgentFact::Escalated { origin, to } => EventKind::AgentEscalated {
            agent,
            origin: name(origin),
            to: to.map(name),
        },
        AgentFact::Restarting { restarts, due } => EventKind::AgentRestarting {
            agent,
            restarts,
            due_at: due,
        },
        AgentFact::Stopping { goal, reason } => EventKind::AgentStopping {
            agent,
            restart: matches!(goal, Goal::Restart { .. }),
            reason: reason.to_owned(),
        },
        AgentFact::Stopped { end, overdue } => EventKind::AgentStopped {
            agent,
            status: end,
            overdue,
        },
        AgentFact::Closing => EventKind::AgentClosing { agent },
        AgentFact::Steady => EventKind::AgentSteady { agent },
        AgentFact::Sent { message, payload } => EventKind::AgentMessage {
            agent,
            message_id: message.get(),
            messages: json(payload),
        },
        AgentFact::Prompted { message } => EventKind::AgentPrompted {
            agent,
            message_id: message.get(),
        },
        AgentFact::Answered { message, reply } => EventKind::AgentReplied {
            agent,
            message_id: message.get(),
            reply: json(reply),
        },
        AgentFact::Dropped { message, why } => EventKind::AgentDropped {
            agent,
            message_id: message.get(),
            reason: why,
        },
        AgentFact::DeadLetter {
            message,
            payload,
            error,
            deliveries,
        } => EventKind::AgentDeadLetter {
            agent,
            message_id: message.get(),
            messages: json(payload),
            error: error.to_owned(),
            deliveries,
        },
        AgentFact::Kept { state } => EventKind::AgentState {
            agent,
            state: json(state),
        },
        AgentFact::Late { incarnation } => EventKind::AgentLate {
            agent,
            incarnation: incarnation.get(),
        },
    }
}
