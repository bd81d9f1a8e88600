//! Agents of this crate.

use std::time::Duration;

use agent_orchestrator::{
    Agent, AgentContext, AgentError, AgentMessage, AgentOrchestrator, AgentResult, async_trait,
};

use crate::timed;

struct Echo;

#[async_trait]
impl Agent for Echo {
    async fn prompt(
        &mut self,
        messages: &[AgentMessage],
        _: &AgentContext,
    ) -> Result<AgentResult, AgentError> {
        Ok(messages[0].text().into())
    }
}

pub async fn round_trips(messages: u32) -> Duration {
    let orchestrator = AgentOrchestrator::builder().build().await.expect("it opens");
    orchestrator.add_agent("echo", || Echo).expect("it is new");
    let echo = orchestrator.spawn("echo").expect("it starts");
    let took = timed(messages, async || {
        let answer = echo.send_message("ping").await.expect("it answers");
        assert_eq!(answer.text(), "ping");
    })
    .await;
    orchestrator.dispose().await;
    took
}

pub async fn idle(agents: usize) {
    let orchestrator = AgentOrchestrator::builder().build().await.expect("it opens");
    let mut handles = Vec::new();
    for n in 0..agents {
        let name = n.to_string();
        orchestrator.add_agent(&name, || Echo).expect("it is new");
        handles.push(orchestrator.spawn(&name).expect("it starts"));
    }
    for handle in &handles {
        handle.send_message("ping").await.expect("it answers");
    }
    // They are to be weighed alive.
    std::mem::forget(handles);
}
