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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::push_record;

    /// Records of growing length, each of one byte that stands for its position.
    fn records(from: u64, count: u64) -> Vec<u8> {
        let mut records = Vec::new();
        for seq in from..from + count {
            push_record(&mut records, &vec![seq as u8; seq as usize % 40]);
        }
        records
    }

    /// Events 1 to 3, a snapshot, 4 and 5, a close, 6 to 9, a close.
    fn journal(salt: u64) -> Vec<Vec<u8>> {
        let mut framer = Framer::new(salt);
        vec![
            framer.events(&records(1, 3)).unwrap(),
            framer.snapshot(b"state").unwrap(),
            framer.events(&records(4, 2)).unwrap(),
            framer.closed().unwrap(),
            framer.events(&records(6, 4)).unwrap(),
            framer.closed().unwrap(),
        ]
    }

    fn code(bytes: &[u8]) -> ErrorCode {
        recover([bytes]).unwrap_err().code()
    }

    #[test]
    fn everything_is_found_however_it_is_cut_into_chunks() {
        let frames = journal(7);
        let whole = frames.concat();
        let apart = recover(frames.iter().map(Vec::as_slice)).unwrap();
        let together = recover([&[][..], &whole[..]]).unwrap();
        for found in [apart, together] {
            assert!(found.closed());
            assert_eq!((found.first(), found.position(), found.cut()), (1, 9, 0));
            assert_eq!(found.whole(), whole.len() as u64);
            let snapshot = found.snapshot().unwrap();
            assert_eq!((snapshot.position, snapshot.state), (3, &b"state"[..]));
            assert_eq!(found.snapshot_before(2), None);
            for after in 0..10 {
                let events: Vec<_> = found.events_after(after).collect();
                assert!(events.iter().map(|(seq, _)| *seq).eq(after + 1..=9), "{events:?}");
                for (seq, record) in events {
                    assert_eq!(record, vec![seq as u8; seq as usize]);
                }
            }
        }
    }

    #[test]
    fn nothing_is_an_empty_journal() {
        let found = recover([]).unwrap();
        assert_eq!((found.first(), found.position(), found.cut()), (1, 0, 0));
        assert!(found.closed() && found.framer().is_none() && found.snapshot().is_none());
    }

    #[test]
    fn a_journal_goes_on_where_it_was_found() {
        let mut frames = journal(7);
        let mut framer = recover(frames.iter().map(Vec::as_slice))
            .unwrap()
            .framer()
            .unwrap();
        frames.push(framer.events(&records(10, 1)).unwrap());
        // A snapshot needs nothing of what is before it.
        let found = recover(frames[1..].iter().map(Vec::as_slice)).unwrap();
        assert_eq!((found.first(), found.position(), found.closed()), (4, 10, false));
    }

    #[test]
    fn a_tail_is_cut_at_every_byte_and_told() {
        let frames = journal(7);
        let whole = frames.concat();
        let ends: Vec<usize> = frames
            .iter()
            .scan(0, |end, frame| {
                *end += frame.len();
                Some(*end)
            })
            .collect();
        for length in 0..whole.len() {
            let found = recover([&whole[..length]]).unwrap();
            let kept = ends
                .iter()
                .copied()
                .filter(|end| *end <= length)
                .max()
                .unwrap_or(0);
            assert_eq!(found.cut(), (length - kept) as u64, "{length} bytes");
            assert_eq!(found.whole(), kept as u64);
            // What a crash leaves may also be too long. It tears sectors, and so never the magic.
            if (1..MAGIC.len()).contains(&length) {
                continue;
            }
            let longer = [&whole[..length], &[0; 700]].concat();
            assert_eq!(
                recover([&longer[..]]).unwrap().whole(),
                kept as u64,
                "{length} bytes, zeros"
            );
        }
    }

    #[test]
    fn no_flipped_bit_passes() {
        let whole = journal(7).concat();
        let last = whole.len() - HEADER_BYTES;
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match recover([&bytes[..]]) {
                // With the close goes no event, and it is told.
                Ok(found) => assert!(bit / 8 >= last && found.cut() == HEADER_BYTES as u64, "bit {bit}"),
                Err(error) => assert!(
                    matches!(
                        error.code(),
                        ErrorCode::JournalDamaged | ErrorCode::JournalVersion
                    ),
                    "bit {bit}: {error}"
                ),
            }
        }
    }

    #[test]
    fn damage_names_its_place() {
        let frames = journal(7);
        let mut whole = frames.concat();
        let at = frames[0].len() + frames[1].len();
        whole[at + HEADER_BYTES] ^= 1;
        let error = recover([&whole[..]]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::JournalDamaged);
        assert!(
            error
                .message()
                .contains(&format!("at byte {at}, after position 3")),
            "{error}"
        );
    }

    #[test]
    fn a_frame_that_is_missing_twice_or_of_another_journal_is_damage() {
        let (ours, theirs) = (journal(7), journal(8));
        for missing in [2, 4] {
            let mut frames = ours.clone();
            frames.remove(missing);
            assert_eq!(
                code(&frames.concat()),
                ErrorCode::JournalDamaged,
                "without frame {missing}"
            );
        }
        for other in 0..5 {
            let mut frames = ours.clone();
            frames[other].clone_from(&theirs[other]);
            assert_eq!(
                code(&frames.concat()),
                ErrorCode::JournalDamaged,
                "frame {other} of another"
            );
        }
        for (place, frame) in [(3, &ours[2]), (6, &ours[4]), (6, &theirs[0])] {
            let mut frames = ours.clone();
            frames.insert(place, frame.clone());
            assert_eq!(
                code(&frames.concat()),
                ErrorCode::JournalDamaged,
                "one more at {place}"
            );
        }
    }

    #[test]
    fn payloads_that_hold_frames_confuse_nobody() {
        let (mut framer, mut frames) = (Framer::new(7), Vec::<Vec<u8>>::new());
        for step in 0..3 {
            let mut records = Vec::new();
            // Frames of another journal, and all of this one so far.
            push_record(&mut records, &journal(8).concat());
            push_record(&mut records, &frames.concat());
            frames.push(framer.events(&records).unwrap());
            let whole = frames.concat();
            assert_eq!(recover([&whole[..]]).unwrap().position(), 2 * (step + 1));
            if step > 0 {
                let torn = recover([&whole[..whole.len() - 1]]).unwrap();
                assert_eq!(torn.position(), 2 * step);
            }
        }
    }

    #[test]
    fn a_newer_version_is_refused_wherever_it_begins() {
        let frames = journal(7);
        for newer in 0..frames.len() {
            let mut frames = frames.clone();
            frames[newer][4] = 2;
            assert_eq!(code(&frames.concat()), ErrorCode::JournalVersion);
        }
    }

    #[test]
    fn what_is_no_journal_is_refused_and_a_first_write_that_was_torn_is_not() {
        let text = b"This is a letter, and no journal at all, but it is long enough.";
        assert_eq!(code(text), ErrorCode::JournalDamaged);
        assert_eq!(recover([&text[..20]]).unwrap().cut(), 20);
        assert_eq!(recover([&[0; 5000][..]]).unwrap().cut(), 5000);
        let mut torn = journal(7)[0].clone();
        torn[20..].fill(0);
        assert_eq!(recover([&torn[..]]).unwrap().cut(), torn.len() as u64);
    }

    #[test]
    fn a_tail_of_nothing_but_headers_is_not_looked_through() {
        let mut framer = Framer::new(7);
        let mut bytes = framer.events(&records(1, 1)).unwrap();
        let mut header = Framer::new(7);
        header.events(&records(1, 2)).unwrap();
        let mut header = header.events(&records(3, 1)).unwrap();
        header.truncate(HEADER_BYTES);
        header[8..12].copy_from_slice(&1_000_000_u32.to_le_bytes());
        for _ in 0..100_000 {
            bytes.extend_from_slice(&header);
        }
        assert_eq!(code(&bytes), ErrorCode::JournalDamaged);
    }
}
