//! What becomes of agents that fail: policies are asked, restarts are counted, and nothing is passed over in silence.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentOptions, AgentResult, AgentStatus, Backoff,
    DefaultSupervisor, DropReason, ErrorCode, RestartType, Strategy, SupervisorAction, async_trait,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;

use crate::rust::echo_agent::Stage;

type Asked = Arc<Mutex<Vec<String>>>;

/// A policy that always says the same, and who was asked about.
fn always(action: SupervisorAction) -> (impl Fn(&str, &AgentError) -> SupervisorAction, Asked) {
    let asked = Asked::default();
    let log = asked.clone();
    let policy = move |name: &str, error: &AgentError| {
        log.lock().unwrap().push(format!("{name}: {error}"));
        action
    };
    (policy, asked)
}

fn told(asked: &Asked) -> Vec<String> {
    asked.lock().unwrap().clone()
}

#[test]
fn one_that_failed_and_may_do_better_begins_anew_from_its_factory() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(stage.ask(&agent, "count").unwrap().text(), "1");
    let error = stage.ask(&agent, "throttled").unwrap_err();
    assert!(matches!(error, AgentError::ModelThrottled), "in its own words");
    assert_eq!(agent.status(), AgentStatus::Restarting);
    stage.pass(100);
    assert_eq!(agent.status(), AgentStatus::Running);
    assert_eq!(
        stage.ask(&agent, "count").unwrap().text(),
        "1",
        "it has forgotten"
    );
    assert_eq!((stage.log.made(), stage.log.alive()), (2, 1));
}

#[test]
fn one_that_will_fail_again_ends() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "fatal").unwrap_err();
    assert_eq!(
        (&*error.to_string(), error.code()),
        ("no more", ErrorCode::AgentFailed)
    );
    let outcome = stage.wait(agent.ended()).unwrap();
    assert_eq!(outcome.status, AgentStatus::Failed);
    assert_eq!(outcome.error.as_deref(), Some("no more"));
    assert_eq!(stage.log.alive(), 0);
}

#[test]
fn the_source_of_an_error_reaches_whoever_asked() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "network").unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "unplugged");
}

#[test]
fn an_answer_that_says_that_the_model_failed_is_a_failure_and_the_policy_is_asked() {
    let (policy, asked) = always(SupervisorAction::Stop);
    let stage = Stage::with(|builder| builder.with_supervisor(policy));
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "model failure").unwrap_err();
    assert_eq!(
        (&*error.to_string(), error.code()),
        ("the model is down", ErrorCode::AgentFailed)
    );
    assert_eq!(told(&asked), ["writer: the model is down"]);
    assert_eq!(agent.status(), AgentStatus::Failed);
}

#[test]
fn an_answer_that_was_called_off_is_none() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "model aborted").unwrap_err();
    assert!(matches!(error, AgentError::Aborted));
    assert_eq!(agent.status(), AgentStatus::Failed);
}

#[test]
fn a_panic_is_a_failure_of_the_agent_and_not_an_empty_answer() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let error = stage.ask(&agent, "panic").unwrap_err();
    assert!(matches!(&error, AgentError::Panicked { message } if message == "the roof is on fire"));
    assert!(error.is_retryable());
    stage.pass(100);
    assert_eq!(stage.ask(&agent, "count").unwrap().text(), "1", "it began anew");
}

/// Panics where it is told to.
struct Fuse(&'static str);

#[async_trait]
impl Agent for Fuse {
    async fn started(&mut self, _: &AgentContext) -> Result<(), AgentError> {
        assert_ne!(self.0, "started", "no start");
        Ok(())
    }

    async fn prompt(&mut self, _: &[AgentMessage], _: &AgentContext) -> Result<AgentResult, AgentError> {
        Ok("fine".into())
    }

    async fn stopped(&mut self, _: &AgentContext) {
        assert_ne!(self.0, "stopped", "no goodbye");
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        assert_ne!(self.0, "drop", "no end");
    }
}

#[test]
fn a_factory_that_panics_is_begun_anew_within_its_limits_and_then_the_agent_has_failed() {
    let stage = Stage::new();
    let tries = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = tries.clone();
    let factory = move || -> Fuse {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        panic!("no parts")
    };
    stage.orchestrator.add_agent("broken", factory).unwrap();
    let agent = stage.spawn("broken");
    let mut waiting = stage.post(&agent, "hello");
    stage.pass(10_000);
    assert_eq!(
        tries.load(std::sync::atomic::Ordering::SeqCst),
        4,
        "once, and three times more"
    );
    assert_eq!(agent.status(), AgentStatus::Failed);
    assert!(agent.is_done());
    let error = waiting.now().unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::AgentStopped, "{error}");
    let outcome = stage.wait(agent.ended()).unwrap();
    assert_eq!(outcome.error.as_deref(), Some("the agent panicked: no parts"));
    assert_eq!(outcome.restarts, 3);
}

#[test]
fn a_panic_at_the_start_at_the_end_or_when_it_is_dropped_harms_nobody_else() {
    let stage = Stage::new();
    for place in ["started", "stopped", "drop"] {
        let options = AgentOptions::new().max_restarts(0);
        stage
            .orchestrator
            .add_agent_with(place, options, move || Fuse(place))
            .unwrap();
    }
    let [started, stopped, dropped] = ["started", "stopped", "drop"].map(|name| stage.spawn(name));
    assert_eq!(started.status(), AgentStatus::Failed);
    for agent in [stopped, dropped] {
        assert_eq!(stage.ask(&agent, "hello").unwrap().text(), "fine");
        assert_eq!(stage.wait(agent.stop()).unwrap().status, AgentStatus::Completed);
    }
    let well = stage.start("well");
    assert!(stage.ask(&well, "hello").is_ok());
}

#[test]
fn a_policy_that_panics_escalates() {
    let stage = Stage::with(|builder| {
        builder.with_supervisor(|_: &str, _: &AgentError| -> SupervisorAction { panic!("no idea") })
    });
    let agent = stage.start("writer");
    assert!(stage.ask(&agent, "throttled").is_err());
    assert_eq!(
        agent.status(),
        AgentStatus::Failed,
        "a policy that fails lets nothing go on"
    );
}

#[test]
fn restarts_that_follow_each_other_are_limited() {
    let stage = Stage::with(|builder| builder.with_max_restarts(5));
    let agent = stage.start("writer");
    for _ in 0..5 {
        assert!(stage.ask(&agent, "throttled").is_err());
        stage.pass(5000);
        assert_eq!(agent.status(), AgentStatus::Running);
    }
    assert!(stage.ask(&agent, "throttled").is_err());
    assert_eq!(agent.status(), AgentStatus::Failed);
    assert_eq!(stage.log.made(), 6);
}

#[test]
fn an_answer_resets_the_count_of_restarts() {
    let stage = Stage::with(|builder| builder.with_max_restarts(1));
    let agent = stage.start("writer");
    for _ in 0..3 {
        assert!(stage.ask(&agent, "throttled").is_err());
        stage.pass(100);
        assert!(stage.ask(&agent, "hello").is_ok());
    }
    assert_eq!(agent.status(), AgentStatus::Running);
    assert_eq!(stage.orchestrator.tree().unwrap()[0].restarts, 3);
}

#[test]
fn the_limit_of_the_default_supervisor_counts() {
    for (limit, explicit, made) in [(1, None, 2), (5, None, 6), (1, Some(5), 2), (5, Some(2), 3)] {
        let stage = Stage::with(|builder| {
            let builder = builder.with_supervisor(DefaultSupervisor::new(limit));
            match explicit {
                Some(restarts) => builder.with_max_restarts(restarts),
                None => builder,
            }
        });
        let agent = stage.start("writer");
        while !agent.is_done() {
            assert!(stage.ask(&agent, "throttled").is_err());
            stage.pass(10_000);
        }
        assert_eq!(stage.log.made(), made, "of {limit} and {explicit:?}");
    }
}

#[test]
fn restarts_wait_longer_each_time() {
    let stage = Stage::new();
    let backoff = Backoff {
        delay: 1000,
        max_delay: 3000,
        factor: 2000,
        jitter: 0,
    };
    stage.add_with("writer", AgentOptions::new().backoff(backoff));
    let agent = stage.spawn("writer");
    for wait in [1000, 2000, 3000] {
        assert!(stage.ask(&agent, "throttled").is_err());
        stage.pass(wait - 1);
        assert_eq!(agent.status(), AgentStatus::Restarting);
        stage.pass(1);
        assert_eq!(agent.status(), AgentStatus::Running);
    }
}

#[test]
fn a_wait_before_a_restart_is_called_off_with_the_agent() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert!(stage.ask(&agent, "throttled").is_err());
    agent.cancel();
    assert_eq!(agent.status(), AgentStatus::Cancelled);
    stage.pass(60_000);
    assert_eq!(stage.log.made(), 1);
}

#[test]
fn restarts_can_be_counted_within_a_window() {
    let stage = Stage::new();
    let window = Duration::from_secs(60);
    let options = AgentOptions::new().max_restarts(2).restart_window(window);
    stage.add_with("writer", options);
    let agent = stage.spawn("writer");
    for _ in 0..4 {
        assert!(stage.ask(&agent, "throttled").is_err());
        stage.pass(40_000);
        assert_eq!(
            agent.status(),
            AgentStatus::Running,
            "two in a minute are allowed"
        );
    }
    for _ in 0..2 {
        assert!(stage.ask(&agent, "throttled").is_err());
        stage.pass(1000);
    }
    assert_eq!(agent.status(), AgentStatus::Failed);
}

#[test]
fn resume_leaves_the_agent_as_it_is() {
    let (policy, asked) = always(SupervisorAction::Resume);
    let stage = Stage::with(|builder| builder.with_supervisor(policy));
    let agent = stage.start("writer");
    assert_eq!(stage.ask(&agent, "count").unwrap().text(), "1");
    assert!(stage.ask(&agent, "fatal").is_err());
    assert_eq!(
        stage.ask(&agent, "count").unwrap().text(),
        "3",
        "it is the same one"
    );
    assert_eq!(told(&asked), ["writer: no more"]);
}

#[test]
fn escalate_reaches_the_policy_of_the_parent_and_the_parent_is_begun_anew() {
    let (above, asked_above) = always(SupervisorAction::Restart);
    let (below, asked_below) = always(SupervisorAction::Escalate);
    let stage = Stage::with(|builder| builder.with_supervisor(above));
    stage.add_with("boss", AgentOptions::new().supervisor(below));
    stage.add_child("worker", "boss");
    stage.add_child("other", "boss");
    stage.spawn("boss");
    let worker = stage.orchestrator.agent("worker").unwrap();
    assert!(stage.ask(&worker, "fatal").is_err());
    assert_eq!(told(&asked_below), ["worker: no more"]);
    assert_eq!(told(&asked_above), ["boss: no more"]);
    stage.pass(100);
    assert_eq!(stage.log.made(), 6, "all three began anew");
    assert_eq!(stage.ask(&worker, "count").unwrap().text(), "1");
    let tree = stage.orchestrator.tree().unwrap();
    assert_eq!((tree[0].restarts, tree[0].children[0].restarts), (1, 0));
}

#[test]
fn escalate_without_anybody_above_fails_the_whole_tree() {
    let (policy, asked) = always(SupervisorAction::Escalate);
    let stage = Stage::with(|builder| builder.with_supervisor(policy));
    stage.add("boss");
    stage.add_child("worker", "boss");
    stage.spawn("boss");
    let worker = stage.orchestrator.agent("worker").unwrap();
    assert!(stage.ask(&worker, "throttled").is_err());
    assert_eq!(told(&asked).len(), 2);
    assert_eq!(stage.status("boss"), AgentStatus::Failed);
    assert_eq!(stage.status("worker"), AgentStatus::Failed);
    assert_eq!(stage.log.alive(), 0);
}

#[test]
fn with_one_for_all_the_others_are_begun_anew_too() {
    let stage = Stage::new();
    stage.add_with("boss", AgentOptions::new().strategy(Strategy::OneForAll));
    for name in ["a", "b"] {
        stage.add_child(name, "boss");
    }
    stage.spawn("boss");
    let [a, b] = ["a", "b"].map(|name| stage.orchestrator.agent(name).unwrap());
    assert_eq!(stage.ask(&b, "count").unwrap().text(), "1");
    assert!(stage.ask(&a, "throttled").is_err());
    stage.pass(100);
    assert_eq!(stage.ask(&b, "count").unwrap().text(), "1", "it began anew");
    assert_eq!(stage.log.made(), 5);
}

#[test]
fn a_permanent_agent_that_ends_by_itself_is_begun_anew_and_others_end_well() {
    let stage = Stage::new();
    for (name, restart) in [
        ("permanent", RestartType::Permanent),
        ("transient", RestartType::Transient),
    ] {
        stage.add_with(name, AgentOptions::new().restart(restart));
        let agent = stage.spawn(name);
        assert_eq!(stage.ask(&agent, "stop").unwrap().text(), "bye");
        stage.pass(100);
    }
    assert_eq!(stage.status("permanent"), AgentStatus::Running);
    assert_eq!(stage.status("transient"), AgentStatus::Completed);
    assert!(stage.log.lines().contains(&"transient stops".to_owned()));
}

#[test]
fn a_temporary_agent_is_never_begun_anew() {
    let stage = Stage::new();
    stage.add_with("once", AgentOptions::new().restart(RestartType::Temporary));
    let agent = stage.spawn("once");
    assert!(stage.ask(&agent, "throttled").is_err());
    assert_eq!(agent.status(), AgentStatus::Failed);
}

#[test]
fn what_was_kept_is_handed_back_after_a_restart() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(stage.ask(&agent, "state").unwrap().content, json!(null));
    assert_eq!(stage.ask(&agent, "keep").unwrap().text(), "true");
    assert!(stage.ask(&agent, "throttled").is_err());
    stage.pass(100);
    assert_eq!(stage.ask(&agent, "state").unwrap().content, json!(2));
}

#[test]
fn a_message_is_given_again_only_when_that_was_asked_for_and_then_goes_to_the_dead_letters() {
    let stage = Stage::new();
    stage.add_with("stubborn", AgentOptions::new().retry_message(2).max_restarts(9));
    let agent = stage.spawn("stubborn");
    let mut reply = stage.post(&agent, "throttled");
    stage.pass(60_000);
    let error = reply.now().unwrap().unwrap_err();
    assert!(matches!(error, AgentError::ModelThrottled), "{error}");
    let tries = stage
        .log
        .lines()
        .iter()
        .filter(|line| *line == "stubborn throttled")
        .count();
    assert_eq!(tries, 3, "once, and twice more");
    let dead = stage.orchestrator.dead_letters().unwrap();
    assert_eq!((dead.letters.len(), dead.dropped), (1, 0));
    let letter = &dead.letters[0];
    assert_eq!((&*letter.agent, letter.deliveries), ("stubborn", 3));
    assert_eq!(
        letter.messages,
        json!([{ "role": "user", "content": "throttled" }])
    );

    let other = stage.start("plain");
    assert!(stage.ask(&other, "throttled").is_err());
    stage.pass(60_000);
    assert_eq!(
        stage
            .log
            .lines()
            .iter()
            .filter(|line| *line == "plain throttled")
            .count(),
        1
    );
    assert_eq!(stage.orchestrator.dead_letters().unwrap().letters.len(), 1);
}

#[test]
fn a_sender_whose_message_is_lost_in_the_restart_of_another_is_told() {
    let stage = Stage::new();
    stage.add_with("boss", AgentOptions::new().strategy(Strategy::OneForAll));
    for name in ["a", "b"] {
        let options = AgentOptions::new()
            .parent("boss")
            .grace(Duration::from_millis(10));
        stage.add_with(name, options);
    }
    stage.spawn("boss");
    let [a, b] = ["a", "b"].map(|name| stage.orchestrator.agent(name).unwrap());
    let mut deaf = stage.post(&b, "deaf");
    assert!(stage.ask(&a, "throttled").is_err());
    stage.pass(1000);
    let error = deaf.now().unwrap().unwrap_err();
    assert!(
        matches!(error, AgentError::Stopped(DropReason::Restarted)),
        "{error}"
    );
    assert_eq!(error.code(), ErrorCode::AgentStopped);
}

/// What an agent leaves to others to wait for.
type Left = Arc<Mutex<Option<BoxFuture<'static, ()>>>>;

/// Says what it is told to say when it starts, and leaves the end of its start to be waited for.
struct Starter {
    error: Option<AgentError>,
    left: Left,
}

#[async_trait]
impl Agent for Starter {
    async fn started(&mut self, ctx: &AgentContext) -> Result<(), AgentError> {
        assert_eq!(ctx.message_id(), None);
        *self.left.lock().unwrap() = Some(Box::pin(ctx.cancelled()));
        self.error.take().map_or(Ok(()), Err)
    }

    async fn prompt(&mut self, _: &[AgentMessage], _: &AgentContext) -> Result<AgentResult, AgentError> {
        Err(AgentError::fatal("never again"))
    }
}

#[test]
fn an_error_at_the_start_is_a_failure_of_the_factory() {
    let (policy, asked) = always(SupervisorAction::Stop);
    let stage = Stage::with(|builder| builder.with_supervisor(policy));
    let factory = || Starter {
        error: Some(AgentError::Auth {
            message: "no key".to_owned(),
        }),
        left: Left::default(),
    };
    stage.orchestrator.add_agent("starter", factory).unwrap();
    let agent = stage.spawn("starter");
    assert_eq!(agent.status(), AgentStatus::Failed);
    assert_eq!(
        told(&asked),
        ["starter: the model's owner refused the caller: no key"]
    );
}

#[test]
fn who_waits_for_the_end_of_a_start_is_told() {
    let stage = Stage::new();
    let left = Left::default();
    let starter = left.clone();
    let factory = move || Starter {
        error: None,
        left: starter.clone(),
    };
    stage.orchestrator.add_agent("starter", factory).unwrap();
    let agent = stage.spawn("starter");
    let mut over = left.lock().unwrap().take().unwrap();
    assert!((&mut over).now_or_never().is_none());
    assert!(stage.ask(&agent, "anything").is_err());
    stage.wait(over);
}

#[test]
fn a_policy_may_use_the_orchestrator_and_is_told_of_time_outs() {
    let cell = Arc::new(std::sync::OnceLock::<agent_orchestrator::AgentOrchestrator>::new());
    let (inner, asked) = (cell.clone(), Asked::default());
    let log = asked.clone();
    let stage = Stage::with(move |builder| {
        builder.with_supervisor(move |name: &str, error: &AgentError| {
            let agent = inner.get().unwrap().agent(name).unwrap();
            log.lock().unwrap().push(format!("{:?} {error}", agent.status()));
            SupervisorAction::Stop
        })
    });
    assert!(cell.set(stage.orchestrator.clone()).is_ok());
    let timeout = Duration::from_millis(20);
    stage.add_with("writer", AgentOptions::new().message_timeout(timeout));
    let agent = stage.spawn("writer");
    let mut deaf = stage.post(&agent, "deaf");
    stage.pass(20);
    assert_eq!(deaf.now().unwrap().unwrap_err().code(), ErrorCode::AgentTimeout);
    assert_eq!(told(&asked), ["Restarting the agent took more than 20 ms"]);
    assert_eq!((agent.status(), stage.log.alive()), (AgentStatus::Failed, 0));
}
