//! What a service is started with.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::language::Language;
use crate::journal::Journal;
use crate::kernel::{ErrorCode, OrchestratorError, Result, limits};
use crate::orchestrator::{AgentOrchestrator, AgentOrchestratorBuilder, AgentProvider};
use crate::runtime::{self, MaybeSend, MaybeSync};

#[cfg(not(target_family = "wasm"))]
type Directory = Arc<dyn Fn() -> String + Send + Sync>;
#[cfg(target_family = "wasm")]
type Directory = Arc<dyn Fn() -> String>;

/// The name of the setting that says who does new tasks, unless another one is given.
const ENV_VAR: &str = "ELIZA_CODE_ACTIVE_SUB_AGENT";

/// What an [`AgentOrchestratorService`](super::AgentOrchestratorService) is started with.
#[derive(Clone)]
pub struct AgentOrchestratorPluginOptions {
    providers: Vec<Arc<dyn AgentProvider>>,
    default_id: String,
    directory: Directory,
    env_var: String,
    language: Language,
    journal: Option<Arc<dyn Journal>>,
    host: Option<Arc<dyn runtime::Runtime>>,
}

impl AgentOrchestratorPluginOptions {
    /// Providers, which of them does a task when nothing else is said, and the directory that is shown to them, asked for
    /// at every create.
    #[must_use]
    pub fn new(
        providers: Vec<Arc<dyn AgentProvider>>,
        default_id: impl Into<String>,
        working_directory: impl Fn() -> String + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        Self {
            providers,
            default_id: default_id.into(),
            directory: Arc::new(working_directory),
            env_var: ENV_VAR.to_owned(),
            language: Language::english(),
            journal: None,
            host: None,
        }
    }

    /// The name of the setting that says who does new tasks; `ELIZA_CODE_ACTIVE_SUB_AGENT` when not said. It is read at
    /// every create.
    #[must_use]
    pub fn with_env_var(mut self, name: impl Into<String>) -> Self {
        self.env_var = name.into();
        self
    }

    /// The language that is understood and spoken; English when not said.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Where everything is kept, so that nothing is lost when the process ends. In memory only when not said. A journal has
    /// one owner: start one service with it.
    #[must_use]
    pub fn with_journal(mut self, journal: impl Journal) -> Self {
        self.journal = Some(Arc::new(journal));
        self
    }

    /// What runs providers; as [`AgentOrchestratorBuilder::runtime`].
    #[must_use]
    pub fn with_host(mut self, host: impl runtime::Runtime) -> Self {
        self.host = Some(Arc::new(host));
        self
    }

    /// Checks the providers. A service checks before it starts; nothing is checked when the options are only stored.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` without a provider, for an id that is none, or when the default is not among them;
    /// `PROVIDER_EXISTS` for an id that is used twice.
    pub fn validate(&self) -> Result<()> {
        if self.providers.is_empty() {
            return Err(OrchestratorError::invalid("there must be at least one provider"));
        }
        let mut ids = BTreeSet::new();
        for provider in &self.providers {
            let id = provider.id();
            limits::check_id("a provider's id", id)?;
            if !ids.insert(id) {
                return Err(OrchestratorError::new(
                    ErrorCode::ProviderExists,
                    format!("the provider {} is there twice", limits::quoted(id)),
                ));
            }
        }
        if !ids.contains(self.default_id.as_str()) {
            return Err(OrchestratorError::invalid(format!(
                "the default provider {} is not among the providers: {}",
                limits::quoted(&self.default_id),
                ids.into_iter().collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(())
    }

    /// The providers, in order.
    #[must_use]
    pub fn providers(&self) -> &[Arc<dyn AgentProvider>] {
        &self.providers
    }

    /// Who does a task when nothing else is said.
    #[must_use]
    pub fn default_provider_id(&self) -> &str {
        &self.default_id
    }

    /// The name of the setting that says who does new tasks.
    #[must_use]
    pub fn env_var(&self) -> &str {
        &self.env_var
    }

    pub(super) fn language(&self) -> &Language {
        &self.language
    }

    pub(super) fn builder(&self) -> AgentOrchestratorBuilder {
        let directory = self.directory.clone();
        let mut builder = AgentOrchestrator::builder()
            .default_provider(&*self.default_id)
            .working_directory(move || directory());
        for provider in &self.providers {
            builder = builder.shared_provider(provider.clone());
        }
        if let Some(journal) = &self.journal {
            builder = builder.shared_journal(journal.clone());
        }
        if let Some(host) = &self.host {
            builder = builder.shared_runtime(host.clone());
        }
        builder
    }
}

impl fmt::Debug for AgentOrchestratorPluginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.providers.iter().map(|provider| provider.id()).collect();
        f.debug_struct("AgentOrchestratorPluginOptions")
            .field("providers", &ids)
            .field("default_id", &self.default_id)
            .field("env_var", &self.env_var)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}
