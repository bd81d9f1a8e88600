//! What is recorded of agents can still be read: a journal with every kind of fact, a snapshot in the middle and a crash,
//! in `tests/fixtures/journals/`, as every version that wrote it left it.
//!
//! `UPDATE=1` writes the file of the current version anew: only right while that version is not released.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use agent_orchestrator::journal::{EventLog, recover};
use agent_orchestrator::kernel::{
    AgentCommand, AgentEffect, AgentKey, AgentSettings, AgentStatus, Command, Config, Effect, FORMAT,
    Incarnation, Message, NewAgent, Reply, StopMode, SupervisorAction,
};
use agent_orchestrator::{
    Engine, EngineOptions, EventKind, OrchestratorEvent, Overflow, RestartType, Strategy, Write,
};
use serde_json::{Value, json};

const START: u64 = 1_763_000_000_000;

/// An engine with a journal in a vector, whose host answers at once.
struct Host {
    engine: Engine,
    frames: Vec<Vec<u8>>,
    now: u64,
    action: SupervisorAction,
    /// What agents were given, and have not answered.
    open: Vec<(AgentKey, Incarnation, Message)>,
}

impl Host {
    fn open(frames: Vec<Vec<u8>>, now: u64) -> Self {
        let options = EngineOptions {
            config: Config {
                record_messages: true,
                consults: true,
                ..Config::default()
            },
            keep_history: true,
            ..EngineOptions::default()
        };
        let read = frames.iter().map(Vec::as_slice);
        let engine = Engine::recover(options, read, 0, now, [5, 6]).unwrap();
        let mut host = Self {
            engine,
            frames,
            now,
            action: SupervisorAction::Restart,
            open: Vec::new(),
        };
        host.follow_up();
        host
    }

    fn tell(&mut self, command: AgentCommand<'_>) -> Reply {
        self.now += 1;
        let reply = self.engine.handle(self.now, Command::Agent(command)).unwrap();
        self.follow_up();
        reply
    }

    /// Writes what is to be written, and does what is ordered.
    fn follow_up(&mut self) {
        loop {
            while let Some(write) = self.engine.poll_write() {
                match write {
                    Write::Append { frame, .. } | Write::Snapshot { frame, .. } => self.frames.push(frame),
                    Write::TruncateBefore { .. } | Write::Close => {}
                }
                self.engine.written(Ok(()));
            }
            let Some(Effect::Agent(effect)) = self.engine.poll_effect() else {
                break;
            };
            match effect {
                AgentEffect::Start { agent, incarnation } => {
                    let _ = self.tell(AgentCommand::Ready { agent, incarnation });
                }
                AgentEffect::Halt { agent, incarnation } => {
                    let _ = self.tell(AgentCommand::Halted { agent, incarnation });
                }
                AgentEffect::Prompt {
                    agent,
                    incarnation,
                    message,
                } => self.open.push((agent, incarnation, message)),
                AgentEffect::Consult { about, origin, .. } => {
                    let incarnation = self.incarnation(origin);
                    let action = self.action;
                    let _ = self.tell(AgentCommand::Decide {
                        origin,
                        incarnation,
                        about,
                        action,
                    });
                }
                _ => {}
            }
        }
    }

    fn incarnation(&self, agent: AgentKey) -> Incarnation {
        self.engine.kernel().agent(agent).unwrap().incarnation()
    }

    fn add(&mut self, name: &str, parent: Option<AgentKey>, settings: AgentSettings) -> AgentKey {
        match self.tell(AgentCommand::Add(NewAgent {
            name,
            parent,
            settings,
        })) {
            Reply::Agent(key) => key,
            other => panic!("{other:?}"),
        }
    }

    fn send(&mut self, agent: AgentKey, payload: &str) {
        let reply = self.tell(AgentCommand::Send { agent, payload });
        assert!(matches!(reply, Reply::Message(_)), "{reply:?}");
    }

    fn take(&mut self) -> (AgentKey, Incarnation, Message) {
        self.open.remove(0)
    }

    fn answer(&mut self, reply: &str) {
        let (agent, incarnation, message) = self.take();
        let _ = self.tell(AgentCommand::Answer {
            agent,
            incarnation,
            message,
            reply,
        });
    }

    fn fail(&mut self, error: &str, retryable: bool) {
        let (agent, incarnation, message) = self.take();
        let _ = self.tell(AgentCommand::Fail {
            agent,
            incarnation,
            message: Some(message),
            error,
            retryable,
        });
    }

    fn pass(&mut self, span: u64) {
        let end = self.now + span;
        while let Some(wait) = self
            .engine
            .poll_timeout(self.now)
            .filter(|wait| self.now + wait <= end)
        {
            self.now += wait;
            self.engine.handle_timeout(self.now);
            self.follow_up();
        }
        self.now = end;
    }
}

/// A tree with one of each kind, and everything that can happen to it.
fn grow(host: &mut Host) -> [AgentKey; 3] {
    let top = AgentSettings {
        strategy: Strategy::RestForOne,
        max_restarts: 2,
        ..AgentSettings::default()
    };
    let writer = AgentSettings {
        max_restarts: 1,
        retry_message: 1,
        window: Some(60_000),
        message_timeout: Some(10_000),
        overflow: Overflow::DropOldest,
        inbox: 2,
        ..AgentSettings::default()
    };
    let reader = AgentSettings {
        restart: RestartType::Permanent,
        ..AgentSettings::default()
    };
    let top = host.add("Oberstes 最上", None, top);
    let writer = host.add("writer", Some(top), writer);
    let reader = host.add("reader", Some(top), reader);
    [top, writer, reader]
}

fn record() -> Vec<Vec<u8>> {
    let mut host = Host::open(Vec::new(), START);
    let [top, writer, reader] = grow(&mut host);
    let _ = host.tell(AgentCommand::Spawn(top));
    for number in 0..4 {
        host.send(
            writer,
            &format!(r#"[{{"content":"message {number}","role":"user"}}]"#),
        );
    }
    host.answer(r#"{"pages":12}"#);
    let (incarnation, state) = (host.incarnation(writer), r#"{"drafts":1}"#);
    let _ = host.tell(AgentCommand::Keep {
        agent: writer,
        incarnation,
        state,
    });
    host.fail("out of ink", true);
    host.pass(1000);
    host.engine.snapshot_soon();
    host.follow_up();
    // The second failure is one too many for it, and begins those above anew.
    host.fail("out of ink again", true);
    host.pass(2000);
    host.answer("null");
    for content in ["stumble", "go on"] {
        host.send(reader, &format!(r#"[{{"content":"{content}","role":"user"}}]"#));
    }
    host.fail("it stumbled", true);
    host.pass(1000);
    host.answer(r#""gone on""#);
    host.send(reader, r#"[{"content":"read","role":"user"}]"#);
    host.action = SupervisorAction::Resume;
    host.fail("blind", false);
    // Too late, since it was begun anew meanwhile.
    let _ = host.tell(AgentCommand::Quit {
        agent: writer,
        incarnation,
    });
    host.action = SupervisorAction::Restart;
    host.send(writer, r#"[{"content":"slow","role":"user"}]"#);
    host.pass(10_001);
    host.pass(5000);
    host.send(reader, r#"[{"content":"unanswered","role":"user"}]"#);

    // The process ends, and begins again.
    let mut host = Host::open(host.frames, host.now + 100_000);
    let [top, writer, reader] = grow(&mut host);
    host.pass(5000);
    host.answer(r#""found again""#);
    assert_eq!(
        host.engine.kernel().agent(reader).unwrap().status(),
        AgentStatus::Running
    );
    let _ = host.tell(AgentCommand::Stop {
        agent: writer,
        mode: StopMode::Drain,
        reason: "",
    });
    while !host.open.is_empty() {
        host.answer("1.5");
    }
    let _ = host.tell(AgentCommand::Stop {
        agent: top,
        mode: StopMode::Cancel,
        reason: "enough",
    });
    let _ = host.tell(AgentCommand::Remove(top));
    let _ = grow(&mut host);
    host.frames
}

fn events(frames: &[Vec<u8>]) -> Vec<OrchestratorEvent> {
    let read = frames.iter().map(Vec::as_slice);
    let found = recover(read).unwrap();
    let end = Engine::past(frames.iter().map(Vec::as_slice), found.position()).unwrap();
    let mut log = EventLog::new(1 << 24);
    for (_, record) in found.events_after(0) {
        log.push(record);
    }
    let mut cursor = log.seek(1);
    std::iter::from_fn(|| Some(OrchestratorEvent::of(end.kernel(), &log.read(&mut cursor)?))).collect()
}

/// What must come out of a journal: every event as its readers see it, and the state.
fn described(frames: &[Vec<u8>]) -> Value {
    let read = || frames.iter().map(Vec::as_slice);
    let events = events(frames);
    let end = events.last().unwrap().seq;
    let past = Engine::past(read(), end).unwrap();
    json!({
        "seq": end,
        "stateHash": past.state_hash(),
        "tasks": [],
        "events": events,
    })
}

fn file(version: u16, end: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals");
    folder.join(format!("agents-v{version}.{end}"))
}

#[test]
fn what_any_version_recorded_of_agents_can_be_read() {
    if std::env::var_os("UPDATE").is_some() {
        let frames = record();
        let text = serde_json::to_string_pretty(&described(&frames)).unwrap() + "\n";
        fs::write(file(FORMAT, "journal"), frames.concat()).unwrap();
        fs::write(file(FORMAT, "json"), text).unwrap();
    }
    let mut versions = 0;
    for version in 1..=FORMAT {
        let expected: Value = serde_json::from_slice(&fs::read(file(version, "json")).unwrap()).unwrap();
        let frames = [fs::read(file(version, "journal")).unwrap()];
        assert_eq!(described(&frames), expected, "v{version}");
        versions += 1;
    }
    assert!(versions > 0);
}

#[test]
fn agents_are_recorded_as_the_file_of_the_current_version_says() {
    assert!(
        record().concat() == fs::read(file(FORMAT, "journal")).unwrap(),
        "what is written has changed: raise FORMAT and read the old one still, or (before a release) UPDATE=1"
    );
}

#[test]
fn the_file_has_every_kind_of_event_there_is_of_agents() {
    let found: BTreeSet<&str> = events(&record())
        .iter()
        .map(|event| event.kind.type_name())
        .collect();
    let all = EventKind::TYPES.iter().map(|(name, _)| *name);
    let missing: Vec<&str> = all
        .filter(|name| name.starts_with("agent:") && !found.contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
