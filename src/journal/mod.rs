//! The journal: events in order, as bytes, in memory and in what outlives the process.
//!
//! One encoding of an event serves everything that outlives the call that made it: replay, subscribers, the hash that
//! two hosts compare, and what is stored. What is stored is a chain of frames with checksums ([`Framer`], [`recover`]);
//! where it is stored is behind the seam [`Journal`]; files need only a [`Disk`]. May use: the kernel, of the runtime
//! what says whether a host has threads, postcard for the bytes, xxHash for the hash.

mod codec;
mod disk;
mod file_store;
mod frame;
mod framer;
mod generations;
mod log;
mod memory;
mod opening;
mod recover;
mod seam;

pub(crate) use codec::{decode, decode_prefix, decode_value, encode};
pub use disk::Disk;
pub use file_store::FileStore;
pub use frame::{
    FRAME_VERSION, Flaw, Frame, FrameKind, HEADER_BYTES, MAX_PAYLOAD_BYTES, Records, push_record,
};
pub use framer::Framer;
pub(crate) use log::hash_of;
pub use log::{Cursor, EventLog, Recorded};
pub use memory::MemoryJournal;
pub use recover::{Recovered, Snapshot, recover};
pub use seam::{Journal, Stored};
