//! The file store: a journal in a folder, over the port [`Disk`]. The same code, and so the same bytes, on every host.
//!
//! Files are generations: each one after `00000001.journal` begins with a snapshot. A file is a chain of frames and
//! nothing else. At most one frame is not synced, so a crash can tear no more than the end of the newest file.
//!
//! The first file begins with an empty frame, which is synced before anything else is written: from then on the salt
//! is known, and a first frame that is torn is told from damage, and from a file that is no journal, whatever it holds.

use super::disk::Disk;
use super::frame::HEADER_BYTES;
use super::framer::{Framer, admit};
use super::generations::Generation;
use super::opening::{Opened, open, read_all};
use super::recover::{damaged, recover};
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq};

/// A journal in the files of one [`Disk`]. It does not lock them: that is the host's part.
///
/// A frame is written with [`write`](Self::write), and durable after [`sync`](Self::sync); hosts that sync by
/// themselves say [`synced`](Self::synced) or [`failed`](Self::failed) instead. After an error of the disk every call
/// is refused with `JOURNAL_FAILED` until the store is opened again.
#[derive(Debug)]
pub struct FileStore<D> {
    disk: D,
    /// Those that are kept, the oldest first. The last one is written to; empty before the first frame.
    generations: Vec<Generation>,
    /// Bytes of the newest one.
    length: u64,
    end: Option<Framer>,
    cut: u64,
    unsynced: bool,
    failure: Option<Box<str>>,
}

impl<D: Disk> FileStore<D> {
    /// Opens what is in the folder; an empty one is a new journal. A torn end is cut; see [`cut`](Self::cut).
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` and `JOURNAL_VERSION` as [`recover`] does, and for files that do not belong together; then
    /// nothing was changed. The errors of the disk.
    pub fn open(mut disk: D) -> Result<Self> {
        let Opened {
            generations,
            length,
            end,
            cut,
        } = open(&mut disk)?;
        Ok(Self {
            disk,
            generations,
            length,
            end,
            cut,
            unsynced: false,
            failure: None,
        })
    }

    /// Bytes of a torn end that were cut, or of an unfinished snapshot, when it was opened.
    #[must_use]
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// Position of the last event kept; 0 if there is none.
    #[must_use]
    pub fn position(&self) -> Seq {
        self.end.map_or(0, |end| end.position())
    }

    /// Name of the file that frames are written to.
    #[must_use]
    pub fn current_file(&self) -> String {
        self.generations
            .last()
            .copied()
            .unwrap_or(Generation::FIRST)
            .name()
    }

    /// Name of the file that the next snapshot creates, for hosts that have to open it beforehand.
    #[must_use]
    pub fn next_file(&self) -> String {
        self.next_generation().name()
    }

    fn next_generation(&self) -> Generation {
        match self.generations.last() {
            Some(last) if self.end.is_some() => last.next(),
            // A journal may begin with a snapshot.
            _ => Generation::FIRST,
        }
    }

    /// The frames of the newest generation, or of all with `history`: one piece for each, the oldest first.
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` when an older generation is not what it was; the errors of the disk.
    pub fn load(&mut self, history: bool) -> Result<Vec<Vec<u8>>> {
        self.usable()?;
        if self.end.is_none() {
            return Ok(Vec::new());
        }
        let skip = match history {
            true => 0,
            false => self.generations.len().saturating_sub(1),
        };
        let mut frames = Vec::new();
        for index in skip..self.generations.len() {
            let bytes = read_all(&mut self.disk, self.generations[index]);
            frames.push(self.poison(bytes)?);
        }
        if frames
            .last()
            .is_some_and(|newest| newest.len() as u64 != self.length)
        {
            return Err(conflict(&self.current_file()));
        }
        if history {
            let found = recover(frames.iter().map(Vec::as_slice))?;
            if found.cut() > 0 || found.framer() != self.end {
                return Err(damaged(&format!(
                    "the generations of the journal do not follow each other: after position {} frames are missing",
                    found.position()
                )));
            }
        }
        Ok(frames)
    }

    /// Writes a frame of events, or the one that says that the journal was closed. It is not durable yet.
    ///
    /// # Errors
    /// `CONFLICT` when the last event does not stand at `expected`, the frame does not follow, or somebody else wrote
    /// to the file; `INVALID_ARGUMENT` for what is no such frame, and when the frame before is not synced; then
    /// nothing was written. The errors of the disk.
    pub fn write(&mut self, expected: Seq, frame: &[u8]) -> Result<()> {
        self.ready()?;
        let end = admit(self.end, expected, frame, false)?;
        let name = self.current_file();
        self.unchanged(&name, self.length)?;
        if self.end.is_some() {
            self.unchanged(&self.next_file(), 0)?;
        }
        if self.end.is_none() {
            self.begin(&name, end)?;
        }
        let written = self.disk.write(&name, self.length, frame);
        self.poison(written)?;
        self.length += frame.len() as u64;
        self.end = Some(end);
        self.unsynced = true;
        Ok(())
    }

    /// Begins the first file, durably.
    fn begin(&mut self, name: &str, end: Framer) -> Result<()> {
        let mark = Framer::new(end.salt()).closed()?;
        let begun = self
            .disk
            .write(name, 0, &mark)
            .and_then(|()| self.disk.sync(name));
        self.poison(begun)?;
        self.length = mark.len() as u64;
        if self.generations.is_empty() {
            self.generations.push(Generation::FIRST);
        }
        Ok(())
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// The errors of the disk.
    pub fn sync(&mut self) -> Result<()> {
        self.usable()?;
        if self.unsynced {
            let synced = self.disk.sync(&self.current_file());
            self.poison(synced)?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// The host has synced the current file.
    pub const fn synced(&mut self) {
        self.unsynced = false;
    }

    /// The host could not sync the current file.
    pub fn failed(&mut self, why: &str) {
        self.failure.get_or_insert_with(|| why.into());
    }

    /// Begins a new generation with the state after `position`, durably.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn snapshot(&mut self, position: Seq, frame: &[u8]) -> Result<()> {
        self.ready()?;
        let end = admit(self.end, position, frame, true)?;
        let next = self.next_generation();
        let name = next.name();
        self.unchanged(&self.current_file(), self.length)?;
        if self.end.is_none() {
            self.begin(&name, end)?;
        } else {
            self.unchanged(&name, 0)?;
            self.generations.push(next);
            self.length = 0;
        }
        let at = self.length;
        let written = self
            .disk
            .write(&name, at, frame)
            .and_then(|()| self.disk.sync(&name));
        self.poison(written)?;
        self.length = at + frame.len() as u64;
        self.end = Some(end);
        Ok(())
    }

    /// Removes the generations that are not needed to go on from the newest snapshot at or before `position`.
    ///
    /// # Errors
    /// The errors of the disk.
    pub fn truncate_before(&mut self, position: Seq) -> Result<()> {
        self.ready()?;
        let mut needed = 0;
        for index in (1..self.generations.len()).rev() {
            let head = self.disk.read(&self.generations[index].name(), 0, HEADER_BYTES);
            if begin_of(&self.poison(head)?) <= position {
                needed = index;
                break;
            }
        }
        for _ in 0..needed {
            // The oldest first, so that what is left hangs together whenever this stops.
            let removed = self.disk.remove(&self.generations[0].name());
            self.poison(removed)?;
            self.generations.remove(0);
        }
        Ok(())
    }

    /// Stops: what is called from here on is refused with `JOURNAL_FAILED`. Again is no error.
    ///
    /// # Errors
    /// The errors of the disk, when the last frame was not synced yet.
    pub fn close(&mut self) -> Result<()> {
        if self.failure.is_some() {
            return Ok(());
        }
        let synced = self.sync();
        self.failed("it was closed");
        synced
    }

    /// Another owner would have written to the file, or begun the next one.
    fn unchanged(&mut self, name: &str, length: u64) -> Result<()> {
        let found = self.disk.len(name);
        if self.poison(found)?.unwrap_or(0) == length {
            return Ok(());
        }
        Err(conflict(name))
    }

    fn usable(&self) -> Result<()> {
        match &self.failure {
            None => Ok(()),
            Some(why) => Err(OrchestratorError::new(
                ErrorCode::JournalFailed,
                format!("the journal cannot be used any more until it is opened again: {why}"),
            )),
        }
    }

    fn ready(&self) -> Result<()> {
        self.usable()?;
        if self.unsynced {
            return Err(OrchestratorError::invalid(
                "the frame before is not synced yet: one frame at a time",
            ));
        }
        Ok(())
    }

    /// After a call that failed nobody knows what is on the disk.
    fn poison<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.failed(error.message());
        }
        result
    }
}

/// Position of the snapshot whose header this is.
fn begin_of(header: &[u8]) -> Seq {
    let bytes = header.get(24..32).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(Seq::MAX, |bytes| Seq::from_le_bytes(*bytes))
}

fn conflict(name: &str) -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::Conflict,
        format!("{name} is not as it was left: somebody else has written to it"),
    )
}
