//! On tokio, on several threads and with paused time.

use std::time::Duration;

use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentOptions, AgentOrchestrator, AgentResult, AgentStatus,
    Backoff, ErrorCode, async_trait,
};

/// Works for as many milliseconds as it is told.
struct Sleeper;

#[async_trait]
impl Agent for Sleeper {
    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        _: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        let millis = messages[0]
            .text()
            .parse()
            .map_err(|_| AgentError::fatal("not a number"))?;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(format!("slept {millis}").into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_are_added_three_are_spawned_and_all_answer_at_the_same_time() {
    let orchestrator = AgentOrchestrator::builder().build().await.unwrap();
    let names: Vec<_> = (0..5).map(|n| format!("agent-{n}")).collect();
    for name in &names {
        orchestrator.add_agent(name, || Sleeper).unwrap();
    }
    let agents: Vec<_> = names[..3]
        .iter()
        .map(|name| orchestrator.spawn(name).unwrap())
        .collect();
    let asked = agents
        .iter()
        .flat_map(|agent| (0..100).map(move |_| (agent, "0")));
    let answers = futures::future::join_all(asked.map(|(agent, text)| agent.send_message(text))).await;
    assert_eq!(answers.len(), 300);
    for answer in answers {
        assert_eq!(answer.unwrap().text(), "slept 0");
    }
    for agent in &agents {
        assert!(!agent.is_done());
        let outcome = agent.await_result().await.unwrap();
        assert_eq!(outcome.status, AgentStatus::Completed);
        assert_eq!(outcome.last_result.unwrap().text(), "slept 0");
    }
    assert_eq!(
        orchestrator.spawn("nobody").unwrap_err().code(),
        ErrorCode::AgentNotFound
    );
}

#[tokio::test(start_paused = true)]
async fn cancel_during_thirty_seconds_of_work_answers_at_once() {
    let orchestrator = AgentOrchestrator::builder().build().await.unwrap();
    orchestrator.add_agent("sleeper", || Sleeper).unwrap();
    let agent = orchestrator.spawn("sleeper").unwrap();
    let begin = tokio::time::Instant::now();
    let asking = agent.clone();
    let reply = tokio::spawn(async move { asking.send_message("30000").await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(!agent.is_done());
    agent.cancel();
    assert!(matches!(reply.await.unwrap(), Err(AgentError::Aborted)));
    assert_eq!(begin.elapsed(), Duration::from_millis(10));
    assert_eq!(agent.ended().await.unwrap().status, AgentStatus::Cancelled);
    assert_eq!(begin.elapsed().as_secs(), 5, "it was dropped after its grace");
}

/// Asks another agent, as a team lead does.
struct Lead(AgentOrchestrator);

#[async_trait]
impl Agent for Lead {
    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        _: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        let worker = self.0.agent("worker").ok_or(AgentError::fatal("alone"))?;
        worker.send_message(messages[0].text()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_ask_another_one() {
    let orchestrator = AgentOrchestrator::builder().build().await.unwrap();
    let inner = orchestrator.clone();
    orchestrator
        .add_agent("lead", move || Lead(inner.clone()))
        .unwrap();
    orchestrator.add_child("worker", "lead", || Sleeper).unwrap();
    let lead = orchestrator.spawn("lead").unwrap();
    assert_eq!(lead.send_message("1").await.unwrap().text(), "slept 1");
    let refused = lead.send_message("x").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AgentFailed);
    orchestrator.dispose().await;
    assert!(lead.is_done());
}

/// Fails at every seventh message, in one way or another.
struct Flaky(u32);

#[async_trait]
impl Agent for Flaky {
    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        _: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        self.0 += 1;
        if self.0.is_multiple_of(3) {
            tokio::task::yield_now().await;
        }
        match messages[0].text().parse::<u32>() {
            Ok(n) if n % 14 == 0 => Err(AgentError::failed("it broke")),
            Ok(n) if n % 7 == 0 => std::panic::resume_unwind(Box::new("it broke")),
            _ => Ok(AgentResult::new(self.0)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_fails_on_many_threads_everybody_who_asked_is_told() {
    let orchestrator = AgentOrchestrator::builder().build().await.unwrap();
    let backoff = Backoff {
        delay: 0,
        ..Backoff::default()
    };
    let options = AgentOptions::new().max_restarts(1000).backoff(backoff);
    let names: Vec<_> = (0..8).map(|n| format!("agent-{n}")).collect();
    let mut asked = Vec::new();
    for name in &names {
        orchestrator
            .add_agent_with(name, options.clone(), || Flaky(0))
            .unwrap();
        let agent = orchestrator.spawn(name).unwrap();
        for n in 0..200 {
            let agent = agent.clone();
            asked.push(tokio::spawn(async move {
                (n, agent.send_message(n.to_string()).await)
            }));
        }
    }
    for told in asked {
        let (n, answer) = told.await.unwrap();
        assert_eq!(answer.is_err(), n % 7 == 0, "message {n}: {answer:?}");
    }
    // And once more while they are called off.
    let mut asked = Vec::new();
    for name in &names {
        let agent = orchestrator.agent(name).unwrap();
        for n in 0..200 {
            let agent = agent.clone();
            asked.push(tokio::spawn(async move {
                if n == 100 {
                    agent.cancel();
                }
                agent.send_message(n.to_string()).await
            }));
        }
    }
    for told in asked {
        if let Err(error) = told.await.unwrap() {
            let code = error.code();
            assert!(
                matches!(
                    code,
                    ErrorCode::AgentFailed | ErrorCode::Aborted | ErrorCode::AgentNotRunning
                ),
                "{error}"
            );
        }
    }
    for name in &names {
        let agent = orchestrator.agent(name).unwrap();
        assert_eq!(agent.ended().await.unwrap().status, AgentStatus::Cancelled);
    }
}
