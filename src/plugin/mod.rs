//! The elizaOS face: what is said in a room becomes calls of the orchestrator, and what comes of them becomes a reply.
//!
//! It translates and decides nothing: which task may do what is the kernel's. Words and texts are one table for each
//! language. May use: everything below, serde_json for what planners hand in, and of the host the names of its
//! environment.

mod actions;
mod chat;
mod config;
mod context;
mod control;
mod find;
mod intent;
mod language;
mod options;
mod parameters;
mod passage;
mod phrases;
mod replies;
mod rule;
mod runtime;
mod service;
mod shown;
mod target;
mod tasks;
mod title;
mod viewer;
mod words;

pub use actions::{
    ACTIONS, ActionDef, ActionName, CANCEL_TASK, CREATE_TASK, LIST_TASKS, PAUSE_TASK, Plugin, RESUME_TASK,
    SEARCH_TASKS, SWITCH_TASK, create_plugin,
};
pub use chat::ChatMessage;
pub use config::{configure_agent_orchestrator_plugin, get_configured_options, reset_configuration};
pub use context::{ProviderDef, TASK_CONTEXT_PROVIDER, TaskContext, TaskContextData, TaskContextValues};
pub use intent::{Intent, Using, read_intent};
pub use language::Language;
pub use options::AgentOrchestratorPluginOptions;
pub use replies::Reply;
pub use runtime::{Role, RoomInfo, Runtime};
pub use service::AgentOrchestratorService;
pub use target::{Ordinal, Target};
pub use viewer::Viewer;
