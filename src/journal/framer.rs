//! Makes the frames of one journal, one after the other, and tells whether a frame is the next one.

use super::frame::{Frame, FrameKind, MAX_PAYLOAD_BYTES, count_records};
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq};

/// Where a journal ends: what the next frame has to say of itself to belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framer {
    salt: u64,
    prev: u64,
    position: Seq,
}

impl Framer {
    /// The begin of a new journal. `salt` is random, so that frames of other journals are told from its own.
    #[must_use]
    pub const fn new(salt: u64) -> Self {
        Self::at(salt, 0)
    }

    /// A new journal that goes on from the state after `position`, of which its first frame is a snapshot.
    #[must_use]
    pub const fn at(salt: u64, position: Seq) -> Self {
        Self {
            salt,
            prev: 0,
            position,
        }
    }

    /// The journal as it is after this frame, if it may be the first one.
    pub(super) fn begun_by(frame: &Frame<'_>) -> Option<Self> {
        Self::new(frame.salt).followed_by(frame)
    }

    /// The journal as it is after this frame, if that is the next one.
    pub(super) fn followed_by(&self, frame: &Frame<'_>) -> Option<Self> {
        let (prev, seq) = match frame.kind {
            FrameKind::Events => (self.prev, self.position.checked_add(1)?),
            // A journal may begin with a state: what was before is gone, or is in another journal.
            FrameKind::Snapshot if self.position == 0 => (frame.prev, frame.seq),
            FrameKind::Snapshot | FrameKind::Closed => (self.prev, self.position),
        };
        let next = frame.salt == self.salt && frame.prev == prev && frame.seq == seq;
        next.then(|| Self {
            salt: self.salt,
            prev: match frame.kind {
                FrameKind::Events => frame.checksum,
                FrameKind::Snapshot | FrameKind::Closed => prev,
            },
            position: frame.last(),
        })
    }

    /// Position of the last event; 0 if there is none.
    #[must_use]
    pub const fn position(&self) -> Seq {
        self.position
    }

    /// The mark of this journal.
    #[must_use]
    pub const fn salt(&self) -> u64 {
        self.salt
    }

    /// A frame of events, which come after all before them. `records` is what [`push_record`](super::push_record)
    /// makes, or what the event log holds.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when these are no records or none at all, `LIMIT_EXCEEDED` above 64 MiB.
    pub fn events(&mut self, records: &[u8]) -> Result<Vec<u8>> {
        match count_records(records) {
            Some(count) if count > 0 => self.frame(FrameKind::Events, count, records),
            _ => Err(OrchestratorError::invalid(
                "a frame of events is made of one or more whole records",
            )),
        }
    }

    /// A frame with the state after the last event.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` above 64 MiB.
    pub fn snapshot(&mut self, state: &[u8]) -> Result<Vec<u8>> {
        self.frame(FrameKind::Snapshot, 0, state)
    }

    /// The frame that says that the journal was closed in good order.
    ///
    /// # Errors
    /// None that can happen: it carries nothing.
    pub fn closed(&mut self) -> Result<Vec<u8>> {
        self.frame(FrameKind::Closed, 0, &[])
    }

    fn frame(&mut self, kind: FrameKind, count: u32, payload: &[u8]) -> Result<Vec<u8>> {
        let exceeded = |message| Err(OrchestratorError::new(ErrorCode::LimitExceeded, message));
        if payload.len() > MAX_PAYLOAD_BYTES {
            return exceeded(format!(
                "a frame has {} bytes; at most {MAX_PAYLOAD_BYTES} are taken",
                payload.len()
            ));
        }
        let Some(position) = self
            .position
            .checked_add(Seq::from(count))
            .filter(|position| *position < Seq::MAX)
        else {
            return exceeded("the journal has no position left for more events".to_owned());
        };
        let frame = Frame {
            kind,
            count,
            salt: self.salt,
            seq: match kind {
                FrameKind::Events => self.position + 1,
                FrameKind::Snapshot | FrameKind::Closed => self.position,
            },
            prev: self.prev,
            checksum: 0,
            payload,
        };
        let (bytes, checksum) = frame.write();
        if kind == FrameKind::Events {
            self.prev = checksum;
        }
        self.position = position;
        Ok(bytes)
    }
}

/// Checks one frame for a store that ends at `end` (`None`: it is empty), whose owner believes the last event to
/// stand at `expected`. Gives the store's end after it.
pub(super) fn admit(end: Option<Framer>, expected: Seq, bytes: &[u8], snapshot: bool) -> Result<Framer> {
    let position = end.map_or(0, |end| end.position());
    // A new journal may begin with the state of another one.
    let begins = end.is_none() && snapshot;
    if expected != position && !begins {
        return Err(OrchestratorError::new(
            ErrorCode::Conflict,
            format!(
                "the journal ends at position {position} and not at {expected}: somebody else has written to it"
            ),
        ));
    }
    let frame = Frame::read(bytes).ok().filter(|frame| frame.len() == bytes.len());
    let Some(frame) = frame.filter(|frame| (frame.kind == FrameKind::Snapshot) == snapshot) else {
        return Err(OrchestratorError::invalid(format!(
            "these {} bytes are not one whole frame of {}",
            bytes.len(),
            if snapshot { "a snapshot" } else { "events" }
        )));
    };
    let after = match end {
        Some(end) => end.followed_by(&frame),
        None => Framer::begun_by(&frame),
    };
    after.filter(|_| !begins || frame.seq == expected).ok_or_else(|| {
        OrchestratorError::new(
            ErrorCode::Conflict,
            format!(
                "this frame does not follow the one at position {position}: it belongs to another journal"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::push_record;

    fn records(count: usize) -> Vec<u8> {
        let mut records = Vec::new();
        (0..count).for_each(|n| push_record(&mut records, &[n as u8]));
        records
    }

    #[test]
    fn events_link_past_snapshots_and_closes() {
        let mut framer = Framer::new(7);
        let mut end = None;
        let mut frames = Vec::new();
        for step in 0..6 {
            frames.push(match step {
                1 => framer.snapshot(b"state").unwrap(),
                3 | 4 => framer.closed().unwrap(),
                n => framer.events(&records(n + 1)).unwrap(),
            });
        }
        for bytes in &frames {
            let frame = Frame::read(bytes).unwrap();
            let position = end.map_or(0, |end: Framer| end.position());
            let after = admit(end, position, bytes, frame.kind == FrameKind::Snapshot).unwrap();
            end = Some(after);
        }
        assert_eq!(end, Some(framer));
        assert_eq!(framer.position(), 1 + 3 + 6);
        let prev: Vec<_> = frames
            .iter()
            .map(|frame| Frame::read(frame).unwrap().prev)
            .collect();
        assert_eq!((prev[0], prev[1], prev[3]), (0, prev[2], prev[5]));
        assert_ne!(prev[2], prev[3]);
    }

    #[test]
    fn only_the_next_frame_is_admitted() {
        let mut framer = Framer::new(7);
        let first = framer.events(&records(2)).unwrap();
        let end = Some(framer);
        let (mut one, mut other, mut foreign) = (framer, framer, Framer::at(8, 2));
        let second = one.events(&records(1)).unwrap();
        let rival = other.events(&records(2)).unwrap();
        let third = one.events(&records(1)).unwrap();
        let code =
            |end, expected, bytes: &[u8], snapshot| admit(end, expected, bytes, snapshot).unwrap_err().code();
        assert!(admit(None, 0, &first, false).is_ok());
        assert!(admit(end, 2, &second, false).is_ok() && admit(end, 2, &rival, false).is_ok());
        assert_eq!(code(end, 1, &second, false), ErrorCode::Conflict);
        assert_eq!(code(end, 0, &first, false), ErrorCode::Conflict);
        assert_eq!(code(end, 2, &third, false), ErrorCode::Conflict);
        assert_eq!(code(None, 0, &second, false), ErrorCode::Conflict);
        assert_eq!(
            code(end, 2, &foreign.events(&records(1)).unwrap(), false),
            ErrorCode::Conflict
        );
        assert_eq!(code(end, 2, &second, true), ErrorCode::InvalidArgument);
        assert_eq!(code(end, 2, &[], false), ErrorCode::InvalidArgument);
        assert_eq!(
            code(end, 2, &[second, third].concat(), false),
            ErrorCode::InvalidArgument
        );
    }

    #[test]
    fn a_journal_may_begin_with_a_state_of_another() {
        let mut framer = Framer::at(9, 500);
        let snapshot = framer.snapshot(b"state").unwrap();
        assert_eq!(admit(None, 500, &snapshot, true).unwrap(), framer);
        assert!(admit(None, 499, &snapshot, true).is_err());
    }

    #[test]
    fn what_is_no_payload_is_refused_and_changes_nothing() {
        let mut framer = Framer::at(1, Seq::MAX - 2);
        let before = framer;
        assert_eq!(framer.events(&[]).unwrap_err().code(), ErrorCode::InvalidArgument);
        assert_eq!(
            framer.events(&[1, 0, 0, 0]).unwrap_err().code(),
            ErrorCode::InvalidArgument
        );
        assert_eq!(
            framer.events(&records(2)).unwrap_err().code(),
            ErrorCode::LimitExceeded
        );
        let large = vec![0; MAX_PAYLOAD_BYTES + 1];
        assert_eq!(
            framer.snapshot(&large).unwrap_err().code(),
            ErrorCode::LimitExceeded
        );
        assert_eq!(framer, before);
    }
}
