//! tmp
pub mod journal;
pub mod kernel;
pub mod orchestrator;
#[cfg(target_family = "wasm")]
mod wasm;
pub use kernel::Result;
