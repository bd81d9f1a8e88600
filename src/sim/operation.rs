//! One move of a simulation, in words that can be printed and left out one by one.

use std::fmt;

use crate::kernel::{Millis, TaskStatus};
use crate::orchestrator::CreateTask;

/// What the simulation does next. Tasks and providers are named whether they are there or not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Creates tasks: all or none.
    Create(Vec<CreateTask>),
    /// Creates a task and starts it.
    Run(Box<CreateTask>),
    /// Starts a task.
    Start(String),
    /// Waits for the end of a task.
    Wait(String),
    /// Pauses a task.
    Pause(String),
    /// Lets a task go on.
    Resume(String),
    /// Cancels a task.
    Cancel(String),
    /// Restarts a task.
    Restart(String),
    /// Deletes a task.
    Delete(String),
    /// Renames a task.
    Rename(String, String),
    /// Gives a task to a provider.
    Reassign(String, String),
    /// Sets the user status of a task to done, or open.
    Mark(String, bool),
    /// Appends output as the owner.
    Output(String, String),
    /// Sets the progress as the owner.
    Progress(String, f64),
    /// Adds a step as the owner.
    AddStep(String, String),
    /// Moves a step as the owner.
    UpdateStep(String, String, TaskStatus),
    /// Makes a task the current one, or none.
    Select(Option<String>),
    /// Makes a task the current one of a scope, or none.
    SelectIn(String, Option<String>),
    /// Registers a provider.
    Register(String),
    /// Unregisters a provider.
    Unregister(String),
    /// Limits a group.
    LimitGroup(String, Option<u32>),
    /// Waits until everything is durable.
    Flush,
    /// Reports the end of an attempt that may have ended before.
    Finish(String, u32, bool),
    /// Lets so many futures go on.
    Poll(u32),
    /// Lets all futures go on that can.
    Idle,
    /// Moves the clock, and lets all futures go on that then can.
    Advance(Millis),
    /// Sets the clock.
    Jump(i64),
    /// Makes appends slow.
    Slow(Millis),
    /// Lets the disk's call after so many fail.
    FailAfter(u64),
    /// Cuts the power at the disk's call after so many.
    CutPowerAfter(u64),
    /// Lets the next append find that somebody else has written.
    Conflict,
    /// Leaves so many bytes of room on the disk, beside what is used.
    Full(u64),
    /// Loses power, and opens the orchestrator again.
    Crash(u64),
    /// Disposes of the orchestrator, and opens it again.
    Reopen,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(tasks) => {
                f.write_str("Create(")?;
                tasks.iter().try_for_each(|task| write_task(f, task))?;
                f.write_str(")")
            }
            Self::Run(task) => {
                f.write_str("Run(")?;
                write_task(f, task)?;
                f.write_str(")")
            }
            _ => fmt::Debug::fmt(self, f),
        }
    }
}

/// What is not at its default.
fn write_task(f: &mut fmt::Formatter<'_>, task: &CreateTask) -> fmt::Result {
    let plain = CreateTask::default();
    let mut shown = f.debug_struct("");
    macro_rules! show {
        ($($field:ident),*) => {
            $(if task.$field != plain.$field {
                shown.field(stringify!($field), &task.$field);
            })*
        };
    }
    show!(
        id,
        provider_id,
        parent_id,
        start,
        depends_on,
        on_dependency_failure,
        priority,
        group,
        retry,
        timeout,
        deadline,
        start_at,
        on_interrupt,
        outlives_parent,
        idempotency_key
    );
    shown.finish()
}
