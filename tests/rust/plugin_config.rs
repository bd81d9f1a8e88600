//! What a service is started with: checked, its own, and read again where that is promised.

use std::sync::Arc;

use agent_orchestrator::plugin::{Language, Role, Runtime};
use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestratorPluginOptions, AgentOrchestratorService, ErrorCode, configure_agent_orchestrator_plugin,
    get_configured_options, reset_configuration,
};

use super::plugin_host::{Actor, Agent, Does, Host, one_configuration, options};

fn named(ids: &[&str], default: &str) -> AgentOrchestratorPluginOptions {
    let actor = |id: &&str| Actor::new(id, id, Does::Waits);
    options(ids.iter().map(actor).collect(), default)
}

fn start(options: AgentOrchestratorPluginOptions) -> agent_orchestrator::Result<AgentOrchestratorService> {
    let time = SimulatedRuntime::new(0, 1);
    let started =
        AgentOrchestratorService::start_with(Arc::new(Agent::default()), options.with_host(time.clone()));
    time.block_on(started).unwrap()
}

/// The earlier system's test of its configuration; its tests shared one, and could race.
#[test]
fn test_configure_and_get() {
    let _alone = one_configuration();
    reset_configuration();
    assert!(get_configured_options().is_none());
    configure_agent_orchestrator_plugin(named(&["noop"], "noop"));
    configure_agent_orchestrator_plugin(named(&["noop", "other"], "other"));
    let known = get_configured_options().expect("the last call counts");
    assert_eq!(
        (known.default_provider_id(), known.providers().len()),
        ("other", 2)
    );
    assert_eq!(known.env_var(), "ELIZA_CODE_ACTIVE_SUB_AGENT");
    reset_configuration();
    assert!(get_configured_options().is_none());
}

#[test]
fn a_service_starts_with_what_was_configured_and_with_nothing_else() {
    let _alone = one_configuration();
    reset_configuration();
    let time = SimulatedRuntime::new(0, 1);
    let agent: Arc<dyn Runtime> = Arc::new(Agent::default());
    let refused = time
        .block_on(AgentOrchestratorService::start(agent.clone()))
        .unwrap();
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotConfigured);

    configure_agent_orchestrator_plugin(named(&["a"], "b").with_host(time.clone()));
    let refused = time
        .block_on(AgentOrchestratorService::start(agent.clone()))
        .unwrap();
    assert_eq!(refused.unwrap_err().code(), ErrorCode::InvalidArgument);

    configure_agent_orchestrator_plugin(named(&["a"], "a").with_host(time.clone()));
    let service = time
        .block_on(AgentOrchestratorService::start(agent))
        .unwrap()
        .unwrap();
    reset_configuration();
    let task = time
        .block_on(service.create_task("Runs on", "", None, None))
        .unwrap();
    assert_eq!(
        task.unwrap().provider_id,
        "a",
        "it keeps what it was started with"
    );
}

#[test]
fn options_that_make_no_sense_are_refused_and_say_why() {
    for (options, code, why) in [
        (named(&[], "a"), ErrorCode::InvalidArgument, "at least one"),
        (named(&["a", "b", "a"], "a"), ErrorCode::ProviderExists, "\"a\""),
        (named(&["a", "b"], "c"), ErrorCode::InvalidArgument, "a, b"),
        (named(&["a"], ""), ErrorCode::InvalidArgument, "\"\""),
        (named(&["a b"], "a b"), ErrorCode::InvalidArgument, "a b"),
    ] {
        let refused = options.validate().unwrap_err();
        assert_eq!(refused.code(), code);
        assert!(refused.message().contains(why), "{refused}");
        assert_eq!(start(options).unwrap_err(), refused, "a service is as strict");
    }
    assert_eq!(named(&["a", "b"], "b").validate(), Ok(()));
}

#[test]
fn two_services_in_one_process_know_nothing_of_each_other() {
    let one = Host::with(vec![Actor::new("one", "One", Does::Waits)]);
    let other = Host::with(vec![Actor::new("other", "Other", Does::Waits)]);
    let id = one.create("room", "ann", "Only here");
    assert_eq!(one.task(&id).provider_id, "one");
    assert_eq!(other.say("room", "ann", "list tasks").text, "No tasks.");
    let theirs = other.create("room", "ann", "Only there");
    assert_eq!(other.task(&theirs).provider_id, "other");
    one.wait(one.service.stop());
    assert_eq!(
        other.say("room", "ann", "pause it").text,
        "Paused task: Only there"
    );
}

#[test]
fn a_setting_says_who_does_new_tasks_and_is_read_every_time() {
    let host = Host::new();
    let set = |name: &str, value: &str| {
        let mut settings = host.agent.settings.lock().unwrap();
        settings.insert(name.to_owned(), value.to_owned());
    };
    let create = |provider| host.wait(host.service.create_task("T", "", None, provider));
    let variable = "ELIZA_CODE_ACTIVE_SUB_AGENT";
    assert_eq!(create(None).unwrap().provider_id, "eliza");
    set(variable, "  codex ");
    assert_eq!(create(None).unwrap().provider_id, "codex");
    assert_eq!(
        create(Some("broken")).unwrap().provider_id,
        "broken",
        "who is named comes first"
    );
    set(variable, "  ");
    assert_eq!(create(None).unwrap().provider_id, "eliza");
    set(variable, "nobody");
    let refused = create(None).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProviderNotFound);
    assert!(refused.message().contains("eliza, codex, broken"), "{refused}");
    let refused = create(Some("who")).unwrap_err();
    assert!(refused.message().contains("eliza, codex, broken"), "{refused}");

    let options = options(
        vec![
            Actor::new("a", "A", Does::Waits),
            Actor::new("b", "B", Does::Waits),
        ],
        "a",
    );
    let host = Host::open(options.with_env_var("MINE"));
    let settings = || host.agent.settings.lock().unwrap();
    settings().insert(variable.to_owned(), "b".to_owned());
    assert_eq!(host.service.active_provider_id().unwrap(), "a");
    settings().insert("MINE".to_owned(), "b".to_owned());
    assert_eq!(host.service.active_provider_id().unwrap(), "b");
}

/// What a runtime need not say.
#[test]
fn a_runtime_has_only_to_know_its_agent() {
    struct Plain;
    impl Runtime for Plain {
        fn agent_id(&self) -> &str {
            "plain"
        }
    }
    let time = SimulatedRuntime::new(0, 1);
    let (room, role) = time
        .block_on(async { (Plain.room("r").await, Plain.role("r", "u").await) })
        .unwrap();
    assert_eq!((room, role), (None, Role::Member));
    assert_eq!(Plain.setting("PATH"), std::env::var("PATH").ok());
    assert_eq!(Plain.setting("A_NAME_THAT_NOBODY_SETS"), None);
    let options = named(&["a"], "a").with_host(time.clone());
    let service = time
        .block_on(AgentOrchestratorService::start_with(Arc::new(Plain), options))
        .unwrap()
        .unwrap();
    let task = time
        .block_on(service.create_task("T", "", Some("r"), None))
        .unwrap()
        .unwrap();
    assert_eq!(
        (task.room_id.as_deref(), task.world_id.as_deref()),
        (Some("r"), Some("plain"))
    );
}

#[test]
fn another_language_is_another_table() {
    let german = include_str!("../../src/plugin/english.json")
        .replace("\"list\": [\"list\",", "\"list\": [\"zeige\",")
        .replace(
            "\"task\": [\"task\", \"tasks\",",
            "\"task\": [\"aufgabe\", \"aufgaben\",",
        )
        .replace("No tasks.", "Keine Aufgaben.");
    let german = Language::parse(&german).unwrap();
    let host = Host::open(named(&["a"], "a").with_language(german));
    assert_eq!(
        host.say("r", "ann", "Zeige alle AUFGABEN!").text,
        "Keine Aufgaben."
    );
    assert!(host.hear("r", "ann", "list tasks").is_none());
    assert!(host.service.validate(
        agent_orchestrator::plugin::ActionName::ListTasks,
        "zeige aufgaben"
    ));
}
