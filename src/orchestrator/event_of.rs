//! What is recorded, as the outside sees it.

use super::event::{About, EventKind};
use super::event_of_agent::event_of_agent;
use super::task::{TaskResult, TaskStep};
use crate::kernel::{Attempt, Edit, Event, Kernel, ProviderKey, TaskKey, TaskStatus, TaskWait};

/// A change of a task in words.
pub(crate) fn message(kernel: &Kernel, edit: Edit<'_>) -> (About, String) {
    match edit {
        Edit::Name(name) => (About::Name, format!("Renamed task to: {name}")),
        Edit::Provider(provider) => {
            let (id, label) = kernel
                .provider(provider)
                .map_or(("", ""), |p| (p.id(), p.label()));
            (About::Provider, format!("Provider: {label} ({id})"))
        }
        Edit::UserStatus(status) => (About::UserStatus, format!("Marked as {status}")),
        Edit::Current(true) => (About::Current, "This is the current task now".to_owned()),
        Edit::Current(false) => (About::Current, "No task is current now".to_owned()),
        Edit::CurrentIn { current: true, .. } => {
            (About::Current, "This is the current task there now".to_owned())
        }
        Edit::CurrentIn { .. } => (About::Current, "No task is current there now".to_owned()),
    }
}

/// Where a task became, or no longer is, the current one, if not everywhere.
pub(crate) const fn scope<'a>(edit: Edit<'a>) -> Option<&'a str> {
    match edit {
        Edit::CurrentIn { scope, .. } => Some(scope),
        _ => None,
    }
}

pub(super) fn kind(kernel: &Kernel, event: &Event<'_>) -> EventKind {
    let id = |task: TaskKey| kernel.task_id(task);
    let provider_id = |key: ProviderKey| {
        kernel
            .provider(key)
            .map_or("", |provider| provider.id())
            .to_owned()
    };
    match *event {
        Event::ProviderRegistered { id, label, .. } => EventKind::ProviderRegistered {
            provider_id: id.to_owned(),
            label: label.to_owned(),
        },
        Event::ProviderUnregistered { provider } => EventKind::ProviderUnregistered {
            provider_id: provider_id(provider),
        },
        Event::Created(ref created) => EventKind::Created {
            task_id: id(created.task),
            name: created.name.to_owned(),
            provider_id: provider_id(created.provider),
            parent_id: created.parent.map(id),
        },
        Event::Queued { task, attempt, wait } => EventKind::Queued {
            task_id: id(task),
            attempt: attempt.get(),
            waiting_for: wait,
        },
        Event::Started {
            task,
            attempt,
            provider,
        } => EventKind::Started {
            task_id: id(task),
            attempt: attempt.get(),
            provider_id: provider_id(provider),
        },
        Event::Progressed { task, progress } => EventKind::Progress {
            task_id: id(task),
            progress,
        },
        Event::Output { task, text, .. } => EventKind::Output {
            task_id: id(task),
            lines: text.split('\n').map(str::to_owned).collect(),
        },
        Event::StepAdded {
            task,
            step,
            description,
            ..
        } => EventKind::Step {
            task_id: id(task),
            step: public_step(step, description, TaskStatus::Pending, None),
        },
        Event::StepUpdated {
            task,
            step,
            description,
            status,
            output,
        } => EventKind::Step {
            task_id: id(task),
            step: public_step(step, description, status, output),
        },
        Event::Paused { task } => EventKind::Paused { task_id: id(task) },
        Event::Resumed { task } => EventKind::Resumed { task_id: id(task) },
        Event::Completed {
            task,
            attempt,
            answer,
        } => EventKind::Completed {
            task_id: id(task),
            attempt: attempt.get(),
            success: true,
            summary: answer.summary.to_owned(),
            result: TaskResult::restore(true, answer.summary, answer.detail),
        },
        Event::Failed {
            task,
            attempt,
            failure,
            error,
            answer,
        } => EventKind::Failed {
            task_id: id(task),
            attempt: attempt.get(),
            failure,
            success: false,
            summary: answer.map_or(error, |answer| answer.summary).to_owned(),
            error: error.to_owned(),
            result: answer.map(|answer| TaskResult::restore(false, answer.summary, answer.detail)),
        },
        Event::Cancelled {
            task,
            attempt,
            reason,
        } => EventKind::Cancelled {
            task_id: id(task),
            attempt: Attempt::get(attempt),
            reason: reason.to_owned(),
        },
        Event::Late {
            task,
            attempt,
            report,
        } => EventKind::Late {
            task_id: id(task),
            attempt: attempt.get(),
            report,
        },
        Event::Deleted { task } => EventKind::Deleted { task_id: id(task) },
        Event::Blocked { task, attempt } => EventKind::Blocked {
            task_id: id(task),
            attempt: attempt.get(),
            waiting_for: TaskWait::Dependencies,
        },
        Event::Retrying {
            task,
            attempt,
            failure,
            error,
            until,
        } => EventKind::Retrying {
            task_id: id(task),
            attempt: attempt.get(),
            failure,
            error: error.to_owned(),
            retry_at: until,
        },
        Event::Interrupted { task, attempt } => EventKind::Interrupted {
            task_id: id(task),
            attempt: attempt.get(),
        },
        Event::Agent { agent, ref fact } => event_of_agent(kernel, agent, fact),
        Event::Recovered { cut, interrupted } => EventKind::Recovered { cut, interrupted },
        Event::GroupLimited { group, max } => EventKind::GroupLimited {
            group: group.to_owned(),
            max_concurrency: max,
        },
        Event::Opened { format, .. } => EventKind::Opened { format },
        Event::Edited { task, edit } => {
            let (about, message) = message(kernel, edit);
            EventKind::Message {
                task_id: id(task),
                about,
                message,
                scope: scope(edit).map(str::to_owned),
            }
        }
    }
}

fn public_step(index: u32, description: &str, status: TaskStatus, output: Option<&str>) -> TaskStep {
    TaskStep {
        id: format!("s{}", index + 1),
        description: description.to_owned(),
        status,
        output: output.map(str::to_owned),
    }
}
