//! Which agents there are: added, spawned, stopped, removed.

use super::fact::{AgentEnd, AgentFact, Goal};
use super::live::Todo;
use super::spec::{AgentSettings, NewAgent};
use super::{Agent, StopMode};
use crate::kernel::Turn;
use crate::kernel::command::Reply;
use crate::kernel::error::{ErrorCode, OrchestratorError, Result};
use crate::kernel::id::{AgentKey, Incarnation};
use crate::kernel::limits::{self, cut, quoted};

impl Turn<'_> {
    pub(super) fn add_agent(&mut self, new: &NewAgent<'_>) -> Result<Reply> {
        new.check()?;
        let mut depth = 0;
        let mut above = new.parent;
        while let Some(parent) = above {
            above = self.agent(parent)?.parent;
            depth += 1;
        }
        limits::AGENT_DEPTH.check(depth)?;
        let agents = &self.state.agents;
        let known = agents.find(new.name);
        if let Some(known) = known.and_then(|key| agents.get(key)) {
            if known.attached {
                return Err(OrchestratorError::new(
                    ErrorCode::AgentExists,
                    format!("there is an agent {} already; remove it first", quoted(new.name)),
                ));
            }
            if known.parent != new.parent {
                let above = |parent: Option<AgentKey>| {
                    parent.map_or("nobody".to_owned(), |parent| quoted(agents.name(parent)))
                };
                return Err(OrchestratorError::new(
                    ErrorCode::AgentExists,
                    format!(
                        "the journal knows an agent {} below {}, not below {}; add it there, or remove it first",
                        quoted(new.name),
                        above(known.parent),
                        above(new.parent),
                    ),
                ));
            }
        }
        let key = match known {
            Some(key) => key,
            None => {
                limits::AGENTS.check(agents.len() + 1)?;
                let made = u32::try_from(agents.made())
                    .ok()
                    .filter(|made| *made < i32::MAX as u32);
                AgentKey(made.ok_or_else(|| {
                    OrchestratorError::new(ErrorCode::LimitExceeded, "too many agents were added and removed")
                })?)
            }
        };
        // Messages that were taken stay where they are.
        let recorded = match known.and_then(|key| agents.get(key)) {
            Some(known) if known.inbox.len() > 0 => true,
            Some(_) if self.live.look(key).is_some_and(|desk| desk.inbox.len() > 0) => false,
            _ => new.settings.recorded.unwrap_or(self.config.record_messages),
        };
        let settings = AgentSettings {
            recorded: Some(recorded),
            ..new.settings
        };
        self.tell(
            key,
            AgentFact::Added {
                name: new.name,
                parent: new.parent,
                settings,
            },
        );
        self.live.todo.push_back(Todo::Up(key));
        // Its inbox may be larger than the one that it had.
        self.make_room(key);
        Ok(Reply::Agent(key))
    }

    pub(super) fn remove_agent(&mut self, key: AgentKey) -> Result<Reply> {
        self.agent(key)?;
        let tree = self.state.agents.tree(key);
        for agent in tree.iter().filter_map(|key| self.state.agents.get(*key)) {
            if !agent.is_down() {
                return Err(OrchestratorError::new(
                    ErrorCode::IllegalTransition,
                    format!(
                        "the agent {} is {}; stop it before it is removed",
                        quoted(&agent.name),
                        agent.status().as_str()
                    ),
                ));
            }
        }
        for key in tree.into_iter().rev() {
            self.tell(key, AgentFact::Removed);
            *self.live.desk(key) = super::live::Desk::default();
        }
        Ok(Reply::Done)
    }

    pub(super) fn spawn_agent(&mut self, key: AgentKey) -> Result<Reply> {
        let agent = self.agent(key)?;
        if !agent.is_down() {
            if agent.is_up() && !agent.closing {
                return Ok(Reply::Nothing);
            }
            return Err(self.not_running(key, "wait for its end before it is spawned again"));
        }
        if !agent.attached {
            return Err(OrchestratorError::new(
                ErrorCode::AgentNotFound,
                format!(
                    "the agent {} has no factory here; add it first",
                    quoted(&agent.name)
                ),
            ));
        }
        if let Some(parent) = agent.parent
            && !self.agent(parent)?.is_up()
        {
            return Err(self.not_running(parent, "spawn it first: that starts those below it, too"));
        }
        for member in self.state.agents.tree(key) {
            let agents = &self.state.agents;
            let startable = |agent: &&Agent| agent.is_down() && agent.attached;
            let Some(agent) = agents.get(member).filter(startable) else {
                continue;
            };
            // What is below one that does not start does not start either.
            let above = agent.parent.and_then(|parent| agents.get(parent));
            if member == key || above.is_some_and(Agent::is_up) {
                self.tell(member, AgentFact::Waiting { due: None });
                self.live.todo.push_back(Todo::Up(member));
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn not_running(&self, key: AgentKey, advice: &str) -> OrchestratorError {
        let agents = &self.state.agents;
        let status = agents.get(key).map_or("gone", |agent| agent.status().as_str());
        OrchestratorError::new(
            ErrorCode::AgentNotRunning,
            format!("the agent {} is {status}; {advice}", quoted(agents.name(key))),
        )
    }

    pub(super) fn stop_agent(&mut self, key: AgentKey, mode: StopMode, reason: &str) -> Result<Reply> {
        let agent = self.agent(key)?;
        let called_off = agent.goal == Some(Goal::End(AgentEnd::Cancelled));
        if agent.is_down() || called_off || !agent.is_up() && mode != StopMode::Cancel {
            return Ok(Reply::Nothing);
        }
        let reason = cut(limits::REASON, reason);
        match mode {
            StopMode::Drain => {
                if agent.closing {
                    return Ok(Reply::Nothing);
                }
                self.tell(key, AgentFact::Closing);
                self.live.todo.push_back(Todo::Deliver(key));
            }
            StopMode::Stop => self.take_down(key, AgentEnd::Completed, AgentEnd::Completed, &reason),
            StopMode::Cancel => self.take_down(key, AgentEnd::Cancelled, AgentEnd::Cancelled, &reason),
        }
        Ok(Reply::Done)
    }

    pub(super) fn keep_state(
        &mut self,
        key: AgentKey,
        incarnation: Incarnation,
        state: &str,
    ) -> Result<Reply> {
        limits::AGENT_STATE.check(state.len())?;
        if self.is_over(key, incarnation)? {
            return Ok(Reply::Late);
        }
        self.tell(key, AgentFact::Kept { state });
        Ok(Reply::Done)
    }
}
