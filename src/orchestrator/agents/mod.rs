//! What the driver does about agents: one cell for each, with what runs, who waits, and what is on its way.
//!
//! Mechanics only: the kernel decides, and the floor above says what an agent is. A message is a [`Letter`], held here
//! until it is settled; the driver and the future of a start meet at a [`Desk`](desk::Desk).

mod cell;
mod commands;
mod desk;
mod effects;
mod error;
mod letter;
mod life;
mod message;
mod outcome;
mod policy;

pub use error::AgentError;
pub use message::{AgentMessage, AgentResult, MessageRole, StopReason};
pub use outcome::AgentOutcome;
pub use policy::{DefaultSupervisor, SupervisorPolicy};

pub(crate) use cell::Launch;
pub(super) use cell::{Cells, Defaults, Policy};
pub(crate) use commands::NewCell;
pub(crate) use desk::{Order, Work};
pub(super) use effects::Errand;
pub(crate) use letter::{Letter, Said};
pub(crate) use life::{Life, caught};
