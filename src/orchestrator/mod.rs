//! The driver: owns a kernel and a journal, calls providers, and gives everybody else handles.
//!
//! Decides nothing; what runs, when and again is the kernel's. May use: the kernel, the journal, the runtime seam,
//! serde_json at the edge where JSON comes in.

mod engine;
mod event;
mod json;
mod query;
mod search;
mod task;
mod task_context;

pub use engine::{Engine, EngineOptions};
pub(crate) use event::message;
pub use event::{About, EventKind, OrchestratorEvent};
pub use json::canonical;
pub(crate) use json::canonical_text;
pub(crate) use query::resolve;
pub use query::{ListQuery, Page, Sort};
pub use task::{OrchestratedTask, TaskResult, TaskStep};
pub(crate) use task_context::task_context;
