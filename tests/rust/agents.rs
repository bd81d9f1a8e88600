//! A host for the machine that supervises agents: it does what it is told, at once or when the test says, and remembers it.

#![allow(dead_code, reason = "not every test uses all of it")]

use agent_orchestrator::Result;
use agent_orchestrator::kernel::{
    Agent, AgentCommand, AgentEffect, AgentFact, AgentKey, AgentSettings, AgentStatus, Backoff, Command,
    Config, DropReason, Effect, Event, Incarnation, Message, NewAgent, Reply, StopMode, SupervisorAction,
};

use super::desk::Desk;

/// What is sent when the test does not say.
pub(crate) const HELLO: &str = "\"hello\"";

#[derive(Debug)]
pub(crate) struct Host {
    /// The kernel and its journal; it checks after each step that the state is the fold of the journal.
    pub(crate) desk: Desk,
    /// All that was ordered.
    pub(crate) orders: Vec<AgentEffect>,
    /// Whether factories succeed at once.
    pub(crate) starts: bool,
    /// Whether agents that are at no message go at once.
    pub(crate) halts: bool,
    /// What policies say at once, if anything.
    pub(crate) policy: Option<SupervisorAction>,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::around(Desk::new(config))
    }

    /// Messages and replies are recorded.
    pub(crate) fn recorded() -> Self {
        Self::with(Config {
            record_messages: true,
            ..Config::default()
        })
    }

    /// There is a policy for the whole; the test decides.
    pub(crate) fn consulted() -> Self {
        Self::with(Config {
            consults: true,
            record_messages: true,
            ..Config::default()
        })
    }

    fn around(desk: Desk) -> Self {
        Self {
            desk,
            orders: Vec::new(),
            starts: true,
            halts: true,
            policy: None,
        }
    }

    /// What a crash leaves of it, opened again: nobody is attached.
    pub(crate) fn crashed(&self) -> Self {
        let config = *self.desk.kernel.config();
        let mut host = Self::around(self.desk.crashed(config, self.desk.journal.0.len()));
        host.follow();
        host
    }

    /// Carries out a command; it may be refused.
    pub(crate) fn tell(&mut self, command: AgentCommand<'_>) -> Result<Reply> {
        let reply = self.desk.tell(Command::Agent(command));
        self.follow();
        reply
    }

    pub(crate) fn done(&mut self, command: AgentCommand<'_>) {
        assert_eq!(self.tell(command), Ok(Reply::Done), "{command:?}");
    }

    /// Does what was ordered.
    pub(crate) fn follow(&mut self) {
        self.desk.fold(|_| ());
        for effect in self.desk.effects() {
            let Effect::Agent(order) = effect else { continue };
            self.orders.push(order);
            match order {
                AgentEffect::Start { agent, incarnation } if self.starts => {
                    let _ = self.tell(AgentCommand::Ready { agent, incarnation });
                }
                AgentEffect::Halt { agent, incarnation }
                    if self.halts && self.desk.kernel.prompted(agent).is_none() =>
                {
                    let _ = self.tell(AgentCommand::Halted { agent, incarnation });
                }
                AgentEffect::Consult { about, origin, .. } => {
                    if let Some(action) = self.policy {
                        self.decide(origin, about, action);
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds an agent whose waits before restarts are 100, 200, 400... milliseconds, without chance.
    pub(crate) fn add(
        &mut self,
        name: &str,
        parent: Option<AgentKey>,
        set: impl FnOnce(&mut AgentSettings),
    ) -> AgentKey {
        match self.try_add(name, parent, set) {
            Ok(Reply::Agent(key)) => key,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn try_add(
        &mut self,
        name: &str,
        parent: Option<AgentKey>,
        set: impl FnOnce(&mut AgentSettings),
    ) -> Result<Reply> {
        let mut settings = AgentSettings {
            backoff: Backoff {
                jitter: 0,
                ..Backoff::default()
            },
            ..AgentSettings::default()
        };
        set(&mut settings);
        self.tell(AgentCommand::Add(NewAgent {
            name,
            parent,
            settings,
        }))
    }

    /// Gives an agent its factory again.
    pub(crate) fn attach(&mut self, agent: AgentKey) {
        let known = self.agent(agent);
        let (name, parent, settings) = (known.name().to_owned(), known.parent(), *known.settings());
        assert_eq!(
            self.tell(AgentCommand::Add(NewAgent {
                name: &name,
                parent,
                settings
            })),
            Ok(Reply::Agent(agent))
        );
    }

    pub(crate) fn spawn(&mut self, agent: AgentKey) {
        self.done(AgentCommand::Spawn(agent));
    }

    /// Adds an agent and spawns it.
    pub(crate) fn run(&mut self, name: &str, set: impl FnOnce(&mut AgentSettings)) -> AgentKey {
        let agent = self.add(name, None, set);
        self.spawn(agent);
        agent
    }

    pub(crate) fn send(&mut self, agent: AgentKey) -> Message {
        match self.try_send(agent) {
            Ok(Reply::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn try_send(&mut self, agent: AgentKey) -> Result<Reply> {
        self.tell(AgentCommand::Send {
            agent,
            payload: HELLO,
        })
    }

    pub(crate) fn answer(&mut self, agent: AgentKey, message: Message) {
        let incarnation = self.agent(agent).incarnation();
        assert_eq!(self.answer_from(agent, incarnation, message), Ok(Reply::Done));
    }

    pub(crate) fn answer_from(
        &mut self,
        agent: AgentKey,
        incarnation: Incarnation,
        message: Message,
    ) -> Result<Reply> {
        self.tell(AgentCommand::Answer {
            agent,
            incarnation,
            message,
            reply: "\"done\"",
        })
    }

    /// The agent fails at a message, or its factory does.
    pub(crate) fn fail(
        &mut self,
        agent: AgentKey,
        message: Option<Message>,
        retryable: bool,
    ) -> Result<Reply> {
        let incarnation = self.agent(agent).incarnation();
        self.tell(AgentCommand::Fail {
            agent,
            incarnation,
            message,
            error: "it broke",
            retryable,
        })
    }

    /// The agent is sent a message and fails at it; another try may do better.
    pub(crate) fn break_down(&mut self, agent: AgentKey) -> Message {
        let message = self.send(agent);
        assert_eq!(self.fail(agent, Some(message), true), Ok(Reply::Done));
        message
    }

    pub(crate) fn quit(&mut self, agent: AgentKey) {
        let incarnation = self.agent(agent).incarnation();
        self.done(AgentCommand::Quit { agent, incarnation });
    }

    pub(crate) fn ready(&mut self, agent: AgentKey) {
        let incarnation = self.agent(agent).incarnation();
        self.done(AgentCommand::Ready { agent, incarnation });
    }

    pub(crate) fn halted(&mut self, agent: AgentKey) {
        let incarnation = self.agent(agent).incarnation();
        self.done(AgentCommand::Halted { agent, incarnation });
    }

    pub(crate) fn stop(&mut self, agent: AgentKey, mode: StopMode) {
        let reason = "enough";
        self.done(AgentCommand::Stop { agent, mode, reason });
    }

    pub(crate) fn decide(&mut self, origin: AgentKey, about: AgentKey, action: SupervisorAction) {
        let incarnation = self.agent(origin).incarnation();
        self.done(AgentCommand::Decide {
            origin,
            incarnation,
            about,
            action,
        });
    }

    /// Lets time pass, and does what is due.
    pub(crate) fn pass(&mut self, span: u64) {
        let end = self.desk.now + span;
        while let Some(wait) = self.desk.kernel.poll_timeout(self.desk.now) {
            if self.desk.now + wait > end {
                break;
            }
            self.desk.now += wait;
            self.desk.time_out();
            self.follow();
        }
        self.desk.now = end;
    }

    pub(crate) fn agent(&self, agent: AgentKey) -> &Agent {
        self.desk.kernel.agent(agent).unwrap()
    }

    pub(crate) fn status(&self, agent: AgentKey) -> AgentStatus {
        self.agent(agent).status()
    }

    pub(crate) fn statuses<const N: usize>(&self, agents: [AgentKey; N]) -> [AgentStatus; N] {
        agents.map(|agent| self.status(agent))
    }

    /// Forgets what was ordered so far.
    pub(crate) fn forget(&mut self) {
        self.orders.clear();
    }

    fn of<T>(&self, pick: impl Fn(&AgentEffect) -> Option<T>) -> Vec<T> {
        self.orders.iter().filter_map(pick).collect()
    }

    pub(crate) fn started(&self) -> Vec<AgentKey> {
        self.of(|order| match *order {
            AgentEffect::Start { agent, .. } => Some(agent),
            _ => None,
        })
    }

    pub(crate) fn told_to_go(&self) -> Vec<AgentKey> {
        self.of(|order| match *order {
            AgentEffect::Halt { agent, .. } => Some(agent),
            _ => None,
        })
    }

    pub(crate) fn discarded(&self) -> Vec<AgentKey> {
        self.of(|order| match *order {
            AgentEffect::Discard { agent, .. } => Some(agent),
            _ => None,
        })
    }

    pub(crate) fn ended(&self) -> Vec<AgentKey> {
        self.of(|order| match *order {
            AgentEffect::Ended { agent } => Some(agent),
            _ => None,
        })
    }

    pub(crate) fn rooms(&self) -> Vec<AgentKey> {
        self.of(|order| match *order {
            AgentEffect::Room { agent } => Some(agent),
            _ => None,
        })
    }

    pub(crate) fn prompted(&self) -> Vec<(AgentKey, Message)> {
        self.of(|order| match *order {
            AgentEffect::Prompt { agent, message, .. } => Some((agent, message)),
            _ => None,
        })
    }

    pub(crate) fn aborted(&self) -> Vec<(AgentKey, Message)> {
        self.of(|order| match *order {
            AgentEffect::Abort { agent, message, .. } => Some((agent, message)),
            _ => None,
        })
    }

    pub(crate) fn settled(&self) -> Vec<(AgentKey, Message, Option<DropReason>)> {
        self.of(|order| match *order {
            AgentEffect::Settle {
                agent,
                message,
                dropped,
            } => Some((agent, message, dropped)),
            _ => None,
        })
    }

    /// Who was asked: whose policy, about whom, and who failed.
    pub(crate) fn asked(&self) -> Vec<(Option<AgentKey>, AgentKey, AgentKey)> {
        self.of(|order| match *order {
            AgentEffect::Consult { by, about, origin } => Some((by, about, origin)),
            _ => None,
        })
    }

    /// Of all that the journal says of agents, what the test looks for.
    pub(crate) fn told<T>(&self, pick: impl Fn(AgentKey, &AgentFact<'_>) -> Option<T>) -> Vec<T> {
        let events = self.desk.journal.0.iter();
        let pick = |bytes: &Vec<u8>| match postcard::from_bytes(bytes).unwrap() {
            Event::Agent { agent, ref fact } => pick(agent, fact),
            _ => None,
        };
        events.filter_map(|(_, bytes)| pick(bytes)).collect()
    }

    /// How many milliseconds the journal says that each restart waits.
    pub(crate) fn waits(&self) -> Vec<u64> {
        let events = self.desk.journal.0.iter();
        let wait = |at: u64, bytes: &Vec<u8>| match postcard::from_bytes(bytes).unwrap() {
            Event::Agent {
                fact: AgentFact::Restarting { due, .. },
                ..
            } => Some(due - at),
            _ => None,
        };
        events.filter_map(|(at, bytes)| wait(*at, bytes)).collect()
    }
}
