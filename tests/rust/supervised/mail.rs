//! Messages: one at a time, in order, with back-pressure; nobody who sent one waits for ever.

use std::time::Duration;

use agent_orchestrator::{
    AgentError, AgentMessage, AgentOptions, AgentResult, DropReason, ErrorCode, MessageRole, Overflow,
};
use futures::FutureExt;
use serde_json::json;

use crate::rust::echo_agent::Stage;

#[test]
fn an_agent_answers_what_it_is_sent() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert_eq!(agent.name(), "writer");
    assert_eq!(stage.ask(&agent, "hello").unwrap().text(), "echo: hello");
    assert_eq!(stage.ask(&agent, "who").unwrap().text(), "writer 1 Some(2)");
}

#[test]
fn several_messages_go_together_and_none_is_refused() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let together = vec![
        AgentMessage::user("first"),
        AgentMessage::new(MessageRole::Assistant, json!({ "any": ["json"] })),
    ];
    let answer = stage.wait(agent.send_messages(together)).unwrap();
    assert_eq!(answer, AgentResult::from("echo: first"));
    let refused = stage.wait(agent.send_messages(Vec::new())).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidArgument);
}

#[test]
fn a_message_is_json_with_its_role_and_its_content() {
    let message = AgentMessage::user("hello");
    let text = serde_json::to_string(&message).unwrap();
    assert_eq!(text, r#"{"role":"user","content":"hello"}"#);
    assert_eq!(serde_json::from_str::<AgentMessage>(&text).unwrap(), message);
    assert_eq!(AgentMessage::new(MessageRole::Tool, json!(7)).text(), "");
}

#[test]
fn messages_are_answered_one_at_a_time_and_in_order() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut gate = stage.post(&agent, "gate");
    let mut next = stage.post(&agent, "next");
    assert!(gate.now().is_none() && next.now().is_none());
    assert_eq!(stage.log.lines(), ["writer starts", "writer gate"]);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert_eq!(gate.now().unwrap().unwrap().text(), "passed");
    assert_eq!(next.now().unwrap().unwrap().text(), "echo: next");
    assert_eq!(
        stage.log.lines(),
        ["writer starts", "writer gate", "writer passes", "writer next"]
    );
}

#[test]
fn whoever_sends_waits_for_room_behind_32_messages_in_the_order_of_coming() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut replies = vec![stage.post(&agent, "gate")];
    // One is at the agent, 32 are in its inbox, the others in the line.
    for n in 0..40 {
        replies.push(stage.post(&agent, &format!("n{n}")));
    }
    let node = stage.orchestrator.tree().unwrap().remove(0);
    assert_eq!((node.queued, node.busy), (32, Some(1)));
    stage.log.open();
    stage.runtime.run_until_idle();
    for reply in &mut replies {
        assert!(reply.now().unwrap().is_ok());
    }
    let lines = stage.log.lines();
    let order: Vec<_> = (0..40).map(|n| format!("writer n{n}")).collect();
    assert_eq!(lines[3..], order);
}

#[test]
fn whoever_stops_waiting_for_room_has_sent_nothing() {
    let stage = Stage::with(|builder| builder.with_channel_buffer(1));
    let agent = stage.start("writer");
    let _gate = stage.post(&agent, "gate");
    let _inbox = stage.post(&agent, "inbox");
    let mut in_line = Box::pin(agent.send_message("never"));
    assert!((&mut in_line).now_or_never().is_none());
    let mut behind = stage.post(&agent, "behind");
    drop(in_line);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert!(behind.now().unwrap().is_ok());
    assert!(!stage.log.lines().contains(&"writer never".to_owned()));
}

#[test]
fn whoever_stops_waiting_for_an_answer_does_not_take_the_message_back() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let _gate = stage.post(&agent, "gate");
    let mut queued = Box::pin(agent.send_message("all the same"));
    assert!((&mut queued).now_or_never().is_none());
    drop(queued);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert!(stage.log.lines().contains(&"writer all the same".to_owned()));
    assert_eq!(stage.ask(&agent, "and on").unwrap().text(), "echo: and on");
}

#[test]
fn the_agent_goes_on_when_all_handles_are_dropped() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let mut gate = stage.post(&agent, "gate");
    drop(agent);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert!(gate.now().unwrap().is_ok());
    let again = stage.orchestrator.agent("writer").unwrap();
    assert_eq!(
        stage.ask(&again, "count").unwrap().text(),
        "2",
        "it is the same agent"
    );
}

#[test]
fn messages_that_are_too_long_are_refused_recorded_or_not() {
    for record in [false, true] {
        let stage = Stage::new();
        stage.add_with("writer", AgentOptions::new().record_messages(record));
        let agent = stage.spawn("writer");
        let long = "x".repeat((1 << 20) + 1);
        let refused = stage.ask(&agent, &long).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::LimitExceeded, "{record}");
    }
}

#[test]
fn a_reply_that_is_too_long_fails_the_agent() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    // The answer has a few letters more.
    let refused = stage.ask(&agent, &"x".repeat((1 << 20) - 3)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AgentFailed);
    let error = stage.orchestrator.tree().unwrap()[0].last_error.clone().unwrap();
    assert!(error.contains("at most 1048576 are taken"), "{error}");
}

#[test]
fn a_full_inbox_refuses_when_it_was_told_to() {
    let stage = Stage::new();
    let options = AgentOptions::new().inbox_capacity(1).overflow(Overflow::Refuse);
    stage.add_with("writer", options);
    let agent = stage.spawn("writer");
    let _gate = stage.post(&agent, "gate");
    let mut kept = stage.post(&agent, "kept");
    let refused = stage.ask(&agent, "refused").unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InboxFull);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert!(kept.now().unwrap().is_ok());
}

#[test]
fn a_full_inbox_drops_the_oldest_when_it_was_told_to_and_its_sender_is_told() {
    let stage = Stage::new();
    let options = AgentOptions::new()
        .inbox_capacity(1)
        .overflow(Overflow::DropOldest);
    stage.add_with("writer", options);
    let agent = stage.spawn("writer");
    let _gate = stage.post(&agent, "gate");
    let mut old = stage.post(&agent, "old");
    let mut new = stage.post(&agent, "new");
    let dropped = old.now().unwrap().unwrap_err();
    assert!(matches!(dropped, AgentError::Stopped(DropReason::Overflow)));
    assert_eq!(dropped.code(), ErrorCode::MessageDropped);
    stage.log.open();
    stage.runtime.run_until_idle();
    assert!(new.now().unwrap().is_ok());
}

#[test]
fn messages_wait_while_the_agent_is_begun_anew() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    assert!(stage.ask(&agent, "throttled").is_err());
    let mut waiting = stage.post(&agent, "patience");
    assert!(waiting.now().is_none());
    stage.pass(100);
    assert_eq!(waiting.now().unwrap().unwrap().text(), "echo: patience");
}

#[test]
fn one_that_holds_a_message_for_too_long_is_dropped_and_begun_anew_and_its_sender_told() {
    let stage = Stage::new();
    let timeout = Duration::from_millis(1500);
    stage.add_with("writer", AgentOptions::new().message_timeout(timeout));
    let agent = stage.spawn("writer");
    let mut deaf = stage.post(&agent, "deaf");
    stage.pass(1499);
    assert!(deaf.now().is_none());
    stage.pass(1);
    let error = deaf.now().unwrap().unwrap_err();
    assert!(matches!(error, AgentError::TimedOut { millis: 1500 }));
    assert_eq!(error.code(), ErrorCode::AgentTimeout);
    assert_eq!(stage.log.alive(), 0, "its future is gone, and with it the agent");
    stage.pass(100);
    assert_eq!(stage.ask(&agent, "count").unwrap().text(), "1");
}

#[test]
fn events_of_an_agent_are_of_this_agent() {
    let stage = Stage::new();
    let agent = stage.start("writer");
    let other = stage.start("other");
    let mut events = agent.events().unwrap();
    let _ = stage.ask(&other, "throttled");
    let _ = stage.ask(&agent, "throttled");
    stage.pass(100);
    let mut types = Vec::new();
    while let Some(Some(event)) = futures::StreamExt::next(&mut events).now_or_never() {
        assert_eq!(event.kind.agent(), Some("writer"));
        types.push(event.kind.type_name());
    }
    assert_eq!(types.first(), Some(&"agent:failed"));
    assert_eq!(types.last(), Some(&"agent:ready"));
}

#[test]
fn dispose_tells_everybody_who_waits_and_drops_the_agents() {
    let stage = Stage::with(|builder| builder.with_channel_buffer(1));
    let agent = stage.start("writer");
    let mut waiting = vec![stage.post(&agent, "deaf")];
    waiting.push(stage.post(&agent, "in the inbox"));
    waiting.push(stage.post(&agent, "in the line"));
    let mut ended = Box::pin(agent.ended());
    assert!((&mut ended).now_or_never().is_none());
    stage.wait(stage.orchestrator.dispose());
    stage.runtime.run_until_idle();
    for reply in &mut waiting {
        let error = reply.now().unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Disposed);
    }
    assert_eq!(stage.wait(ended).unwrap_err().code(), ErrorCode::Disposed);
    assert_eq!(
        stage.ask(&agent, "hello").unwrap_err().code(),
        ErrorCode::Disposed
    );
    assert_eq!(stage.log.alive(), 0);
    assert!(agent.is_done(), "it will never do anything again");
}
