//! The journal in files of the operating system.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::disk::{NativeDisk, failed, last_of, sync_folder};
use super::lock::Lock;
use crate::async_trait;
use crate::journal::{FileStore, Journal, Stored};
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq};

/// A journal in a folder of its own. The same files as in Node, so each can go on where the other stopped.
///
/// What was appended survives the process and, if the disk keeps what it says, a loss of power. One owner at a time:
/// a second one gets `LOCKED`. Files are read and written on tokio's threads for what blocks.
#[derive(Debug)]
pub struct FileJournal {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    // In this order they are dropped: files first, then the lock.
    store: Option<FileStore<NativeDisk>>,
    lock: Option<Lock>,
}

impl FileJournal {
    /// Opens the journal in a folder, which is made if it is not there. Needs a tokio runtime.
    ///
    /// # Errors
    /// `LOCKED` when it is open already, in this process or another; `JOURNAL_DAMAGED` and `JOURNAL_VERSION` as
    /// [`FileStore::open`]; `JOURNAL_FAILED` and `JOURNAL_FULL` with what the operating system said.
    pub async fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        let inner = blocking(move || {
            make_folder(&folder).map_err(|error| failed(&last_of(&folder), &error))?;
            let lock = Lock::take(&folder)?;
            Ok(Inner {
                store: Some(FileStore::open(NativeDisk::new(folder))?),
                lock: Some(lock),
            })
        });
        Ok(Self {
            inner: Arc::new(Mutex::new(inner.await?)),
        })
    }

    async fn on_store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut FileStore<NativeDisk>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.inner.clone();
        blocking(move || {
            // A panic in here would have been a bug; the store refuses what is half-way.
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            let store = inner.store.as_mut();
            call(
                store.ok_or_else(|| {
                    OrchestratorError::new(ErrorCode::JournalFailed, "the journal is closed")
                })?,
            )
        })
        .await
    }
}

/// The folders on the way are made, too.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    match folder.canonicalize()?.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Runs what blocks where it keeps nobody waiting.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let unavailable = |why: String| Err(OrchestratorError::new(ErrorCode::JournalFailed, why));
    if Handle::try_current().is_err() {
        return unavailable("there is no tokio runtime here: use the journal from one".to_owned());
    }
    match spawn_blocking(call).await {
        Ok(result) => result,
        Err(error) => unavailable(format!("the journal's work was stopped: {error}")),
    }
}

#[async_trait]
impl Journal for FileJournal {
    async fn load(&self, history: bool) -> Result<Stored> {
        self.on_store(move |store| {
            Ok(Stored {
                frames: store.load(history)?,
                cut: store.cut(),
            })
        })
        .await
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        self.on_store(move |store| {
            store.write(expected, &frame)?;
            store.sync()
        })
        .await
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.on_store(move |store| store.snapshot(position, &frame)).await
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.on_store(move |store| store.truncate_before(position)).await
    }

    async fn close(&self) -> Result<()> {
        let inner = self.inner.clone();
        blocking(move || {
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            let closed = inner.store.take().map_or(Ok(()), |mut store| store.close());
            inner.lock = None;
            closed
        })
        .await
    }
}
