//! The port of the file store to its host: a few files in one folder.

use crate::kernel::Result;

/// One folder with named files, as the [file store](super::FileStore) needs it.
///
/// Names are those of the store: digits and `.journal`. Errors have the code `JOURNAL_FAILED`, or `JOURNAL_FULL` when
/// there is no room.
pub trait Disk {
    /// The names of the files, in any order. Those that are not the store's are left alone.
    fn list(&mut self) -> Result<Vec<String>>;

    /// How many bytes a file has; `None` if it is not there.
    fn len(&mut self, name: &str) -> Result<Option<u64>>;

    /// Exactly these bytes.
    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>>;

    /// Writes all of the bytes, at the end of a file or over what is there. A file that is not there is created.
    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()>;

    /// Makes a file shorter.
    fn truncate(&mut self, name: &str, length: u64) -> Result<()>;

    /// Makes what was written to a file durable, its length and that it is there included.
    fn sync(&mut self, name: &str) -> Result<()>;

    /// Removes a file, durably or not.
    fn remove(&mut self, name: &str) -> Result<()>;
}
