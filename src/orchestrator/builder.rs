//! Opening an orchestrator.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::agent_orchestrator::{AgentOrchestrator, Directory};
use super::driver::Driver;
use super::engine::{Engine, EngineOptions};
use super::provider::AgentProvider;
use crate::kernel::{ErrorCode, OrchestratorError, Result, limits};
use crate::runtime::{MaybeSend, MaybeSync, Runtime};

/// Options of an orchestrator; [`AgentOrchestrator::builder`] begins one.
pub struct AgentOrchestratorBuilder {
    options: EngineOptions,
    providers: Vec<Arc<dyn AgentProvider>>,
    default_provider: Option<String>,
    directory: Directory,
    runtime: Option<Arc<dyn Runtime>>,
    grace: Duration,
}

impl Default for AgentOrchestratorBuilder {
    fn default() -> Self {
        Self {
            options: EngineOptions::default(),
            providers: Vec::new(),
            default_provider: None,
            directory: Box::new(String::new),
            runtime: None,
            grace: Duration::from_secs(5),
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

    /// How long the future of a cancelled provider may go on before it is dropped; 5 seconds when not said.
    #[must_use]
    pub const fn grace_period(mut self, duration: Duration) -> Self {
        self.grace = duration;
        self
    }

    /// The host. When not said: the tokio runtime that `build` is called on (with the feature `native`), or the
    /// event loop (on wasm32).
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(Arc::new(runtime));
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
    pub(crate) async fn build_on(self, host: fn() -> Result<Arc<dyn Runtime>>) -> Result<AgentOrchestrator> {
        let config = self.options.config;
        for (what, value) in [
            ("max_concurrency", config.max_concurrency),
            ("max_tasks", config.max_tasks),
            ("max_output_lines", config.max_output_lines),
        ] {
            if value == 0 {
                return Err(OrchestratorError::new(
                    ErrorCode::InvalidArgument,
                    format!("{what} must be at least 1"),
                ));
            }
        }
        let runtime = self.runtime.map_or_else(host, Ok)?;
        let engine = Engine::open(self.options, runtime.now(), runtime.random());
        let driver = Driver::new(engine, runtime, self.grace);
        let orchestrator = AgentOrchestrator::new(driver, self.default_provider.clone(), self.directory);
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
        Ok(orchestrator)
    }
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
