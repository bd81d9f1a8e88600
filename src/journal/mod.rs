//! The journal: events in order, as bytes.
//!
//! One encoding of an event serves everything that outlives the call that made it: replay, subscribers, the hash that
//! two hosts compare, and (later) files. May use: the kernel, postcard for the bytes, xxHash for the hash.

mod codec;
mod log;

pub(crate) use log::hash_of;
pub use log::{Cursor, EventLog, Recorded};
