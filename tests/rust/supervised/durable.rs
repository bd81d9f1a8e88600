//! Agents whose tree is in a journal: it comes back, and messages without an answer are delivered again.

use std::sync::{Arc, Mutex};

use agent_orchestrator::journal::MemoryJournal;
use agent_orchestrator::{
    AgentError, AgentOptions, AgentStatus, ErrorCode, Journal, OrchestratorError, Result, Seq, Stored,
    async_trait,
};
use futures::FutureExt;
use futures::channel::oneshot;
use serde_json::json;

use crate::rust::echo_agent::Stage;

fn open(journal: &MemoryJournal) -> Stage {
    Stage::with(|builder| builder.journal(journal.clone()))
}

/// Ends all at once, as when the process is killed.
fn kill(stage: Stage) {
    stage.runtime.halt();
}

fn events(stage: &Stage) -> Vec<String> {
    let filter = agent_orchestrator::EventFilter::all().from_seq(1);
    let mut events = stage.orchestrator.events(filter).unwrap();
    let mut types = Vec::new();
    while let Some(Some(event)) = futures::StreamExt::next(&mut events).now_or_never() {
        types.push(event.kind.type_name().to_owned());
    }
    types
}

#[test]
fn the_tree_comes_back_and_its_agents_start_when_their_factories_are_given() {
    let journal = MemoryJournal::new();
    let stage = open(&journal);
    stage.add("boss");
    stage.add_child("worker", "boss");
    stage.spawn("boss");
    let worker = stage.orchestrator.agent("worker").unwrap();
    assert_eq!(stage.ask(&worker, "keep").unwrap().text(), "true");
    kill(stage);

    let stage = open(&journal);
    assert_eq!(stage.orchestrator.names(), ["boss", "worker"]);
    assert_eq!(stage.orchestrator.parent_of("worker").unwrap(), "boss");
    assert_eq!(stage.status("worker"), AgentStatus::Restarting);
    assert!(!stage.orchestrator.tree().unwrap()[0].attached);
    assert_eq!(stage.log.made(), 0);
    stage.add_child("worker", "boss");
    stage.runtime.run_until_idle();
    assert_eq!(stage.log.made(), 0, "not before the one above it");
    stage.add("boss");
    stage.runtime.run_until_idle();
    assert_eq!(stage.log.lines(), ["boss starts", "worker starts"]);
    let worker = stage.spawn("worker");
    assert_eq!(
        stage.ask(&worker, "state").unwrap().content,
        json!(1),
        "what it kept"
    );
}

#[test]
fn a_message_without_an_answer_is_delivered_again_after_a_crash() {
    let journal = MemoryJournal::new();
    let stage = open(&journal);
    let agent = stage.start("writer");
    assert!(stage.ask(&agent, "done").is_ok());
    let _at_it = stage.post(&agent, "gate");
    let _queued = stage.post(&agent, "queued");
    kill(stage);

    let stage = open(&journal);
    stage.add("writer");
    stage.runtime.run_until_idle();
    stage.log.open();
    stage.runtime.run_until_idle();
    assert_eq!(
        stage.log.lines(),
        ["writer starts", "writer gate", "writer passes", "writer queued"],
        "at least once, in order, and not what was answered"
    );
    let types = events(&stage);
    let count = |wanted: &str| types.iter().filter(|name| *name == wanted).count();
    assert_eq!(
        ["agent:message", "agent:prompted", "agent:replied"].map(count),
        [3, 4, 3]
    );
}

#[test]
fn an_agent_that_had_ended_stays_so() {
    let journal = MemoryJournal::new();
    let stage = open(&journal);
    let agent = stage.start("writer");
    stage.wait(agent.stop()).unwrap();
    kill(stage);
    let stage = open(&journal);
    stage.add("writer");
    stage.runtime.run_until_idle();
    assert_eq!(stage.status("writer"), AgentStatus::Completed);
    assert_eq!(stage.log.made(), 0);
    let agent = stage.orchestrator.agent("writer").unwrap();
    assert_eq!(stage.wait(agent.ended()).unwrap().status, AgentStatus::Completed);
}

#[test]
fn messages_are_not_in_the_journal_of_an_agent_that_does_not_want_it() {
    let journal = MemoryJournal::new();
    let stage = open(&journal);
    stage.add_with("writer", AgentOptions::new().record_messages(false));
    let agent = stage.spawn("writer");
    assert!(stage.ask(&agent, "secret").is_ok());
    let _lost = stage.post(&agent, "gate");
    assert!(!events(&stage).contains(&"agent:message".to_owned()));
    kill(stage);
    let stage = open(&journal);
    stage.add("writer");
    stage.runtime.run_until_idle();
    assert_eq!(stage.log.lines(), ["writer starts"]);
}

/// A journal whose appends wait, or fail.
#[derive(Clone, Default)]
struct Slow {
    inner: MemoryJournal,
    gate: Arc<Mutex<Gate>>,
}

#[derive(Default)]
struct Gate {
    shut: bool,
    fails: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Slow {
    fn shut(&self) {
        self.gate.lock().unwrap().shut = true;
    }

    fn open(&self, fails: bool) {
        let mut gate = self.gate.lock().unwrap();
        (gate.shut, gate.fails) = (false, fails);
        for waiting in gate.waiting.drain(..) {
            let _ = waiting.send(());
        }
    }

    fn wait(&self) -> Option<oneshot::Receiver<()>> {
        let mut gate = self.gate.lock().unwrap();
        gate.shut.then(|| {
            let (sender, receiver) = oneshot::channel();
            gate.waiting.push(sender);
            receiver
        })
    }
}

#[async_trait]
impl Journal for Slow {
    async fn load(&self, history: bool) -> Result<Stored> {
        self.inner.load(history).await
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        let wait = self.wait();
        if let Some(wait) = wait {
            let _ = wait.await;
        }
        if self.gate.lock().unwrap().fails {
            return Err(OrchestratorError::new(
                ErrorCode::JournalFailed,
                "the disk is gone",
            ));
        }
        self.inner.append(expected, frame).await
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.inner.snapshot(position, frame).await
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.inner.truncate_before(position).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[test]
fn an_agent_is_given_a_message_and_its_sender_the_answer_when_they_are_durable() {
    let journal = Slow::default();
    let stage = Stage::with(|builder| builder.journal(journal.clone()));
    let agent = stage.start("writer");
    journal.shut();
    let mut reply = stage.post(&agent, "hello");
    assert_eq!(stage.log.lines(), ["writer starts"]);
    journal.open(false);
    journal.shut();
    stage.runtime.run_until_idle();
    assert_eq!(stage.log.lines(), ["writer starts", "writer hello"]);
    assert!(reply.now().is_none(), "the answer is not durable");
    journal.open(false);
    stage.runtime.run_until_idle();
    assert_eq!(reply.now().unwrap().unwrap().text(), "echo: hello");
}

#[test]
fn when_the_journal_fails_everybody_is_told_why_and_the_agents_are_dropped() {
    let journal = Slow::default();
    let stage = Stage::with(|builder| builder.journal(journal.clone()));
    let agent = stage.start("writer");
    let mut at_it = stage.post(&agent, "deaf");
    journal.shut();
    let mut queued = stage.post(&agent, "queued");
    let mut ended = Box::pin(agent.ended());
    assert!((&mut ended).now_or_never().is_none());
    journal.open(true);
    stage.runtime.run_until_idle();
    for reply in [&mut at_it, &mut queued] {
        let error = reply.now().unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::JournalFailed);
    }
    assert_eq!(stage.wait(ended).unwrap_err().code(), ErrorCode::JournalFailed);
    assert_eq!(stage.log.alive(), 0);
    assert!(agent.is_done());
    assert!(matches!(
        stage.ask(&agent, "more"),
        Err(AgentError::Refused(error)) if error.code() == ErrorCode::JournalFailed
    ));
}

#[test]
fn the_past_has_its_agents() {
    let journal = MemoryJournal::new();
    let stage = open(&journal);
    stage.add("boss");
    stage.add_child("worker", "boss");
    let before = stage
        .runtime
        .block_on(stage.orchestrator.verify())
        .unwrap()
        .unwrap()
        .seq;
    let _ = stage.spawn("boss");
    stage.runtime.run_until_idle();
    let after = stage
        .runtime
        .block_on(stage.orchestrator.verify())
        .unwrap()
        .unwrap()
        .seq;
    let at = |seq| {
        stage
            .runtime
            .block_on(stage.orchestrator.at(seq))
            .unwrap()
            .unwrap()
    };
    assert_eq!(at(before).tree()[0].status, AgentStatus::Registered);
    assert_eq!(at(after).tree()[0].children[0].status, AgentStatus::Running);
    assert!(at(after).dead_letters().letters.is_empty());
}
