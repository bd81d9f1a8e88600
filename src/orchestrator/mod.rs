//! The driver: owns a kernel and a journal, calls providers, and gives everybody else handles.
//!
//! Decides nothing; what runs, when and again is the kernel's. May use: the kernel, the journal, the runtime seam,
//! serde_json at the edge where JSON comes in, tokio's channels (not its runtime).

mod agent_orchestrator;
mod agents;
mod alarm;
mod attempt;
mod builder;
mod context;
mod create;
mod driver;
mod engine;
mod event;
mod event_of;
mod event_of_agent;
mod json;
mod keeper;
mod past;
mod provider;
mod query;
mod replay;
mod run;
mod search;
mod subscription;
mod task;
mod task_context;
mod writer;

pub use agent_orchestrator::{AgentOrchestrator, ProviderInfo, Subscription, TaskPage};
pub use agents::{
    AgentError, AgentMessage, AgentOutcome, AgentResult, DefaultSupervisor, MessageRole, StopReason,
    SupervisorPolicy,
};
pub use builder::AgentOrchestratorBuilder;
pub use context::ProviderTaskExecutionContext;
pub use create::{CreateTask, RetryPolicy, Start};
pub use engine::{Engine, EngineOptions};
pub use event::{About, EventKind, OrchestratorEvent};
pub use json::{canonical, canonical_text};
pub use keeper::Write;
pub use past::{PastState, StateDiff, TaskChange, Verification, import_journal};
pub use provider::AgentProvider;
pub use query::{ListQuery, Page, Sort};
pub use run::{TaskOutcome, TaskRun};
pub use subscription::{EventFilter, EventStream};
pub use task::{OrchestratedTask, TaskResult, TaskStep};

pub(crate) use agents::{Launch, Letter, Life, NewCell, Order, Said, Work, caught};
pub(crate) use driver::Driver;
pub(crate) use json::canonical_value;
pub(crate) use query::not_found;

#[cfg(target_family = "wasm")]
pub(crate) use {
    event_of::{message, scope},
    json::canonical_value_text,
    past::verify,
    query::resolve,
    task_context::task_context,
};
