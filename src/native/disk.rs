//! A folder of the operating system as the disk of a journal.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::journal::Disk;
use crate::kernel::{ErrorCode, OrchestratorError, Result};

/// Files in one folder, kept open. It follows no symbolic links.
#[derive(Debug)]
pub(super) struct NativeDisk {
    folder: PathBuf,
    open: BTreeMap<String, File>,
    /// Files of which the folder itself was synced, so that they are there after a loss of power.
    entered: BTreeSet<String>,
}

impl NativeDisk {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: BTreeMap::new(),
            entered: BTreeSet::new(),
        }
    }

    /// The file, open. It is created if it may be.
    fn file(&mut self, name: &str, create: bool) -> Result<&mut File> {
        // The entry of the map cannot be kept where opening may fail.
        if !self.open.contains_key(name) {
            let file = open_regular(&self.folder.join(name), create).map_err(|error| failed(name, &error))?;
            self.open.insert(name.to_owned(), file);
        }
        let file = self.open.get_mut(name);
        file.ok_or_else(|| failed(name, &io::Error::from(ErrorKind::NotFound)))
    }

    fn on<T>(
        &mut self,
        name: &str,
        create: bool,
        call: impl FnOnce(&mut File) -> io::Result<T>,
    ) -> Result<T> {
        call(self.file(name, create)?).map_err(|error| failed(name, &error))
    }
}

impl Disk for NativeDisk {
    fn list(&mut self) -> Result<Vec<String>> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.folder)? {
                // Ours are plain text.
                names.extend(entry?.file_name().into_string());
            }
            Ok(names)
        };
        list().map_err(|error| failed(&last_of(&self.folder), &error))
    }

    fn len(&mut self, name: &str) -> Result<Option<u64>> {
        // By its path: whoever replaces the file is another owner.
        match fs::symlink_metadata(self.folder.join(name)) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(failed(name, &no_file())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(name, &error)),
        }
    }

    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        self.on(name, false, |file| {
            let mut bytes = vec![0; length];
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        })
    }

    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        self.on(name, true, |file| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)
        })
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<()> {
        self.on(name, false, |file| file.set_len(length))
    }

    fn sync(&mut self, name: &str) -> Result<()> {
        self.on(name, false, |file| file.sync_data())?;
        if !self.entered.contains(name) {
            sync_folder(&self.folder).map_err(|error| failed(&last_of(&self.folder), &error))?;
            self.entered.insert(name.to_owned());
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.open.remove(name);
        self.entered.remove(name);
        fs::remove_file(self.folder.join(name)).map_err(|error| failed(name, &error))
    }
}

/// Opens a file for reading and writing, but not what a link leads to.
pub(super) fn open_regular(path: &Path, create: bool) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return Err(no_file()),
        Ok(_) => {}
        // Created only if nothing, not even a link, is there by then.
        Err(error) if create && error.kind() == ErrorKind::NotFound => {
            return OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(path);
        }
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    if is_at(&file, path)? {
        Ok(file)
    } else {
        Err(no_file())
    }
}

/// Whether an open file is the one that stands at a path, and not behind a link there.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, there) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok(ours.dev() == there.dev() && ours.ino() == there.ino())
}

/// Whether what stands at a path is a file, and not a link.
#[cfg(not(unix))]
pub(super) fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_file())
}

/// Makes durable which files are in a folder.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be synced, and need not be.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn no_file() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        "it is a link, a folder or a device, and has to be a plain file",
    )
}

/// The last part of a path, which is all that a message needs to name.
pub(super) fn last_of(path: &Path) -> String {
    let last = path.file_name().unwrap_or(path.as_os_str());
    last.to_string_lossy().into_owned()
}

/// An error of the operating system, as one of ours that names the file.
pub(super) fn failed(name: &str, error: &io::Error) -> OrchestratorError {
    let (code, why) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => (
            ErrorCode::JournalFull,
            "there is no room left on the disk: make some, and open the journal again",
        ),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => (
            ErrorCode::JournalFailed,
            "it may not be written to: a journal needs a folder that may be",
        ),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => (
            ErrorCode::JournalFailed,
            "a file is where a folder has to be: name a folder for the journal",
        ),
        _ => (ErrorCode::JournalFailed, "the operating system failed"),
    };
    OrchestratorError::new(code, format!("{name}: {why} ({error})"))
}
