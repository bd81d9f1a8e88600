//! A task as numbers and text. `pkg-template/src/wire.ts` reads what this writes.

use super::pack::Pack;
use crate::kernel::{Kernel, Task, TaskKey};

/// Bits of the second number: what is there, and what is chosen by the user.
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
}

/// Writes one task. With `brief`, name and description stay behind: the caller has them.
pub(super) fn write(kernel: &Kernel, key: TaskKey, task: &Task, brief: bool, out: &mut Pack) {
    let own_id = kernel.has_own_id(key);
    let sub_agent = kernel.sub_agent_type(task);
    let sub_agent =
        (kernel.provider(task.provider()).map(|p| p.id()) != Some(sub_agent)).then_some(sub_agent);
    let (room, world) = (kernel.room(task), kernel.world(task));
    let flags = [
        (task.started_at().is_some(), flag::STARTED),
        (task.completed_at().is_some(), flag::COMPLETED),
        (task.summary().is_some(), flag::RESULT),
        (task.error().is_some(), flag::ERROR),
        (own_id, flag::OWN_ID),
        (sub_agent.is_some(), flag::SUB_AGENT),
        (room.is_some(), flag::ROOM),
        (world.is_some(), flag::WORLD),
        (task.parent().is_some(), flag::PARENT),
        (task.output().len() > 0, flag::OUTPUT),
    ];
    let wait = kernel.waiting_for(task).map_or(0, |wait| wait as u32 + 1);
    out.number(key.get());
    out.number(
        flags
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, bit)| bit)
            .sum(),
    );
    out.number(
        task.status() as u32
            | (task.user_status() as u32) << 4
            | wait << 8
            | u32::from(task.progress()) << 16,
    );
    out.number(task.attempt().get());
    out.number(task.provider().get().into());
    out.number(u32::try_from(task.output_dropped()).unwrap_or(u32::MAX));
    out.number(kernel.working_directory_number(task));
    out.number(task.steps().len() as u32);
    for time in [
        task.created_at(),
        task.updated_at(),
        task.started_at().unwrap_or(0),
        task.completed_at().unwrap_or(0),
        task.user_status_at(),
    ] {
        out.wide(time);
    }
    out.string(if brief { "" } else { task.name() });
    out.string(if brief { "" } else { task.description() });
    out.lines(task.tags());
    out.string(task.output_text());
    out.string(task.metadata());
    out.string(task.detail());
    for text in [task.summary(), task.error(), sub_agent, room, world]
        .into_iter()
        .flatten()
    {
        out.string(text);
    }
    for (own, key) in [(own_id, Some(key)), (true, task.parent())] {
        if let Some(key) = key.filter(|_| own) {
            out.string(&kernel.task_id(key));
        }
    }
    for step in task.steps() {
        out.number(step.status() as u32);
        out.string(step.description());
        out.string(step.output().unwrap_or(""));
    }
}
