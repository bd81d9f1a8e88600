//! Carries out one operation of a simulation.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use super::calls::{Answer, poll};
use super::operation::Operation;
use super::violation::Violation;
use super::world::World;
use crate::kernel::{self, TaskUserStatus};

/// Calls a method and forgets what it gives, but that it was done.
macro_rules! call {
    ($world:ident, $orchestrator:ident => $call:expr) => {
        $world.call(None, false, |$orchestrator| {
            Box::pin(async move { $call.await.map(|_| Answer::Done) })
        })
    };
    ($world:ident, $orchestrator:ident, $answer:path, $until_end:literal, $task:expr => $call:expr) => {
        $world.call($task, $until_end, |$orchestrator| {
            Box::pin(async move { $call.await.map($answer) })
        })
    };
}

/// Carries out an operation, and checks everything after it.
pub(super) fn step(world: &mut World, operation: &Operation) -> Result<(), Violation> {
    // An owner that only reads is opened again now and then.
    if world.has_failed()? && world.gives_up() {
        world.crash(0)?;
    }
    carry_out(world, operation.clone())?;
    world.check()
}

fn carry_out(world: &mut World, operation: Operation) -> Result<(), Violation> {
    use Operation as Op;
    match operation {
        Op::Create(tasks) if !tasks.iter().all(|task| world.is_clear(task.id.as_ref())) => Ok(()),
        Op::Run(task) if !world.is_clear(task.id.as_ref()) => Ok(()),
        Op::Create(tasks) => call!(world, all => all.create_tasks(&tasks)),
        Op::Run(task) => {
            let id = task.id.clone();
            call!(world, all, Answer::Run, false, id.as_deref() => all.run_task(*task))
        }
        Op::Start(id) => call!(world, all, Answer::Run, false, Some(&id.clone()) => all.start_task(&id)),
        Op::Restart(id) => call!(world, all, Answer::Run, false, Some(&id.clone()) => all.restart_task(&id)),
        Op::Wait(id) => call!(world, all, Answer::Outcome, true, Some(&id.clone()) => all.wait_for_task(&id)),
        Op::Pause(id) => call!(world, all => all.pause_task(&id)),
        Op::Resume(id) => call!(world, all => all.resume_task(&id)),
        Op::Cancel(id) => call!(world, all => all.cancel_task(&id, None)),
        Op::Delete(id) => call!(world, all => all.delete_task(&id)),
        Op::Rename(id, name) => call!(world, all => all.rename_task(&id, &name)),
        Op::Reassign(id, provider) => call!(world, all => all.reassign_task(&id, &provider)),
        Op::Mark(id, done) => {
            let status = if done {
                TaskUserStatus::Done
            } else {
                TaskUserStatus::Open
            };
            call!(world, all => all.set_user_status(&id, status))
        }
        Op::AddStep(id, text) => call!(world, all => all.add_step(&id, &text)),
        Op::Select(id) => call!(world, all => all.switch_task(id.as_deref())),
        Op::SelectIn(scope, id) => call!(world, all => all.switch_task_in(&scope, id.as_deref())),
        Op::Flush => call!(world, all => all.flush()),
        // Nobody waits for these to be durable.
        Op::Output(id, text) => world.order(|all| at_once(all.append_output(&id, &text))),
        Op::Progress(id, percent) => world.order(|all| at_once(all.update_progress(&id, percent))),
        Op::UpdateStep(id, step, status) => {
            world.order(|all| at_once(all.update_step(&id, &step, status, None)))
        }
        Op::Register(id) => {
            let provider = world.provider(&id);
            world.order(|all| all.register_provider(provider))
        }
        Op::Unregister(id) => world.order(|all| all.unregister_provider(&id)),
        Op::LimitGroup(group, max) => world.order(|all| all.limit_group(&group, max)),
        Op::Finish(id, attempt, success) => world.finish_again(&id, attempt, success),
        Op::Poll(times) => {
            for _ in 0..times {
                world.run_one()?;
            }
            Ok(())
        }
        Op::Idle => world.idle(),
        Op::Advance(time) => world.advance(time),
        Op::Jump(by) => {
            world.runtime().jump_clock(by);
            Ok(())
        }
        Op::Slow(delay) => {
            if let Some(journal) = world.journal() {
                journal.set_delay(delay);
            }
            Ok(())
        }
        Op::Conflict => {
            if let Some(journal) = world.journal() {
                journal.conflict_next();
            }
            Ok(())
        }
        Op::FailAfter(calls) => {
            world.disk.fail_after(calls);
            Ok(())
        }
        Op::CutPowerAfter(calls) => {
            world.disk.cut_power_after(calls);
            Ok(())
        }
        Op::Full(room) => {
            let used: usize = world.disk.files().values().map(Vec::len).sum();
            world.disk.set_room(Some(used as u64 + room));
            Ok(())
        }
        Op::Crash(seed) => world.crash(seed),
        Op::Reopen => world.reopen(),
    }
}

/// The answer of a call that does not wait.
fn at_once<T>(call: impl Future<Output = kernel::Result<T>>) -> kernel::Result<()> {
    match poll(pin!(call)) {
        Poll::Ready(answer) => answer.map(|_| ()),
        Poll::Pending => Ok(()),
    }
}
