//! Supervised agents, for users: long-lived, with an inbox, in a tree, begun anew by policy.
//!
//! The kernel decides who runs, who is begun anew and in which order; here are the words for it. May use: everything
//! below, and of the orchestrator its driver.

mod tree;

pub use tree::{AgentNode, DeadLetter, DeadLetters};

#[cfg(target_family = "wasm")]
pub(crate) use tree::tree;
