//! A task as numbers and text. `pkg-template/src/wire.ts` reads what this writes.

use super::pack::Pack;
use crate::kernel::{Kernel, Task, TaskKey};

/// Bits of the second number: what of the rest is there. Most tasks have little, and most snapshots are of such tasks.
mod flag {
    pub(super) const STARTED: u32 = 1;
    pub(super) const COMPLETED: u32 = 1 << 1;
    pub(super) const RESULT: u32 = 1 << 2;
    pub(super) const ERROR: u32 = 1 << 3;
    pub(super) const OWN_ID: u32 = 1 << 4;
    pub(super) const SUB_AGENT: u32 = 1 << 5;
    pub(super) const ROOM: u32 = 1 << 6;
    pub(super) const WORLD: u32 = 1 << 7;
    pub(super) const PARENT: u32 = 1 << 8;
    pub(super) const OUTPUT: u32 = 1 << 9;
    pub(super) const TEXTS: u32 = 1 << 10;
    pub(super) const EXTRAS: u32 = 1 << 11;
    pub(super) const PLAN: u32 = 1 << 12;
}

/// A bit that is set or not.
const fn when(set: bool, bit: u32) -> u32 {
    if set { bit } else { 0 }
}

/// Writes one task. With `brief`, name and description stay behind: the caller has them.
pub(super) fn write(kernel: &Kernel, key: TaskKey, task: &Task, brief: bool, out: &mut Pack) {
    let has_output = task.output().len() > 0 || task.output_dropped() > 0;
    let flags = when(task.started_at().is_some(), flag::STARTED)
        | when(task.completed_at().is_some(), flag::COMPLETED)
        | when(task.summary().is_some(), flag::RESULT)
        | when(task.error().is_some(), flag::ERROR)
        | when(has_output, flag::OUTPUT)
        | when(!brief, flag::TEXTS)
        | if task.has_extras() {
            extras(kernel, key, task)
        } else {
            0
        };
    let wait = kernel.waiting_for(task).map_or(0, |wait| wait as u32 + 1);
    out.number(key.get());
    out.number(flags);
    out.number(
        task.status() as u32
            | (task.user_status() as u32) << 4
            | wait << 8
            | u32::from(task.progress()) << 16,
    );
    out.number(task.attempt().get());
    out.number(task.provider().get().into());
    out.number(kernel.working_directory_number(task));
    out.wide(task.created_at());
    out.wide(task.updated_at());
    for time in [task.started_at(), task.completed_at()].into_iter().flatten() {
        out.wide(time);
    }
    if !brief {
        out.string(task.name());
        out.string(task.description());
    }
    if has_output {
        out.number(u32::try_from(task.output_dropped()).unwrap_or(u32::MAX));
        out.string(task.output_text());
    }
    for text in [task.summary(), task.error()].into_iter().flatten() {
        out.string(text);
    }
    if flags & flag::EXTRAS != 0 {
        write_extras(kernel, key, task, flags, out);
    }
}

/// Who does it in name, when that is not the provider.
fn sub_agent<'k>(kernel: &'k Kernel, task: &Task) -> Option<&'k str> {
    let name = kernel.sub_agent_type(task);
    let provider = kernel.provider(task.provider()).map(|provider| provider.id());
    (provider != Some(name)).then_some(name)
}

fn extras(kernel: &Kernel, key: TaskKey, task: &Task) -> u32 {
    flag::EXTRAS
        | when(kernel.has_own_id(key), flag::OWN_ID)
        | when(sub_agent(kernel, task).is_some(), flag::SUB_AGENT)
        | when(kernel.room(task).is_some(), flag::ROOM)
        | when(kernel.world(task).is_some(), flag::WORLD)
        | when(task.parent().is_some(), flag::PARENT)
        | when(task.has_plan(), flag::PLAN)
}

fn write_extras(kernel: &Kernel, key: TaskKey, task: &Task, flags: u32, out: &mut Pack) {
    out.number(task.steps().len() as u32);
    out.wide(task.user_status_at());
    out.lines(task.tags());
    out.string(task.metadata());
    out.string(task.detail());
    for text in [sub_agent(kernel, task), kernel.room(task), kernel.world(task)]
        .into_iter()
        .flatten()
    {
        out.string(text);
    }
    let own = Some(key).filter(|_| flags & flag::OWN_ID != 0);
    for key in [own, task.parent()].into_iter().flatten() {
        out.string(&kernel.task_id(key));
    }
    for step in task.steps() {
        out.number(step.status() as u32);
        out.string(step.description());
        out.string(step.output().unwrap_or(""));
    }
    if flags & flag::PLAN != 0 {
        write_plan(kernel, task, out);
    }
}

fn write_plan(kernel: &Kernel, task: &Task, out: &mut Pack) {
    let depends_on: Vec<String> = task.depends_on().iter().map(|on| kernel.task_id(*on)).collect();
    out.lines(depends_on.iter().map(String::as_str));
    // From -1000 to 1000; it crosses without a sign.
    out.number((task.priority() + 1000) as u32);
    let group = kernel.group(task);
    let times = [task.deadline(), task.start_at(), task.retry_at()];
    out.number(
        when(group.is_some(), 1)
            | when(times[0].is_some(), 2)
            | when(times[1].is_some(), 4)
            | when(times[2].is_some(), 8)
            | when(task.outlives_parent(), 16),
    );
    if let Some(group) = group {
        out.string(group);
    }
    for time in times.into_iter().flatten() {
        out.wide(time);
    }
}
