//! When a task runs: dependencies, groups, priorities, orders, parents; each rule by an example.
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

use agent_orchestrator::kernel::TaskStatus::{Blocked, Cancelled, Failed, Pending, Running};
use agent_orchestrator::kernel::{
    Command, Config, Effect, NewPlan, NewTask, OnDependencyFailure, Reply, Retry, TaskKey,
};
use agent_orchestrator::{ErrorCode, TaskWait};
use rust::desk::*;

/// The tasks that began to run, in order.
fn runs(desk: &mut Desk) -> Vec<u32> {
    let run = |effect| match effect {
        Effect::Run { task, .. } => Some(task.get()),
        _ => None,
    };
    desk.effects().into_iter().filter_map(run).collect()
}

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

// ----- dependencies -----

#[test]
fn a_task_runs_when_all_that_it_depends_on_are_completed() {
    let mut desk = desk(9);
    let on = NewPlan {
        depends_on: &["t0", "t1"],
        ..now()
    };
    let [a, b, c] = together(&mut desk, &[now(), now(), on]).unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (desk.status(c), wait(&desk, c)),
        (Some(Blocked), Some(TaskWait::Dependencies))
    );
    assert_eq!(desk.tell(Command::Start(c)), Ok(Reply::Nothing));
    desk.complete(a);
    assert_eq!(desk.status(c), Some(Blocked));
    desk.complete(b);
    assert_eq!(desk.status(c), Some(Running));
    // A completed one that is deleted was completed all the same.
    let d = desk.planned(NewPlan {
        depends_on: &["t0"],
        ..NewPlan::default()
    });
    desk.done(Command::Delete(a));
    desk.done(Command::Start(d));
    assert_eq!(desk.status(d), Some(Running));
}

#[test]
fn a_dependency_that_begins_anew_holds_back_those_that_do_not_run() {
    let mut desk = desk(3);
    let on = NewPlan {
        depends_on: &["t0"],
        ..now()
    };
    let later = NewPlan {
        start_at: Some(START + 1000),
        ..on
    };
    let retried = NewPlan {
        depends_on: &["t0"],
        ..again(700)
    };
    let plans = [now(), on, retried, later];
    let [first, runs, fails, waits] = together(&mut desk, &plans).unwrap()[..] else {
        panic!()
    };
    desk.complete(first);
    desk.spoil(fails);
    assert_eq!(statuses(&desk, [runs, fails, waits]), [Running, Pending, Pending]);
    desk.done(Command::LimitGroup {
        group: "",
        max: Some(1),
    });
    let late = desk.planned(on);
    assert_eq!(wait(&desk, late), Some(TaskWait::Capacity));
    desk.done(Command::Restart(first));
    assert_eq!(
        statuses(&desk, [runs, fails, waits, late]),
        [Running, Blocked, Blocked, Blocked]
    );
    desk.done(Command::LimitGroup { group: "", max: None });
    desk.pass(100);
    desk.complete(first);
    assert_eq!(
        wait(&desk, fails),
        Some(TaskWait::Retry),
        "what is left of its wait is kept"
    );
    assert_eq!(wait(&desk, waits), Some(TaskWait::Time));
    desk.pass(599);
    assert_eq!(wait(&desk, fails), Some(TaskWait::Retry));
    desk.pass(1);
    assert_ne!(wait(&desk, fails), Some(TaskWait::Retry));
}

#[test]
fn a_dependency_that_fails_blocks_or_fails_those_behind_it() {
    let mut desk = desk(9);
    let on = |depends_on, on_dependency_failure| NewPlan {
        depends_on,
        on_dependency_failure,
        ..now()
    };
    let (block, fail) = (OnDependencyFailure::Block, OnDependencyFailure::Fail);
    let plans = [
        now(),
        on(&["t0"], block),
        on(&["t0"], fail),
        on(&["t2"], fail),
        on(&["t2"], block),
    ];
    let [a, blocked, failed, cascade, behind] = together(&mut desk, &plans).unwrap()[..] else {
        panic!()
    };
    desk.spoil(a);
    let due = [Blocked, Failed, Failed, Blocked];
    assert_eq!(statuses(&desk, [blocked, failed, cascade, behind]), due);
    assert_eq!(
        error(&desk, failed),
        "a task that it depends on did not complete: t0"
    );
    // Started later, it fails at once.
    let late = desk.planned(on(&["t0"], fail));
    assert_eq!(desk.status(late), Some(Failed));
    desk.done(Command::Restart(a));
    desk.complete(a);
    assert_eq!(desk.status(blocked), Some(Running));
    // Who depends on one that is gone for good cannot go on, whatever it says.
    desk.done(Command::Delete(failed));
    assert_eq!(desk.status(behind), Some(Failed));
}

#[test]
fn circles_and_unknown_tasks_are_refused_and_nothing_is_made() {
    let mut desk = desk(1);
    let on = |depends_on| NewPlan { depends_on, ..now() };
    let before = desk.snapshot();
    for (plans, due) in [
        (
            vec![on(&["t2"]), on(&["t0"]), on(&["t1"])],
            ErrorCode::DependencyCycle,
        ),
        (vec![on(&["t0"])], ErrorCode::DependencyCycle),
        (vec![now(), on(&["nobody"])], ErrorCode::TaskNotFound),
        (vec![on(&["t0"; 1001])], ErrorCode::LimitExceeded),
    ] {
        assert_eq!(together(&mut desk, &plans).unwrap_err().code(), due);
    }
    assert_eq!(desk.snapshot(), before);
    // Those made together may wait for later ones.
    assert_eq!(together(&mut desk, &[on(&["t1"]), now()]).unwrap().len(), 2);
}

// ----- whose turn it is -----

#[test]
fn of_those_that_become_ready_together_the_higher_priority_goes_first() {
    let mut desk = desk(1);
    let of = |priority, depends_on| NewPlan {
        priority,
        depends_on,
        ..now()
    };
    let made = together(
        &mut desk,
        &[of(0, &[]), of(5, &[]), of(9, &["t1"]), of(-1, &["t1"])],
    )
    .unwrap();
    let low = desk.planned(of(-2, &["t1"]));
    for _ in 0..made.len() + 1 {
        let running = desk.kernel.tasks().find(|(_, task)| task.is_active()).unwrap().0;
        desk.complete(running);
    }
    assert_eq!(runs(&mut desk), [1, 2, 0, 3, low.get()]);
}

/// Without it, a chain of tasks would pass a slot on within itself for ever.
#[test]
fn who_becomes_ready_does_not_go_ahead_of_those_that_wait() {
    let mut desk = desk(1);
    let _ = desk.register("other", None).unwrap();
    let on = |depends_on| NewPlan { depends_on, ..now() };
    together(&mut desk, &[now(), on(&["t0"]), on(&["t1"])]).unwrap();
    let waits = desk.made(NewTask {
        provider: Some("other"),
        plan: now(),
        ..task()
    });
    desk.complete(TaskKey::new(0));
    assert_eq!(desk.status(waits), Some(Running));
}

#[test]
fn groups_take_turns_and_save_none_up() {
    let mut desk = desk(1);
    let of = |group| NewPlan {
        group: Some(group),
        ..now()
    };
    let busy = desk.create();
    desk.done(Command::Start(busy));
    for _ in 0..4 {
        desk.planned(of("red"));
    }
    desk.planned(of("blue"));
    let mut order = String::new();
    let mut step = |desk: &mut Desk| {
        let (key, running) = desk.kernel.tasks().find(|(_, task)| task.is_active()).unwrap();
        order.push_str(desk.kernel.group(running).unwrap_or("-").get(..1).unwrap());
        desk.complete(key);
    };
    (0..4).for_each(|_| step(&mut desk));
    // Blue had nothing to do for two turns.
    for _ in 0..3 {
        desk.planned(of("blue"));
    }
    (0..5).for_each(|_| step(&mut desk));
    assert_eq!(order, "-rbrrbrbb");
}

#[test]
fn a_group_that_could_not_run_gets_its_turn_and_no_more() {
    let mut desk = desk(1);
    let _ = desk.register("away", None).unwrap();
    let away = desk.kernel.find_provider("away").unwrap();
    let _ = desk.tell(Command::UnregisterProvider(away));
    let _ = desk.register("away", None).unwrap();
    let of = |group, provider| NewTask {
        provider: Some(provider),
        plan: NewPlan {
            group: Some(group),
            ..now()
        },
        ..task()
    };
    let mut made = vec![desk.made(of("busy", "worker"))];
    for _ in 0..4 {
        made.push(desk.made(of("kept", "away")));
    }
    let _ = desk.tell(Command::UnregisterProvider(away));
    for _ in 0..9 {
        made.push(desk.made(of("busy", "worker")));
    }
    let active = |desk: &Desk| {
        desk.kernel
            .tasks()
            .find(|(_, task)| task.is_active())
            .map(|(key, _)| key)
    };
    for _ in 0..5 {
        let running = active(&desk).unwrap();
        desk.complete(running);
    }
    let _ = desk.register("away", None).unwrap();
    desk.fold(|_| ());
    let _ = desk.effects();
    for _ in 0..4 {
        let running = active(&desk).unwrap();
        desk.complete(running);
    }
    let groups: Vec<_> = runs(&mut desk)
        .into_iter()
        .map(|task| {
            desk.kernel
                .group(desk.kernel.task(TaskKey::new(task)).unwrap())
                .unwrap()
                .to_owned()
        })
        .collect();
    // One for the time that it had to wait, and then in turn.
    assert_eq!(groups, ["kept", "kept", "busy", "kept"]);
}

#[test]
fn a_group_runs_no_more_than_it_may() {
    let mut desk = desk(9);
    let of = NewPlan {
        group: Some("red"),
        ..now()
    };
    desk.done(Command::LimitGroup {
        group: "red",
        max: Some(2),
    });
    let made: Vec<_> = (0..4).map(|_| desk.planned(of)).collect();
    let other = desk.planned(now());
    assert_eq!((desk.kernel.running(), desk.status(other)), (3, Some(Running)));
    desk.done(Command::LimitGroup {
        group: "red",
        max: Some(1),
    });
    desk.complete(made[0]);
    assert_eq!(desk.status(made[2]), Some(Pending), "two ran and one may");
    desk.done(Command::LimitGroup {
        group: "red",
        max: None,
    });
    assert_eq!(desk.kernel.running(), 4);
    let zero = Command::LimitGroup {
        group: "red",
        max: Some(0),
    };
    assert_eq!(code(desk.tell(zero)), ErrorCode::InvalidArgument);
    let long = "g".repeat(129);
    let unknown = Command::LimitGroup {
        group: "new",
        max: None,
    };
    assert_eq!(desk.tell(unknown), Ok(Reply::Nothing));
    let long = Command::LimitGroup {
        group: &long,
        max: Some(1),
    };
    assert_eq!(code(desk.tell(long)), ErrorCode::LimitExceeded);
}

// ----- orders -----

#[test]
fn more_than_may_wait_are_refused_together() {
    let mut desk = Desk::with_worker(Config {
        max_concurrency: 2,
        max_queued: 3,
        ..Config::default()
    });
    let before = desk.snapshot();
    assert_eq!(
        together(&mut desk, &[now(); 6]).unwrap_err().code(),
        ErrorCode::QueueFull
    );
    assert_eq!(desk.snapshot(), before);
    let tasks = together(&mut desk, &[now(); 5]).unwrap();
    assert_eq!((desk.kernel.running(), desk.kernel.waiting()), (2, 3));
    assert_eq!(
        together(&mut desk, &[now()]).unwrap_err().code(),
        ErrorCode::QueueFull
    );
    let idle = desk.create();
    assert_eq!(code(desk.tell(Command::Start(idle))), ErrorCode::QueueFull);
    desk.complete(tasks[0]);
    desk.done(Command::Start(idle));
}

#[test]
fn the_same_order_makes_its_tasks_once() {
    let mut desk = desk(1);
    let order = |name, key| NewTask {
        name,
        plan: NewPlan {
            idempotency_key: Some(key),
            ..now()
        },
        ..task()
    };
    let both = [order("a", "1"), order("b", "2")];
    let first = TaskKey::new(0);
    assert_eq!(
        desk.tell(Command::Create(&both)),
        Ok(Reply::Created { first, count: 2 })
    );
    assert_eq!(
        desk.tell(Command::Create(&both)),
        Ok(Reply::Existing { first, count: 2 })
    );
    let second = Ok(Reply::Existing {
        first: TaskKey::new(1),
        count: 1,
    });
    assert_eq!(desk.tell(Command::Create(&both[1..])), second);
    for (orders, due) in [
        (vec![order("other", "1")], ErrorCode::Conflict),
        (vec![order("b", "2"), order("a", "1")], ErrorCode::Conflict),
        (vec![order("a", "1"), order("c", "3")], ErrorCode::Conflict),
        (vec![order("c", "3"), order("c", "3")], ErrorCode::Conflict),
        (vec![order("c", "3"), task()], ErrorCode::InvalidArgument),
        (
            vec![NewTask {
                tags: &["x"],
                ..order("a", "1")
            }],
            ErrorCode::Conflict,
        ),
        (
            vec![NewTask {
                room: Some(""),
                ..order("a", "1")
            }],
            ErrorCode::Conflict,
        ),
    ] {
        assert_eq!(code(desk.tell(Command::Create(&orders))), due);
    }
    desk.complete(first);
    assert_eq!(
        desk.tell(Command::Create(&both)),
        Ok(Reply::Existing { first, count: 2 })
    );
    desk.done(Command::Delete(first));
    let again = Ok(Reply::Created {
        first: TaskKey::new(2),
        count: 1,
    });
    assert_eq!(desk.tell(Command::Create(&[order("other", "1")])), again);
}

// ----- parents -----

fn under(parent: &str, outlives_parent: bool, start: bool) -> NewTask<'_> {
    NewTask {
        parent: Some(parent),
        plan: NewPlan {
            outlives_parent,
            start,
            ..NewPlan::default()
        },
        ..task()
    }
}

#[test]
fn children_end_with_their_parent_unless_they_outlive_it() {
    let doomed = NewPlan {
        depends_on: &["t0"],
        on_dependency_failure: OnDependencyFailure::Fail,
        ..NewPlan::default()
    };
    let overdue = NewPlan {
        deadline: Some(START + 10),
        ..NewPlan::default()
    };
    type End<'a> = &'a dyn Fn(&mut Desk, TaskKey);
    let ends: [(NewPlan<'_>, End<'_>); 5] = [
        (NewPlan::default(), &|desk, parent| desk.complete(parent)),
        (NewPlan::default(), &|desk, parent| desk.spoil(parent)),
        (NewPlan::default(), &|desk, task| {
            desk.done(Command::Cancel { task, reason: "no" })
        }),
        (overdue, &|desk, _| desk.pass(10)),
        (doomed, &|desk, _| desk.done(Command::Delete(TaskKey::new(0)))),
    ];
    for (plan, end) in ends {
        let mut desk = desk(9);
        let made = together(&mut desk, &[NewPlan::default(), NewPlan { start: true, ..plan }]).unwrap();
        let child = desk.made(under("t1", false, true));
        let child_id = desk.kernel.task_id(child);
        let grandchild = desk.made(under(&child_id, false, false));
        let detached = desk.made(under("t1", true, true));
        end(&mut desk, made[1]);
        assert!(desk.status(made[1]).unwrap().is_terminal());
        assert_eq!(
            statuses(&desk, [child, grandchild, detached]),
            [Cancelled, Cancelled, Running]
        );
        assert_eq!(
            code(desk.tell(Command::Create(&[under("t1", false, false)]))),
            ErrorCode::IllegalTransition
        );
        assert_eq!(
            code(desk.tell(Command::Restart(child))),
            ErrorCode::IllegalTransition
        );
        let late = desk.made(under("t1", true, true));
        desk.done(Command::Delete(made[1]));
        assert_eq!(statuses(&desk, [detached, late]), [Running; 2]);
        assert_eq!((desk.status(child), desk.status(grandchild)), (None, None));
        assert_eq!(desk.kernel.task(late).unwrap().parent(), None);
    }
}
