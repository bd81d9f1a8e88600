//! One suite over every journal that there is in Rust.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod journal_suite;
}

use std::sync::Mutex;

use agent_orchestrator::async_trait;
use agent_orchestrator::journal::{FileStore, Journal, MemoryJournal, Stored};
use agent_orchestrator::sim::SimulatedDisk;
use agent_orchestrator::{Result, Seq};
use rust::journal_suite::Place;

mod memory {
    use super::{MemoryJournal, Place, Result};

    #[derive(Default)]
    struct Memory(MemoryJournal);

    impl Place for Memory {
        type Journal = MemoryJournal;

        async fn open(&self) -> Result<MemoryJournal> {
            Ok(self.0.clone())
        }
    }

    crate::journal_suite!(Memory::default());
}

/// The file store without a host around it.
struct Bare(Mutex<FileStore<SimulatedDisk>>);

#[async_trait]
impl Journal for Bare {
    async fn load(&self, history: bool) -> Result<Stored> {
        let mut store = self.0.lock().unwrap();
        Ok(Stored {
            frames: store.load(history)?,
            cut: store.cut(),
        })
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        let mut store = self.0.lock().unwrap();
        store.write(expected, &frame)?;
        store.sync()
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.0.lock().unwrap().snapshot(position, &frame)
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.0.lock().unwrap().truncate_before(position)
    }

    async fn close(&self) -> Result<()> {
        self.0.lock().unwrap().close()
    }
}

mod simulated_disk {
    use std::sync::Mutex;

    use super::{Bare, FileStore, Place, Result, SimulatedDisk};

    /// The power fails each time before it is opened: all that is asked of it is durable.
    struct Simulated(SimulatedDisk);

    impl Place for Simulated {
        type Journal = Bare;

        async fn open(&self) -> Result<Bare> {
            self.0.crash(self.0.calls());
            Ok(Bare(Mutex::new(FileStore::open(self.0.clone())?)))
        }
    }

    crate::journal_suite!(Simulated(SimulatedDisk::new(1)));
}

#[cfg(feature = "native")]
mod files {
    use agent_orchestrator::FileJournal;
    use tempfile::TempDir;

    use super::{Place, Result};

    struct Folder(TempDir);

    impl Place for Folder {
        type Journal = FileJournal;

        async fn open(&self) -> Result<FileJournal> {
            // The folder itself is not there yet.
            FileJournal::open(self.0.path().join("a").join("journal")).await
        }
    }

    crate::journal_suite!(Folder(TempDir::new().unwrap()));
}
