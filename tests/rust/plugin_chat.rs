//! What is done in a chat, by whom, with which task, and what is answered.

use agent_orchestrator::TaskStatus;
use agent_orchestrator::plugin::{
    ACTIONS, ActionName, CANCEL_TASK, ChatMessage, PAUSE_TASK, Reply, Role, TASK_CONTEXT_PROVIDER,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::plugin_host::{Actor, Does, Host};

fn with(host: &Host, text: &str, parameters: Value) -> Reply {
    let message = ChatMessage::new("r", "ann", text);
    let options = json!({ "parameters": parameters });
    host.wait(host.service.respond(&message, &options))
        .unwrap_or_else(|| panic!("no answer to {text}"))
}

fn handle(host: &Host, action: ActionName, text: &str, options: Value) -> Reply {
    let message = ChatMessage::new("r", "ann", text);
    host.wait(host.service.act(action, &message, &options))
}

fn role(host: &Host, user: &str, role: Role) {
    host.agent.roles.lock().unwrap().insert(user.to_owned(), role);
}

// ----- who may -----

#[test]
fn a_world_owner_reaches_the_rooms_of_his_world_and_an_owner_all() {
    let host = Host::new();
    for (room, world) in [("hall", "house"), ("attic", "house"), ("street", "town")] {
        let mut worlds = host.agent.worlds.lock().unwrap();
        worlds.insert(room.to_owned(), world.to_owned());
    }
    let far = host.create("street", "zoe", "Sweep");
    let near = host.create("attic", "bob", "Dust");
    assert_eq!(host.task(&near).world_id.as_deref(), Some("house"));
    assert_eq!(host.task(&near).metadata["entityId"], json!("bob"));

    let code = |user: &str, text: &str| host.say("hall", user, text).data["code"].clone();
    assert_eq!(code("ann", "pause the dust task"), json!("FOREIGN"));
    role(&host, "ann", Role::WorldOwner);
    assert_eq!(
        host.say("hall", "ann", "pause the dust task").text,
        "Paused task: Dust"
    );
    assert_eq!(code("ann", "cancel the sweep task"), json!("FOREIGN"));
    assert_eq!(
        host.say("hall", "ann", "list tasks").text,
        "Tasks:\n1. Dust — paused 0%"
    );
    role(&host, "ann", Role::Owner);
    assert_eq!(
        host.say("hall", "ann", "cancel the sweep task").text,
        "Cancelled task: Sweep"
    );
    role(&host, "ann", Role::Member);
    assert_eq!(
        host.say("hall", "ann", "list tasks").text,
        "No tasks.",
        "a role that is gone is gone at once"
    );
    assert_eq!(host.task(&far).status, TaskStatus::Cancelled);
}

#[test]
fn an_id_reaches_no_further_than_a_name() {
    let host = Host::new();
    let id = host.create("cellar", "bob", "Wine");
    let by_parameter = handle(&host, ActionName::CancelTask, "", json!({ "taskId": id }));
    let by_word = host.say("r", "ann", &format!("cancel task {id}"));
    let by_number = host.say("r", "ann", "cancel task 1");
    for (reply, code) in [
        (by_parameter, "FOREIGN"),
        (by_word, "FOREIGN"),
        (by_number, "NOT_FOUND"),
    ] {
        assert_eq!(
            (reply.success, &reply.data["code"]),
            (false, &json!(code)),
            "{}",
            reply.text
        );
    }
    // A part of a name says nothing about rooms where one may not look.
    assert_eq!(
        host.say("r", "ann", "cancel the win task").data["code"],
        json!("NOT_FOUND")
    );
    assert_eq!(host.task(&id).status, TaskStatus::Running);
}

#[test]
fn each_user_of_a_room_has_his_own_task_and_the_room_one_for_all() {
    let host = Host::new();
    host.create("r", "ann", "Bread");
    host.create("r", "bob", "Wine");
    assert_eq!(host.say("r", "bob", "pause my task").text, "Paused task: Wine");
    assert_eq!(host.say("r", "ann", "pause it").text, "Paused task: Bread");
    assert_eq!(
        host.say("r", "zoe", "resume it").text,
        "Resumed task: Bread",
        "she has none: the room's"
    );
    assert_eq!(host.say("r", "zoe", "pause my task").text, "No task to pause.");
    host.say("r", "zoe", "switch to the wine task");
    assert_eq!(host.say("r", "zoe", "resume my task").text, "Resumed task: Wine");
    assert_eq!(
        host.say("r", "ann", "cancel my task").text,
        "Cancelled task: Bread",
        "hers is still hers"
    );
    let nobody = ChatMessage {
        room: "r".to_owned(),
        user: None,
        text: "pause my task".to_owned(),
    };
    let reply = host.wait(host.service.respond(&nobody, &Value::Null)).unwrap();
    assert_eq!(reply.text, "Paused task: Wine", "who is not known has the room's");
}

// ----- which task -----

#[test]
fn a_number_is_that_of_the_list_that_was_shown_even_if_something_came_between() {
    let host = Host::new();
    host.create("r", "ann", "Bread");
    host.create("r", "ann", "Wine");
    assert_eq!(
        host.say("r", "ann", "pause the first task").text,
        "Paused task: Wine",
        "newest first"
    );
    host.say("r", "ann", "list tasks");
    host.create("r", "bob", "Cheese");
    assert_eq!(
        host.say("r", "ann", "cancel task 2").text,
        "Cancelled task: Bread"
    );
    assert_eq!(
        host.say("r", "bob", "pause the first one").text,
        "Paused task: Cheese",
        "nothing was shown to him"
    );
    host.say("r", "ann", "search tasks for wine");
    assert_eq!(host.say("r", "ann", "resume task #1").text, "Resumed task: Wine");
    assert_eq!(
        host.say("r", "ann", "resume task 2").data["code"],
        json!("NOT_FOUND")
    );
}

#[test]
fn of_what_was_shown_a_task_that_is_gone_keeps_its_place() {
    let host = Host::new();
    host.create("r", "ann", "Bread");
    let gone = host.create("r", "ann", "Wine");
    host.say("r", "ann", "list tasks");
    host.ok(host.service.delete_task(&gone));
    assert_eq!(
        host.say("r", "ann", "pause task 1").data["code"],
        json!("NOT_FOUND")
    );
    assert_eq!(host.say("r", "ann", "pause task 2").text, "Paused task: Bread");
}

#[test]
fn several_that_fit_are_listed_and_the_answer_may_be_a_number() {
    let host = Host::new();
    host.create("r", "ann", "Red wine");
    host.create("r", "ann", "White wine");
    host.create("r", "ann", "Beer");
    let reply = host.say("r", "ann", "cancel the wine task");
    let due = "Which one? 2 tasks match:\n1. White wine — running 0%\n2. Red wine — running 0%\n\
        Say it with the number, for example: cancel task 2";
    assert_eq!(reply.text, due);
    assert_eq!(
        host.say("r", "ann", "cancel task 2").text,
        "Cancelled task: Red wine"
    );
    // Of two wines only one is left that can be cancelled.
    assert_eq!(
        host.say("r", "ann", "cancel the wine task").text,
        "Cancelled task: White wine"
    );
    assert_eq!(
        host.say("r", "ann", "cancel the wine task").data["code"],
        json!("AMBIGUOUS"),
        "none is left"
    );
    assert_eq!(
        host.say("r", "ann", "switch to the wine task").data["code"],
        json!("AMBIGUOUS")
    );
}

#[test]
fn a_whole_name_comes_before_its_words_and_a_name_before_a_number() {
    let host = Host::new();
    for name in ["Login", "Login page", "Task 2", "Other", "The end"] {
        host.create("r", "ann", name);
    }
    assert_eq!(
        host.say("r", "ann", "pause the login task").text,
        "Paused task: Login"
    );
    assert_eq!(host.say("r", "ann", "pause task 2").text, "Paused task: Task 2");
    assert_eq!(
        host.say("r", "ann", "pause the \"login page\"").text,
        "Paused task: Login page"
    );
    assert_eq!(
        host.say("r", "ann", "pause the end task").text,
        "Paused task: The end"
    );
}

#[test]
fn an_id_or_its_beginning_is_understood() {
    let host = Host::new();
    let id = host.create("r", "ann", "Bread");
    assert_eq!(
        host.say("r", "ann", &format!("pause task {id}")).text,
        "Paused task: Bread"
    );
    let begin = &id[..id.len() - 1];
    assert_eq!(
        host.say("r", "ann", &format!("resume task {begin}")).text,
        "Resumed task: Bread"
    );
    let reply = handle(&host, ActionName::PauseTask, "pause", json!({ "id": id }));
    assert_eq!(reply.text, "Paused task: Bread");
    let reply = handle(
        &host,
        ActionName::PauseTask,
        "pause it",
        json!({ "taskId": begin }),
    );
    assert_eq!(
        reply.data["code"],
        json!("NOT_FOUND"),
        "as a parameter it must be whole"
    );
}

#[test]
fn a_status_the_newest_the_oldest_and_the_last_are_understood() {
    let host = Host::new();
    for name in ["Bread", "Wine", "Cheese"] {
        host.create("r", "ann", name);
    }
    assert_eq!(
        host.say("r", "ann", "pause the oldest task").text,
        "Paused task: Bread"
    );
    assert_eq!(
        host.say("r", "ann", "pause the newest task").text,
        "Paused task: Cheese"
    );
    assert_eq!(
        host.say("r", "ann", "cancel the running task").text,
        "Cancelled task: Wine"
    );
    let reply = host.say("r", "ann", "resume the last task");
    assert_eq!(
        reply.data["code"],
        json!("AMBIGUOUS"),
        "the newest, or the bottom of the list?"
    );
}

#[test]
fn all_means_all_that_it_can_be_done_with_and_nothing_that_was_only_guessed() {
    let host = Host::new();
    for name in ["Red wine", "White wine", "Beer"] {
        host.create("r", "ann", name);
    }
    let elsewhere = host.create("other", "bob", "Tea");
    let reply = host.say("r", "ann", "pause all wine tasks");
    assert_eq!(reply.text, "Paused task: White wine\nPaused task: Red wine");
    assert_eq!(host.say("r", "ann", "pause all tasks").text, "Paused task: Beer");
    assert_eq!(host.say("r", "ann", "pause all tasks").text, "No task to pause.");
    assert_eq!(
        host.say("r", "ann", "cancel all 3 tasks").data["code"],
        json!("NOT_FOUND"),
        "3 may be a name"
    );
    // The search finds "win" in names of which it is no word.
    assert_eq!(
        host.say("r", "ann", "cancel all win tasks").data["code"],
        json!("AMBIGUOUS")
    );
    assert_eq!(
        host.say("r", "ann", "switch to all tasks").data["code"],
        json!("AMBIGUOUS")
    );
    host.say("r", "ann", "cancel all tasks");
    assert_eq!(
        host.ok(host.service.get_tasks_by_status(TaskStatus::Cancelled))
            .len(),
        3
    );
    assert_eq!(host.task(&elsewhere).status, TaskStatus::Running);
}

#[test]
fn names_in_any_script_are_found() {
    let host = Host::new();
    for name in [
        "Straße kehren",
        "задача отчёт",
        "测试任务",
        "ΊΣΩΣ αύριο",
        "👩‍💻 pairing",
        "🎉",
    ] {
        host.create("r", "ann", name);
    }
    for (said, name) in [
        ("cancel the STRASSE task", "Straße kehren"),
        ("cancel the «Задача  Отчёт» task", "задача отчёт"),
        ("cancel the 任务 task", "测试任务"),
        ("cancel the ίσως task", "ΊΣΩΣ αύριο"),
        ("cancel the \"👩‍💻 Pairing\"", "👩‍💻 pairing"),
        ("cancel the 🎉 task", "🎉"),
    ] {
        assert_eq!(host.say("r", "ann", said).text, format!("Cancelled task: {name}"));
    }
}

// ----- what planners hand in -----

#[test]
fn what_a_planner_says_comes_before_the_text() {
    let host = Host::new();
    let bread = host.create("r", "ann", "Bread");
    let wine = host.create("r", "ann", "Wine");
    let reply = with(&host, "pause the bread task", json!({ "task": "wine" }));
    assert_eq!(reply.data["taskId"], json!(wine));
    let reply = with(
        &host,
        "resume the bread task",
        json!({ "taskId": wine, "task": "bread" }),
    );
    assert_eq!(reply.data["taskId"], json!(wine));
    let reply = with(
        &host,
        "pause the bread task",
        json!({ "taskId": " ", "task": null }),
    );
    assert_eq!(reply.data["taskId"], json!(bread), "blank is absent");
    let reply = handle(&host, ActionName::CancelTask, "the wine one, please", Value::Null);
    assert_eq!(reply.text, "Cancelled task: Wine");
    let reply = handle(
        &host,
        ActionName::ListTasks,
        "whatever",
        json!({ "status": "Canceled", "limit": 1.0 }),
    );
    assert_eq!(reply.text, "Tasks:\n1. Wine — cancelled 0%");
    let reply = handle(
        &host,
        ActionName::ListTasks,
        "",
        json!({ "parameters": { "status": "all", "limit": 1 } }),
    );
    assert_eq!(reply.text, "Tasks:\n1. Wine — cancelled 0%\n… and 1 more");
    assert_eq!(reply.data["taskIds"], json!([wine]));
    let reply = with(&host, "search tasks for wine", json!({ "query": "  " }));
    assert_eq!(reply.data["taskIds"], json!([wine]));
    let reply = handle(&host, ActionName::SearchTasks, "search", Value::Null);
    assert_eq!(
        (reply.success, &*reply.text),
        (false, "What would you like to search for?")
    );
}

#[test]
fn a_new_task_takes_its_fields_from_the_planner_and_the_rest_from_the_text() {
    let host = Host::new();
    let create = |text: &str, options: Value| {
        let reply = handle(&host, ActionName::CreateTask, text, options);
        assert!(reply.success, "{}", reply.text);
        host.task(reply.data["taskId"].as_str().unwrap())
    };
    let task = create("Please look after the garden.\nDaily.", Value::Null);
    assert_eq!(
        (&*task.name, &*task.description),
        ("look after the garden", "Please look after the garden.\nDaily.")
    );
    let given = json!({ "name": "Garden", "description": "Water it", "providerId": "CODEX", "steps": "Look\n\nPour" });
    let task = create("create a task for x using eliza", given);
    assert_eq!(
        (&*task.name, &*task.description, &*task.provider_id),
        ("Garden", "Water it", "codex")
    );
    assert_eq!(task.output, ["Plan:", "1. Look", "2. Pour"]);
    let task = create("create a task to help with taxes", Value::Null);
    assert_eq!(
        (&*task.name, &*task.provider_id),
        ("help with taxes", "eliza"),
        "nobody is called taxes"
    );
    let task = create("create a task for the report using \"broken one\"", Value::Null);
    assert_eq!((&*task.name, &*task.provider_id), ("the report", "broken"));
    let task = create(" ", Value::Null);
    assert_eq!((&*task.name, &*task.description), ("New Task", "New Task"));
    let task = create(&"wörter ".repeat(2000), Value::Null);
    assert_eq!(
        (task.name.chars().count(), task.description.chars().count()),
        (100, 4000)
    );
}

#[test]
fn what_a_planner_hands_in_of_the_wrong_kind_is_refused_and_nothing_is_done() {
    let host = Host::new();
    let id = host.create("r", "ann", "Bread");
    let history = host.history();
    for (action, options, named) in [
        (ActionName::CreateTask, json!({ "title": 7 }), "title"),
        (
            ActionName::CreateTask,
            json!({ "parameters": { "name": ["x"] } }),
            "name",
        ),
        (ActionName::CreateTask, json!({ "steps": [1, 2] }), "steps"),
        (ActionName::CreateTask, json!({ "steps": {} }), "steps"),
        (ActionName::CreateTask, json!({ "start": "yes" }), "start"),
        (
            ActionName::CreateTask,
            json!({ "provider": "nobody" }),
            "eliza, codex, broken",
        ),
        (
            ActionName::CreateTask,
            json!({ "parameters": "title" }),
            "parameters",
        ),
        (ActionName::CreateTask, json!({ "title": "\u{0}" }), "visible"),
        (
            ActionName::CreateTask,
            json!({ "steps": vec!["s"; 1001] }),
            "1001",
        ),
        (ActionName::ListTasks, json!({ "limit": 0 }), "limit"),
        (ActionName::ListTasks, json!({ "limit": 101 }), "limit"),
        (ActionName::ListTasks, json!({ "limit": 1.5 }), "limit"),
        (ActionName::ListTasks, json!({ "limit": "5" }), "limit"),
        (ActionName::ListTasks, json!({ "status": "strange" }), "status"),
        (ActionName::SearchTasks, json!({ "query": {} }), "query"),
        (
            ActionName::SearchTasks,
            json!({ "query": "x".repeat(2000) }),
            "1024",
        ),
        (ActionName::PauseTask, json!({ "taskId": 3 }), "taskId"),
        (
            ActionName::ResumeTask,
            json!({ "taskId": id, "restart": 1 }),
            "restart",
        ),
    ] {
        let reply = handle(&host, action, "the bread task", options);
        assert!(
            !reply.success && reply.text.contains(named),
            "{action} {named}: {}",
            reply.text
        );
        assert!(reply.data["code"].is_string());
        assert_eq!(host.history(), history, "{action} {named}");
    }
}

#[test]
fn an_id_of_a_provider_comes_before_the_label_of_another() {
    let actors = [("a", "codex"), ("codex", "a"), ("b", "Codex")];
    let actors = actors.map(|(id, label)| Actor::new(id, label, Does::Waits));
    let host = Host::with(actors.into());
    for (said, id) in [("codex", "codex"), ("CODEX", "codex"), ("a", "a")] {
        let reply = host.say("r", "ann", &format!("create a task for bread using {said}"));
        let task = host.task(reply.data["taskId"].as_str().unwrap());
        assert_eq!((&*task.name, &*task.provider_id), ("bread", id));
    }
}

#[test]
fn a_task_whose_plan_is_too_long_to_tell_is_not_left_behind() {
    let host = Host::new();
    let kept = host.create("r", "ann", "Bread");
    let steps = vec!["s".repeat(2_000); 1_000];
    let reply = handle(
        &host,
        ActionName::CreateTask,
        "create a task for all",
        json!({ "steps": steps }),
    );
    assert_eq!(
        (reply.success, &reply.data["code"]),
        (false, &json!("LIMIT_EXCEEDED")),
        "{}",
        reply.text
    );
    assert_eq!(host.say("r", "ann", "list tasks").data["taskIds"], json!([kept]));
}

#[test]
fn to_begin_again_is_to_go_on_where_it_has_not_ended_and_refused_where_it_runs() {
    let host = Host::new();
    let id = host.create("r", "ann", "Bread");
    let refused = host.say("r", "ann", "restart it");
    assert_eq!(
        refused.text,
        "Cannot restart task Bread: cannot restart a task that is running; it has not ended"
    );
    host.say("r", "ann", "pause it");
    assert_eq!(
        host.say("r", "ann", "restart the bread task").text,
        "Restarted task: Bread"
    );
    assert_eq!(
        (host.task(&id).status, host.task(&id).attempt),
        (TaskStatus::Running, 1)
    );
}

#[test]
fn a_provider_that_a_setting_names_wrongly_is_told_and_leaves_no_task() {
    let host = Host::new();
    let mut settings = host.agent.settings.lock().unwrap();
    settings.insert("ELIZA_CODE_ACTIVE_SUB_AGENT".to_owned(), "gone".to_owned());
    drop(settings);
    let reply = host.say("r", "ann", "create a task for bread");
    assert_eq!(
        (reply.success, &reply.data["code"]),
        (false, &json!("PROVIDER_NOT_FOUND"))
    );
    assert!(reply.text.contains("eliza, codex, broken"), "{}", reply.text);
    assert_eq!(host.say("r", "ann", "list tasks").text, "No tasks.");
}

// ----- what a prompt is told -----

#[test]
fn a_prompt_is_told_of_its_room_and_of_no_other() {
    let host = Host::new();
    let told = |room: &str| {
        let message = ChatMessage::new(room, "ann", "hello");
        host.ok(TASK_CONTEXT_PROVIDER.get(&host.service, &message))
    };
    let empty = told("r");
    assert_eq!(empty.text, "# Task Context\n\nNo tasks have been created yet.");
    assert_eq!(
        (
            &*empty.values.current_task_name,
            &*empty.values.current_task_status
        ),
        ("None", "N/A")
    );
    assert_eq!((empty.data.task_count, empty.data.current_task_id), (0, None));
    let bread = host.create("r", "ann", "Bread");
    host.create("r", "ann", "Wine");
    let context = told("r");
    assert!(
        context
            .text
            .starts_with("# Task Context\n\n## Current Task (selected): Bread\n"),
        "{}",
        context.text
    );
    let recent = "## Recent Tasks\n- Wine — 🔄 running 0%\n- Bread — 🔄 running 0% (current)";
    assert!(context.text.ends_with(recent), "{}", context.text);
    assert_eq!(
        (
            &*context.values.current_task_name,
            &*context.values.current_task_status
        ),
        ("Bread", "running")
    );
    assert_eq!(
        (context.data.task_count, context.data.current_task_id),
        (2, Some(bread))
    );
    assert_eq!(told("elsewhere").text, empty.text);
    let json = serde_json::to_value(told("elsewhere")).unwrap();
    assert_eq!(json["values"]["currentTaskName"], json!("None"));
    assert_eq!(json["data"], json!({ "taskCount": 0, "currentTaskId": null }));
}

// ----- whatever is said -----

#[test]
fn long_and_strange_texts_are_answered_or_not_and_never_harm() {
    let host = Host::new();
    let id = host.create("r", "ann", "Bread");
    host.create("r", "ann", "Wine");
    let mega = 1 << 16;
    for text in [
        String::new(),
        "   \n\t ".to_owned(),
        "\"".to_owned(),
        "'\"„«`‘“".to_owned(),
        "\u{0}\u{1b}[31m\u{7f}\u{202e}".to_owned(),
        "cancel \"".to_owned() + &"x".repeat(mega),
        "\"".repeat(mega),
        "stop ".repeat(mega / 5),
        "stop it ".repeat(mega / 8) + "wall",
        "cancel the ninth one and ".repeat(mega / 25),
        format!("cancel the {} task", "very ".repeat(10_000)),
        format!("\"x\" {}wall", "pause it ".repeat(mega / 9)),
        format!("{}pause the butter task", "please ".repeat(mega / 7)),
        "task ".repeat(mega / 5),
        "don't ".repeat(mega / 6),
        "„“ ".repeat(mega / 7),
    ] {
        if let Some(reply) = host.hear("r", "ann", &text) {
            assert!(reply.text.len() < 10_000, "{} bytes", reply.text.len());
        }
        for action in [CANCEL_TASK, PAUSE_TASK] {
            let message = ChatMessage::new("r", "ann", &*text);
            let options = json!({ "taskId": format!("{id}x") });
            let reply = host.wait(action.handle(&host.service, &message, &options));
            assert!(!reply.success);
        }
    }
    assert_eq!(host.task(&id).status, TaskStatus::Running);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two tasks that every word below fits alike, and of neither are they the whole name: neither is touched, whatever
    /// is made of the words.
    #[test]
    fn no_text_acts_on_one_of_several_that_fit(
        verb in prop::sample::select(vec!["cancel", "pause", "resume", "restart", "delete", "stop", "abort"]),
        words in prop::collection::vec(
            prop::sample::select(vec!["the", "my", "please", "task", "red", "wine", "of", "running", "\"red wine\"", "about", "named", "é"]),
            0..7,
        ),
        tail in prop::sample::select(vec!["task", "wine task", "red task", "wine", "\"wine\"", "it"]),
    ) {
        let host = Host::with(vec![Actor::new("eliza", "Eliza", Does::Waits)]);
        let make = |name: &str| {
            let order = agent_orchestrator::CreateTask { room_id: Some("r".to_owned()), ..agent_orchestrator::CreateTask::new(name) };
            host.ok(host.service.orchestrator().run_task(order)).task_id().to_owned()
        };
        let ids = [make("red wine é, blue"), make("blue wine, é, red")];
        host.time.run_until_idle();
        let before = host.history();
        let text = format!("{verb} {} {tail}", words.join(" "));
        if let Some(reply) = host.hear("r", "ann", &text) {
            prop_assert!(!reply.success, "{text}: {}", reply.text);
        }
        prop_assert_eq!(host.history(), before);
        for id in ids {
            prop_assert_eq!(host.task(&id).status, TaskStatus::Running);
        }
    }

    /// Any text, by any action: an answer or none, never a panic, and nothing of another room.
    #[test]
    fn any_text_is_taken(text in "\\PC{0,80}", action in 0usize..7, options in any_json()) {
        let host = Host::with(vec![Actor::new("eliza", "Eliza", Does::Waits)]);
        let theirs = host.create("other", "bob", "Tea");
        let message = ChatMessage::new("r", "ann", &*text);
        let reply = host.wait(host.service.act(ACTIONS[action].name, &message, &options));
        prop_assert!(!reply.text.is_empty());
        host.wait(host.service.respond(&message, &options));
        prop_assert_eq!(host.task(&theirs).status, TaskStatus::Running);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "parameters",
        "title",
        "task",
        "taskId",
        "query",
        "steps",
        "status",
        "limit",
        "start",
        "restart",
        "provider",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}
