//! The service: the earlier system's tests under their names, and what it had in other editions only.

use agent_orchestrator::plugin::{CREATE_TASK, Intent, LIST_TASKS, Language, read_intent};
use agent_orchestrator::{ErrorCode, EventFilter, TaskResult, TaskStatus, TaskUserStatus};

use super::plugin_host::{Does, Host, Seen};

// ----- the twelve of its Rust edition; that of the configuration is with the others about it -----

#[test]
fn test_extract_query() {
    let english = Language::english();
    let Some(Intent::Switch(target)) = read_intent(&english, "switch to task foo") else {
        panic!("no switch");
    };
    assert_eq!(target.words, ["foo"]);
    let query = Intent::Search {
        query: "authentication".to_owned(),
    };
    assert_eq!(
        read_intent(&english, "find my tasks about authentication"),
        Some(query)
    );
    let Some(Intent::Pause(target)) = read_intent(&english, "  pause   the   task  ") else {
        panic!("no pause");
    };
    assert!(target.words.is_empty());
}

#[test]
fn test_validate_create_task() {
    assert!(CREATE_TASK.validate("create task for login"));
    assert!(CREATE_TASK.validate("implement user authentication"));
    assert!(!CREATE_TASK.validate("what is the weather"));
}

#[test]
fn test_validate_list_tasks() {
    assert!(LIST_TASKS.validate("list tasks"));
    assert!(LIST_TASKS.validate("show my tasks"));
    assert!(!LIST_TASKS.validate("create a task"));
}

#[test]
fn test_create_task() {
    let host = Host::new();
    let task = host.ok(host.service.create_task("Test Task", "A test task", None, None));
    assert_eq!((&*task.name, &*task.description), ("Test Task", "A test task"));
    assert_eq!(
        (task.status, task.progress, &*task.provider_id),
        (TaskStatus::Pending, 0, "eliza")
    );
    assert_eq!(
        (task.world_id.as_deref(), &*task.working_directory),
        (Some("the-agent"), "/work")
    );
}

#[test]
fn test_get_recent_tasks() {
    let host = Host::new();
    for name in ["Task 1", "Task 2", "Task 3"] {
        host.ok(host.service.create_task(name, "", None, None));
    }
    let recent = host.ok(host.service.get_recent_tasks(2));
    let names: Vec<_> = recent.iter().map(|task| &*task.name).collect();
    assert_eq!(names, ["Task 3", "Task 2"], "newest first");
    assert_eq!(host.ok(host.service.get_recent_tasks(0)), []);
    assert_eq!(host.ok(host.service.get_recent_tasks(usize::MAX)).len(), 3);
    assert_eq!(host.ok(host.service.get_tasks()).len(), 3);
}

#[test]
fn test_search_tasks() {
    let host = Host::new();
    host.ok(host
        .service
        .create_task("Implement feature", "Add it", None, None));
    host.ok(host.service.create_task("Fix bug", "Repair it", None, None));
    let found = host.ok(host.service.search_tasks("feature"));
    assert_eq!(
        found.iter().map(|task| &*task.name).collect::<Vec<_>>(),
        ["Implement feature"]
    );
    assert_eq!(host.ok(host.service.search_tasks("  ")), []);
}

#[test]
fn test_pause_resume_task() {
    let host = Host::new();
    let id = host.run("Long");
    host.ok(host.service.pause_task(&id));
    assert!(host.service.is_task_paused(&id));
    host.ok(host.service.resume_task(&id));
    assert_eq!(host.task(&id).status, TaskStatus::Running);
}

#[test]
fn test_cancel_task() {
    let host = Host::new();
    let id = host.run("Long");
    host.ok(host.service.cancel_task(&id));
    let task = host.task(&id);
    assert_eq!(
        (task.status, task.error.as_deref()),
        (TaskStatus::Cancelled, Some("Cancelled by user"))
    );
    assert!(
        host.service.is_task_cancelled(&id),
        "for good, and not only while its provider runs"
    );
}

#[test]
fn test_update_progress() {
    let host = Host::new();
    let id = host.run("Long");
    for (percent, due) in [(50, 50), (150, 100), (-10, 0)] {
        host.ok(host.service.update_task_progress(&id, percent));
        assert_eq!(host.task(&id).progress, due);
    }
}

#[test]
fn test_add_step() {
    let host = Host::new();
    let id = host.run("Long");
    let step = host.ok(host.service.add_step(&id, "Step 1"));
    assert_eq!((&*step.description, step.status), ("Step 1", TaskStatus::Pending));
    assert_eq!(host.task(&id).steps.len(), 1);
    host.ok(host
        .service
        .update_step(&id, &step.id, TaskStatus::Completed, Some("done")));
    assert_eq!(host.task(&id).progress, 100);
}

#[test]
fn test_get_task_context() {
    let host = Host::new();
    assert!(host.ok(host.service.get_task_context()).contains("No tasks"));
    host.run("Context task");
    assert!(host.ok(host.service.get_task_context()).contains("Context task"));
}

// ----- what its Rust edition lacked -----

#[test]
fn a_task_is_renamed_and_given_to_another_provider() {
    let host = Host::new();
    let task = host.ok(host
        .service
        .create_code_task("Old", "", Some("room"), Some("eliza")));
    host.ok(host.service.rename_task(&task.id, "  New  "));
    host.ok(host.service.set_task_sub_agent_type(&task.id, "codex"));
    host.ok(host.service.set_user_status(&task.id, TaskUserStatus::Done));
    let task = host.task(&task.id);
    assert_eq!(
        (&*task.name, &*task.provider_id, &*task.sub_agent_type),
        ("New", "codex", "codex")
    );
    assert_eq!(
        (&*task.provider_label, task.user_status),
        ("Codex", TaskUserStatus::Done)
    );
    let history = host.history();
    let refused = host.wait(host.service.set_task_sub_agent_type(&task.id, "nobody"));
    assert!(refused.unwrap_err().message().contains("eliza, codex, broken"));
    host.ok(host.service.rename_task(&task.id, "New"));
    assert_eq!(host.history(), history, "no event where nothing changes");
}

#[test]
fn the_current_task_of_all_must_be_one_that_there_is() {
    let host = Host::new();
    assert_eq!(host.service.get_current_task_id(), None);
    let first = host.run("First");
    let second = host.run("Second");
    assert_eq!(host.service.get_current_task_id().as_deref(), Some(&*first));
    host.ok(host.service.set_current_task(Some(&second)));
    assert_eq!(host.ok(host.service.get_current_task()).unwrap().id, second);
    // "Second" is a name, and no id.
    let refused = host.wait(host.service.set_current_task(Some("Second")));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::TaskNotFound);
    host.ok(host.service.delete_task(&second));
    assert_eq!(host.service.get_current_task_id(), None);
    host.ok(host.service.set_current_task(Some(&first)));
    host.ok(host.service.set_current_task(None));
    assert_eq!(host.service.get_current_task_id(), None);
}

#[test]
fn a_status_is_reached_only_on_the_ways_of_the_table() {
    let host = Host::new();
    let id = host.ok(host.service.create_task("T", "", None, None)).id;
    let set = |status| host.wait(host.service.update_task_status(&id, status));
    use TaskStatus::{Blocked, Cancelled, Completed, Failed, Paused, Pending, Running};
    set(Pending).unwrap();
    for illegal in [Completed, Failed, Blocked] {
        assert_eq!(set(illegal).unwrap_err().code(), ErrorCode::IllegalTransition);
    }
    for (status, now) in [
        (Running, Running),
        (Paused, Paused),
        (Running, Running),
        (Completed, Completed),
    ] {
        set(status).unwrap();
        assert_eq!(host.task(&id).status, now);
    }
    for illegal in [Running, Paused, Pending, Failed, Cancelled] {
        assert_eq!(
            set(illegal).unwrap_err().code(),
            ErrorCode::IllegalTransition,
            "{illegal}"
        );
    }
    let id = host.run("Fails");
    host.ok(host.service.update_task_status(&id, Failed));
    assert_eq!(host.ok(host.service.get_tasks_by_status(Failed)).len(), 1);
}

#[test]
fn a_result_that_somebody_else_gives_ends_the_attempt() {
    let host = Host::new();
    let (good, bad) = (host.run("Good"), host.run("Bad"));
    let mut result = TaskResult::success("by hand");
    result.files_created = vec!["a.rs".to_owned()];
    host.ok(host.service.set_task_result(&good, &result));
    host.ok(host.service.set_task_error(&bad, "no way"));
    let task = host.task(&good);
    assert_eq!(
        (task.status, task.result, task.progress),
        (TaskStatus::Completed, Some(result.clone()), 100)
    );
    assert_eq!(task.files_created, ["a.rs"]);
    let task = host.task(&bad);
    assert_eq!(
        (task.status, task.error.as_deref()),
        (TaskStatus::Failed, Some("no way"))
    );
    let refused = host.wait(host.service.set_task_result(&bad, &result));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::IllegalTransition);
}

#[test]
fn listeners_hear_until_they_go_and_nothing_after_the_stop() {
    let host = Host::new();
    let seen = Seen::default();
    let listening = seen.listen(&host, EventFilter::all().of_type("task:created"));
    let id = host.run("One");
    drop(listening);
    host.run("Two");
    assert_eq!(seen.types(), ["task:created"]);
    let run = host.ok(host.service.start_task_execution(&id));
    host.wait(host.service.stop());
    assert_eq!(host.wait(run).unwrap_err().code(), ErrorCode::Disposed);
    let refused = host.wait(host.service.create_task("Late", "", None, None));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Disposed);
    let reply = host.say("r", "ann", "list tasks");
    assert_eq!(
        (reply.success, reply.data["code"].as_str()),
        (false, Some("DISPOSED"))
    );
}

#[test]
fn an_unknown_id_is_refused_by_every_method_and_changes_nothing() {
    let host = Host::with(vec![super::plugin_host::Actor::new(
        "eliza",
        "Eliza",
        Does::Waits,
    )]);
    let service = &host.service;
    let (history, id) = (host.history(), "nobody");
    let refused = [
        host.wait(service.set_current_task(Some(id))),
        host.wait(service.update_task_status(id, TaskStatus::Running)),
        host.wait(service.update_task_progress(id, 1)),
        host.wait(service.rename_task(id, "x")),
        host.wait(service.append_output(id, "x")),
        host.wait(service.add_step(id, "x")).map(drop),
        host.wait(service.update_step(id, "s1", TaskStatus::Running, None)),
        host.wait(service.set_task_result(id, &TaskResult::success(""))),
        host.wait(service.set_task_error(id, "x")),
        host.wait(service.set_user_status(id, TaskUserStatus::Done)),
        host.wait(service.set_task_sub_agent_type(id, "eliza")),
        host.wait(service.pause_task(id)),
        host.wait(service.resume_task(id)),
        host.wait(service.cancel_task(id)),
        host.wait(service.delete_task(id)),
        host.wait(service.start_task_execution(id)).map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::TaskNotFound);
    }
    assert_eq!(host.ok(service.get_task(id)), None);
    assert!(!service.is_task_cancelled(id) && !service.is_task_paused(id));
    assert_eq!(host.history(), history);
}

/// Whoever holds it may be on another thread.
#[test]
fn a_service_and_what_it_promises_may_go_to_other_threads() {
    fn may_go<T: Send>(_: &T) {}
    let host = Host::new();
    may_go(&host.service);
    may_go(&host.service.create_task("T", "", None, None));
    let message = agent_orchestrator::plugin::ChatMessage::new("r", "ann", "list tasks");
    may_go(&host.service.respond(&message, &serde_json::Value::Null));
}
