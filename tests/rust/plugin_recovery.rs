//! After a crash: tasks are there again, those that were at work are found by themselves, and offered.

use agent_orchestrator::plugin::{ChatMessage, TASK_CONTEXT_PROVIDER};
use agent_orchestrator::{MemoryJournal, TaskStatus, TaskUserStatus};

use super::plugin_host::Host;

fn context(host: &Host, room: &str) -> String {
    let message = ChatMessage::new(room, "ann", "hello");
    host.ok(TASK_CONTEXT_PROVIDER.get(&host.service, &message)).text
}

const OFFER: &str = "Interrupted by a restart, and waiting to be resumed:";

#[test]
fn what_a_crash_interrupted_is_found_at_the_start_and_offered_to_its_room() {
    let journal = MemoryJournal::new();
    let host = Host::on(journal.clone());
    let hers = host.create("kitchen", "ann", "Bread");
    host.create("cellar", "bob", "Wine");
    let settled = host.create("kitchen", "ann", "Soup");
    host.ok(host.service.set_user_status(&settled, TaskUserStatus::Done));
    let held = host.create("kitchen", "ann", "Cake");
    host.say("kitchen", "ann", "cancel the cake task");
    // Nobody says goodbye.
    host.time.halt();

    let host = Host::on(journal);
    let names = |tasks: Vec<agent_orchestrator::OrchestratedTask>| -> Vec<String> {
        tasks.into_iter().map(|task| task.name).collect()
    };
    assert_eq!(
        names(host.service.interrupted_tasks().unwrap()),
        ["Bread", "Wine"]
    );
    let history = host.history();
    for _ in 0..2 {
        let found = host.ok(host.service.detect_and_pause_interrupted_tasks());
        assert_eq!(names(found), ["Bread", "Wine"]);
    }
    assert_eq!(host.history(), history, "to look twice changes nothing");
    assert_eq!(host.task(&hers).status, TaskStatus::Paused);
    assert_eq!(host.task(&held).status, TaskStatus::Cancelled);

    let told = context(&host, "kitchen");
    let offer = format!("{OFFER}\n1. Bread — paused 0%\nSay \"resume task\" and the name to go on.");
    assert!(told.ends_with(&offer), "{told}");
    assert!(!told.contains("Wine"), "it is another room's");
    assert!(!context(&host, "attic").contains(OFFER));

    assert_eq!(
        host.say("kitchen", "ann", "pause it").text,
        "Paused task: Bread",
        "it is still the current one"
    );
    assert_eq!(
        host.say("kitchen", "ann", "resume bread task").text,
        "Resumed task: Bread"
    );
    let task = host.task(&hers);
    assert_eq!(
        (task.status, task.attempt),
        (TaskStatus::Running, 2),
        "it begins anew"
    );
    assert_eq!(names(host.service.interrupted_tasks().unwrap()), ["Wine"]);
    assert!(!context(&host, "kitchen").contains(OFFER));
}

#[test]
fn a_goodbye_leaves_nothing_that_was_not_asked_for() {
    let journal = MemoryJournal::new();
    let host = Host::on(journal.clone());
    let id = host.create("r", "ann", "Bread");
    host.say("r", "ann", "pause it");
    host.wait(host.service.stop());
    let host = Host::on(journal);
    assert_eq!(host.task(&id).status, TaskStatus::Paused);
    assert_eq!(
        host.say("r", "ann", "list tasks").text,
        "Tasks:\n1. Bread — paused 0% (current)"
    );
}

/// With real files, and a journal that ends in the middle of what was being written.
#[cfg(feature = "native")]
mod files {
    use std::sync::Arc;

    use agent_orchestrator::plugin::Runtime;
    use agent_orchestrator::{AgentOrchestratorService, FileJournal};
    use serde_json::Value;

    use super::super::plugin_host::{Actor, Agent, Does, options};
    use super::*;

    async fn open(folder: &std::path::Path) -> AgentOrchestratorService {
        let journal = FileJournal::open(folder).await.unwrap();
        let options = options(vec![Actor::new("eliza", "Eliza", Does::Waits)], "eliza");
        let agent: Arc<dyn Runtime> = Arc::new(Agent::default());
        AgentOrchestratorService::start_with(agent, options.with_journal(journal))
            .await
            .unwrap()
    }

    async fn say(service: &AgentOrchestratorService, text: &str) -> String {
        let message = ChatMessage::new("kitchen", "ann", text);
        service.respond(&message, &Value::Null).await.unwrap().text
    }

    /// The files as a process leaves them that is killed: copied while they are in use, and cut.
    fn killed(from: &std::path::Path, to: &std::path::Path, cut: usize) {
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            if path.is_file() && name != "lock" {
                let mut bytes = std::fs::read(&path).unwrap();
                bytes.truncate(bytes.len() - cut.min(bytes.len() / 2));
                std::fs::write(to.join(name), bytes).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn files_of_a_killed_process_give_its_tasks_back_even_when_their_end_is_torn() {
        for cut in [0, 5] {
            let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let service = open(before.path()).await;
            say(&service, "create a task called \"Bread\"").await;
            let waiting = service.orchestrator().clone();
            while waiting.count_tasks(TaskStatus::Running).unwrap() == 0 {
                tokio::task::yield_now().await;
            }
            waiting.flush().await.unwrap();
            // So that what is torn off is this.
            service
                .append_output(&service.get_current_task_id().unwrap(), "a last word")
                .await
                .unwrap();
            waiting.flush().await.unwrap();
            killed(before.path(), after.path(), cut);
            service.stop().await;

            let service = open(after.path()).await;
            let found = service.interrupted_tasks().unwrap();
            assert_eq!(found.len(), 1, "cut by {cut}");
            assert_eq!(found[0].output.len(), usize::from(cut == 0));
            assert_eq!(
                say(&service, "resume the bread task").await,
                "Resumed task: Bread"
            );
            service.stop().await;
        }
    }
}
