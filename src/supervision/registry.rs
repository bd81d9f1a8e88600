//! Agents, as the orchestrator gives them.

use std::sync::Arc;

use super::agent::Agent;
use super::context::AgentContext;
use super::handle::OrchestratedHandle;
use super::life::live;
use super::options::AgentOptions;
use super::tree::{AgentNode, DeadLetters, dead_letters, tree};
use crate::kernel::{Agent as Known, Kernel, Result};
use crate::orchestrator::{AgentOrchestrator, Launch, Life, NewCell};
use crate::runtime::{MaybeSend, MaybeSync};

impl AgentOrchestrator {
    /// Adds an agent. Its factory makes it anew at every start; [`spawn`](Self::spawn) starts it.
    ///
    /// After a journal was opened again, its agents are there, and those that ran start by themselves once they are added
    /// with a factory.
    ///
    /// # Errors
    /// `AGENT_EXISTS`, `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, or the journal's.
    pub fn add_agent<A: Agent>(
        &self,
        name: impl AsRef<str>,
        factory: impl Fn() -> A + MaybeSend + MaybeSync + 'static,
    ) -> Result<()> {
        self.add_agent_with(name, AgentOptions::new(), factory)
    }

    /// Adds an agent below another one.
    ///
    /// # Errors
    /// As [`add_agent`](Self::add_agent), and `AGENT_NOT_FOUND` for the one above.
    pub fn add_child<A: Agent>(
        &self,
        name: impl AsRef<str>,
        parent: impl Into<String>,
        factory: impl Fn() -> A + MaybeSend + MaybeSync + 'static,
    ) -> Result<()> {
        self.add_agent_with(name, AgentOptions::new().parent(parent), factory)
    }

    /// Adds an agent with options.
    ///
    /// # Errors
    /// As [`add_child`](Self::add_child).
    pub fn add_agent_with<A: Agent>(
        &self,
        name: impl AsRef<str>,
        options: AgentOptions,
        factory: impl Fn() -> A + MaybeSend + MaybeSync + 'static,
    ) -> Result<()> {
        let name = name.as_ref();
        let factory = Arc::new(move || Box::new(factory()) as Box<dyn Agent>);
        let called: Arc<str> = name.into();
        let launch: Launch = Arc::new(move |life: Life| {
            let (factory, ctx) = (factory.clone(), AgentContext::new(called.clone(), life));
            Box::pin(async move { live(ctx, &*factory).await })
        });
        // Asked before anything is locked: this is foreign code.
        let policy = options.supervisor.map(|policy| {
            let limit = policy.max_restarts();
            (policy, limit)
        });
        self.driver().add_agent(NewCell {
            name,
            parent: options.parent.as_deref(),
            settings: options.settings,
            max_restarts: options.max_restarts,
            inbox: options.inbox,
            launch,
            policy,
        })
    }

    /// Forgets an agent and all below it; they must have ended, or never been spawned.
    ///
    /// # Errors
    /// `AGENT_NOT_FOUND`, `ILLEGAL_TRANSITION`, `DISPOSED`, or the journal's.
    pub async fn remove_agent(&self, name: &str) -> Result<()> {
        self.driver().remove_agent(name)?;
        self.flush().await
    }

    /// Starts an agent and all below it. One that runs gets no second start: the handle is another one to the same agent.
    ///
    /// # Errors
    /// `AGENT_NOT_FOUND`, `AGENT_NOT_RUNNING` when the agent above does not run or when this one is about to end,
    /// `DISPOSED`, or the journal's.
    pub fn spawn(&self, name: &str) -> Result<OrchestratedHandle> {
        let key = self.driver().spawn_agent(name)?;
        Ok(OrchestratedHandle::new(self.driver().clone(), key, name))
    }

    /// A handle to an agent, spawned or not.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<OrchestratedHandle> {
        let key = self.look(|kernel| kernel.find_agent(name))?;
        Some(OrchestratedHandle::new(self.driver().clone(), key, name))
    }

    /// The name of the agent above an agent.
    #[must_use]
    pub fn parent_of(&self, name: &str) -> Option<String> {
        self.look(|kernel| {
            let parent = known(kernel, name)?.parent()?;
            Some(kernel.agent_name(parent).to_owned())
        })
    }

    /// The names of those right below an agent, in the order in which they were added; none if there is no such agent.
    #[must_use]
    pub fn children_of(&self, name: &str) -> Option<Vec<String>> {
        self.look(|kernel| {
            let children = known(kernel, name)?.children().iter();
            Some(
                children
                    .map(|child| kernel.agent_name(*child).to_owned())
                    .collect(),
            )
        })
    }

    /// The names of all agents, in the order in which they were added.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.look(|kernel| {
            let agents = kernel.agents();
            Some(agents.map(|(_, agent)| agent.name().to_owned()).collect())
        });
        names.unwrap_or_default()
    }

    /// Whether there is an agent with this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.look(|kernel| kernel.find_agent(name)).is_some()
    }

    /// All agents as they stand now: those that have none above them, with those below each.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn tree(&self) -> Result<Vec<AgentNode>> {
        self.driver().read_kernel(tree)
    }

    /// The messages that agents could not answer.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn dead_letters(&self) -> Result<DeadLetters> {
        self.driver().read_kernel(dead_letters)
    }

    fn look<T>(&self, look: impl FnOnce(&Kernel) -> Option<T>) -> Option<T> {
        self.driver().look(look).flatten()
    }
}

fn known<'k>(kernel: &'k Kernel, name: &str) -> Option<&'k Known> {
    kernel.agent(kernel.find_agent(name)?)
}
