//! Events as numbers and text. `pkg-template/src/wire.ts` reads what this writes.

use super::agent_json;
use super::pack::Pack;
use crate::journal::Recorded;
use crate::kernel::{Event, Kernel};
use crate::orchestrator::{About, message, scope};

/// Set in an event's first number when the task's id was chosen by the user and must be asked for.
const OWN_ID: u32 = 1 << 8;

/// Writes one event: kind, task, time, and what the kind has.
pub(super) fn write(kernel: &Kernel, recorded: &Recorded<'_>, out: &mut Pack) {
    let (kind, task) = head(&recorded.event);
    let own = task.is_some_and(|task| kernel.has_own_id(task));
    out.number(kind | if own { OWN_ID } else { 0 });
    out.number(task.map_or(u32::MAX, |task| task.get()));
    out.wide(recorded.at);
    match recorded.event {
        Event::Opened { format, .. } => out.number(format.into()),
        Event::ProviderRegistered { id, label, .. } => {
            out.string(id);
            out.string(label);
        }
        Event::ProviderUnregistered { provider } => {
            out.string(kernel.provider(provider).map_or("", |provider| provider.id()));
        }
        Event::Created(ref created) => {
            out.number(created.provider.get().into());
            out.number(created.parent.map_or(u32::MAX, |parent| parent.get()));
            out.string(created.name);
        }
        Event::Queued { attempt, wait, .. } => {
            out.number(attempt.get());
            out.number(wait as u32);
        }
        Event::Started {
            attempt, provider, ..
        } => {
            out.number(attempt.get());
            out.number(provider.get().into());
        }
        Event::Progressed { progress, .. } => out.number(progress.into()),
        Event::Output { text, .. } => out.string(text),
        Event::StepAdded {
            step, description, ..
        } => {
            out.number(step);
            out.number(0);
            out.string(description);
            out.string("");
        }
        Event::StepUpdated {
            step,
            description,
            status,
            output,
            ..
        } => {
            out.number(step);
            out.number(status as u32);
            out.string(description);
            out.string(output.unwrap_or(""));
        }
        Event::Edited { edit, .. } => {
            let (about, message) = message(kernel, edit);
            out.number(about as u32);
            out.string(&message);
            out.string(scope(edit).unwrap_or_default());
        }
        Event::Completed { attempt, answer, .. } => {
            out.number(attempt.get());
            out.string(answer.summary);
            out.string(answer.detail);
        }
        Event::Failed {
            attempt,
            failure,
            error,
            answer,
            ..
        } => {
            out.number(attempt.get());
            out.number(failure as u32);
            out.string(error);
            out.number(answer.is_some().into());
            out.string(answer.map_or("", |answer| answer.summary));
            out.string(answer.map_or("", |answer| answer.detail));
        }
        Event::Cancelled { attempt, reason, .. } => {
            out.number(attempt.get());
            out.string(reason);
        }
        Event::Late { attempt, report, .. } => {
            out.number(attempt.get());
            out.number(report as u32);
        }
        Event::Blocked { attempt, .. } | Event::Interrupted { attempt, .. } => out.number(attempt.get()),
        Event::Retrying {
            attempt,
            failure,
            error,
            until,
            ..
        } => {
            out.number(attempt.get());
            out.number(failure as u32);
            out.string(error);
            out.wide(until);
        }
        Event::Recovered { cut, interrupted } => {
            out.wide(cut);
            out.number(interrupted);
        }
        Event::GroupLimited { group, max } => {
            out.string(group);
            out.number(max.unwrap_or(0));
        }
        // There are many kinds of these, and few of each: they cross as JSON.
        Event::Agent { agent, ref fact } => out.string(&agent_json::event(kernel, agent, fact)),
        Event::Paused { .. } | Event::Resumed { .. } | Event::Deleted { .. } => {}
    }
}

/// The number of an event's public type, and its task. The numbers are those of `EVENT_TYPES` in `wire.ts`.
fn head(event: &Event<'_>) -> (u32, Option<crate::kernel::TaskKey>) {
    match *event {
        Event::Opened { .. } => (0, None),
        Event::ProviderRegistered { .. } => (1, None),
        Event::ProviderUnregistered { .. } => (2, None),
        Event::Created(ref created) => (3, Some(created.task)),
        Event::Queued { task, .. } => (4, Some(task)),
        Event::Started { task, .. } => (5, Some(task)),
        Event::Progressed { task, .. } => (6, Some(task)),
        Event::Output { task, .. } => (7, Some(task)),
        Event::StepAdded { task, .. } | Event::StepUpdated { task, .. } => (8, Some(task)),
        Event::Edited { task, .. } => (9, Some(task)),
        Event::Paused { task } => (10, Some(task)),
        Event::Resumed { task } => (11, Some(task)),
        Event::Completed { task, .. } => (12, Some(task)),
        Event::Failed { task, .. } => (13, Some(task)),
        Event::Cancelled { task, .. } => (14, Some(task)),
        Event::Late { task, .. } => (15, Some(task)),
        Event::Deleted { task } => (16, Some(task)),
        Event::Blocked { task, .. } => (17, Some(task)),
        Event::Retrying { task, .. } => (18, Some(task)),
        Event::Interrupted { task, .. } => (19, Some(task)),
        Event::Recovered { .. } => (20, None),
        Event::GroupLimited { .. } => (21, None),
        Event::Agent { .. } => (22, None),
    }
}

// The numbers that cross for these are their positions; a change of order would be silent otherwise.
const _: () = {
    assert!(About::Name as u32 == 0 && About::Current as u32 == 3);
    assert!(crate::kernel::Report::Failure as u32 == 4);
    assert!(crate::kernel::TaskStatus::Cancelled as u32 == 6);
    assert!(crate::kernel::TaskWait::Interrupted as u32 == 5);
    assert!(crate::kernel::Failure::Interrupted as u32 == 3);
};
