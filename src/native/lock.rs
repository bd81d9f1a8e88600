//! The lock of a folder: one owner at a time, of whichever host.
//!
//! The file `lock` holds one line, `<pid> <start>`; start is field 22 of `/proc/<pid>/stat`, so that a process that got
//! an old one's number is not taken for it, and 0 where there is no such file. Rust programs hold the operating
//! system's lock on it besides; Node cannot.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process;

use super::disk::{failed, is_at, last_of, open_regular};
use crate::kernel::{ErrorCode, OrchestratorError, Result};

const NAME: &str = "lock";
/// More is no line of ours.
const LINE: u64 = 64;

/// The folder is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        // Somebody who releases it may take away the very file that was just opened.
        for _ in 0..8 {
            let file = open_regular(&path, true).or_else(|error| match error.kind() {
                // Made, or taken away, between two looks.
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => open_regular(&path, true),
                _ => Err(error),
            });
            let file = file.map_err(|error| failed(NAME, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(locked(folder, None)),
                Err(TryLockError::Error(error)) => return Err(failed(NAME, &error)),
            }
            if is_at(&file, &path).unwrap_or(false) {
                return Self::claim(file, folder);
            }
        }
        Err(locked(folder, None))
    }

    /// Writes our line, unless that of somebody living is there.
    fn claim(mut file: File, folder: &Path) -> Result<Self> {
        let mut line = String::new();
        let read = Read::by_ref(&mut file).take(LINE).read_to_string(&mut line);
        // What is no text is no line of ours either.
        if read.is_ok()
            && let Some(owner) = living_owner(&line)
        {
            return Err(locked(folder, Some(owner)));
        }
        let own = process::id();
        let line = format!("{own} {}\n", start_of(own).unwrap_or(0));
        let written = file.set_len(0).and_then(|()| {
            file.rewind()?;
            file.write_all(line.as_bytes())
        });
        written.map_err(|error| failed(NAME, &error))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The line of a process that ended is of no effect; so nothing is lost if this fails.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// The process that a line names, if it lives and is not this one: we would hold the system's lock.
fn living_owner(line: &str) -> Option<u32> {
    let (pid, start) = line.trim().split_once(' ')?;
    let (pid, start): (u32, u64) = (pid.parse().ok()?, start.parse().ok()?);
    let found = start_of(pid)?;
    (pid != process::id() && (start == 0 || found == start)).then_some(pid)
}

/// When a process was started, in ticks since the machine was; `None` if there is no such process, or no `/proc`.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn locked(folder: &Path, owner: Option<u32>) -> OrchestratorError {
    let owner = owner.map_or_else(|| "another owner".to_owned(), |pid| format!("process {pid}"));
    OrchestratorError::new(
        ErrorCode::Locked,
        format!(
            "{}: the journal is open in {owner}: close it there first",
            last_of(folder)
        ),
    )
}
