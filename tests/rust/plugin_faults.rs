//! The faults of the earlier system, by the numbers that its description gives them, each with what is right instead.

use std::sync::Arc;

use agent_orchestrator::plugin::{ACTIONS, ActionName, ChatMessage, RESUME_TASK, create_plugin};
use agent_orchestrator::{
    AgentProvider, ErrorCode, EventFilter, OrchestratedTask, ProviderTaskExecutionContext, TaskResult,
    TaskStatus, async_trait,
};
use serde_json::json;

use super::plugin_host::{Actor, Does, Host, Seen, options};

struct Chatty;

#[async_trait]
impl AgentProvider for Chatty {
    fn id(&self) -> &str {
        "chatty"
    }

    async fn execute_task(&self, _: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        (ctx.append_output)("from the field".to_owned());
        ctx.append_output("from the method").unwrap();
        let step = ctx.add_step("Look").unwrap();
        ctx.update_step(&step.id, TaskStatus::Completed, Some("seen"))
            .unwrap();
        (ctx.update_progress)(40);
        TaskResult::failure("stopped there", "no more")
    }
}

#[test]
fn fault_01_what_a_provider_reports_reaches_its_task() {
    let options = agent_orchestrator::AgentOrchestratorPluginOptions::new(
        vec![Arc::new(Chatty)],
        "chatty",
        String::new,
    );
    let host = Host::open(options);
    let id = host.run("Talks");
    let task = host.task(&id);
    assert_eq!(task.output, ["from the field", "from the method"]);
    assert_eq!(
        (task.progress, task.steps.len(), task.steps[0].output.as_deref()),
        (40, 1, Some("seen"))
    );
}

#[test]
fn fault_03_the_seven_actions_have_handlers_and_a_start_is_one_call() {
    let plugin = create_plugin();
    let names: Vec<_> = plugin.actions.iter().map(|action| action.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "CREATE_TASK",
            "LIST_TASKS",
            "SWITCH_TASK",
            "SEARCH_TASKS",
            "PAUSE_TASK",
            "RESUME_TASK",
            "CANCEL_TASK"
        ]
    );
    assert_eq!(
        (plugin.name, &*plugin.services),
        ("agent-orchestrator", &["CODE_TASK"][..])
    );
    assert_eq!(plugin.providers[0].name, "TASK_CONTEXT");

    let actor = Actor::new("eliza", "Eliza", Does::Waits);
    let calls = actor.calls.clone();
    let host = Host::with(vec![actor]);
    let said = |action: ActionName, text: &str| {
        let message = ChatMessage::new("r", "ann", text);
        let def = ACTIONS.iter().find(|def| def.name == action).unwrap();
        host.wait(def.handle(&host.service, &message, &json!({}))).text
    };
    assert_eq!(
        said(ActionName::CreateTask, "create a task for login"),
        "Created task: login\nProvider: Eliza\nStarting execution…"
    );
    assert_eq!(said(ActionName::PauseTask, "pause login"), "Paused task: login");
    assert_eq!(
        said(ActionName::ResumeTask, "resume login"),
        "Resumed task: login"
    );
    assert_eq!(
        said(ActionName::SwitchTask, "switch to login"),
        "Switched to task: login"
    );
    assert_eq!(
        said(ActionName::ListTasks, ""),
        "Tasks:\n1. login — running 0% (current)"
    );
    assert_eq!(
        said(ActionName::SearchTasks, "find login"),
        "Found 1 task(s) matching \"login\":\n1. login — running 0%"
    );
    let id = host.ok(host.service.get_tasks())[0].id.clone();
    let runs = [(); 3].map(|()| host.ok(host.service.start_task_execution(&id)));
    assert_eq!(
        calls.lock().unwrap().len(),
        1,
        "three starts joined the attempt that was under way"
    );
    assert_eq!(
        said(ActionName::CancelTask, "cancel login"),
        "Cancelled task: login"
    );
    for run in runs {
        assert_eq!(host.ok(run).status, TaskStatus::Cancelled);
    }
}

#[test]
fn fault_04_events_have_the_names_and_keys_of_every_edition() {
    let host = Host::with(vec![Actor::new("codex", "Codex", Does::Finishes)]);
    let seen = Seen::default();
    let _listening = seen.listen(&host, EventFilter::all());
    let id = host.run("T");
    assert_eq!(seen.types(), ["task:created", "task:started", "task:completed"]);
    for event in seen.events() {
        let event = serde_json::to_value(&event).unwrap();
        assert_eq!(event["taskId"], json!(id), "{event}");
        assert!(event.get("task_id").is_none() && event["type"].is_string());
    }
}

#[test]
fn fault_06_a_cancel_or_a_pause_before_the_start_is_not_lost() {
    let actor = Actor::new("eliza", "Eliza", Does::Waits);
    let calls = actor.calls.clone();
    let host = Host::with(vec![actor]);
    let create = || host.ok(host.service.create_task("T", "", None, None)).id;
    let (cancelled, paused) = (create(), create());
    host.ok(host.service.cancel_task(&cancelled));
    host.ok(host.service.pause_task(&paused));
    for id in [&cancelled, &paused] {
        let refused = host.wait(host.service.start_task_execution(id));
        assert_eq!(refused.unwrap_err().code(), ErrorCode::IllegalTransition);
    }
    assert!(host.service.is_task_cancelled(&cancelled) && host.service.is_task_paused(&paused));
    assert!(calls.lock().unwrap().is_empty());
}

#[test]
fn fault_07_an_error_of_a_run_before_does_not_stay() {
    let host = Host::new();
    let id = host.ok(host.service.create_task("T", "", None, Some("codex"))).id;
    host.ok(host.service.cancel_task(&id));
    let run = host.ok(host.service.orchestrator().restart_task(&id));
    assert!(host.ok(run).success);
    let task = host.task(&id);
    assert_eq!((task.status, task.error), (TaskStatus::Completed, None));
}

#[test]
fn fault_08_a_result_after_a_cancel_is_refused_and_tells_nobody_anything() {
    let host = Host::new();
    let id = host.run("T");
    host.ok(host.service.cancel_task(&id));
    let seen = Seen::default();
    let _listening = seen.listen(&host, EventFilter::all());
    for result in [TaskResult::success("done"), TaskResult::failure("", "late")] {
        let refused = host.wait(host.service.set_task_result(&id, &result));
        assert_eq!(refused.unwrap_err().code(), ErrorCode::IllegalTransition);
    }
    assert_eq!(host.task(&id).status, TaskStatus::Cancelled);
    assert!(seen.types().is_empty());
}

#[test]
fn fault_09_only_what_is_paused_resumes() {
    let host = Host::new();
    let done = host
        .ok(host.service.create_task("Done", "", None, Some("codex")))
        .id;
    drop(host.ok(host.service.start_task_execution(&done)));
    let cancelled = host.run("Cancelled");
    host.ok(host.service.cancel_task(&cancelled));
    let never = host.ok(host.service.create_task("Never", "", None, None)).id;
    let history = host.history();
    for id in [&done, &cancelled, &never] {
        let refused = host.wait(host.service.resume_task(id));
        assert_eq!(refused.unwrap_err().code(), ErrorCode::IllegalTransition);
    }
    assert_eq!(host.history(), history);

    host.say("r", "ann", "create a task called \"Over\" using codex");
    let reply = host.say("r", "ann", "resume the over task");
    let refused = "Cannot resume task Over: cannot resume a task that is completed; it has ended\n\
        It is completed. Say \"restart\" to run it again.";
    assert_eq!((reply.success, &*reply.text), (false, refused));
    assert_eq!(reply.data["code"], json!("ILLEGAL_TRANSITION"));
    let id = reply.data["taskId"].as_str().unwrap();
    assert_eq!(host.task(id).attempt, 1);
    assert_eq!(host.say("r", "ann", "restart it").text, "Restarted task: Over");
    assert_eq!(host.task(id).attempt, 2);
    let reply = host.wait(RESUME_TASK.handle(
        &host.service,
        &ChatMessage::new("r", "ann", "again please"),
        &json!({ "parameters": { "taskId": id, "restart": true } }),
    ));
    assert_eq!((reply.success, host.task(id).attempt), (true, 3));
}

#[test]
fn fault_10_one_fact_is_one_event() {
    let host = Host::new();
    let id = host.run("T");
    let seen = Seen::default();
    let _listening = seen.listen(&host, EventFilter::all());
    host.ok(host.service.pause_task(&id));
    host.ok(host.service.pause_task(&id));
    host.ok(host.service.resume_task(&id));
    assert_eq!(seen.types(), ["task:paused", "task:resumed"]);
    assert!(host.wait(host.service.pause_task("nobody")).is_err());
    assert_eq!(seen.types().len(), 2);
}

#[test]
fn fault_11_words_that_every_task_has_find_none_and_several_are_never_guessed_among() {
    let host = Host::new();
    host.run("A page");
    for word in ["code", "task", "or", "que", "orchestrator"] {
        assert_eq!(host.ok(host.service.search_tasks(word)), [], "{word}");
    }
    let login = host.create("r", "ann", "Login page");
    let logout = host.create("r", "ann", "Logout page");
    for verb in ["cancel", "pause", "resume", "switch to"] {
        let reply = host.say("r", "ann", &format!("{verb} the page task"));
        assert_eq!(
            (reply.success, &reply.data["code"]),
            (false, &json!("AMBIGUOUS")),
            "{}",
            reply.text
        );
        assert_eq!(reply.data["taskIds"], json!([logout, login]));
    }
    for id in [&login, &logout] {
        assert_eq!(host.task(id).status, TaskStatus::Running);
    }
}

#[test]
fn fault_12_words_count_whole_and_similes_are_understood() {
    let asks = |text: &str| {
        let mut asked = ACTIONS.iter().filter(|action| action.validate(text));
        let name = asked.next().map(|action| action.name.as_str());
        assert!(asked.next().is_none(), "a text asks for one thing at most");
        name
    };
    for text in [
        "what is your address?",
        "the prefix is wrong",
        "additional work",
        "I am reloading",
    ] {
        assert_eq!(asks(text), None, "{text}");
    }
    for (text, action) in [
        ("cancel the task that creates users", "CANCEL_TASK"),
        ("pause the create users task", "PAUSE_TASK"),
        ("abort task", "CANCEL_TASK"),
        ("go to task", "SWITCH_TASK"),
        ("all tasks", "LIST_TASKS"),
        ("run task", "RESUME_TASK"),
        ("STOP THE TASK", "PAUSE_TASK"),
    ] {
        assert_eq!(asks(text), Some(action), "{text}");
    }
    let host = Host::new();
    host.create("r", "ann", "First");
    host.create("r", "ann", "Second");
    host.say("r", "ann", "pause the first task");
    // "Running" is a status here, and was searched for there.
    assert_eq!(
        host.say("r", "ann", "pause the running task").text,
        "Paused task: Second"
    );
}

#[test]
fn fault_13_every_room_and_user_has_a_current_task_and_nobody_reaches_into_other_rooms() {
    let host = Host::new();
    let hers = host.create("kitchen", "ann", "Bread");
    let his = host.create("cellar", "bob", "Wine");
    assert_eq!(host.say("kitchen", "ann", "pause it").text, "Paused task: Bread");
    assert_eq!(host.say("cellar", "bob", "pause it").text, "Paused task: Wine");
    let reply = host.say("cellar", "bob", "cancel the bread task");
    assert_eq!(
        (reply.success, &*reply.text, &reply.data["code"]),
        (
            false,
            "That task belongs to another room. Only that room or an owner can cancel it.",
            &json!("FOREIGN")
        )
    );
    assert_eq!(
        host.say("cellar", "bob", "list tasks").text,
        "Tasks:\n1. Wine — paused 0% (current)"
    );
    for id in [&hers, &his] {
        assert_eq!(host.task(id).status, TaskStatus::Paused);
    }
}

#[test]
fn fault_15_a_new_task_may_wait_choose_its_provider_and_has_no_blank_steps() {
    let host = Host::new();
    let message = ChatMessage::new("r", "ann", "create a task for the report");
    let options = json!({ "parameters": {
        "provider": "codex", "start": false, "steps": ["Read", "  ", "Write"]
    } });
    let reply = host.wait(host.service.respond(&message, &options)).unwrap();
    assert_eq!(reply.text, "Created task: the report\nProvider: Codex");
    let task = host.task(reply.data["taskId"].as_str().unwrap());
    assert_eq!((task.status, &*task.provider_id), (TaskStatus::Pending, "codex"));
    let steps: Vec<_> = task.steps.iter().map(|step| &*step.description).collect();
    assert_eq!(steps, ["Read", "Write"]);
    assert_eq!(task.output, ["Plan:", "1. Read", "2. Write"]);
    assert_eq!(
        host.say("r", "ann", "start the report task").text,
        "Resumed task: the report"
    );
    assert_eq!(host.task(&task.id).status, TaskStatus::Completed);
}

#[test]
fn fault_17_a_service_has_a_configuration_of_its_own() {
    let ids = ["a", "b"];
    let hosts = ids.map(|id| Host::open(options(vec![Actor::new(id, id, Does::Waits)], id)));
    for (host, id) in hosts.iter().zip(ids) {
        let task = host.ok(host.service.create_task("T", "", None, None));
        assert_eq!(task.provider_id, id);
    }
}
