//! The service-level tests of the first system, in Rust and in Python, under their names.
//!
//! Its tests of chat actions and of the process-wide configuration come with those.

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

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, CreateTask, ErrorCode, ListQuery, TaskResult, TaskRun, TaskStatus, TaskUserStatus,
};
use rust::scripted::{Order, Stage};

struct Service {
    runtime: SimulatedRuntime,
    orchestrator: AgentOrchestrator,
    stage: Stage,
}

impl Service {
    fn new() -> Self {
        let runtime = SimulatedRuntime::new(1_763_000_000_000, 1);
        let stage = Stage::default();
        let mut noop = stage.provider("noop");
        noop.label = Some("No-op".to_owned());
        let builder = AgentOrchestrator::builder()
            .provider(noop)
            .runtime(runtime.clone());
        let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
        Self {
            runtime,
            orchestrator,
            stage,
        }
    }

    fn wait<T>(&self, future: impl Future<Output = agent_orchestrator::Result<T>>) -> T {
        self.runtime.block_on(future).unwrap().unwrap()
    }

    fn create(&self, name: &str, description: &str) -> String {
        let task = CreateTask::new(name).description(description);
        self.wait(self.orchestrator.create_task(task)).id
    }

    fn start(&self, id: &str) -> TaskRun {
        let run = self.wait(self.orchestrator.start_task(id));
        self.runtime.run_until_idle();
        run
    }

    fn order(&self, id: &str, attempt: u32, order: Order) {
        let told = self.stage.order(id, attempt, order);
        self.runtime.block_on(told).unwrap().unwrap().unwrap();
    }

    fn task(&self, id: &str) -> agent_orchestrator::OrchestratedTask {
        self.orchestrator.get_task(id).unwrap().unwrap()
    }
}

// ----- Rust: tests/integration_tests.rs; Python: test_service.py -----

#[test]
fn test_create_task() {
    let service = Service::new();
    let id = service.create("Test Task", "A test task");
    let task = service.task(&id);
    assert_eq!(
        (task.name.as_str(), task.description.as_str()),
        ("Test Task", "A test task")
    );
    assert_eq!((task.status, task.progress), (TaskStatus::Pending, 0));
    assert_eq!(
        (task.provider_id.as_str(), task.provider_label.as_str()),
        ("noop", "No-op")
    );
    assert_eq!(
        service.orchestrator.current_task().unwrap().unwrap().id,
        id,
        "the first becomes the current one"
    );
}

#[test]
fn test_get_recent_tasks() {
    let service = Service::new();
    let ids: Vec<_> = ["Task 1", "Task 2", "Task 3"]
        .map(|name| service.create(name, ""))
        .into();
    let query = ListQuery {
        limit: Some(2),
        ..ListQuery::default()
    };
    let recent = service.orchestrator.list_tasks(&query).unwrap().tasks;
    let recent: Vec<_> = recent.into_iter().map(|task| task.id).collect();
    assert_eq!(recent, [&*ids[2], &*ids[1]], "newest first");
}

#[test]
fn test_search_tasks() {
    let service = Service::new();
    service.create("Implement feature", "Add new feature");
    service.create("Fix bug", "Repair the login");
    let found = service.orchestrator.search_tasks("feature", 20).unwrap();
    assert_eq!(
        found.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(),
        ["Implement feature"]
    );
    // Words that every task had in its system tags there.
    for text in ["code", "task", "orchestrator", "que"] {
        assert!(
            service.orchestrator.search_tasks(text, 20).unwrap().is_empty(),
            "{text}"
        );
    }
}

#[test]
fn test_pause_resume_task() {
    let service = Service::new();
    let id = service.create("Pausable", "");
    let _run = service.start(&id);
    assert_eq!(
        service.wait(service.orchestrator.pause_task(&id)).status,
        TaskStatus::Paused
    );
    service.order(&id, 1, Order::IsPaused);
    assert_eq!(
        service.wait(service.orchestrator.resume_task(&id)).status,
        TaskStatus::Running
    );
    service.order(&id, 1, Order::UntilResumed);
}

#[test]
fn test_cancel_task() {
    let service = Service::new();
    let id = service.create("Cancellable", "");
    let task = service.wait(service.orchestrator.cancel_task(&id, None));
    assert_eq!(
        (task.status, task.error.as_deref()),
        (TaskStatus::Cancelled, Some("Cancelled by user"))
    );
    assert!(task.completed_at.is_some());
    // Starting it ran it there, and cleared the cancel.
    let refused = service
        .runtime
        .block_on(service.orchestrator.start_task(&id))
        .unwrap();
    assert_eq!(refused.unwrap_err().code(), ErrorCode::IllegalTransition);
}

#[test]
fn test_update_progress() {
    let service = Service::new();
    let id = service.create("Progress", "");
    for (percent, due) in [(50.0, 50), (150.0, 100), (-10.0, 0), (33.5, 34)] {
        service.wait(service.orchestrator.update_progress(&id, percent));
        assert_eq!(service.task(&id).progress, due);
    }
}

#[test]
fn test_add_step() {
    let service = Service::new();
    let id = service.create("Steps", "");
    let step = service.wait(service.orchestrator.add_step(&id, "Step 1"));
    assert_eq!(
        (step.description.as_str(), step.status),
        ("Step 1", TaskStatus::Pending)
    );
    assert_eq!(service.task(&id).steps, [step]);
}

#[test]
fn test_get_task_context() {
    let service = Service::new();
    assert_eq!(
        service.orchestrator.task_context().unwrap(),
        "No tasks have been created yet."
    );
    let id = service.create("Context Task", "What it is about");
    service.wait(service.orchestrator.add_step(&id, "Look"));
    service.wait(service.orchestrator.append_output(&id, "said\n\nso"));
    let due = "## Current Task (selected): Context Task\n- **Execution status**: pending\n- **Progress**: 0%\n\
        - **Provider**: No-op\n\n### Description\nWhat it is about\n\n### Plan / Steps\n- [pending] Look\n\n\
        ### Task Output (history)\n```\nsaid\nso\n```";
    assert_eq!(service.orchestrator.task_context().unwrap(), due);
}

#[test]
fn test_set_user_status() {
    let service = Service::new();
    let id = service.create("Marked", "");
    assert_eq!(service.task(&id).user_status, TaskUserStatus::Open);
    let task = service.wait(service.orchestrator.set_user_status(&id, TaskUserStatus::Done));
    assert_eq!(
        (task.user_status, task.status),
        (TaskUserStatus::Done, TaskStatus::Pending)
    );
}

// ----- what was tested nowhere there, and was broken -----

/// No test called it there, which is why its context could be made of empty functions.
#[test]
fn test_start_task_execution() {
    let service = Service::new();
    let id = service.create("Runs", "");
    let run = service.start(&id);
    service.order(&id, 1, Order::Output("one\ntwo".to_owned()));
    service.order(&id, 1, Order::Progress(20.0));
    service.order(&id, 1, Order::AddStep("found on the way".to_owned()));
    let task = service.task(&id);
    assert_eq!((task.status, task.progress), (TaskStatus::Running, 20));
    assert_eq!(task.output, ["one", "two"]);
    assert_eq!(task.steps.len(), 1);
    let mut result = TaskResult::success("All done");
    result.files_created = vec!["new.rs".to_owned()];
    result.files_modified = vec!["old.rs".to_owned()];
    result.extra.insert("cost".to_owned(), 1.5.into());
    service.order(&id, 1, Order::End(result.clone()));
    let outcome = service.wait(run);
    assert_eq!(
        (outcome.status, outcome.result),
        (TaskStatus::Completed, Some(result))
    );
    let task = service.task(&id);
    assert_eq!(
        (task.progress, task.files_created, task.files_modified),
        (100, vec!["new.rs".to_owned()], vec!["old.rs".to_owned()])
    );
}

#[test]
fn test_update_step_progress() {
    let service = Service::new();
    let id = service.create("Steps", "");
    for step in ["one", "two", "three"] {
        service.wait(service.orchestrator.add_step(&id, step));
    }
    for (step, due) in [("s1", 33), ("s2", 67), ("s3", 100)] {
        service.wait(
            service
                .orchestrator
                .update_step(&id, step, TaskStatus::Completed, Some("ok")),
        );
        assert_eq!(service.task(&id).progress, due);
    }
    let hash = service.orchestrator.journal_hash().unwrap();
    let unknown = service
        .orchestrator
        .update_step(&id, "s4", TaskStatus::Completed, None);
    let refused = service.runtime.block_on(unknown).unwrap().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::StepNotFound);
    assert_eq!(service.orchestrator.journal_hash().unwrap(), hash);
}

#[test]
fn test_output_is_capped() {
    let service = Service::new();
    let id = service.create("Chatty", "");
    for n in 0..510 {
        service.wait(
            service
                .orchestrator
                .append_output(&id, &format!("line {n}\r\n \r\n")),
        );
    }
    let task = service.task(&id);
    assert_eq!((task.output.len(), task.output_dropped), (500, 10));
    assert_eq!(
        (task.output[0].as_str(), task.output[499].as_str()),
        ("line 10", "line 509")
    );
}

#[test]
fn test_provider_fails_or_panics() {
    for (order, error, result) in [
        (
            Order::Panic("boom".to_owned()),
            "the provider panicked: boom",
            None,
        ),
        (
            Order::End(TaskResult::failure("half done", "no more disk")),
            "no more disk",
            Some(TaskResult::failure("half done", "no more disk")),
        ),
    ] {
        let service = Service::new();
        let id = service.create("Fails", "");
        let run = service.start(&id);
        drop(service.stage.order(&id, 1, order));
        let outcome = service.wait(run);
        assert_eq!((outcome.status, outcome.success), (TaskStatus::Failed, false));
        assert_eq!((outcome.error.as_deref(), outcome.result), (Some(error), result));
    }
}

#[test]
fn test_restart_begins_again() {
    let service = Service::new();
    let id = service.create("Again", "");
    let run = service.start(&id);
    service.order(&id, 1, Order::Output("first try".to_owned()));
    service.order(&id, 1, Order::End(TaskResult::failure("", "no luck")));
    service.wait(run);
    let run = service.wait(service.orchestrator.restart_task(&id));
    service.runtime.run_until_idle();
    let task = service.task(&id);
    assert_eq!(
        (task.status, task.attempt, task.progress),
        (TaskStatus::Running, 2, 0)
    );
    assert_eq!((task.error, task.result, task.completed_at), (None, None, None));
    service.order(&id, 2, Order::End(TaskResult::success("luck")));
    assert_eq!(service.wait(run).summary, "luck");
    assert_eq!(service.task(&id).output, ["first try"]);
}

#[test]
fn test_serde_round_trip_keeps_unknown_keys() {
    let service = Service::new();
    let task = CreateTask::new("Keeps").metadata("mine", serde_json::json!({ "deep": [1, null, 0.1] }));
    let task = service.wait(service.orchestrator.create_task(task));
    let text = serde_json::to_string(&task).unwrap();
    assert_eq!(
        serde_json::from_str::<agent_orchestrator::OrchestratedTask>(&text).unwrap(),
        task
    );
    assert!(
        text.contains(r#""providerId":"noop""#) && !text.contains("roomId"),
        "{text}"
    );
    let result =
        r#"{"success":true,"summary":"s","filesCreated":[],"filesModified":["a"],"tokens":{"in":7}}"#;
    let read: TaskResult = serde_json::from_str(result).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), result);
}

#[test]
fn test_delete_task() {
    let service = Service::new();
    let id = service.create("Gone", "");
    let run = service.start(&id);
    service.wait(service.orchestrator.delete_task(&id));
    assert_eq!(service.orchestrator.get_task(&id).unwrap(), None);
    assert_eq!(service.orchestrator.current_task().unwrap(), None);
    let outcome = service.wait(run);
    assert_eq!(
        (outcome.status, outcome.error.as_deref()),
        (TaskStatus::Cancelled, Some("Task deleted"))
    );
}
