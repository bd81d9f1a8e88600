//! The room for simulation: hosts that fail on purpose, and the same way every time for the same seed.
//!
//! For our own tests and for those of users: a runtime with virtual time, providers that follow a script, a disk and a
//! journal that fail. [`Simulation`] puts them together with random calls and checks every promise after every step.
//! Nothing here is used by what runs in production. May use: everything up to the orchestrator, locks.

mod calls;
mod disk;
mod disk_image;
mod faults;
mod generate;
mod history;
mod journal;
mod life;
mod model;
mod operation;
mod provider;
mod rng;
mod script;
mod simulation;
mod step;
mod violation;
mod watch;
mod world;

pub use disk::SimulatedDisk;
pub use faults::FaultPlan;
pub use journal::SimulatedJournal;
pub use operation::Operation;
pub use provider::{Call, ScriptedProvider};
pub use rng::Rng;
pub use script::{Act, Script};
pub use simulation::{Broken, Counts, Run, Simulation};
pub use violation::Violation;

pub use crate::runtime::SimulatedRuntime;
