//! Opening an orchestrator.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::agent_orchestrator::{AgentOrchestrator, Directory};
use super::agents::{Cells, Defaults, Policy, SupervisorPolicy};
use super::driver::Driver;
use super::engine::{Engine, EngineOptions};
use super::provider::AgentProvider;
use crate::journal::Journal;
use crate::kernel::{ErrorCode, OnInterrupt, OrchestratorError, Result, limits};
use crate::runtime::{MaybeSend, MaybeSync, Runtime};

/// Options of an orchestrator; [`AgentOrchestrator::builder`] begins one.
pub struct AgentOrchestratorBuilder {
    options: EngineOptions,
    providers: Vec<Arc<dyn AgentProvider>>,
    default_provider: Option<String>,
    directory: Directory,
    runtime: Option<Arc<dyn Runtime>>,
    journal: Option<Arc<dyn Journal>>,
    groups: Vec<(String, Option<u32>)>,
    grace: Duration,
    policy: Option<Policy>,
    agents: Defaults,
}

impl Default for AgentOrchestratorBuilder {
    fn default() -> Self {
        Self {
            options: EngineOptions::default(),
            providers: Vec::new(),
            default_provider: None,
            directory: Box::new(String::new),
            runtime: None,
            journal: None,
            groups: Vec::new(),
            grace: Duration::from_secs(5),
            policy: None,
            agents: Defaults::default(),
        }
    }
}

impl AgentOrchestratorBuilder {
    /// Adds a provider.
    #[must_use]
    pub fn provider(self, provider: impl AgentProvider) -> Self {
        self.shared_provider(Arc::new(provider))
    }

    /// Adds a provider that is used elsewhere, too.
    #[must_use]
    pub fn shared_provider(mut self, provider: Arc<dyn AgentProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// The provider of tasks that name none. Not needed when there is just one.
    #[must_use]
    pub fn default_provider(mut self, id: impl Into<String>) -> Self {
        self.default_provider = Some(id.into());
        self
    }

    /// The directory shown to providers, asked for at every create. Never looked up on disk. Empty when not said.
    #[must_use]
    pub fn working_directory(
        mut self,
        directory: impl Fn() -> String + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.directory = Box::new(directory);
        self
    }

    /// How many tasks may run at once; 64 when not said.
    #[must_use]
    pub const fn max_concurrency(mut self, tasks: u32) -> Self {
        self.options.config.max_concurrency = tasks;
        self
    }

    /// How many tasks are kept before creating one is refused; 1,000,000 when not said.
    #[must_use]
    pub const fn max_tasks(mut self, tasks: u32) -> Self {
        self.options.config.max_tasks = tasks;
        self
    }

    /// How many lines of output a task keeps; 500 when not said.
    #[must_use]
    pub const fn max_output_lines(mut self, lines: u32) -> Self {
        self.options.config.max_output_lines = lines;
        self
    }

    /// How many bytes of events are kept for replay; 16 MiB when not said.
    #[must_use]
    pub const fn event_log_bytes(mut self, bytes: usize) -> Self {
        self.options.event_log_bytes = bytes;
        self
    }

    /// How many started tasks may wait for their turn before a start is refused with `QUEUE_FULL`; 1,000,000 when not
    /// said.
    #[must_use]
    pub const fn max_queued(mut self, tasks: u32) -> Self {
        self.options.config.max_queued = tasks;
        self
    }

    /// How many tasks of a group may run at once; any number when not said. An empty name is that of all tasks without
    /// a group.
    #[must_use]
    pub fn group_limit(mut self, group: impl Into<String>, tasks: u32) -> Self {
        self.groups.push((group.into(), Some(tasks)));
        self
    }

    /// Where everything is kept, so that nothing is lost when the process ends. In memory only when not said.
    #[must_use]
    pub fn journal(self, journal: impl Journal) -> Self {
        self.shared_journal(Arc::new(journal))
    }

    /// As [`journal`](Self::journal), for one that is held elsewhere, too.
    #[must_use]
    pub fn shared_journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// The journal that was given.
    pub(super) fn kept(&self) -> Option<Arc<dyn Journal>> {
        self.journal.clone()
    }

    /// Opens the orchestrator, on this runtime unless another one was given.
    pub(super) async fn reopen(mut self, runtime: Arc<dyn Runtime>) -> Result<AgentOrchestrator> {
        self.runtime.get_or_insert(runtime);
        self.build_on(|| {
            Err(OrchestratorError::new(
                ErrorCode::InvalidArgument,
                "there is no runtime",
            ))
        })
        .await
    }

    /// What becomes of tasks that were running when the orchestrator stopped without a goodbye, if they do not say:
    /// they are paused.
    #[must_use]
    pub const fn on_interrupt(mut self, then: OnInterrupt) -> Self {
        self.options.config.on_interrupt = then;
        self
    }

    /// After how many bytes of events a snapshot is taken, so that the journal stays short; 4 MiB when not said, 0 for
    /// never, also not by their number.
    #[must_use]
    pub const fn snapshot_bytes(mut self, bytes: u64) -> Self {
        self.options.snapshot_bytes = bytes;
        self
    }

    /// After how many events a snapshot is taken, if that comes earlier; 50,000 when not said, 0 for by size
    /// alone.
    #[must_use]
    pub const fn snapshot_events(mut self, events: u64) -> Self {
        self.options.snapshot_events = events;
        self
    }

    /// Keeps all events in the journal, also those before a snapshot, so that every state there ever was can be looked
    /// at. The journal then only grows.
    #[must_use]
    pub const fn keep_history(mut self, keep: bool) -> Self {
        self.options.keep_history = keep;
        self
    }

    /// How many bytes may wait to be written before new work is refused with `OVERLOADED`; 64 MiB when not said.
    #[must_use]
    pub const fn max_unwritten_bytes(mut self, bytes: u64) -> Self {
        self.options.max_unwritten_bytes = bytes;
        self
    }

    /// How long the future of a cancelled provider may go on before it is dropped; 5 seconds when not said.
    #[must_use]
    pub const fn grace_period(mut self, duration: Duration) -> Self {
        self.grace = duration;
        self
    }

    /// Who says what becomes of agents that have failed, and of which none above has a policy of its own. When not
    /// said, those are restarted that may do better then, and others end.
    #[must_use]
    pub fn with_supervisor(mut self, policy: impl SupervisorPolicy) -> Self {
        let limit = policy.max_restarts();
        self.policy = Some((Arc::new(policy), limit));
        self
    }

    /// How many messages may wait for an agent that does not say; 32 when not said.
    #[must_use]
    pub const fn with_channel_buffer(mut self, messages: u32) -> Self {
        self.agents.inbox = messages;
        self
    }

    /// How many restarts within its limits an agent has that does not say; what its policy allows when not said, and
    /// never more than that.
    #[must_use]
    pub const fn with_max_restarts(mut self, restarts: u32) -> Self {
        self.agents.max_restarts = Some(restarts);
        self
    }

    /// The host. When not said: the tokio runtime that `build` is called on (with the feature `native`), or the
    /// event loop (on wasm32).
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        self.shared_runtime(Arc::new(runtime))
    }

    /// As [`runtime`](Self::runtime), for one that is used elsewhere, too.
    #[must_use]
    pub fn shared_runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Opens the orchestrator.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a number that is 0 or when there is no runtime, `PROVIDER_EXISTS` for an id that is
    /// used twice, `PROVIDER_NOT_FOUND` for a default that is not among the providers.
    #[cfg(not(all(not(target_family = "wasm"), feature = "native")))]
    pub async fn build(self) -> Result<AgentOrchestrator> {
        self.build_on(host).await
    }

    /// Opens the orchestrator on the runtime that was given, or else on this one.
    pub(crate) async fn build_on(
        mut self,
        host: fn() -> Result<Arc<dyn Runtime>>,
    ) -> Result<AgentOrchestrator> {
        let config = &mut self.options.config;
        config.record_messages = self.journal.is_some();
        config.consults = self.policy.is_some();
        for (what, value) in [
            ("max_concurrency", config.max_concurrency),
            ("max_tasks", config.max_tasks),
            ("max_output_lines", config.max_output_lines),
            ("the channel buffer", self.agents.inbox),
        ] {
            if value == 0 {
                return Err(OrchestratorError::new(
                    ErrorCode::InvalidArgument,
                    format!("{what} must be at least 1"),
                ));
            }
        }
        limits::INBOX.check(self.agents.inbox as usize)?;
        limits::RESTARTS.check(self.agents.max_restarts.unwrap_or(0) as usize)?;
        let runtime = self.runtime.map_or_else(host, Ok)?;
        let engine = match &self.journal {
            Some(journal) => open(&**journal, self.options, &*runtime).await?,
            None => Engine::open(self.options, runtime.now(), runtime.random()),
        };
        let agents = Cells::new(self.policy, self.agents);
        let driver = Driver::new(engine, agents, runtime, self.journal, self.grace);
        let opened = Opened(Some(driver.clone()));
        let orchestrator =
            AgentOrchestrator::new(driver.clone(), self.default_provider.clone(), self.directory);
        for (group, max) in &self.groups {
            orchestrator.limit_group(group, *max)?;
        }
        for provider in self.providers {
            orchestrator.register_shared_provider(provider)?;
        }
        if let Some(id) = self.default_provider
            && !orchestrator.providers()?.iter().any(|provider| provider.id == id)
        {
            return Err(OrchestratorError::new(
                ErrorCode::ProviderNotFound,
                format!(
                    "the default provider {} is not among the providers",
                    limits::quoted(&id)
                ),
            ));
        }
        // The begin is written even if nothing was registered.
        driver.change(|_, _| Ok(()))?;
        orchestrator.flush().await?;
        opened.keep();
        Ok(orchestrator)
    }
}

/// Ends what was opened, unless all went well: a journal would stay locked.
struct Opened(Option<Driver>);

impl Opened {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(driver) = &self.0 {
            driver.dispose();
        }
    }
}

async fn open(journal: &dyn Journal, options: EngineOptions, runtime: &dyn Runtime) -> Result<Engine> {
    let opened = match journal.load(false).await {
        Ok(stored) => {
            let frames = stored.frames.iter().map(Vec::as_slice);
            let random = [runtime.random(), runtime.random()];
            Engine::recover(options, frames, stored.cut, runtime.now(), random)
        }
        Err(error) => Err(error),
    };
    if opened.is_err() {
        // What matters is why it could not be opened.
        let _ = journal.close().await;
    }
    opened
}

#[cfg(target_family = "wasm")]
fn host() -> Result<Arc<dyn Runtime>> {
    Ok(Arc::new(crate::runtime::BrowserRuntime))
}

#[cfg(all(not(target_family = "wasm"), not(feature = "native")))]
fn host() -> Result<Arc<dyn Runtime>> {
    Err(OrchestratorError::new(
        ErrorCode::InvalidArgument,
        "there is no runtime: turn the feature `native` on, or pass one to the builder",
    ))
}

impl fmt::Debug for AgentOrchestratorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOrchestratorBuilder")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
