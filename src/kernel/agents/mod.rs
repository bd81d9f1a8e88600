//! Supervised agents: a tree of them, their inboxes, and what becomes of them when they fail.
//!
//! A small machine of its own inside the kernel: its commands, facts, effects and evolve are here, and it shares
//! nothing with tasks but the journal. Restarts, their limits and their order follow Erlang/OTP's supervisors.
//! The host calls factories, gives agents their messages and asks policies, each when an effect says so; what counts,
//! who is begun anew, when and in which order is decided here.
//!
//! May use: the kernel's ids, limits, errors, events and time.

mod agent;
mod command;
mod effect;
mod fact;
mod failure;
mod inbox;
mod live;
mod mail;
mod order;
mod reads;
mod recovery;
mod registry;
mod spec;
mod table;

use crate::kernel::Turn;
use crate::kernel::command::Reply;
use crate::kernel::effect::Effect;
use crate::kernel::error::{ErrorCode, OrchestratorError, Result};
use crate::kernel::event::Event;
use crate::kernel::id::{AgentKey, Incarnation};

pub use agent::{Agent, AgentStatus};
pub use command::{AgentCommand, StopMode};
pub use effect::AgentEffect;
pub use fact::{AgentEnd, AgentFact, AgentFailure, DropReason, Goal};
pub use spec::{AgentSettings, Backoff, NewAgent, Overflow, RestartType, Strategy, SupervisorAction};
pub use table::DeadLetter;

pub(super) use live::Live;
use live::{AgentTimer, Todo};
pub(crate) use table::Agents;

impl Turn<'_> {
    /// Carries out one command about agents, and what follows from it.
    pub(super) fn supervise(&mut self, command: AgentCommand<'_>) -> Result<Reply> {
        let reply = match command {
            AgentCommand::Add(new) => self.add_agent(&new)?,
            AgentCommand::Remove(agent) => self.remove_agent(agent)?,
            AgentCommand::Spawn(agent) => self.spawn_agent(agent)?,
            AgentCommand::Send { agent, payload } => self.send(agent, payload)?,
            AgentCommand::Withdraw { agent, message } => self.withdraw(agent, message)?,
            AgentCommand::Ready { agent, incarnation } => self.ready_agent(agent, incarnation)?,
            AgentCommand::Answer {
                agent,
                incarnation,
                message,
                reply,
            } => self.answer(agent, incarnation, message, reply)?,
            AgentCommand::Fail {
                agent,
                incarnation,
                message,
                error,
                retryable,
            } => self.fail_agent(agent, incarnation, message, error, retryable)?,
            AgentCommand::Decide {
                origin,
                incarnation,
                about,
                action,
            } => self.decide(origin, incarnation, about, action)?,
            AgentCommand::Halted { agent, incarnation } => self.halted(agent, incarnation)?,
            AgentCommand::Quit { agent, incarnation } => self.quit(agent, incarnation)?,
            AgentCommand::Stop { agent, mode, reason } => self.stop_agent(agent, mode, reason)?,
            AgentCommand::Keep {
                agent,
                incarnation,
                state,
            } => self.keep_state(agent, incarnation, state)?,
        };
        self.work_off();
        Ok(reply)
    }

    /// Looks at all that the last facts may have made possible.
    fn work_off(&mut self) {
        loop {
            // Who goes, goes before anybody comes: one that begins anew at once keeps its turn.
            while let Some(agent) = self.live.leaving.pop_front() {
                self.bring_down(agent);
            }
            match self.live.todo.pop_front() {
                Some(Todo::Up(agent)) => self.bring_up(agent),
                Some(Todo::Deliver(agent)) => self.deliver(agent),
                None => return,
            }
        }
    }

    /// Does what is due for agents.
    pub(super) fn time_out_agents(&mut self) {
        let steady = self.timers.steady(self.now);
        while let Some((agent, timer)) = self.live.pop(steady) {
            match timer {
                AgentTimer::Restart => {
                    self.live.desk(agent).rested = true;
                    self.live.todo.push_back(Todo::Up(agent));
                }
                AgentTimer::Grace => self.went_down(agent, true),
                AgentTimer::Hold => self.held_too_long(agent),
            }
            self.work_off();
        }
    }

    fn arm(&mut self, agent: AgentKey, timer: AgentTimer, span: u64) {
        let due = self.timers.steady(self.now).saturating_add(span);
        self.live.arm(agent, timer, due);
    }

    fn agent(&self, key: AgentKey) -> Result<&Agent> {
        self.state.agents.get(key).ok_or_else(|| {
            OrchestratorError::new(
                ErrorCode::AgentNotFound,
                format!("there is no agent number {}", key.0),
            )
        })
    }

    /// Whether the messages of an agent are in the journal.
    fn is_recorded(&self, agent: &Agent) -> bool {
        agent.settings.recorded.unwrap_or(self.config.record_messages)
    }

    /// Makes one fact about an agent. Messages that are not recorded come and go without one.
    fn tell(&mut self, key: AgentKey, fact: AgentFact<'_>) {
        let recorded = self
            .state
            .agents
            .get(key)
            .is_some_and(|agent| self.is_recorded(agent));
        if !recorded {
            self.live.desk(key).inbox.apply(&fact);
        }
        if recorded || !fact.is_mail() {
            self.emit(&Event::Agent { agent: key, fact });
        }
    }

    /// Orders something, to be done once all that was recorded so far is durable.
    fn order_about(&mut self, effect: AgentEffect) {
        self.effects.push_back((self.state.seq, Effect::Agent(effect)));
    }

    /// Whether this start is over. What comes of it is recorded once, and changes nothing.
    fn is_over(&mut self, key: AgentKey, incarnation: Incarnation) -> Result<bool> {
        let agent = self.agent(key)?;
        let late = incarnation != agent.incarnation || !agent.is_live();
        if late {
            self.too_late(key, incarnation);
        }
        Ok(late)
    }

    fn too_late(&mut self, key: AgentKey, incarnation: Incarnation) {
        let known = self.state.agents.get(key).map(|agent| agent.late);
        // A start that never was is nobody's.
        if known.is_some_and(|late| late < incarnation)
            && self
                .state
                .agents
                .get(key)
                .is_some_and(|agent| incarnation <= agent.incarnation)
        {
            self.tell(key, AgentFact::Late { incarnation });
        }
    }
}
