//! Decides what is written when: one frame at a time, with all events that wait; now and then a snapshot.

use std::collections::VecDeque;

use super::engine::EngineOptions;
use super::replay;
use crate::journal::{Cursor, EventLog, Framer, MAX_PAYLOAD_BYTES};
use crate::kernel::{ErrorCode, Kernel, OrchestratorError, Result, Seq};

/// The most bytes of events in one frame, unless a single command has more.
const FRAME_BYTES: usize = 4 << 20;

/// Something for the journal; see [`Journal`](crate::journal::Journal).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Append this frame.
    Append {
        /// Where the journal must end now.
        expected: Seq,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Keep this snapshot.
    Snapshot {
        /// Where the journal must end now.
        position: Seq,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Forget what is before this position.
    TruncateBefore {
        /// The position of the newest snapshot.
        position: Seq,
    },
    /// Close the journal. Nothing follows.
    Close,
}

/// How far a close is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    No,
    Asked,
    Framed,
    Closed,
}

/// What is being written.
#[derive(Clone, Debug)]
struct Flight {
    durable: Seq,
    written: Cursor,
}

/// What a journal has, and what it is to get.
#[derive(Debug)]
pub(super) struct Keeper {
    framer: Framer,
    durable: Seq,
    /// Up to where events are durable.
    written: Cursor,
    /// Where commands end whose events are not framed yet: a crash must not part the events of one.
    ends: VecDeque<Cursor>,
    flight: Option<Flight>,
    /// A snapshot whose turn comes after the events before it.
    snapshot: Option<(Seq, Vec<u8>)>,
    truncate: Option<Seq>,
    since_snapshot: u64,
    /// How large the last snapshot was.
    last_snapshot: u64,
    snapshot_bytes: u64,
    /// The position of the last snapshot.
    snapshot_at: Seq,
    snapshot_events: u64,
    snapshot_soon: bool,
    keep_history: bool,
    max_unwritten: u64,
    closing: Closing,
    failure: Option<OrchestratorError>,
}

impl Keeper {
    /// `snapshot_at` is the position of the newest snapshot, `tail` how many bytes of events there are since.
    pub(super) fn new(
        options: &EngineOptions,
        framer: Framer,
        end: Cursor,
        snapshot_at: Seq,
        tail: u64,
    ) -> Self {
        Self {
            framer,
            durable: framer.position(),
            written: end,
            ends: VecDeque::new(),
            flight: None,
            snapshot: None,
            truncate: None,
            since_snapshot: tail,
            last_snapshot: 0,
            snapshot_bytes: options.snapshot_bytes,
            snapshot_at,
            snapshot_events: options.snapshot_events,
            snapshot_soon: false,
            keep_history: options.keep_history,
            max_unwritten: options.max_unwritten_bytes,
            closing: Closing::No,
            failure: None,
        }
    }

    pub(super) const fn durable(&self) -> Seq {
        self.durable
    }

    /// A command has ended here.
    pub(super) fn command_ended(&mut self, at: Cursor) {
        if self.ends.back().unwrap_or(&self.written).seq < at.seq {
            self.ends.push_back(at);
        }
    }

    /// How many bytes go into the next frame: whole commands.
    fn frame_bytes(&mut self) -> usize {
        let mut bytes = 0;
        while let Some(end) = self.ends.front() {
            let with = (end.offset() - self.written.offset()) as usize;
            // One that fits into no frame at all is parted: better than never. Recovery finishes what it leaves half done.
            if bytes > 0 && with > FRAME_BYTES || with > MAX_PAYLOAD_BYTES {
                break;
            }
            bytes = with;
            self.ends.pop_front();
        }
        if bytes == 0 { FRAME_BYTES } else { bytes }
    }

    /// From where on events are not durable.
    pub(super) const fn from(&self) -> Cursor {
        self.written
    }

    pub(super) const fn failure(&self) -> Option<&OrchestratorError> {
        self.failure.as_ref()
    }

    pub(super) fn check(&self) -> Result<()> {
        match &self.failure {
            Some(error) => Err(error.clone()),
            None if self.closing != Closing::No => Err(OrchestratorError::new(
                ErrorCode::Disposed,
                "the orchestrator is being disposed of",
            )),
            None => Ok(()),
        }
    }

    pub(super) const fn is_overloaded(&self, log: &EventLog) -> bool {
        log.bytes_since(self.written) > self.max_unwritten
    }

    pub(super) const fn close(&mut self) {
        if matches!(self.closing, Closing::No) {
            self.closing = Closing::Asked;
        }
    }

    pub(super) const fn snapshot_soon(&mut self) {
        self.snapshot_soon = true;
    }

    /// Whether there is something to write, and nothing is being written.
    pub(super) fn has_next(&self, log: &EventLog) -> bool {
        let events = log.bytes_since(self.written) > 0;
        let compacts = self.snapshot_soon || self.snapshot.is_some() || self.truncate.is_some();
        let works = self.failure.is_none() && (events || compacts);
        self.flight.is_none()
            && match self.closing {
                Closing::No => works,
                Closing::Asked | Closing::Framed => true,
                Closing::Closed => false,
            }
    }

    pub(super) fn next(&mut self, kernel: &Kernel, log: &mut EventLog) -> Option<Write> {
        if self.flight.is_some() || self.closing == Closing::Closed {
            return None;
        }
        if self.failure.is_some() {
            // What it holds is let go of all the same.
            return (self.closing != Closing::No).then(|| self.fly(Write::Close, Closing::Closed));
        }
        let write = self.next_frame(kernel, log);
        write.unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        })
    }

    fn next_frame(&mut self, kernel: &Kernel, log: &mut EventLog) -> Result<Option<Write>> {
        let closing = self.closing;
        // Before any later event: it goes on from where the journal ends now.
        if let Some((position, frame)) = self.snapshot.take() {
            self.truncate = Some(position).filter(|_| !self.keep_history);
            return Ok(Some(self.fly(Write::Snapshot { position, frame }, closing)));
        }
        if let Some(position) = self.truncate.take() {
            return Ok(Some(self.fly(Write::TruncateBefore { position }, closing)));
        }
        let mut to = self.written;
        let bytes = self.frame_bytes();
        let records = log.records(&mut to, bytes);
        let expected = self.framer.position();
        if !records.is_empty() {
            let frame = self.framer.events(&records)?;
            self.since_snapshot += frame.len() as u64;
            self.flight = Some(Flight {
                durable: self.framer.position(),
                written: to,
            });
            self.take_snapshot(kernel, log)?;
            return Ok(Some(Write::Append { expected, frame }));
        }
        self.take_snapshot(kernel, log)?;
        if self.snapshot.is_some() {
            return self.next_frame(kernel, log);
        }
        match closing {
            Closing::Asked => {
                let frame = self.framer.closed()?;
                Ok(Some(self.fly(Write::Append { expected, frame }, Closing::Framed)))
            }
            Closing::Framed => Ok(Some(self.fly(Write::Close, Closing::Closed))),
            Closing::No | Closing::Closed => Ok(None),
        }
    }

    /// Takes a snapshot if one is due, and if the state is the one that all framed events lead to.
    fn take_snapshot(&mut self, kernel: &Kernel, log: &mut EventLog) -> Result<()> {
        let position = self.framer.position();
        // A large state is not written more often than it doubles what is written anyway.
        let by_size = self.since_snapshot >= self.snapshot_bytes;
        let by_count = self.snapshot_events > 0 && position - self.snapshot_at >= self.snapshot_events;
        let due =
            self.snapshot_bytes > 0 && (by_size || by_count) && self.since_snapshot >= self.last_snapshot;
        if (due || self.snapshot_soon) && position == kernel.seq() && self.closing == Closing::No {
            let state = replay::encode_snapshot(kernel, log.hash());
            self.last_snapshot = state.len() as u64;
            self.since_snapshot = 0;
            self.snapshot_at = position;
            self.snapshot_soon = false;
            // One that is too large for a frame is not taken; the events are all there.
            if state.len() <= MAX_PAYLOAD_BYTES {
                self.snapshot = Some((position, self.framer.snapshot(&state)?));
            }
        }
        Ok(())
    }

    /// Something that makes no event durable.
    fn fly(&mut self, write: Write, closing: Closing) -> Write {
        self.closing = closing;
        self.flight = Some(Flight {
            durable: self.durable,
            written: self.written,
        });
        write
    }

    pub(super) fn done(&mut self, result: Result<()>) {
        let Some(flight) = self.flight.take() else { return };
        match result {
            Ok(()) => (self.durable, self.written) = (flight.durable, flight.written),
            Err(error) if self.failure.is_none() => self.failure = Some(read_only(&error)),
            Err(_) => {}
        }
    }
}

/// What commands are refused with from now on.
fn read_only(error: &OrchestratorError) -> OrchestratorError {
    let code = match error.code() {
        code @ (ErrorCode::Conflict | ErrorCode::Locked | ErrorCode::JournalFull) => code,
        _ => ErrorCode::JournalFailed,
    };
    let message = error.message();
    OrchestratorError::new(
        code,
        format!(
            "the journal cannot be written any more, so the orchestrator only reads from now on: {message}"
        ),
    )
}
