//! Recovery: what stored bytes say, and what of them can be trusted. A pure function over bytes.

use super::frame::{Flaw, Frame, FrameKind, HEADER_BYTES, Header, MAGIC};
use super::framer::Framer;
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq};

/// A state that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot<'a> {
    /// Position of the last event in it.
    pub position: Seq,
    /// The state, as it was given to [`Framer::snapshot`].
    pub state: &'a [u8],
}

/// What was found in a journal.
#[derive(Clone, Debug)]
pub struct Recovered<'a> {
    frames: Vec<Frame<'a>>,
    end: Option<Framer>,
    whole: u64,
    cut: u64,
}

impl<'a> Recovered<'a> {
    /// The newest state.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot<'a>> {
        self.snapshot_before(Seq::MAX)
    }

    /// The newest state at or before a position.
    #[must_use]
    pub fn snapshot_before(&self, position: Seq) -> Option<Snapshot<'a>> {
        let mut newest_first = self.frames.iter().rev();
        let found = newest_first.find(|frame| frame.kind == FrameKind::Snapshot && frame.seq <= position)?;
        Some(Snapshot {
            position: found.seq,
            state: found.payload,
        })
    }

    /// Every state that was kept, the oldest first.
    pub fn snapshots(&self) -> impl Iterator<Item = Snapshot<'a>> + use<'_, 'a> {
        let snapshots = self
            .frames
            .iter()
            .filter(|frame| frame.kind == FrameKind::Snapshot);
        snapshots.map(|frame| Snapshot {
            position: frame.seq,
            state: frame.payload,
        })
    }

    /// Every frame, in order.
    #[must_use]
    pub fn frames(&self) -> &[Frame<'a>] {
        &self.frames
    }

    /// The events after a position, each with its own position and the bytes that were recorded.
    pub fn events_after(&self, position: Seq) -> impl Iterator<Item = (Seq, &'a [u8])> + use<'_, 'a> {
        let begin = self.frames.partition_point(|frame| frame.last() <= position);
        self.frames[begin..]
            .iter()
            .flat_map(|frame| (frame.seq..).zip(Frame::records(frame)))
            .skip_while(move |(seq, _)| *seq <= position)
    }

    /// The position of the first event that is there; of the next one if there is none.
    #[must_use]
    pub fn first(&self) -> Seq {
        let events = self.frames.iter().find(|frame| frame.kind == FrameKind::Events);
        events.map_or_else(|| self.position() + 1, |frame| frame.seq)
    }

    /// The position of the last event; 0 if there was never one.
    #[must_use]
    pub fn position(&self) -> Seq {
        self.end.map_or(0, |end| end.position())
    }

    /// Whether there is neither an event nor a state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.position() == 0 && self.snapshot().is_none()
    }

    /// What makes the next frame; `None` if there is no frame yet, and whoever writes the first one chooses the salt.
    #[must_use]
    pub const fn framer(&self) -> Option<Framer> {
        self.end
    }

    /// Bytes at the end that are no whole frame, as a crash during a write leaves them. They are not part of it.
    #[must_use]
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// Bytes of whole frames, up to the cut.
    #[must_use]
    pub const fn whole(&self) -> u64 {
        self.whole
    }

    /// Whether it was closed in good order, or never written to.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.cut == 0
            && self
                .last_frame()
                .is_none_or(|frame| frame.kind == FrameKind::Closed)
    }

    /// The frame at its end.
    #[must_use]
    pub fn last_frame(&self) -> Option<&Frame<'a>> {
        self.frames.last()
    }
}

/// Reads frames in the order in which they were kept; each chunk is one or more of them.
///
/// # Errors
/// `JOURNAL_DAMAGED` when something is wrong before the end, or when this is no journal; `JOURNAL_VERSION` when a
/// frame was written by a later version. Both name the byte and the position. Whatever can be what a crash left behind
/// is no error; see [`Recovered::cut`].
pub fn recover<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Recovered<'a>> {
    let mut found = Recovered {
        frames: Vec::new(),
        end: None,
        whole: 0,
        cut: 0,
    };
    let mut chunks = chunks.into_iter();
    while let Some(chunk) = chunks.next() {
        let mut rest = chunk;
        while !rest.is_empty() {
            let read = Frame::read(rest);
            let next = read.ok().and_then(|frame| {
                let end = match found.end {
                    Some(end) => end.followed_by(&frame),
                    None => Framer::begun_by(&frame),
                };
                Some((frame, end?))
            });
            let Some((frame, end)) = next else {
                let tail: Vec<&[u8]> = std::iter::once(rest).chain(chunks).collect();
                found.cut = torn(&tail, read, found.end, found.whole)?;
                return Ok(found);
            };
            rest = &rest[frame.len()..];
            found.whole += frame.len() as u64;
            found.end = Some(end);
            found.frames.push(frame);
        }
    }
    Ok(found)
}

/// Decides what bytes are that do not begin with the next frame: how long a torn tail, or an error.
fn torn(tail: &[&[u8]], read: Result<Frame<'_>, Flaw>, end: Option<Framer>, at: u64) -> Result<u64> {
    if read == Err(Flaw::Newer) {
        return Err(newer(at));
    }
    // No torn write leaves a whole frame where one begins: it was put there.
    if read.is_ok() || tail.iter().any(|bytes| holds_later_frame(bytes, end)) {
        return Err(damaged(&format!(
            "the journal is damaged at byte {at}, after position {}: whole frames follow, so this is no torn end; \
             nothing was changed",
            end.map_or(0, |end| end.position())
        )));
    }
    let length = tail.iter().map(|bytes| bytes.len() as u64).sum();
    // No first write that is torn is longer than the mark that begins a file, unless zeros stand for what was never
    // written.
    let zeros = || tail.iter().all(|bytes| bytes.iter().all(|byte| *byte == 0));
    if end.is_none() && length > HEADER_BYTES as u64 && !tail[0].starts_with(&MAGIC) && !zeros() {
        return Err(damaged(
            "this is not a journal, or its begin is damaged: it does not begin with a frame; nothing was changed",
        ));
    }
    Ok(length)
}

/// Whether a frame that was written later than `end` stands anywhere in these bytes: then they are not just torn.
///
/// A payload may hold frames, too, but only of other journals, or of this one before.
pub(super) fn holds_later_frame(bytes: &[u8], end: Option<Framer>) -> bool {
    // Headers are cheap to forge and checksums dear to check. No torn write has so many, so the rest is not looked at.
    let mut budget = 4 * bytes.len() + 4 * HEADER_BYTES;
    let mut at = 0;
    while let Some(next) = find_magic(&bytes[at..]) {
        let rest = &bytes[at + next..];
        if let Ok(header) = Header::read(rest)
            && end.is_none_or(|end| header.salt == end.salt() && header.seq > end.position())
        {
            match budget.checked_sub(header.covered()) {
                Some(left) => budget = left,
                None => return true,
            }
            if header.check(rest).is_ok() {
                return true;
            }
        }
        at += next + 1;
    }
    false
}

fn find_magic(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == MAGIC[0])?;
        if bytes[at..].starts_with(&MAGIC) {
            return Some(at);
        }
        at += 1;
    }
}

pub(super) fn damaged(message: &str) -> OrchestratorError {
    OrchestratorError::new(ErrorCode::JournalDamaged, message)
}

pub(super) fn newer(at: u64) -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::JournalVersion,
        format!(
            "the frame at byte {at} was written by a newer version: open it with that one; nothing was changed"
        ),
    )
}
