//! The room for simulation: hosts that fail on purpose, and the same way every time for the same seed.
//!
//! For our own tests and for those of users. Nothing here is used by what runs in production. May use: everything up to
//! the journal, locks.

mod disk;
mod disk_image;
mod rng;

pub use disk::SimulatedDisk;
pub use rng::Rng;
