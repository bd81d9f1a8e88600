//! The elizaOS face: what is said in a room becomes calls of the orchestrator, and what comes of them becomes a reply.
//!
//! It translates and decides nothing: which task may do what is the kernel's. Words and texts are one table for each
//! language. May use: everything below, and nothing of a host but the names of its environment.

mod actions;
mod intent;
mod language;
mod target;
mod words;

pub use actions::ActionName;
pub use intent::{Intent, Using, read_intent};
pub use language::Language;
pub use target::{Ordinal, Target};
