//! What the kernel orders about agents: noted under the lock, carried out once it is released.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Waker;

use super::cell::{Launch, Mourner};
use super::desk::{Desk, Work};
use super::error::AgentError;
use super::letter::Letter;
use super::life::Life;
use super::outcome::AgentOutcome;
use super::policy::{DefaultSupervisor, SupervisorPolicy};
use crate::kernel::{
    AgentCommand, AgentEffect, AgentFailure, AgentKey, AgentStatus, Command, DropReason, Incarnation,
    OrchestratorError, Overflow, Reply, Result, SupervisorAction,
};
use crate::orchestrator::driver::{Deed, Deeds, Driver, Owned};

/// What is left to do about agents once the lock is released.
pub(in crate::orchestrator) enum Errand {
    /// Begin a start.
    Launch(Launch, Box<Life>),
    /// An agent has something to do.
    Wake(Waker),
    /// Something else has changed at a desk.
    Stir(Arc<Desk>),
    /// A message is answered, or ends for this reason.
    Settle(Arc<Letter>, Option<AgentError>),
    /// Ask a policy.
    Consult(Box<Case>),
    /// An agent has ended.
    Tell(Vec<Mourner>, Box<Result<AgentOutcome>>),
}

/// What a policy is asked.
pub(in crate::orchestrator) struct Case {
    policy: Option<Arc<dyn SupervisorPolicy>>,
    name: String,
    error: AgentError,
    origin: AgentKey,
    incarnation: Incarnation,
    about: AgentKey,
}

/// What became of a message that was to be sent.
pub(super) enum Posted {
    /// It is in the inbox.
    Sent,
    /// It waits for room.
    InLine,
    /// It must be written as JSON first.
    Unwritten,
}

impl Owned {
    pub(in crate::orchestrator) fn agent_effect(
        &mut self,
        driver: &Driver,
        effect: AgentEffect,
        now: u64,
        deeds: &mut Deeds,
    ) {
        let mut push = |errand| deeds.push(Deed::Agent(errand));
        match effect {
            AgentEffect::Start { agent, incarnation } => {
                let kernel = self.engine.kernel();
                let records = kernel.agent(agent).is_some_and(|agent| kernel.records(agent));
                let cell = self.agents.cell(agent);
                let Some(launch) = cell.launch.clone() else { return };
                let desk = Arc::<Desk>::default();
                let life = Life::new(driver.clone(), agent, incarnation, desk.clone(), records);
                if let Some((_, before)) = cell.desk.replace((incarnation, desk)) {
                    push(Errand::Stir(before));
                }
                cell.quits = false;
                push(Errand::Launch(launch, Box::new(life)));
            }
            AgentEffect::Prompt {
                agent,
                incarnation,
                message,
            } => {
                let Some(cell) = self.agents.get(agent) else {
                    return;
                };
                let Some(desk) = cell.desk(incarnation) else {
                    return;
                };
                let work = match cell.letter(message) {
                    Some(letter) => Work::Letter(letter.clone()),
                    None => {
                        let text = self.engine.kernel().payload(agent, message);
                        text.map_or(Work::Gone, |text| Work::Text(text.to_owned()))
                    }
                };
                if let Some(waker) = desk.give(message, work) {
                    push(Errand::Wake(waker));
                }
            }
            AgentEffect::Settle {
                agent,
                message,
                dropped,
            } => {
                let letter = self
                    .agents
                    .get_mut(agent)
                    .and_then(|cell| cell.take_letter(message));
                // Those of before a crash are nobody's.
                let Some(letter) = letter else { return };
                let error = dropped.and_then(|why| self.why(agent, &letter, why));
                push(Errand::Settle(letter, error));
            }
            AgentEffect::Abort {
                agent,
                incarnation,
                message,
            } => {
                if let Some(desk) = self.desk(agent, incarnation) {
                    desk.abort(message);
                    push(Errand::Stir(desk));
                }
            }
            AgentEffect::Halt { agent, incarnation } => {
                if let Some(desk) = self.desk(agent, incarnation) {
                    desk.halt();
                    push(Errand::Stir(desk));
                }
            }
            AgentEffect::Discard { agent, incarnation } => {
                if let Some(desk) = self.desk(agent, incarnation) {
                    desk.discard();
                    self.agents.cell(agent).desk = None;
                    push(Errand::Stir(desk));
                }
            }
            AgentEffect::Consult { by, about, origin } => {
                push(Errand::Consult(Box::new(self.case(by, about, origin))))
            }
            AgentEffect::Room { agent } => {
                while let Some(letter) = self.next_in_line(agent) {
                    match self.send(now, agent, &letter) {
                        Ok(Posted::Sent) => {}
                        Ok(_) => {
                            self.agents.cell(agent).line.push_front(letter);
                            break;
                        }
                        Err(error) => push(Errand::Settle(letter, Some(error.into()))),
                    }
                }
            }
            AgentEffect::Ended { agent } => {
                let cell = self.agents.cell(agent);
                cell.told = cell.told.wrapping_add(1);
                if let Some((outcome, mourners)) = cell.ends.pop_front() {
                    return push(Errand::Tell(mourners, Box::new(Ok(outcome))));
                }
                let outcome = AgentOutcome::of(self.engine.kernel(), agent, cell.last.as_ref());
                let Some(outcome) = outcome.filter(|_| !cell.mourners.is_empty()) else {
                    return;
                };
                let mourners = std::mem::take(&mut cell.mourners);
                push(Errand::Tell(mourners, Box::new(Ok(outcome))));
            }
        }
    }

    fn desk(&self, agent: AgentKey, incarnation: Incarnation) -> Option<Arc<Desk>> {
        self.agents.get(agent)?.desk(incarnation).cloned()
    }

    fn next_in_line(&mut self, agent: AgentKey) -> Option<Arc<Letter>> {
        self.agents.get_mut(agent)?.line.pop_front()
    }

    /// What whoever sent a message is told; nothing if the agent has said it.
    fn why(&self, agent: AgentKey, letter: &Letter, why: DropReason) -> Option<AgentError> {
        if why == DropReason::Failed && letter.has_error() {
            return None;
        }
        let agent = self.engine.kernel().agent(agent);
        let timeout = agent.and_then(|agent| agent.settings().message_timeout);
        let last = agent.and_then(|agent| agent.last_error());
        Some(AgentError::of_drop(why, timeout, last))
    }

    fn case(&self, by: Option<AgentKey>, about: AgentKey, origin: AgentKey) -> Case {
        let kernel = self.engine.kernel();
        let above = by
            .and_then(|by| self.agents.get(by))
            .and_then(|cell| cell.policy.as_ref());
        let failed = kernel.agent(origin);
        let incarnation = failed.map_or(Incarnation::default(), |agent| agent.incarnation());
        let said = self.agents.get(origin).and_then(|cell| cell.fault.as_ref());
        let error = failed.and_then(|agent| {
            let failure = agent.failed.as_ref()?;
            let said = said.filter(|(of, _)| *of == incarnation && is_told(failure.failure));
            Some(match said {
                Some((_, error)) => error.clone(),
                None => AgentError::of_failure(
                    failure.failure,
                    agent.settings().message_timeout,
                    &failure.error,
                    failure.retryable,
                ),
            })
        });
        Case {
            policy: above
                .or(self.agents.policy.as_ref())
                .map(|(policy, _)| policy.clone()),
            name: kernel.agent_name(about).to_owned(),
            // Who is judged has failed.
            error: error.unwrap_or(AgentError::Aborted),
            origin,
            incarnation,
            about,
        }
    }

    /// Puts a message into the inbox, or behind those that wait for room there.
    pub(super) fn post(&mut self, now: u64, key: AgentKey, letter: &Arc<Letter>) -> Result<Posted> {
        let kernel = self.engine.kernel();
        let keeps = kernel.agent(key).is_some_and(|agent| kernel.keeps_payload(agent));
        if keeps && letter.text().is_none() {
            return Ok(Posted::Unwritten);
        }
        let waits = self.agents.get(key).is_some_and(|cell| !cell.line.is_empty());
        let posted = if waits {
            Posted::InLine
        } else {
            self.send(now, key, letter)?
        };
        if matches!(posted, Posted::InLine) {
            self.agents.cell(key).line.push_back(letter.clone());
        }
        Ok(posted)
    }

    /// Whether a message to an agent, or what this start of it says of one, is written down nowhere and arms nothing:
    /// then it does not matter when it comes.
    pub(in crate::orchestrator) fn is_timeless(
        &self,
        key: AgentKey,
        incarnation: Option<Incarnation>,
    ) -> bool {
        let kernel = self.engine.kernel();
        let quits = self.agents.get(key).is_none_or(|cell| cell.quits);
        // With restarts behind it, an answer ends their series, and that is an event. So is what comes too late.
        kernel.agent(key).is_some_and(|agent| {
            let settings = agent.settings();
            agent.status() == AgentStatus::Running
                && agent.restarts() == 0
                && settings.message_timeout.is_none()
                && settings.overflow != Overflow::DropOldest
                && incarnation.is_none_or(|incarnation| incarnation == agent.incarnation())
                && !quits
                && !kernel.records(agent)
                && !kernel.has_timer()
        })
    }

    fn send(&mut self, now: u64, key: AgentKey, letter: &Arc<Letter>) -> Result<Posted> {
        let payload = letter.text().unwrap_or_default();
        let command = AgentCommand::Send { agent: key, payload };
        match self.engine.handle(now, Command::Agent(command))? {
            Reply::Message(message) => {
                self.agents.cell(key).mail.push_back((message, letter.clone()));
                Ok(Posted::Sent)
            }
            _ => Ok(Posted::InLine),
        }
    }

    /// Nothing will be done any more: agents are dropped, and whoever waits is told why.
    pub(in crate::orchestrator) fn strand_agents(&mut self, error: &OrchestratorError) -> Vec<Deed> {
        let mut deeds = Vec::new();
        if std::mem::replace(&mut self.agents.stranded, true) {
            return Vec::new();
        }
        for cell in self.agents.all() {
            let letters = cell.mail.drain(..).map(|(_, letter)| letter);
            for letter in letters.chain(cell.line.drain(..)) {
                deeds.push(Errand::Settle(letter, Some(error.clone().into())));
            }
            let ends = cell.ends.drain(..).map(|(_, mourners)| mourners);
            for mourners in ends.chain([std::mem::take(&mut cell.mourners)]) {
                deeds.push(Errand::Tell(mourners, Box::new(Err(error.clone()))));
            }
            if let Some((_, desk)) = cell.desk.take() {
                desk.discard();
                deeds.push(Errand::Stir(desk));
            }
        }
        deeds.into_iter().map(Deed::Agent).collect()
    }
}

/// Whether the agent itself says why it failed.
const fn is_told(failure: AgentFailure) -> bool {
    matches!(failure, AgentFailure::Factory | AgentFailure::Message)
}

impl Driver {
    pub(in crate::orchestrator) fn run_errand(&self, errand: Errand) {
        match errand {
            Errand::Launch(launch, life) => self.runtime().spawn(life.begin(&launch)),
            Errand::Wake(waker) => waker.wake(),
            Errand::Stir(desk) => desk.stir(),
            Errand::Settle(letter, error) => letter.settle(error),
            Errand::Tell(mourners, outcome) => {
                for mourner in mourners {
                    // Nobody may be waiting any more.
                    let _ = mourner.send((*outcome).clone());
                }
            }
            Errand::Consult(case) => self.consult(&case),
        }
    }

    fn consult(&self, case: &Case) {
        let ask = || match &case.policy {
            Some(policy) => policy.on_agent_error(&case.name, &case.error),
            None => DefaultSupervisor::default().on_agent_error(&case.name, &case.error),
        };
        // The panic hook has told of it.
        let action = std::panic::catch_unwind(AssertUnwindSafe(ask)).unwrap_or(SupervisorAction::Escalate);
        // Refused when all is disposed of: then there is nobody left to decide about.
        let _ = self.command(Command::Agent(AgentCommand::Decide {
            origin: case.origin,
            incarnation: case.incarnation,
            about: case.about,
            action,
        }));
    }
}
