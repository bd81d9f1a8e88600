//! The seam: what an orchestrator asks of whatever keeps its journal.

use async_trait::async_trait;

use crate::kernel::{Result, Seq};
use crate::runtime::{MaybeSend, MaybeSync};

/// What a journal has kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Each one or more whole frames, the oldest first; a snapshot before the events that came after it.
    pub frames: Vec<Vec<u8>>,
    /// Bytes of a torn tail that were dropped when it was opened.
    pub cut: u64,
}

/// Keeps frames. It need not look into them beyond their headers, and never changes them.
///
/// Errors have one of the codes `CONFLICT`, `LOCKED`, `JOURNAL_FAILED`, `JOURNAL_DAMAGED`, `JOURNAL_VERSION`,
/// `JOURNAL_FULL`, or `INVALID_ARGUMENT` for bytes that are no frame. After `JOURNAL_FAILED` or `JOURNAL_FULL` nobody
/// knows how much of a frame was written: the journal is of no use until it is opened again.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Journal: MaybeSend + MaybeSync + 'static {
    /// What is needed to go on: the newest snapshot and the events after it. With `history`, everything that is still
    /// kept.
    async fn load(&self, history: bool) -> Result<Stored>;

    /// Keeps a frame of events, or the one that says that the journal was closed. It is durable when this returns.
    ///
    /// `expected` is the position of the last event kept so far (0: none). If it is another one, that is `CONFLICT`,
    /// and nothing was written.
    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()>;

    /// Keeps the state after `position`, which is the position of the last event kept; else `CONFLICT`. It is durable
    /// when this returns. An empty journal takes a snapshot of any position: it is its begin.
    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()>;

    /// Allows to forget what is not needed to go on from the newest snapshot at or before `position`.
    async fn truncate_before(&self, position: Seq) -> Result<()>;

    /// Releases what it holds, such as a lock. Again is no error.
    async fn close(&self) -> Result<()>;
}
