//! Opening the file store: which of the files count, where the journal ends, and what a crash left behind.

use super::disk::Disk;
use super::frame::{Flaw, Frame, FrameKind, HEADER_BYTES};
use super::framer::Framer;
use super::generations::{Generation, contiguous};
use super::recover::{Recovered, damaged, holds_later_frame, newer, recover};
use crate::kernel::{ErrorCode, OrchestratorError, Result};

/// What was found.
pub(super) struct Opened {
    /// Those that are kept, the oldest first.
    pub(super) generations: Vec<Generation>,
    /// Bytes of the newest one.
    pub(super) length: u64,
    /// Where the journal ends; `None` if it has neither an event nor a state.
    pub(super) end: Option<Framer>,
    /// Bytes that were dropped.
    pub(super) cut: u64,
}

/// Finds the journal of a folder, and clears away what a crash left half done.
pub(super) fn open<D: Disk>(disk: &mut D) -> Result<Opened> {
    let (mut stale, mut generations) = contiguous(disk.list()?);
    let mut bytes = Vec::new();
    let mut cut = 0;
    // Everything is checked before anything is changed.
    while let Some(newest) = generations.last().copied() {
        bytes = read_all(disk, newest)?;
        if newest == Generation::FIRST {
            break;
        }
        let before = match generations.len().checked_sub(2) {
            Some(before) => Some(read_all(disk, generations[before])?),
            None => None,
        };
        if is_finished(&bytes, before.as_deref())? {
            break;
        }
        cut += bytes.len() as u64;
        stale.extend(generations.pop());
    }
    let found = recover([&bytes[..]])?;
    // What a snapshot or a removal left behind that a crash interrupted.
    for generation in stale {
        disk.remove(&generation.name())?;
    }
    let length = match generations.last() {
        Some(newest) => settle(disk, &newest.name(), &found)?,
        None => 0,
    };
    Ok(Opened {
        length,
        end: found.framer().filter(|_| !found.is_empty()),
        cut: cut + found.cut(),
        generations,
    })
}

/// Cuts a torn end, and makes durable what was found. Gives how long that is.
fn settle<D: Disk>(disk: &mut D, name: &str, found: &Recovered<'_>) -> Result<u64> {
    let length = match found.is_empty() {
        // With nothing but its begin it is as good as new. That stays: the write of a frame behind it may still be
        // under way to the disk, and arrive after the cut.
        true => found.whole().min(HEADER_BYTES as u64),
        false => found.whole(),
    };
    // Both also where they change nothing: what is seen may be so only because a process before this one could not
    // sync it. No later sync tries such a change again, unless it is made again.
    disk.truncate(name, length)?;
    if let Some(last) = found.last_frame()
        && !found.is_empty()
    {
        let (frame, _) = last.write();
        disk.write(name, length - frame.len() as u64, &frame)?;
    }
    disk.sync(name)?;
    Ok(length)
}

/// Whether the newest generation begins with the snapshot that made it; if not, a crash interrupted that, and the
/// generation before has everything.
fn is_finished(newest: &[u8], before: Option<&[u8]>) -> Result<bool> {
    let end = match before {
        Some(_) if newest.is_empty() => return Ok(false),
        Some(bytes) => {
            let found = recover([bytes])?;
            found.framer().map(|end| (end, found.cut()))
        }
        None => None,
    };
    let holds_later = || match end {
        Some((end, _)) => holds_later_frame(newest, Some(end)),
        None => true,
    };
    match Frame::read(newest) {
        Err(Flaw::Newer) => Err(newer(0)),
        Err(_) if holds_later() => Err(damaged(
            "the newest generation of the journal does not begin with a whole snapshot; nothing was changed",
        )),
        Err(_) => Ok(false),
        Ok(frame) => {
            let follows = match end {
                Some((end, cut)) => {
                    cut == 0 && end.position() == frame.seq && end.followed_by(&frame).is_some()
                }
                None => before.is_none(),
            };
            if follows && frame.kind == FrameKind::Snapshot {
                return Ok(true);
            }
            Err(damaged(&format!(
                "the newest generation of the journal goes on from position {}, and the one before ends at {}: one of \
                 them is not what it was; nothing was changed",
                frame.seq,
                end.map_or(0, |(end, _)| end.position())
            )))
        }
    }
}

pub(super) fn read_all<D: Disk>(disk: &mut D, generation: Generation) -> Result<Vec<u8>> {
    let name = generation.name();
    let length = disk.len(&name)?.unwrap_or(0);
    let length = usize::try_from(length).map_err(|_| {
        OrchestratorError::new(
            ErrorCode::JournalFailed,
            format!("{name} is too large to be read: it has {length} bytes"),
        )
    })?;
    disk.read(&name, 0, length)
}
