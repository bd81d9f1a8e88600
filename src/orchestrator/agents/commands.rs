//! What handles ask of the driver about agents.

use std::future::poll_fn;
use std::sync::Arc;

use futures::channel::oneshot;

use super::cell::Launch;
use super::effects::Posted;
use super::letter::{Answered, Letter, Said};
use super::outcome::AgentOutcome;
use super::policy::SupervisorPolicy;
use crate::kernel::{
    AgentCommand, AgentKey, AgentSettings, AgentStatus, Command, ErrorCode, Kernel, NewAgent,
    OrchestratorError, Reply, Result, StopMode, limits,
};
use crate::orchestrator::driver::{Driver, Owned, disposed};

/// An agent to add.
pub(crate) struct NewCell<'a> {
    pub(crate) name: &'a str,
    /// The agent above it, by its name.
    pub(crate) parent: Option<&'a str>,
    /// But for what these say.
    pub(crate) settings: AgentSettings,
    pub(crate) max_restarts: Option<u32>,
    pub(crate) inbox: Option<u32>,
    pub(crate) launch: Launch,
    /// Its policy for those below it, and how many restarts that allows at most.
    pub(crate) policy: Option<(Arc<dyn SupervisorPolicy>, Option<u32>)>,
}

fn find(kernel: &Kernel, name: &str) -> Result<AgentKey> {
    kernel.find_agent(name).ok_or_else(|| {
        OrchestratorError::new(
            ErrorCode::AgentNotFound,
            format!("there is no agent {}; add it first", limits::quoted(name)),
        )
    })
}

impl Driver {
    /// Adds an agent, or gives one that a journal knows its factory again.
    pub(crate) fn add_agent(&self, new: NewCell<'_>) -> Result<()> {
        // What was there before is dropped once the lock is released: that is foreign code.
        let _before = self.change(|owned, now| {
            let kernel = owned.engine.kernel();
            let parent = new.parent.map(|parent| find(kernel, parent)).transpose()?;
            let limit = owned.restarts_allowed(parent);
            let defaults = owned.agents.defaults;
            let max_restarts = new.max_restarts.or(defaults.max_restarts);
            let max_restarts = max_restarts.or(limit).unwrap_or(new.settings.max_restarts);
            let settings = AgentSettings {
                max_restarts: limit.map_or(max_restarts, |limit| limit.min(max_restarts)),
                inbox: new.inbox.unwrap_or(defaults.inbox),
                supervises: new.policy.is_some(),
                ..new.settings
            };
            let add = AgentCommand::Add(NewAgent {
                name: new.name,
                parent,
                settings,
            });
            let Reply::Agent(key) = owned.engine.handle(now, Command::Agent(add))? else {
                return Ok(None);
            };
            let cell = owned.agents.cell(key);
            let launch = cell.launch.replace(new.launch);
            Ok(Some((launch, std::mem::replace(&mut cell.policy, new.policy))))
        })?;
        Ok(())
    }

    /// Forgets an agent and all below it.
    pub(crate) fn remove_agent(&self, name: &str) -> Result<()> {
        // Dropped once the lock is released: that is foreign code.
        let _removed = self.change(|owned, now| {
            let key = find(owned.engine.kernel(), name)?;
            let mut tree = Vec::new();
            list(owned.engine.kernel(), key, &mut tree);
            owned.keep_ends(key);
            let _ = owned
                .engine
                .handle(now, Command::Agent(AgentCommand::Remove(key)))?;
            let removed = tree.into_iter().map(|(key, status)| {
                let cell = owned.agents.cell(key);
                cell.gone = Some(status);
                cell.last = None;
                (cell.launch.take(), cell.policy.take(), cell.fault.take())
            });
            Ok(removed.collect::<Vec<_>>())
        })?;
        Ok(())
    }

    /// Starts an agent, and all below it, unless it runs.
    pub(crate) fn spawn_agent(&self, name: &str) -> Result<AgentKey> {
        self.change(|owned, now| {
            let key = find(owned.engine.kernel(), name)?;
            owned.keep_ends(key);
            let _ = owned
                .engine
                .handle(now, Command::Agent(AgentCommand::Spawn(key)))?;
            Ok(key)
        })
    }

    /// Brings an agent, and all below it, to an end.
    pub(crate) fn stop_agent(&self, key: AgentKey, mode: StopMode, reason: &str) -> Result<()> {
        let agent = key;
        self.command(Command::Agent(AgentCommand::Stop { agent, mode, reason }))
            .map(|_| ())
    }

    /// Sends messages to an agent, and waits for its answer.
    pub(crate) async fn ask_agent(&self, key: AgentKey, said: Said) -> Answered {
        said.check()?;
        let letter = Arc::new(Letter::new(said));
        let mut posted = self.post(key, &letter)?;
        if matches!(posted, Posted::Unwritten) {
            letter.write()?;
            posted = self.post(key, &letter)?;
        }
        let _place = matches!(posted, Posted::InLine).then_some(Place {
            driver: self,
            key,
            letter: &letter,
        });
        poll_fn(|cx| letter.poll(cx)).await
    }

    fn post(&self, key: AgentKey, letter: &Arc<Letter>) -> Result<Posted> {
        self.change_mail(key, None, |owned, now| owned.post(now, key, letter))
    }

    /// How an agent ends: at once if it has ended, else when it does.
    pub(crate) async fn agent_ended(&self, key: AgentKey) -> Result<AgentOutcome> {
        let waiting = self.read(|owned| {
            let kernel = owned.engine.kernel();
            let cell = owned.agents.cell(key);
            if let Some(outcome) = AgentOutcome::of(kernel, key, cell.last.as_ref()) {
                return Ok(Err(outcome));
            }
            let name = || limits::quoted(kernel.agent_name(key));
            let Some(agent) = kernel.agent(key) else {
                let message = format!("the agent {} was removed", name());
                return Err(OrchestratorError::new(ErrorCode::AgentNotFound, message));
            };
            if agent.status() == AgentStatus::Registered {
                let message = format!("the agent {} was not spawned, so it will not end", name());
                return Err(OrchestratorError::new(ErrorCode::AgentNotRunning, message));
            }
            // Those who waited when the journal failed were told then.
            if let Some(error) = owned.engine.failure() {
                return Err(error.clone());
            }
            let (sender, receiver) = oneshot::channel();
            cell.mourners.push(sender);
            Ok(Ok(receiver))
        })??;
        match waiting {
            // That it has ended may not be durable yet.
            Err(outcome) => self.flush().await.map(|()| outcome),
            Ok(waiting) => waiting.await.unwrap_or_else(|_| Err(disposed())),
        }
    }

    /// Where an agent stands. When nothing can be done any more, what had not ended counts as called off.
    pub(crate) fn agent_status(&self, key: AgentKey) -> AgentStatus {
        let Ok(owned) = self.lock_always() else {
            return AgentStatus::Cancelled;
        };
        let gone = owned.agents.get(key).and_then(|cell| cell.gone);
        let status = owned.engine.kernel().agent(key).map(|agent| agent.status());
        match status.or(gone) {
            Some(AgentStatus::Registered) => AgentStatus::Registered,
            Some(status) if status.is_terminal() || !owned.agents.stranded => status,
            _ => AgentStatus::Cancelled,
        }
    }

    /// Looks at the kernel, also when all is disposed of; nothing when the core stopped at a bug.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Kernel) -> T) -> Option<T> {
        Some(look(self.lock_always().ok()?.engine.kernel()))
    }

    /// As [`look`](Self::look), but refused when all is disposed of.
    pub(crate) fn read_kernel<T>(&self, look: impl FnOnce(&Kernel) -> T) -> Result<T> {
        self.read(|owned| look(owned.engine.kernel()))
    }
}

impl Owned {
    /// How many restarts the policy above allows at most.
    fn restarts_allowed(&self, parent: Option<AgentKey>) -> Option<u32> {
        let mut above = parent;
        while let Some(key) = above {
            if let Some((_, limit)) = self.agents.get(key).and_then(|cell| cell.policy.as_ref()) {
                return *limit;
            }
            above = self.engine.kernel().agent(key).and_then(|agent| agent.parent());
        }
        self.agents.policy.as_ref().and_then(|(_, limit)| *limit)
    }

    /// Keeps how these ended for those who wait to be told, before they are spawned again or removed.
    fn keep_ends(&mut self, key: AgentKey) {
        let mut tree = Vec::new();
        list(self.engine.kernel(), key, &mut tree);
        for (key, _) in tree {
            let kernel = self.engine.kernel();
            let cell = self.agents.cell(key);
            // Also when nobody waits: the order to tell of this end is not to be taken for that of a later one.
            if kernel.ends(key).wrapping_sub(cell.told) as usize <= cell.ends.len() {
                continue;
            }
            if let Some(outcome) = AgentOutcome::of(kernel, key, cell.last.as_ref()) {
                cell.ends.push_back((outcome, std::mem::take(&mut cell.mourners)));
            }
        }
    }
}

/// An agent and all below it, with how they stand.
fn list(kernel: &Kernel, key: AgentKey, into: &mut Vec<(AgentKey, AgentStatus)>) {
    if let Some(agent) = kernel.agent(key) {
        into.push((key, agent.status()));
        // No deeper than the limit on agents above an agent.
        for child in agent.children() {
            list(kernel, *child, into);
        }
    }
}

/// A place in the line of those who wait for room; given up when whoever holds it no longer waits.
struct Place<'a> {
    driver: &'a Driver,
    key: AgentKey,
    letter: &'a Arc<Letter>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // When it is disposed of, there is no line.
        let _ = self.driver.read(|owned| {
            if let Some(cell) = owned.agents.get_mut(self.key) {
                cell.line.retain(|waiting| !Arc::ptr_eq(waiting, self.letter));
            }
        });
    }
}
