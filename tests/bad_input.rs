//! Bad input is refused with its code, and nothing of it is done: the journal and the state stay as they were.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod scripted;
}

use std::future::Future;

use agent_orchestrator::ErrorCode::{
    self, IllegalTransition, InvalidArgument, LimitExceeded, ProviderExists, ProviderNotFound, StepNotFound,
    TaskAmbiguous, TaskExists, TaskNotFound,
};
use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, CreateTask, EventFilter, ListQuery, Result, Sort, TaskResult, TaskStatus,
    TaskUserStatus,
};
use futures::{FutureExt, StreamExt};
use rust::scripted::{Order, Stage};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

struct House {
    runtime: SimulatedRuntime,
    orchestrator: AgentOrchestrator,
    stage: Stage,
}

impl House {
    /// With tasks `running`, `done`, `cancelled` and `deep` (below 64 others), of the provider `worker`.
    fn new() -> Self {
        let runtime = SimulatedRuntime::new(1_763_000_000_000, 1);
        let stage = Stage::default();
        let builder = AgentOrchestrator::builder()
            .runtime(runtime.clone())
            .provider(stage.provider("worker"))
            .provider(stage.provider("other"))
            .default_provider("worker")
            .max_tasks(100);
        let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
        let house = Self {
            runtime,
            orchestrator,
            stage,
        };
        for id in ["running", "done", "cancelled"] {
            house.wait(house.orchestrator.create_task(with_id(id))).unwrap();
        }
        let mut parent = None;
        for n in 0..65 {
            let id = if n == 64 {
                "deep".to_owned()
            } else {
                format!("level-{n}")
            };
            let parent_id = parent.replace(id.clone());
            let task = CreateTask {
                parent_id,
                ..with_id(&id)
            };
            house.wait(house.orchestrator.create_task(task)).unwrap();
        }
        house
            .wait(house.orchestrator.cancel_task("cancelled", None))
            .unwrap();
        for id in ["running", "done"] {
            drop(house.wait(house.orchestrator.start_task(id)).unwrap());
        }
        house.runtime.run_until_idle();
        drop(house.stage.order("done", 1, Order::End(TaskResult::success(""))));
        house.runtime.run_until_idle();
        house
    }

    fn wait<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(future).unwrap()
    }

    fn hashes(&self) -> (String, String) {
        let orchestrator = &self.orchestrator;
        (
            orchestrator.journal_hash().unwrap(),
            orchestrator.state_hash().unwrap(),
        )
    }

    /// Refused with this code, with a message of a readable length, and nothing has changed.
    fn refuses<T>(&self, what: &str, code: ErrorCode, call: impl Future<Output = Result<T>>) {
        let before = self.hashes();
        let mut events = self.orchestrator.events(EventFilter::all()).unwrap();
        let refused = self
            .wait(call)
            .err()
            .unwrap_or_else(|| panic!("{what}: not refused"));
        assert_eq!(refused.code(), code, "{what}: {refused}");
        let message = refused.message();
        assert!(
            (10..2000).contains(&message.len()),
            "{what}: a message of {} bytes",
            message.len()
        );
        self.runtime.run_until_idle();
        assert_eq!(self.hashes(), before, "{what}");
        assert!(events.next().now_or_never().is_none(), "{what}: an event");
    }
}

fn with_id(id: &str) -> CreateTask {
    CreateTask {
        id: Some(id.to_owned()),
        ..CreateTask::new("a task")
    }
}

fn with_metadata(value: Value) -> CreateTask {
    CreateTask::new("a task").metadata("key", value)
}

/// `levels` arrays within each other.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn tasks_that_cannot_be_created() {
    let house = House::new();
    let plain = || CreateTask::new("a task");
    let made = house.wait(house.orchestrator.create_task(plain())).unwrap().id;
    let reserved = format!("{}0000g00", &made[..11]);
    let some = |length: usize| Some("x".repeat(length));
    let many = |count: usize| vec!["x".to_owned(); count];
    for (what, code, task) in [
        ("an empty name", InvalidArgument, CreateTask::new("")),
        ("a blank name", InvalidArgument, CreateTask::new(" \t\u{a0}\n")),
        (
            "a name of control characters",
            InvalidArgument,
            CreateTask::new("\u{7}\u{1b}"),
        ),
        ("a name of 1 MiB", LimitExceeded, CreateTask::new("x".repeat(MIB))),
        (
            "a name of 1025 bytes",
            LimitExceeded,
            CreateTask::new("é".repeat(512) + "x"),
        ),
        (
            "a long description",
            LimitExceeded,
            plain().description("x".repeat(MIB)),
        ),
        ("an empty id", InvalidArgument, with_id("")),
        ("an id with a space", InvalidArgument, with_id("two words")),
        (
            "an id with a letter from elsewhere",
            InvalidArgument,
            with_id("café"),
        ),
        ("an id with a slash", InvalidArgument, with_id("../x")),
        (
            "an id of 129 characters",
            LimitExceeded,
            with_id(&"x".repeat(129)),
        ),
        ("an id that is taken", TaskExists, with_id("running")),
        ("an id made here and taken", TaskExists, with_id(&made)),
        (
            "an id that could be made here",
            InvalidArgument,
            with_id(&reserved),
        ),
        (
            "an unknown provider",
            ProviderNotFound,
            plain().provider("nobody"),
        ),
        ("an empty provider", ProviderNotFound, plain().provider("")),
        ("an unknown parent", TaskNotFound, plain().parent("nobody")),
        ("a parent of 1 MiB", TaskNotFound, plain().parent("x".repeat(MIB))),
        (
            "a provider of 1 MiB",
            ProviderNotFound,
            plain().provider("x".repeat(MIB)),
        ),
        (
            "a cancelled parent",
            IllegalTransition,
            plain().parent("cancelled"),
        ),
        ("a parent that is too deep", LimitExceeded, plain().parent("deep")),
        ("an empty tag", InvalidArgument, plain().tag("")),
        ("a tag with a line feed", InvalidArgument, plain().tag("a\nb")),
        ("a long tag", LimitExceeded, plain().tag("x".repeat(129))),
        (
            "too many tags",
            LimitExceeded,
            CreateTask {
                tags: many(65),
                ..plain()
            },
        ),
        (
            "too many steps",
            LimitExceeded,
            CreateTask {
                steps: many(1001),
                ..plain()
            },
        ),
        (
            "a blank step",
            InvalidArgument,
            CreateTask {
                steps: vec!["fine".into(), " ".into()],
                ..plain()
            },
        ),
        (
            "a long step",
            LimitExceeded,
            CreateTask {
                steps: vec!["x".repeat(MIB)],
                ..plain()
            },
        ),
        (
            "a long directory",
            LimitExceeded,
            CreateTask {
                working_directory: some(4097),
                ..plain()
            },
        ),
        (
            "a long room",
            LimitExceeded,
            CreateTask {
                room_id: some(4097),
                ..plain()
            },
        ),
        (
            "a long world",
            LimitExceeded,
            CreateTask {
                world_id: some(4097),
                ..plain()
            },
        ),
        (
            "a long type",
            LimitExceeded,
            CreateTask {
                sub_agent_type: some(4097),
                ..plain()
            },
        ),
        (
            "large metadata",
            LimitExceeded,
            with_metadata(json!("x".repeat(MIB))),
        ),
        ("deep metadata", LimitExceeded, with_metadata(nested(64))),
        ("very deep metadata", LimitExceeded, with_metadata(nested(500))),
    ] {
        house.refuses(what, code, house.orchestrator.create_task(task.clone()));
        // A batch is all or nothing, wherever the bad one stands.
        for batch in [vec![plain(), task.clone()], vec![task.clone(), plain()]] {
            house.refuses(what, code, house.orchestrator.create_tasks(&batch));
        }
        house.refuses(what, code, house.orchestrator.run_task(task.clone()));
    }
    let twins = [with_id("twin"), with_id("twin")];
    house.refuses("twins", TaskExists, house.orchestrator.create_tasks(&twins));
    let crowd = vec![plain(); 100];
    house.refuses(
        "more than are kept",
        LimitExceeded,
        house.orchestrator.create_tasks(&crowd),
    );
    let crowd = vec![plain(); 10_001];
    house.refuses(
        "a large batch",
        LimitExceeded,
        house.orchestrator.create_tasks(&crowd),
    );
    assert!(
        house
            .wait(house.orchestrator.create_tasks(&[]))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_is_just_within_the_limits_is_taken_and_kept() {
    let house = House::new();
    let task = CreateTask {
        name: "é".repeat(512),
        description: Some("x".repeat(256 << 10)),
        id: Some("x".repeat(128)),
        parent_id: Some("level-63".to_owned()),
        tags: (0..64).map(|n| format!("{n:0128}")).collect(),
        steps: vec!["x".repeat(16 << 10); 20],
        ..CreateTask::new("")
    };
    let task = CreateTask {
        metadata: [("key".to_owned(), nested(62))].into_iter().collect(),
        ..task
    };
    let found = house.wait(house.orchestrator.create_task(task.clone())).unwrap();
    assert_eq!(
        (found.name, Some(found.description)),
        (task.name, task.description)
    );
    assert_eq!((found.tags, found.metadata), (task.tags, task.metadata));
    assert_eq!(found.steps.len(), 20);
}

#[test]
fn tasks_that_are_not_there() {
    let house = House::new();
    let at = &house.orchestrator;
    let (long, large) = ("x".repeat(1500), "é\"".repeat(MIB));
    for id in [
        "nobody",
        "",
        " ",
        "running ",
        "RUNNING",
        "\0",
        "0000000000000000000",
        "日本",
        long.as_str(),
        large.as_str(),
    ] {
        house.refuses(id, TaskNotFound, at.start_task(id));
        house.refuses(id, TaskNotFound, at.restart_task(id));
        house.refuses(id, TaskNotFound, at.wait_for_task(id));
        house.refuses(id, TaskNotFound, at.pause_task(id));
        house.refuses(id, TaskNotFound, at.resume_task(id));
        house.refuses(id, TaskNotFound, at.cancel_task(id, None));
        house.refuses(id, TaskNotFound, at.delete_task(id));
        house.refuses(id, TaskNotFound, at.rename_task(id, "new"));
        house.refuses(id, TaskNotFound, at.reassign_task(id, "other"));
        house.refuses(id, TaskNotFound, at.set_user_status(id, TaskUserStatus::Done));
        house.refuses(id, TaskNotFound, at.append_output(id, "text"));
        house.refuses(id, TaskNotFound, at.update_progress(id, 1.0));
        house.refuses(id, TaskNotFound, at.add_step(id, "step"));
        house.refuses(
            id,
            TaskNotFound,
            at.update_step(id, "s1", TaskStatus::Completed, None),
        );
        assert_eq!(at.get_task(id).unwrap(), None, "{id}");
    }
}

#[test]
fn changes_that_cannot_be_made() {
    let house = House::new();
    let at = &house.orchestrator;
    house.wait(at.add_step("running", "a step")).unwrap();
    let long = "x".repeat(MIB + 1);
    for (name, code) in [
        ("", InvalidArgument),
        (" \n", InvalidArgument),
        (long.as_str(), LimitExceeded),
    ] {
        house.refuses("a name", code, at.rename_task("running", name));
    }
    for percent in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        house.refuses(
            "progress",
            InvalidArgument,
            at.update_progress("running", percent),
        );
    }
    house.refuses("output", LimitExceeded, at.append_output("running", &long));
    house.refuses("a step", InvalidArgument, at.add_step("running", "\n"));
    house.refuses("a step", LimitExceeded, at.add_step("running", &long));
    let done = TaskStatus::Completed;
    for step in [
        "",
        "s",
        "s0",
        "s2",
        "s01",
        "s-1",
        "S1",
        "1",
        " s1",
        "s1 ",
        "s99999999999999999999",
        "s１",
    ] {
        house.refuses(step, StepNotFound, at.update_step("running", step, done, None));
    }
    house.refuses(
        "a step",
        LimitExceeded,
        at.update_step("running", "s1", done, Some(&long)),
    );
    house.refuses("a provider", ProviderNotFound, at.reassign_task("done", "nobody"));
    house.refuses("a provider", ProviderNotFound, at.reassign_task("done", ""));
    house.refuses("a provider", ProviderNotFound, at.reassign_task("done", &long));
    house.refuses(
        "a step",
        StepNotFound,
        at.update_step("running", &long, done, None),
    );
    house.refuses(
        "a running task",
        IllegalTransition,
        at.reassign_task("running", "other"),
    );
    house.refuses("an end", IllegalTransition, at.update_progress("done", 1.0));
    house.refuses("a start", IllegalTransition, at.start_task("cancelled"));
    house.refuses("a restart", IllegalTransition, at.restart_task("running"));
    house.refuses("a cancel", IllegalTransition, at.cancel_task("done", None));
    let refuse = |result: Result<()>| async { result };
    house.refuses(
        "twice",
        ProviderExists,
        refuse(at.register_provider(house.stage.provider("worker"))),
    );
    house.refuses(
        "a bad id",
        InvalidArgument,
        refuse(at.register_provider(house.stage.provider("a b"))),
    );
    house.refuses(
        "an unknown id",
        ProviderNotFound,
        refuse(at.unregister_provider("nobody")),
    );
    let mut blank = house.stage.provider("blank");
    blank.label = Some(" ".to_owned());
    house.refuses(
        "a blank label",
        InvalidArgument,
        refuse(at.register_provider(blank)),
    );
    let mut none = house.stage.provider("none");
    none.max_concurrency = Some(0);
    house.refuses("no slots", InvalidArgument, refuse(at.register_provider(none)));
}

#[test]
fn a_reason_that_is_too_long_is_cut_and_not_refused() {
    let house = House::new();
    let reason = "é".repeat(MIB);
    let task = house
        .wait(house.orchestrator.cancel_task("running", Some(&reason)))
        .unwrap();
    let error = task.error.unwrap();
    assert!(
        error.len() <= 16 << 10 && error.ends_with("… (cut)"),
        "{} bytes",
        error.len()
    );
}

#[test]
fn lists_that_cannot_be_made() {
    let house = House::new();
    let at = &house.orchestrator;
    let list = |query: ListQuery| async move { at.list_tasks(&query) };
    let query = ListQuery::default;
    for limit in [0, 1001, usize::MAX] {
        house.refuses(
            "a limit",
            InvalidArgument,
            list(ListQuery {
                limit: Some(limit),
                ..query()
            }),
        );
    }
    for text in ["", " ", "\u{3000}\n"] {
        house.refuses(
            "a text",
            InvalidArgument,
            list(ListQuery {
                text: Some(text.to_owned()),
                ..query()
            }),
        );
    }
    let long = Some("x".repeat(1025));
    house.refuses(
        "a text",
        LimitExceeded,
        list(ListQuery {
            text: long,
            ..query()
        }),
    );

    // A cursor of each sort, used with every other one.
    let text = || Some("task".to_owned());
    let sorts = [
        (Some(Sort::CreatedAt), None),
        (Some(Sort::UpdatedAt), None),
        (Some(Sort::Name), None),
        (None, text()),
    ];
    for (given, (sort, text)) in sorts.iter().enumerate() {
        let query = ListQuery {
            sort: *sort,
            text: text.clone(),
            limit: Some(2),
            ..query()
        };
        let cursor = at.list_tasks(&query).unwrap().next_cursor.unwrap();
        for (used, (sort, text)) in sorts.iter().enumerate() {
            let query = ListQuery {
                sort: *sort,
                text: text.clone(),
                cursor: Some(cursor.clone()),
                ..query.clone()
            };
            // Both are a number beside the task, and no harm is done.
            if given == used || (given % 2 == 1 && used % 2 == 1) {
                assert_eq!(at.list_tasks(&query).unwrap().tasks.len(), 2);
            } else {
                house.refuses("a cursor", InvalidArgument, list(query));
            }
        }
    }
    for cursor in ["", "x", "-1", "1.", ".1", "99999999999", "1:x", "{}"] {
        let query = ListQuery {
            cursor: Some(cursor.to_owned()),
            ..query()
        };
        house.refuses(cursor, InvalidArgument, list(query));
    }
    let unknown = ListQuery {
        parent: Some(Some("nobody".to_owned())),
        tag: Some("\0".to_owned()),
        ..query()
    };
    assert!(at.list_tasks(&unknown).unwrap().tasks.is_empty());
}

#[test]
fn searches_that_mean_nothing_or_too_much() {
    let house = House::new();
    let at = &house.orchestrator;
    house.refuses("blank", InvalidArgument, at.switch_task(Some(" ")));
    house.refuses("nobody", TaskNotFound, at.switch_task(Some("nobody")));
    house.refuses("everybody", TaskAmbiguous, at.switch_task(Some("a task")));
    house.refuses("several", TaskAmbiguous, at.switch_task(Some("level")));
    house.refuses("signs", TaskNotFound, at.switch_task(Some("(*+?[")));
}

/// What a provider says is checked like what everybody says, and its attempt goes on.
#[test]
fn what_a_provider_must_not_say() {
    let house = House::new();
    let long = || "x".repeat(MIB + 1);
    let before = house.hashes();
    for (order, code) in [
        (Order::Output(long()), LimitExceeded),
        (Order::Progress(f64::NAN), InvalidArgument),
        (Order::AddStep(" ".to_owned()), InvalidArgument),
        (Order::AddStep(long()), LimitExceeded),
        (
            Order::UpdateStep("s7".to_owned(), TaskStatus::Completed, None),
            StepNotFound,
        ),
    ] {
        let told = house.stage.order("running", 1, order);
        let refused = house.runtime.block_on(told).unwrap().unwrap().unwrap_err();
        assert_eq!(refused.code(), code);
        assert_eq!(house.hashes(), before);
    }
}

/// The attempt is over, however little of its answer can be kept.
#[test]
fn results_that_cannot_be_kept_fail_the_task() {
    let mut large = TaskResult::success("fine");
    large.extra.insert("much".to_owned(), json!("x".repeat(MIB)));
    let mut deep = TaskResult::success("fine");
    deep.extra.insert("deep".to_owned(), nested(100));
    for result in [TaskResult::success("x".repeat(MIB)), large, deep] {
        let house = House::new();
        drop(house.stage.order("running", 1, Order::End(result)));
        house.runtime.run_until_idle();
        let task = house.orchestrator.get_task("running").unwrap().unwrap();
        assert_eq!((task.status, task.result), (TaskStatus::Failed, None));
        let error = task.error.unwrap();
        assert!(error.contains("at most"), "{error}");
    }
}

/// A failure may come without a reason, and with a long one.
#[test]
fn failures_always_have_a_reason() {
    for (result, due) in [
        (TaskResult::failure("", ""), "The provider gave no reason"),
        (TaskResult::failure("what happened", " "), "what happened"),
        (TaskResult::failure("", "why"), "why"),
    ] {
        let house = House::new();
        drop(house.stage.order("running", 1, Order::End(result)));
        house.runtime.run_until_idle();
        let task = house.orchestrator.get_task("running").unwrap().unwrap();
        assert_eq!(task.error.as_deref(), Some(due));
    }
}
