//! The journal that lives as long as the program: for tests, and for handing over within one process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::framer::{Framer, admit};
use super::seam::{Journal, Stored};
use crate::kernel::{Result, Seq};

/// A journal in memory. Clones share it, so a second orchestrator can go on where a first one stopped; if both write,
/// one of them gets `CONFLICT`.
///
/// Nothing of it survives the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    end: Option<Framer>,
    generations: Vec<Generation>,
}

/// A snapshot and what came after it; the first one may have no snapshot.
#[derive(Debug, Default)]
struct Generation {
    begin: Seq,
    frames: Vec<u8>,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here panics half-way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Journal for MemoryJournal {
    async fn load(&self, history: bool) -> Result<Stored> {
        let kept = self.kept();
        let skip = if history {
            0
        } else {
            kept.generations.len().saturating_sub(1)
        };
        let frames = kept
            .generations
            .iter()
            .skip(skip)
            .map(|generation| generation.frames.clone());
        Ok(Stored {
            frames: frames.collect(),
            cut: 0,
        })
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        let mut kept = self.kept();
        kept.end = Some(admit(kept.end, expected, &frame, false)?);
        match kept.generations.last_mut() {
            Some(generation) => generation.frames.extend_from_slice(&frame),
            None => kept.generations.push(Generation {
                begin: 0,
                frames: frame,
            }),
        }
        Ok(())
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        let mut kept = self.kept();
        kept.end = Some(admit(kept.end, position, &frame, true)?);
        kept.generations.push(Generation {
            begin: position,
            frames: frame,
        });
        Ok(())
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        let mut kept = self.kept();
        let needed = kept
            .generations
            .iter()
            .rposition(|generation| generation.begin <= position);
        kept.generations.drain(..needed.unwrap_or(0));
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
