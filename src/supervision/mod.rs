//! Supervised agents, for users: long-lived, with an inbox, in a tree, begun anew by policy.
//!
//! The kernel decides who runs, who is begun anew and in which order, the driver makes it happen; here are the words for
//! it, and the life of one agent. May use: everything below, and of the orchestrator its driver.

mod agent;
mod context;
mod handle;
mod life;
mod options;
mod registry;
mod tree;

pub use agent::Agent;
pub use context::AgentContext;
pub use handle::OrchestratedHandle;
pub use options::AgentOptions;
pub use tree::{AgentNode, DeadLetter, DeadLetters};

#[cfg(target_family = "wasm")]
pub(crate) use tree::tree;
