//! What time does to tasks: retries, time-outs, deadlines, starts, clocks that are set; each rule by an example.
//!
//! That they hold together, and after any history, is what `kernel_properties` looks for.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
}

use agent_orchestrator::kernel::TaskStatus::{Failed, Paused, Pending, Running};
use agent_orchestrator::kernel::{
    Command, Effect, Ending, Event, Failure, NewPlan, Reply, Reporter, Retry, TaskKey, Timeouts,
};
use agent_orchestrator::{ErrorCode, TaskWait};
use rust::desk::*;

const DAY: u64 = 24 * 60 * 60 * 1000;
const HOUR: i64 = 60 * 60 * 1000;

/// Started at once, and repeated after so many milliseconds, without chance.
fn again(delay: u64) -> NewPlan<'static> {
    NewPlan {
        retry: Some(Retry {
            max_attempts: 3,
            delay,
            jitter: 0,
            ..Retry::default()
        }),
        ..now()
    }
}

fn within(timeouts: Timeouts) -> NewPlan<'static> {
    NewPlan { timeouts, ..now() }
}

// ----- retries -----

#[test]
fn a_failed_attempt_is_repeated_after_its_wait_at_the_end_of_the_line() {
    let mut desk = desk(1);
    let [task, other, last] = together(&mut desk, &[again(1000), now(), now()]).unwrap()[..] else {
        panic!()
    };
    desk.spoil(task);
    let found = desk.kernel.task(task).unwrap();
    assert_eq!((found.status(), found.attempt().get()), (Pending, 2));
    assert_eq!(
        (found.error(), found.retry_at()),
        (Some("so it ended"), Some(START + 1000))
    );
    assert_eq!(wait(&desk, task), Some(TaskWait::Retry));
    desk.pass(1000);
    assert_eq!(wait(&desk, task), Some(TaskWait::Capacity));
    assert_eq!(error(&desk, task), "so it ended");
    desk.complete(other);
    desk.complete(last);
    let found = desk.kernel.task(task).unwrap();
    assert_eq!(
        (found.status(), found.error(), found.retry_at()),
        (Running, None, None)
    );
    desk.spoil(task);
    desk.pass(1999);
    assert_eq!(desk.status(task), Some(Pending));
    desk.pass(1);
    desk.spoil(task);
    assert_eq!(desk.status(task), Some(Failed), "the third was the last");
    // The owner begins anew, and so does the count.
    desk.done(Command::Restart(task));
    desk.spoil(task);
    let found = desk.kernel.task(task).unwrap();
    assert_eq!((found.status(), found.attempt().get()), (Pending, 5));
    let attempt = |desk: &Desk| desk.attempt(task);
    desk.pass(1000);
    let (task, attempt) = (task, attempt(&desk));
    let ending = Ending::Error {
        error: "never",
        retryable: false,
    };
    desk.done(Command::Finish {
        task,
        attempt,
        ending,
    });
    assert_eq!((desk.status(task), error(&desk, task)), (Some(Failed), "never"));
}

#[test]
fn waits_are_left_to_chance_as_the_journal_says() {
    let waits = || {
        let mut desk = desk(9);
        let plan = NewPlan {
            retry: Some(Retry::default()),
            ..now()
        };
        let tasks: Vec<_> = (0..20).map(|_| desk.planned(plan)).collect();
        tasks.iter().for_each(|task| match desk.status(*task) {
            Some(Running) => desk.spoil(*task),
            _ => unreachable!("a slot is free when one has failed"),
        });
        let wait = |task: &TaskKey| desk.kernel.task(*task).unwrap().retry_at().unwrap() - START;
        tasks.iter().map(wait).collect::<Vec<_>>()
    };
    let found = waits();
    assert!(found.iter().all(|wait| (500..=1000).contains(wait)), "{found:?}");
    assert!(found.iter().any(|wait| wait != &found[0]), "{found:?}");
    assert_eq!(found, waits());
}

#[test]
fn what_the_owner_does_while_a_task_waits_for_its_next_attempt() {
    let waiting = || {
        let mut desk = desk(1);
        let _ = desk.register("other", None).unwrap();
        let task = desk.planned(again(1000));
        desk.spoil(task);
        desk.pass(400);
        (desk, task)
    };
    let (mut desk, task) = waiting();
    desk.done(Command::Pause(task));
    assert_eq!(
        (desk.status(task), wait(&desk, task)),
        (Some(Paused), Some(TaskWait::Retry))
    );
    desk.pass(300);
    desk.done(Command::Resume(task));
    assert_eq!(
        wait(&desk, task),
        Some(TaskWait::Retry),
        "the rest of its wait is kept"
    );
    desk.pass(299);
    assert_eq!(desk.status(task), Some(Pending));
    desk.pass(1);
    assert_eq!(desk.status(task), Some(Running));

    let (mut desk, task) = waiting();
    desk.done(Command::Pause(task));
    desk.pass(DAY);
    assert_eq!(desk.status(task), Some(Paused));
    desk.done(Command::Resume(task));
    assert_eq!(desk.status(task), Some(Running), "it waited long enough");

    let (mut desk, task) = waiting();
    desk.done(Command::Cancel { task, reason: "no" });
    assert_eq!(desk.kernel.poll_timeout(desk.now), None);
    desk.done(Command::Restart(task));
    assert_eq!((desk.status(task), desk.attempt(task).get()), (Some(Running), 3));

    let (mut desk, task) = waiting();
    desk.done(Command::Reassign {
        task,
        provider: "other",
    });
    assert_eq!(
        code(desk.tell(Command::Restart(task))),
        ErrorCode::IllegalTransition
    );
    desk.pass(600);
    let other = desk.kernel.find_provider("other").unwrap();
    assert_eq!(desk.kernel.load(other), (1, 0));

    let (mut desk, task) = waiting();
    desk.done(Command::Delete(task));
    assert_eq!(desk.kernel.poll_timeout(desk.now), None);
}

#[test]
fn an_attempt_that_fails_while_paused_is_repeated_when_the_task_goes_on() {
    let mut desk = desk(1);
    let task = desk.planned(again(100));
    desk.done(Command::Pause(task));
    desk.spoil(task);
    desk.pass(500);
    assert_eq!(
        (desk.status(task), error(&desk, task)),
        (Some(Paused), "so it ended")
    );
    assert_eq!(desk.kernel.running(), 0);
    desk.done(Command::Resume(task));
    assert_eq!((desk.status(task), desk.attempt(task).get()), (Some(Running), 2));
}

// ----- time -----

#[test]
fn an_attempt_that_takes_too_long_is_aborted_and_may_be_repeated() {
    let mut desk = desk(1);
    let timeouts = Timeouts {
        attempt: Some(500),
        ..Timeouts::default()
    };
    let task = desk.planned(NewPlan {
        timeouts,
        ..again(100)
    });
    desk.pass(400);
    desk.done(Command::Pause(task));
    desk.pass(DAY);
    desk.done(Command::Resume(task));
    let _ = desk.effects();
    desk.pass(99);
    assert_eq!(desk.status(task), Some(Running), "it stood still while paused");
    let attempt = desk.attempt(task);
    desk.pass(1);
    assert_eq!(error(&desk, task), "the attempt took longer than 500 ms");
    assert_eq!(desk.effects(), [Effect::Abort { task, attempt }]);
    let late = Command::Finish {
        task,
        attempt,
        ending: ending(true),
    };
    assert_eq!(desk.tell(late), Ok(Reply::Late));
    let mut told = 0;
    desk.fold(|event| told += usize::from(matches!(event, Event::Late { .. })));
    assert_eq!((told, desk.status(task)), (1, Some(Pending)));
    desk.pass(100);
    assert_eq!(desk.attempt(task).get(), 2);
    desk.pass(500);
    desk.pass(200);
    desk.pass(500);
    assert_eq!(desk.status(task), Some(Failed));
    assert_eq!(desk.kernel.poll_timeout(desk.now), None);
}

#[test]
fn a_provider_is_idle_while_it_says_nothing_and_is_not_paused() {
    let mut desk = desk(1);
    let plan = within(Timeouts {
        idle: Some(500),
        ..Timeouts::default()
    });
    let task = desk.planned(plan);
    let by = Reporter::Attempt(desk.attempt(task));
    for command in [
        output(task, by, "words"),
        output(task, by, " "),
        Command::Progress {
            task,
            by,
            percent: 0.0,
        },
        Command::AddStep {
            task,
            by,
            description: "more",
        },
    ] {
        desk.pass(499);
        let _ = desk.tell(command).unwrap();
        desk.fold(|_| ());
    }
    desk.pass(300);
    desk.done(output(task, Reporter::Owner, "are you there?"));
    desk.done(Command::Pause(task));
    desk.pass(DAY);
    desk.done(Command::Resume(task));
    desk.pass(199);
    assert_eq!(desk.status(task), Some(Running));
    desk.pass(1);
    assert_eq!(error(&desk, task), "the provider gave no sign of life for 500 ms");
}

#[test]
fn the_total_counts_from_the_first_run_and_is_final() {
    let mut desk = desk(1);
    let timeouts = Timeouts {
        total: Some(1000),
        ..Timeouts::default()
    };
    let busy = desk.planned(now());
    let task = desk.planned(NewPlan {
        timeouts,
        ..again(800)
    });
    desk.pass(DAY);
    desk.complete(busy);
    desk.pass(500);
    desk.spoil(task);
    desk.pass(499);
    assert_eq!(desk.status(task), Some(Pending));
    desk.pass(1);
    assert_eq!(
        (desk.status(task), error(&desk, task)),
        (Some(Failed), "all attempts together took longer than 1000 ms")
    );
    desk.done(Command::Restart(task));
    desk.pass(999);
    assert_eq!(
        desk.status(task),
        Some(Running),
        "a new run of attempts has its own"
    );
}

#[test]
fn a_deadline_ends_whatever_is_not_done() {
    let mut desk = desk(2);
    let deadline = Some(START + 40 * DAY);
    let plan = |plan| NewPlan { deadline, ..plan };
    let on = NewPlan {
        depends_on: &["t0"],
        ..now()
    };
    let later = NewPlan {
        start_at: Some(START + 50 * DAY),
        ..now()
    };
    let plans = [
        plan(NewPlan::default()),
        plan(on),
        plan(later),
        plan(again(60 * DAY)),
        plan(now()),
        plan(now()),
    ];
    let tasks = together(&mut desk, &plans).unwrap();
    desk.spoil(tasks[3]);
    desk.done(Command::Pause(tasks[4]));
    desk.pass(40 * DAY - 1);
    assert!(
        tasks
            .iter()
            .all(|task| !desk.status(*task).unwrap().is_terminal())
    );
    let mut why = Vec::new();
    desk.now += 1;
    desk.kernel.handle_timeout(desk.now, &mut desk.journal);
    desk.fold(|event| {
        if let Event::Failed { failure, .. } = event {
            why.push(*failure)
        }
    });
    assert_eq!(why, [Failure::Timeout; 6]);
    assert!(
        tasks
            .iter()
            .all(|task| error(&desk, *task) == "its deadline has passed")
    );
    assert_eq!(desk.kernel.poll_timeout(desk.now), None);
    let timers = format!("{:?}", desk.kernel);
    assert!(
        timers.contains("moments: {}, spans: {}, of: {}"),
        "nothing of them is left"
    );
}

#[test]
fn spans_do_not_heed_a_clock_that_is_set_and_moments_do() {
    for jump in [-HOUR, HOUR] {
        let mut desk = desk(9);
        let long = 5000;
        let plans = [
            within(Timeouts {
                attempt: Some(long),
                ..Timeouts::default()
            }),
            within(Timeouts {
                idle: Some(long),
                ..Timeouts::default()
            }),
            within(Timeouts {
                total: Some(long),
                ..Timeouts::default()
            }),
            again(long),
            NewPlan {
                start_at: Some(START + 2000),
                ..now()
            },
            NewPlan {
                deadline: Some(START + 2 * DAY),
                ..now()
            },
        ];
        let [attempt, idle, total, retried, early, deadline] = together(&mut desk, &plans).unwrap()[..]
        else {
            panic!()
        };
        desk.spoil(retried);
        desk.pass(1000);
        desk.jump(jump);
        desk.time_out();
        let spans = [attempt, idle, total, retried];
        let running = [Running, Running, Running, Pending];
        assert_eq!(statuses(&desk, spans), running, "{jump}: none fires");
        assert_eq!(
            desk.status(early) == Some(Running),
            jump > 0,
            "it is later now, or earlier"
        );
        assert_eq!(
            desk.kernel.poll_timeout(desk.now),
            Some(4000),
            "{jump}: none freezes"
        );
        desk.pass(3999);
        assert_eq!(statuses(&desk, spans), running);
        desk.pass(1);
        assert_eq!(statuses(&desk, spans), [Failed, Failed, Failed, Running]);
        // What is started by a clock that was set back waits for it.
        let waits = desk.planned(NewPlan {
            start_at: Some(desk.now + 1),
            ..now()
        });
        assert_eq!(wait(&desk, waits), Some(TaskWait::Time));
        desk.pass(1);
        assert_eq!(desk.status(waits), Some(Running));
        desk.pass(START + 2 * DAY - desk.now - 1);
        assert_eq!(desk.status(deadline), Some(Running));
        desk.pass(1);
        assert_eq!(desk.status(deadline), Some(Failed));
    }
}

#[test]
fn a_start_can_be_years_away() {
    let mut desk = desk(1);
    let task = desk.planned(NewPlan {
        start_at: Some(START + 4000 * DAY),
        ..now()
    });
    assert_eq!(desk.kernel.poll_timeout(desk.now), Some(4000 * DAY));
    desk.pass(4000 * DAY - 1);
    assert_eq!(desk.status(task), Some(Pending));
    desk.done(Command::Pause(task));
    assert_eq!(
        (wait(&desk, task), desk.kernel.poll_timeout(desk.now)),
        (Some(TaskWait::Time), None)
    );
    desk.done(Command::Resume(task));
    desk.pass(1);
    assert_eq!(desk.status(task), Some(Running));
}
