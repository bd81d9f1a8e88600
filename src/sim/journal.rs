//! A journal on a simulated disk that takes its time, and fails when it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::SimulatedDisk;
use crate::journal::{FileStore, Journal, Stored};
use crate::kernel::{ErrorCode, Millis, OrchestratorError, Result, Seq};
use crate::runtime::{Runtime, SimulatedRuntime};

#[derive(Debug)]
struct State {
    store: FileStore<SimulatedDisk>,
    delay: Millis,
    conflict: bool,
}

/// A journal in files on a [`SimulatedDisk`]. Clones are the same journal; after a loss of power open it again.
#[derive(Clone, Debug)]
pub struct SimulatedJournal {
    runtime: SimulatedRuntime,
    state: Arc<Mutex<State>>,
}

impl SimulatedJournal {
    /// Opens what is on the disk. Delays are in the time of the runtime.
    ///
    /// # Errors
    /// As [`FileStore::open`].
    pub fn open(runtime: &SimulatedRuntime, disk: &SimulatedDisk) -> Result<Self> {
        let store = FileStore::open(disk.clone())?;
        let state = State {
            store,
            delay: 0,
            conflict: false,
        };
        Ok(Self {
            runtime: runtime.clone(),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// How many milliseconds each append takes from now on: a part before it is written, a part before it is synced,
    /// and a part before it is told.
    pub fn set_delay(&self, delay: Millis) {
        self.state().delay = delay;
    }

    /// The next append finds that somebody else has written.
    pub fn conflict_next(&self) {
        self.state().conflict = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self) {
        let delay = self.state().delay.div_ceil(3);
        if delay > 0 {
            self.runtime.sleep(Duration::from_millis(delay)).await;
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Journal for SimulatedJournal {
    async fn load(&self, history: bool) -> Result<Stored> {
        let state = &mut *self.state();
        Ok(Stored {
            frames: state.store.load(history)?,
            cut: state.store.cut(),
        })
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        self.pass().await;
        {
            let mut state = self.state();
            if std::mem::take(&mut state.conflict) {
                return Err(OrchestratorError::new(
                    ErrorCode::Conflict,
                    "somebody else has written to the journal",
                ));
            }
            state.store.write(expected, &frame)?;
        }
        self.pass().await;
        self.state().store.sync()?;
        self.pass().await;
        Ok(())
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.pass().await;
        self.state().store.snapshot(position, &frame)?;
        self.pass().await;
        Ok(())
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.pass().await;
        self.state().store.truncate_before(position)
    }

    async fn close(&self) -> Result<()> {
        self.state().store.close()
    }
}
