//! Which agents there are, and what the builder says of them.

use agent_orchestrator::{
    AgentError, AgentOptions, AgentOrchestrator, AgentStatus, DefaultSupervisor, ErrorCode, SupervisorAction,
    SupervisorPolicy,
};

use crate::rust::echo_agent::Stage;

#[test]
fn a_new_orchestrator_has_no_agents() {
    let stage = Stage::new();
    assert!(stage.orchestrator.names().is_empty());
    assert!(!stage.orchestrator.contains("writer"));
    assert_eq!(stage.orchestrator.tree().unwrap(), []);
}

#[test]
fn names_come_in_the_order_of_addition() {
    let stage = Stage::new();
    for name in ["zoe", "adam", "mia"] {
        stage.add(name);
    }
    assert_eq!(stage.orchestrator.names(), ["zoe", "adam", "mia"]);
    assert!(stage.orchestrator.contains("adam"));
    assert!(!stage.orchestrator.contains("eve"));
}

#[test]
fn parents_and_children_are_linked_also_over_two_levels() {
    let stage = Stage::new();
    stage.add("boss");
    stage.add_child("second", "boss");
    stage.add_child("first", "boss");
    stage.add_child("grandchild", "second");
    let orchestrator = &stage.orchestrator;
    assert_eq!(orchestrator.parent_of("second").unwrap(), "boss");
    assert_eq!(orchestrator.parent_of("grandchild").unwrap(), "second");
    assert_eq!(orchestrator.parent_of("boss"), None);
    assert_eq!(orchestrator.children_of("boss").unwrap(), ["second", "first"]);
    assert_eq!(orchestrator.children_of("second").unwrap(), ["grandchild"]);
    assert_eq!(orchestrator.children_of("first").unwrap(), [""; 0]);
    assert_eq!(orchestrator.children_of("nobody"), None);
}

#[test]
fn a_child_of_nobody_is_refused_and_not_added() {
    let stage = Stage::new();
    let refused = stage
        .orchestrator
        .add_child("child", "nobody", stage.log.factory())
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AgentNotFound);
    assert!(refused.message().contains("nobody"), "{refused}");
    assert!(!stage.orchestrator.contains("child"));
}

#[test]
fn a_name_is_taken_once_and_the_first_place_is_kept() {
    let stage = Stage::new();
    for name in ["one", "two"] {
        stage.add(name);
    }
    stage.add_child("child", "one");
    let orchestrator = &stage.orchestrator;
    for refused in [
        orchestrator.add_agent("one", stage.log.factory()),
        orchestrator.add_child("child", "two", stage.log.factory()),
        orchestrator.add_agent("child", stage.log.factory()),
    ] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::AgentExists);
    }
    assert_eq!(orchestrator.parent_of("child").unwrap(), "one");
    assert_eq!(orchestrator.children_of("two").unwrap(), [""; 0]);
    assert_eq!(orchestrator.names(), ["one", "two", "child"]);
}

#[test]
fn spawning_nobody_is_an_error() {
    let stage = Stage::new();
    let refused = stage.orchestrator.spawn("nobody").unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AgentNotFound);
    assert!(stage.orchestrator.agent("nobody").is_none());
}

#[test]
fn an_agent_that_was_not_spawned_takes_no_messages_and_does_not_end() {
    let stage = Stage::new();
    stage.add("writer");
    let agent = stage.orchestrator.agent("writer").unwrap();
    assert_eq!(agent.status(), AgentStatus::Registered);
    assert!(!agent.is_done());
    assert_eq!(
        stage.ask(&agent, "hello").unwrap_err().code(),
        ErrorCode::AgentNotRunning
    );
    assert_eq!(
        stage.wait(agent.await_result()).unwrap_err().code(),
        ErrorCode::AgentNotRunning
    );
}

#[test]
fn one_that_runs_is_not_spawned_twice() {
    let stage = Stage::new();
    let first = stage.start("writer");
    let second = stage.spawn("writer");
    assert_eq!(stage.log.made(), 1);
    assert_eq!(stage.ask(&first, "count").unwrap().text(), "1");
    assert_eq!(
        stage.ask(&second, "count").unwrap().text(),
        "2",
        "it is the same agent"
    );
}

#[test]
fn one_that_has_ended_can_be_spawned_again_or_removed() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(
        stage
            .wait(stage.orchestrator.remove_agent("writer"))
            .unwrap_err()
            .code(),
        ErrorCode::IllegalTransition
    );
    stage.wait(agent.stop()).unwrap();
    let again = stage.spawn("writer");
    assert_eq!(stage.ask(&again, "who").unwrap().text(), "writer 2 Some(1)");
    stage.wait(again.stop()).unwrap();
    stage.wait(stage.orchestrator.remove_agent("writer")).unwrap();
    assert!(!stage.orchestrator.contains("writer"));
    assert_eq!(again.status(), AgentStatus::Completed, "as it was");
    assert_eq!(
        stage.ask(&again, "hello").unwrap_err().code(),
        ErrorCode::AgentNotFound
    );
    let new = stage.start("writer");
    assert_eq!(stage.ask(&new, "who").unwrap().text(), "writer 1 Some(1)");
    assert!(again.is_done(), "it is another agent");
}

#[test]
fn debug_output_names_what_matters() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let text = format!("{agent:?}");
    assert!(text.contains("writer") && text.contains("Running"), "{text}");
    assert!(format!("{:?}", stage.orchestrator).contains("AgentOrchestrator"));
    assert!(format!("{:?}", AgentOptions::new().max_restarts(7)).contains('7'));
    let actions = [
        SupervisorAction::Restart,
        SupervisorAction::Stop,
        SupervisorAction::Escalate,
    ];
    assert_eq!(format!("{actions:?}"), "[Restart, Stop, Escalate]");
}

#[test]
fn the_default_supervisor_restarts_what_may_do_better_three_times() {
    let policy = DefaultSupervisor::default();
    assert_eq!(policy.max_restarts(), 3);
    assert_eq!(DefaultSupervisor::new(5).max_restarts(), 5);
    for (error, action) in [
        (AgentError::ModelThrottled, SupervisorAction::Restart),
        (
            AgentError::network(std::io::Error::other("x")),
            SupervisorAction::Restart,
        ),
        (AgentError::failed("x"), SupervisorAction::Restart),
        (AgentError::TimedOut { millis: 1 }, SupervisorAction::Restart),
        (AgentError::Aborted, SupervisorAction::Stop),
        (AgentError::fatal("x"), SupervisorAction::Stop),
        (AgentError::ContentFiltered, SupervisorAction::Stop),
        (
            AgentError::Auth {
                message: String::new(),
            },
            SupervisorAction::Stop,
        ),
    ] {
        assert_eq!(policy.on_agent_error("writer", &error), action, "{error}");
    }
}

#[test]
fn a_buffer_for_nothing_is_refused_when_the_orchestrator_is_opened() {
    let runtime = agent_orchestrator::runtime::SimulatedRuntime::new(0, 1);
    let build = |buffer| {
        let builder = AgentOrchestrator::builder().runtime(runtime.clone());
        runtime
            .block_on(builder.with_channel_buffer(buffer).build())
            .unwrap()
    };
    assert_eq!(build(0).unwrap_err().code(), ErrorCode::InvalidArgument);
    assert_eq!(build(1_000_000).unwrap_err().code(), ErrorCode::LimitExceeded);
    assert!(build(64).is_ok());
}

#[test]
fn an_option_that_makes_no_sense_is_refused_and_adds_nobody() {
    let stage = Stage::new();
    for options in [
        AgentOptions::new().inbox_capacity(0),
        AgentOptions::new().message_timeout(std::time::Duration::ZERO),
    ] {
        let refused = stage
            .orchestrator
            .add_agent_with("writer", options, stage.log.factory());
        assert_eq!(refused.unwrap_err().code(), ErrorCode::InvalidArgument);
    }
    let refused = stage.orchestrator.add_agent(" ", stage.log.factory());
    assert_eq!(refused.unwrap_err().code(), ErrorCode::InvalidArgument);
    assert!(stage.orchestrator.names().is_empty());
}
