//! The service: an orchestrator with the earlier system's methods, for one agent.

use std::fmt;
use std::sync::Arc;

use super::config::get_configured_options;
use super::language::Language;
use super::options::AgentOrchestratorPluginOptions;
use super::runtime::Runtime;
use super::shown::Shown;
use crate::kernel::{ErrorCode, OrchestratorError, Result, TaskStatus, TaskUserStatus, TaskWait, limits};
use crate::orchestrator::{AgentOrchestrator, EventFilter, ListQuery, OrchestratedTask, OrchestratorEvent};
use crate::orchestrator::{ProviderInfo, Subscription};
use crate::runtime::{MaybeSend, MaybeSync};

/// Tasks of one agent: an [`AgentOrchestrator`], what its runtime knows, and a tongue. Clones are handles to the same.
///
/// Its calls refuse what the status table does not allow, and every id that they do not know with `TASK_NOT_FOUND`.
#[derive(Clone)]
pub struct AgentOrchestratorService {
    parts: Arc<Parts>,
}

struct Parts {
    orchestrator: AgentOrchestrator,
    runtime: Arc<dyn Runtime>,
    options: AgentOrchestratorPluginOptions,
    shown: Shown,
}

impl AgentOrchestratorService {
    /// By this name a runtime knows the service.
    pub const SERVICE_TYPE: &'static str = "CODE_TASK";

    /// What the service is good for.
    pub const CAPABILITY: &'static str = "Orchestrates tasks across registered agent providers";

    /// Starts a service with what was [configured](super::configure_agent_orchestrator_plugin).
    ///
    /// # Errors
    /// `NOT_CONFIGURED`, and as [`start_with`](Self::start_with).
    pub async fn start(runtime: Arc<dyn Runtime>) -> Result<Self> {
        let options = get_configured_options().ok_or_else(|| {
            OrchestratorError::new(
                ErrorCode::NotConfigured,
                "call configure_agent_orchestrator_plugin() before the service is started",
            )
        })?;
        Self::start_with(runtime, options).await
    }

    /// Starts a service with options of its own. With a journal, its tasks are there again.
    ///
    /// # Errors
    /// As [`AgentOrchestratorPluginOptions::validate`], or the journal's.
    pub async fn start_with(
        runtime: Arc<dyn Runtime>,
        options: AgentOrchestratorPluginOptions,
    ) -> Result<Self> {
        options.validate()?;
        let orchestrator = options.builder().build().await?;
        Ok(Self {
            parts: Arc::new(Parts {
                orchestrator,
                runtime,
                options,
                shown: Shown::default(),
            }),
        })
    }

    /// Ends everything: providers are told, and those who wait get `DISPOSED`. Ready when the journal is closed.
    pub async fn stop(&self) {
        self.orchestrator().dispose().await;
    }

    /// What does the work.
    #[must_use]
    pub fn orchestrator(&self) -> &AgentOrchestrator {
        &self.parts.orchestrator
    }

    /// The language that it understands and speaks.
    #[must_use]
    pub fn language(&self) -> &Language {
        self.parts.options.language()
    }

    pub(super) fn runtime(&self) -> &dyn Runtime {
        &*self.parts.runtime
    }

    pub(super) fn shown(&self) -> &Shown {
        &self.parts.shown
    }

    /// Calls a function with each event that a filter lets through, until the subscription is dropped.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub fn subscribe(
        &self,
        filter: EventFilter,
        listener: impl Fn(&OrchestratorEvent) + MaybeSend + MaybeSync + 'static,
    ) -> Result<Subscription> {
        self.orchestrator().subscribe(filter, listener)
    }

    /// Who does a new task for which nobody is named: the setting if there is one, else the default.
    ///
    /// # Errors
    /// `PROVIDER_NOT_FOUND`, with those that there are, when the setting names somebody else.
    pub fn active_provider_id(&self) -> Result<String> {
        let options = &self.parts.options;
        let setting = self.runtime().setting(options.env_var());
        match setting.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
            Some(id) => self.known_provider(id),
            None => Ok(options.default_provider_id().to_owned()),
        }
    }

    /// The id, if there is such a provider.
    pub(super) fn known_provider(&self, id: &str) -> Result<String> {
        let known = self.orchestrator().providers()?;
        if known.iter().any(|provider| provider.id == id) {
            return Ok(id.to_owned());
        }
        let ids: Vec<String> = known.into_iter().map(|ProviderInfo { id, .. }| id).collect();
        Err(OrchestratorError::new(
            ErrorCode::ProviderNotFound,
            format!(
                "no provider {} is registered; registered are: {}",
                limits::quoted(id),
                ids.join(", ")
            ),
        ))
    }

    /// The world of a task: that of its room, or else the agent.
    pub(super) fn world_or_agent(&self, world: Option<String>) -> String {
        world.unwrap_or_else(|| self.runtime().agent_id().to_owned())
    }

    /// Tasks that were under way when the process ended without a goodbye, and wait to be resumed; oldest first. Those that
    /// the user has marked as done are left out.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`.
    pub fn interrupted_tasks(&self) -> Result<Vec<OrchestratedTask>> {
        let paused = ListQuery {
            status: vec![TaskStatus::Paused],
            user_status: Some(TaskUserStatus::Open),
            ..ListQuery::default()
        };
        let mut tasks = self.all(paused, usize::MAX)?;
        tasks.retain(|task| task.waiting_for == Some(TaskWait::Interrupted));
        tasks.reverse();
        Ok(tasks)
    }

    /// As many tasks of a list as there are, or as are wanted, a page at a time.
    pub(super) fn all(&self, mut query: ListQuery, limit: usize) -> Result<Vec<OrchestratedTask>> {
        let mut tasks = Vec::new();
        while tasks.len() < limit {
            query.limit = Some((limit - tasks.len()).min(limits::PAGE.max));
            let page = self.orchestrator().list_tasks(&query)?;
            tasks.extend(page.tasks);
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        Ok(tasks)
    }
}

impl fmt::Debug for AgentOrchestratorService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOrchestratorService")
            .field("options", &self.parts.options)
            .finish_non_exhaustive()
    }
}
