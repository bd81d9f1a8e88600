//! What becomes of tasks whose orchestrator stopped without a goodbye. `kernel_properties` cuts any history anywhere.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
}

use agent_orchestrator::kernel::TaskStatus::{Cancelled, Failed, Paused, Pending, Running};
use agent_orchestrator::kernel::{
    Attempt, Command, Config, Effect, Event, NewPlan, NewTask, OnInterrupt, Reply, Reporter, Retry, TaskKey,
    Timeouts,
};
use agent_orchestrator::{ErrorCode, TaskStatus, TaskWait};
use rust::desk::{Desk, START, ending, output, task};

const HOUR: u64 = 60 * 60 * 1000;

fn crash(desk: &Desk) -> Desk {
    let mut crashed = desk.crashed(*desk.kernel.config(), desk.journal.0.len());
    crashed.fold(|_| ());
    crashed
}

fn config() -> Config {
    Config {
        max_concurrency: 9,
        ..Config::default()
    }
}

fn on_interrupt(on_interrupt: OnInterrupt) -> NewPlan<'static> {
    NewPlan {
        start: true,
        on_interrupt: Some(on_interrupt),
        ..NewPlan::default()
    }
}

fn state(desk: &Desk, task: TaskKey) -> (TaskStatus, u32, Option<TaskWait>) {
    let found = desk.kernel.task(task).unwrap();
    (
        found.status(),
        found.attempt().get(),
        desk.kernel.waiting_for(found),
    )
}

#[test]
fn interrupted_attempts_are_paused_repeated_or_failed_as_the_task_says() {
    let mut desk = Desk::with_worker(config());
    let [pause, retry, fail] = [OnInterrupt::Pause, OnInterrupt::Retry, OnInterrupt::Fail]
        .map(|then| desk.planned(on_interrupt(then)));
    let unsaid = desk.planned(NewPlan {
        start: true,
        ..NewPlan::default()
    });
    let held = desk.planned(on_interrupt(OnInterrupt::Retry));
    desk.done(Command::Pause(held));
    let idle = desk.create();
    desk.complete(unsaid);
    let done = desk.snapshot();
    let mut desk = crash(&desk);
    assert_ne!(desk.snapshot(), done);
    assert_eq!(state(&desk, pause), (Paused, 2, Some(TaskWait::Interrupted)));
    assert_eq!(state(&desk, retry), (Pending, 2, Some(TaskWait::Provider)));
    assert_eq!(state(&desk, fail).0, Failed);
    assert_eq!(
        state(&desk, held),
        (Paused, 2, Some(TaskWait::Provider)),
        "it was paused, and stays so"
    );
    assert_eq!(
        (state(&desk, unsaid).1, state(&desk, idle)),
        (1, (Pending, 0, None)),
        "nothing happens to them"
    );
    let refused = desk.tell(Command::Start(idle)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProviderNotFound);
    // What the attempts before the crash say is late; those after it have other numbers.
    for task in [pause, retry, fail, held] {
        let by = Reporter::Attempt(Attempt::new(1));
        assert_eq!(desk.tell(output(task, by, "still here")), Ok(Reply::Late));
    }
    desk.done(Command::Resume(pause));
    let _ = desk.register("worker", None).unwrap();
    desk.fold(|_| ());
    desk.done(Command::Resume(held));
    let run = |effect: &Effect| match effect {
        Effect::Run { task, attempt, .. } => Some((*task, attempt.get())),
        _ => None,
    };
    let runs: Vec<_> = desk.effects().iter().filter_map(run).collect();
    assert_eq!(runs, [(retry, 2), (pause, 2), (held, 2)]);
}

#[test]
fn the_default_for_interrupted_tasks_is_the_hosts() {
    let mut desk = Desk::with_worker(config());
    let key = desk.planned(NewPlan {
        start: true,
        ..NewPlan::default()
    });
    for (then, due) in [
        (OnInterrupt::Pause, Paused),
        (OnInterrupt::Retry, Pending),
        (OnInterrupt::Fail, Failed),
    ] {
        let config = Config {
            on_interrupt: then,
            ..config()
        };
        let mut crashed = desk.crashed(config, desk.journal.0.len());
        crashed.fold(|_| ());
        assert_eq!(crashed.status(key), Some(due));
    }
}

#[test]
fn a_task_that_kills_its_host_is_not_begun_for_ever() {
    let mut desk = Desk::with_worker(config());
    let poison = desk.planned(on_interrupt(OnInterrupt::Retry));
    let limited = desk.planned(NewPlan {
        retry: Some(Retry::default()),
        ..on_interrupt(OnInterrupt::Retry)
    });
    for round in 1..=17 {
        desk = crash(&desk);
        let _ = desk.register("worker", None).unwrap();
        desk.fold(|_| ());
        let due = if round < 17 { Running } else { Failed };
        assert_eq!(desk.status(poison), Some(due), "{round}");
        let due = if round < 3 { Running } else { Failed };
        assert_eq!(desk.status(limited), Some(due), "{round}");
    }
    let error = |task| desk.kernel.task(task).unwrap().error().unwrap().to_owned();
    assert_eq!(error(poison), "it was interrupted 17 times in a row");
    assert_eq!(error(limited), "it was interrupted in the last of its 3 attempts");
}

#[test]
fn an_attempt_that_ends_by_itself_breaks_the_row() {
    let mut desk = Desk::with_worker(config());
    let key = desk.planned(NewPlan {
        retry: Some(Retry {
            max_attempts: 100,
            delay: 0,
            ..Retry::default()
        }),
        ..on_interrupt(OnInterrupt::Retry)
    });
    for _ in 0..20 {
        desk = crash(&desk);
        let _ = desk.register("worker", None).unwrap();
        desk.fold(|_| ());
        desk.spoil(key);
        desk.time_out();
    }
    assert_eq!(
        (desk.status(key), desk.kernel.task(key).unwrap().interrupts()),
        (Some(Running), 0)
    );
}

#[test]
fn time_goes_on_while_nobody_is_there() {
    let mut desk = Desk::with_worker(config());
    let plan = NewPlan {
        start: true,
        retry: Some(Retry {
            delay: 1000,
            jitter: 0,
            ..Retry::default()
        }),
        ..NewPlan::default()
    };
    let soon = desk.planned(plan);
    let long = desk.planned(NewPlan {
        retry: plan.retry.map(|retry| Retry {
            delay: 2 * HOUR,
            max_delay: 2 * HOUR,
            ..retry
        }),
        ..plan
    });
    let total = desk.planned(NewPlan {
        timeouts: Timeouts {
            total: Some(HOUR + 10),
            ..Timeouts::default()
        },
        ..plan
    });
    let deadline = desk.planned(NewPlan {
        deadline: Some(START + HOUR),
        ..plan
    });
    let start_at = desk.planned(NewPlan {
        start_at: Some(START + HOUR),
        ..plan
    });
    desk.spoil(soon);
    desk.spoil(long);
    desk.now += HOUR;
    let mut desk = crash(&desk);
    assert_eq!(desk.kernel.poll_timeout(desk.now), Some(0));
    desk.time_out();
    assert_eq!(state(&desk, soon).2, Some(TaskWait::Provider));
    assert_eq!(state(&desk, long).2, Some(TaskWait::Retry));
    assert_eq!(state(&desk, start_at).2, Some(TaskWait::Provider));
    assert_eq!(
        (desk.status(deadline), desk.status(total)),
        (Some(Failed), Some(Paused))
    );
    let _ = desk.register("worker", None).unwrap();
    desk.fold(|_| ());
    assert_eq!([soon, start_at].map(|task| desk.status(task)), [Some(Running); 2]);
    desk.pass(9);
    assert_eq!(desk.status(total), Some(Paused));
    desk.pass(1);
    assert_eq!(desk.status(total), Some(Failed));
    desk.pass(HOUR - 11);
    assert_eq!(desk.status(long), Some(Pending));
    desk.pass(1);
    assert_eq!(desk.status(long), Some(Running));
    assert_eq!(crash(&desk).kernel.poll_timeout(desk.now), None);
}

/// The journal may end between two events of one command.
#[test]
fn what_a_command_had_not_come_to_is_done_after_the_crash() {
    let mut desk = Desk::with_worker(Config {
        on_interrupt: OnInterrupt::Retry,
        ..config()
    });
    let parent = desk.made(NewTask {
        id: Some("parent"),
        plan: on_interrupt(OnInterrupt::Pause),
        ..task()
    });
    let child = desk.made(NewTask {
        parent: Some("parent"),
        ..task()
    });
    let after = desk.planned(NewPlan {
        start: true,
        depends_on: &["parent"],
        ..NewPlan::default()
    });
    let held = desk.create();
    desk.done(Command::Pause(held));
    let kept = |desk: &Desk, wanted: &dyn Fn(&Event<'_>) -> bool| {
        let events = desk.journal.0.iter();
        let is_wanted = |(_, bytes): &(u64, Vec<u8>)| wanted(&postcard::from_bytes(bytes).unwrap());
        events.clone().position(is_wanted).unwrap() + 1
    };
    desk.complete(parent);
    let completed = kept(&desk, &|event| matches!(event, Event::Completed { .. }));
    assert!(completed < desk.journal.0.len());
    let mut crashed = desk.crashed(*desk.kernel.config(), completed);
    crashed.fold(|_| ());
    assert_eq!(crashed.status(child), Some(Cancelled));
    assert_eq!(state(&crashed, after), (Pending, 1, Some(TaskWait::Provider)));
    // Between the note of the interruption and what follows from it.
    let mut crashed = desk.crashed(*desk.kernel.config(), desk.journal.0.len());
    crashed.fold(|_| ());
    let interrupted = kept(&crashed, &|event| matches!(event, Event::Interrupted { .. }));
    let mut again = crashed.crashed(*desk.kernel.config(), interrupted);
    again.fold(|_| ());
    assert_eq!(state(&again, after), (Pending, 2, Some(TaskWait::Provider)));
    // A second look changes nothing but that it is recorded.
    let before = again.journal.0.len();
    again.recover();
    assert_eq!(again.journal.0.len(), before + 1);
    let late = Command::Finish {
        task: after,
        attempt: Attempt::new(1),
        ending: ending(true),
    };
    assert_eq!(again.tell(late), Ok(Reply::Late));
}
