//! A host for the machine that supervises agents: it does what it is told at once, and remembers it.

#![allow(dead_code, reason = "each test uses a part")]

use agent_orchestrator::kernel::{
    AgentCommand, AgentEffect, AgentKey, AgentSettings, AgentStatus, Command, Config, DropReason, Effect,
    Event, Incarnation, Kernel, Message, Millis, NewAgent, Reply, Seq, Sink, StopMode, SupervisorAction,
};

#[derive(Default)]
pub struct Forget;

impl Sink for Forget {
    fn record(&mut self, _: Seq, _: Millis, _: &Event<'_>) {}
}

pub struct Desk {
    pub kernel: Kernel,
    pub now: Millis,
    pub effects: Vec<AgentEffect>,
    /// What policies say, if they are asked.
    pub action: SupervisorAction,
}

impl Desk {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let mut kernel = Kernel::new(config);
        kernel.open(1_000_000, 7, &mut Forget);
        Self {
            kernel,
            now: 1_000_000,
            effects: Vec::new(),
            action: SupervisorAction::Restart,
        }
    }

    pub fn tell(&mut self, command: AgentCommand<'_>) -> Reply {
        let reply = self
            .kernel
            .handle(self.now, Command::Agent(command), &mut Forget)
            .unwrap();
        self.follow_up();
        reply
    }

    fn follow_up(&mut self) {
        while let Some(Effect::Agent(effect)) = self.kernel.poll_effect(Seq::MAX) {
            self.effects.push(effect);
            match effect {
                AgentEffect::Start { agent, incarnation } => {
                    self.tell(AgentCommand::Ready { agent, incarnation });
                }
                AgentEffect::Halt { agent, incarnation } if self.kernel.prompted(agent).is_none() => {
                    self.tell(AgentCommand::Halted { agent, incarnation });
                }
                AgentEffect::Consult { about, origin, .. } => {
                    let incarnation = self.incarnation(origin);
                    let action = self.action;
                    self.tell(AgentCommand::Decide {
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

    pub fn add(
        &mut self,
        name: &str,
        parent: Option<AgentKey>,
        set: impl FnOnce(&mut AgentSettings),
    ) -> AgentKey {
        let mut settings = AgentSettings::default();
        set(&mut settings);
        match self.tell(AgentCommand::Add(NewAgent {
            name,
            parent,
            settings,
        })) {
            Reply::Agent(key) => key,
            other => panic!("{other:?}"),
        }
    }

    pub fn spawn(&mut self, agent: AgentKey) {
        let _ = self.tell(AgentCommand::Spawn(agent));
    }

    pub fn send(&mut self, agent: AgentKey) -> Message {
        match self.tell(AgentCommand::Send { agent, payload: "" }) {
            Reply::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    pub fn incarnation(&self, agent: AgentKey) -> Incarnation {
        self.kernel.agent(agent).unwrap().incarnation()
    }

    pub fn answer(&mut self, agent: AgentKey, message: Message) {
        let incarnation = self.incarnation(agent);
        let _ = self.tell(AgentCommand::Answer {
            agent,
            incarnation,
            message,
            reply: "",
        });
    }

    pub fn fail(&mut self, agent: AgentKey, message: Message, retryable: bool) {
        let incarnation = self.incarnation(agent);
        let _ = self.tell(AgentCommand::Fail {
            agent,
            incarnation,
            message: Some(message),
            error: "it broke",
            retryable,
        });
    }

    pub fn stop(&mut self, agent: AgentKey, mode: StopMode) {
        let _ = self.tell(AgentCommand::Stop {
            agent,
            mode,
            reason: "enough",
        });
    }

    /// Lets time pass, doing what is due.
    pub fn pass(&mut self, span: Millis) {
        let end = self.now + span;
        while let Some(wait) = self
            .kernel
            .poll_timeout(self.now)
            .filter(|wait| self.now + wait <= end)
        {
            self.now += wait;
            self.kernel.handle_timeout(self.now, &mut Forget);
            self.follow_up();
        }
        self.now = end;
    }

    pub fn status(&self, agent: AgentKey) -> AgentStatus {
        self.kernel.agent(agent).unwrap().status()
    }

    fn of<T>(&self, pick: impl Fn(&AgentEffect) -> Option<T>) -> Vec<T> {
        self.effects.iter().filter_map(pick).collect()
    }

    pub fn prompted(&self) -> Vec<(AgentKey, Message)> {
        self.of(|effect| match *effect {
            AgentEffect::Prompt { agent, message, .. } => Some((agent, message)),
            _ => None,
        })
    }

    pub fn settled(&self) -> Vec<(AgentKey, Message, Option<DropReason>)> {
        self.of(|effect| match *effect {
            AgentEffect::Settle {
                agent,
                message,
                dropped,
            } => Some((agent, message, dropped)),
            _ => None,
        })
    }

    pub fn started(&self) -> Vec<AgentKey> {
        self.of(|effect| match *effect {
            AgentEffect::Start { agent, .. } => Some(agent),
            _ => None,
        })
    }

    pub fn halted(&self) -> Vec<AgentKey> {
        self.of(|effect| match *effect {
            AgentEffect::Halt { agent, .. } => Some(agent),
            _ => None,
        })
    }
}
