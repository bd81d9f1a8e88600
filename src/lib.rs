//! One control plane for AI agents: tasks with a lifecycle, providers that carry them out, events of everything.
//!
//! A deterministic kernel decides; a driver makes it happen on tokio (feature `native`) or on a JS event loop (wasm32).
//! The same journal gives the same state on every host.
//!
//! Begin with [`AgentOrchestrator::builder`]. To drive the state machine yourself, see [`kernel::Kernel`].

#![cfg_attr(
    target_family = "wasm",
    allow(
        clippy::arc_with_non_send_sync,
        reason = "one driver for both hosts: on wasm32 there is one thread, and an Arc is no more than an Rc"
    )
)]

pub mod journal;
pub mod kernel;
#[cfg(feature = "native")]
#[cfg(not(target_family = "wasm"))]
mod native;
mod orchestrator;
pub mod plugin;
pub mod runtime;
pub mod sim;
mod supervision;
#[cfg(target_family = "wasm")]
mod wasm;

pub use async_trait::async_trait;
pub use journal::{Journal, MemoryJournal, Stored};
pub use kernel::{
    AgentEnd, AgentFailure, AgentStatus, Backoff, DropReason, ErrorCode, Failure, Millis,
    OnDependencyFailure, OnInterrupt, OrchestratorError, Overflow, RestartType, Result, Seq, Strategy,
    SupervisorAction, TaskStatus, TaskUserStatus, TaskWait, Timeouts,
};
#[cfg(feature = "native")]
#[cfg(not(target_family = "wasm"))]
pub use native::{FileJournal, TokioRuntime};
pub use orchestrator::*;
pub use plugin::{
    AgentOrchestratorPluginOptions, AgentOrchestratorService, configure_agent_orchestrator_plugin,
    get_configured_options, reset_configuration,
};
pub use supervision::*;

#[cfg(all(doctest, feature = "native"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
