//! Snapshots: small, the same kernel again when read, and harmless whatever somebody wrote into them.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
}

use agent_orchestrator::kernel::{
    Attempt, Command, Config, Event, Kernel, NewPlan, NewProvider, NewTask, OnDependencyFailure, OnInterrupt,
    Reporter, Retry, Seq, Sink, State, Task, TaskKey, Timeouts,
};
use agent_orchestrator::{ListQuery, OrchestratedTask, TaskStatus, TaskUserStatus};
use proptest::prelude::*;
use rust::desk::{Desk, START, ending, output, task};

#[test]
fn a_hundred_ordinary_tasks_are_below_forty_kilobytes() {
    let mut desk = Desk::with_worker(Config::default());
    for number in 0..100 {
        let key = desk.made(NewTask {
            name: "Survey the module of the parser",
            description: "Read it, list what is public, and say what is tested and what is not.",
            working_directory: "/srv/projects/example",
            ..task()
        });
        desk.done(Command::Start(key));
        let by = Reporter::Attempt(Attempt::new(1));
        for line in 0..5 {
            let line = format!("file {line} of part {number}: 214 lines, 3 of interest");
            desk.done(output(key, by, &line));
        }
        desk.complete(key);
    }
    let size = desk.snapshot().len();
    assert!(size < 40 * 1024, "{size}");
    let texts = |task: &Task| task.name().len() + task.description().len() + task.output_text().len();
    let texts: usize = desk.kernel.tasks().map(|(_, task)| texts(task)).sum();
    assert!(size - texts < 100 * 60, "{size} for {texts} of text");
}

/// With something of everything.
fn history() -> Desk {
    let mut desk = Desk::with_worker(Config {
        max_concurrency: 4,
        on_interrupt: OnInterrupt::Retry,
        ..Config::default()
    });
    let _ = desk.register("other", Some(1)).unwrap();
    desk.done(Command::LimitGroup {
        group: "red",
        max: Some(2),
    });
    let plan = NewPlan {
        start: true,
        group: Some("red"),
        priority: 3,
        retry: Some(Retry::default()),
        timeouts: Timeouts {
            attempt: Some(900),
            idle: Some(500),
            total: Some(5000),
        },
        deadline: Some(START + 100_000),
        ..NewPlan::default()
    };
    let more = NewPlan {
        depends_on: &["first"],
        on_dependency_failure: OnDependencyFailure::Fail,
        outlives_parent: true,
        idempotency_key: Some("order"),
        start_at: Some(START + 3000),
        on_interrupt: Some(OnInterrupt::Pause),
        ..plan
    };
    let first = desk.made(NewTask {
        id: Some("first"),
        plan,
        tags: &["a", "b"],
        steps: &["one", "two"],
        room: Some("room"),
        world: Some("world"),
        metadata: "{}",
        ..task()
    });
    for parent in ["first", "first"] {
        desk.made(NewTask {
            parent: Some(parent),
            plan,
            ..task()
        });
    }
    desk.made(NewTask {
        parent: Some("first"),
        plan: more,
        provider: Some("other"),
        ..task()
    });
    let gone = desk.made(NewTask {
        id: Some("gone"),
        ..task()
    });
    desk.done(Command::Delete(gone));
    for _ in 0..4 {
        let key = desk.create();
        desk.done(Command::Start(key));
    }
    desk.spoil(TaskKey::new(1));
    desk.done(Command::Pause(TaskKey::new(6)));
    desk.done(output(first, Reporter::Owner, "said\nso"));
    for (scope, task) in [
        ("room", first),
        ("room|ann", first),
        ("elsewhere", TaskKey::new(1)),
    ] {
        desk.done(Command::SelectIn {
            scope,
            task: Some(task),
        });
    }
    desk
}

struct Nowhere;

impl Sink for Nowhere {
    fn record(&mut self, _: Seq, _: u64, _: &Event<'_>) {}
}

fn say_all(kernel: &Kernel) {
    for (key, task) in kernel.tasks() {
        let _ = (
            OrchestratedTask::of(kernel, key),
            kernel.waiting_for(task),
            kernel.group(task),
        );
        let _ = (task.depends_on().len(), task.timeouts(), task.interrupts());
    }
    for status in TaskStatus::ALL {
        let _ = kernel.count(status);
    }
    for (key, provider) in kernel.providers() {
        let _ = (kernel.load(key), provider.id(), provider.label());
    }
    let _ = (kernel.len(), kernel.waiting(), kernel.running(), kernel.current());
    let _ = kernel.current_in("room").map(|key| kernel.task(key).unwrap());
    let lists = [
        ListQuery::default(),
        ListQuery {
            tag: Some("a".to_owned()),
            ..ListQuery::default()
        },
        ListQuery {
            room_id: Some("room".to_owned()),
            world_id: Some("world".to_owned()),
            ..ListQuery::default()
        },
        ListQuery {
            parent: Some(Some("first".to_owned())),
            ..ListQuery::default()
        },
    ];
    for query in lists {
        let _ = query.run(kernel);
    }
}

fn do_all(kernel: &mut Kernel, mut now: u64) {
    let new = NewTask {
        parent: Some("first"),
        plan: NewPlan {
            start: true,
            depends_on: &["first"],
            ..NewPlan::default()
        },
        ..task()
    };
    for round in 0..2 {
        for id in ["worker", "other", "third"] {
            let provider = NewProvider {
                id,
                ..NewProvider::default()
            };
            let _ = kernel.handle(now, Command::RegisterProvider(provider), &mut Nowhere);
        }
        let _ = kernel.handle(now, Command::Create(&[new, task()]), &mut Nowhere);
        let keys: Vec<TaskKey> = kernel.tasks().map(|(key, _)| key).collect();
        for task in keys {
            let Some(attempt) = kernel.task(task).map(|task| task.attempt()) else {
                continue;
            };
            let by = Reporter::Attempt(attempt);
            let finish = |success| Command::Finish {
                task,
                attempt,
                ending: ending(success),
            };
            for command in [
                Command::Start(task),
                output(task, by, "more\nof it"),
                Command::AddStep {
                    task,
                    by,
                    description: "step",
                },
                Command::UpdateStep {
                    task,
                    by,
                    step: "s1",
                    status: TaskStatus::Completed,
                    output: None,
                },
                Command::Pause(task),
                Command::Reassign {
                    task,
                    provider: "other",
                },
                Command::Mark {
                    task,
                    status: TaskUserStatus::Done,
                },
                Command::Resume(task),
                finish(round == 0),
                Command::Restart(task),
                finish(false),
                Command::Select(Some(task)),
                Command::SelectIn {
                    scope: "there",
                    task: Some(task),
                },
            ] {
                let _ = kernel.handle(now, command, &mut Nowhere);
            }
            now = now.saturating_add(700);
            kernel.handle_timeout(now, &mut Nowhere);
            let _ = kernel.poll_timeout(now);
        }
        say_all(kernel);
    }
    let keys: Vec<TaskKey> = kernel.tasks().map(|(key, _)| key).collect();
    for (number, task) in keys.into_iter().enumerate() {
        let command = match number % 2 {
            0 => Command::Cancel { task, reason: "no" },
            _ => Command::Delete(task),
        };
        let _ = kernel.handle(now, command, &mut Nowhere);
    }
    say_all(kernel);
    while kernel.poll_effect(Seq::MAX).is_some() {}
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_made_up_snapshot_does_no_harm(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        recover in any::<bool>(),
    ) {
        thread_local! {
            static BYTES: Vec<u8> = history().snapshot();
        }
        let mut bytes = BYTES.with(Clone::clone);
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(state) = postcard::from_bytes::<State>(&bytes) {
            let config = Config { max_concurrency: 3, ..Config::default() };
            let mut kernel = Kernel::restore(config, state);
            say_all(&kernel);
            if recover {
                kernel.recover(START, 0, &mut Nowhere);
            }
            do_all(&mut kernel, START);
        }
    }
}

#[test]
fn what_follows_from_the_rest_is_made_once() {
    let desk = history();
    // A state that is alive has its indexes already.
    let again = Kernel::restore(*desk.kernel.config(), desk.kernel.state().clone());
    let read = desk.restored().kernel;
    for kernel in [&again, &read] {
        assert_eq!(
            (kernel.running(), kernel.waiting()),
            (desk.kernel.running(), desk.kernel.waiting())
        );
        assert_eq!(kernel.len(), desk.kernel.len());
        for (key, _) in desk.kernel.providers() {
            assert_eq!(kernel.load(key), desk.kernel.load(key));
        }
        for (key, task) in desk.kernel.tasks() {
            assert_eq!(kernel.task(key), Some(task));
        }
    }
    assert!(again.state() == read.state());
}
