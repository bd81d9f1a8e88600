//! The event log in memory: bounded, readable from any position that is still kept.

use std::collections::VecDeque;

use twox_hash::xxhash3_128::Hasher;

use super::codec;
use crate::kernel::{Event, Millis, Seq, Sink};

const CHUNK: usize = 32 * 1024;
const HEADER: usize = size_of::<u32>();

/// Events that lie together in memory, and are dropped together.
#[derive(Debug)]
struct Chunk {
    /// Where its first byte stands among all bytes ever written.
    start: u64,
    first: Seq,
    bytes: Vec<u8>,
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The event that is read next.
    pub seq: Seq,
    offset: u64,
}

impl Cursor {
    /// How many bytes of events were written before it, in all.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.offset
    }
}

/// One event as it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its position.
    pub seq: Seq,
    /// Its time.
    pub at: Millis,
    /// What happened.
    pub event: Event<'a>,
}

/// The last events, within a limit of bytes, and a hash over all of them since the first.
pub struct EventLog {
    chunks: VecDeque<Chunk>,
    max_bytes: u64,
    end: Cursor,
    /// What is from here on is not trimmed.
    held: u64,
    /// Of all events before `hashed`.
    hash: u128,
    hashed: Cursor,
}

impl EventLog {
    /// An empty log. It keeps at least the last `max_bytes` of events, and at most a chunk more.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            max_bytes: max_bytes as u64,
            end: Cursor { seq: 1, offset: 0 },
            held: u64::MAX,
            hash: 0,
            hashed: Cursor { seq: 1, offset: 0 },
        }
    }

    /// An empty log that goes on after a position, where its hash was this one.
    #[must_use]
    pub fn after(max_bytes: usize, position: Seq, hash: u128) -> Self {
        let end = Cursor {
            seq: position + 1,
            offset: 0,
        };
        Self {
            end,
            hash,
            hashed: end,
            ..Self::new(max_bytes)
        }
    }

    /// Keeps everything from this place on until told otherwise, however much it is.
    pub const fn hold(&mut self, from: Cursor) {
        self.held = from.offset;
    }

    /// The bytes of events from a place on, as frames hold them: whole ones, up to this many bytes, but one at least.
    /// Moves the place.
    #[must_use]
    pub fn records(&self, from: &mut Cursor, max_bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(record) = self.frame(*from) {
            if !out.is_empty() && out.len() + HEADER + record.len() > max_bytes {
                break;
            }
            // As it was written, far below 4 GiB.
            out.extend_from_slice(&(record.len() as u32).to_le_bytes());
            out.extend_from_slice(record);
            *from = step(*from, record);
        }
        out
    }

    /// How many bytes were written from a place on.
    #[must_use]
    pub const fn bytes_since(&self, from: Cursor) -> u64 {
        self.end.offset - from.offset
    }

    /// Appends an event that was recorded before, as its bytes are.
    pub fn push(&mut self, record: &[u8]) {
        let Some(chunk) = self.room() else { return };
        // As it was read, far below 4 GiB.
        chunk
            .bytes
            .extend_from_slice(&(record.len() as u32).to_le_bytes());
        chunk.bytes.extend_from_slice(record);
        self.end = step(self.end, record);
    }

    fn room(&mut self) -> Option<&mut Chunk> {
        if self.chunks.back().is_none_or(|chunk| chunk.bytes.len() >= CHUNK) {
            self.chunks.push_back(Chunk {
                start: self.end.offset,
                first: self.end.seq,
                bytes: Vec::with_capacity(CHUNK + CHUNK / 8),
            });
            self.trim();
        }
        self.chunks.back_mut()
    }

    /// Where the next event will stand.
    #[must_use]
    pub const fn end(&self) -> Cursor {
        self.end
    }

    /// The first event that is still kept.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.chunks.front().map_or(self.end.seq, |chunk| chunk.first)
    }

    /// The place of an event, or of the first one kept after it.
    #[must_use]
    pub fn seek(&self, seq: Seq) -> Cursor {
        if seq >= self.end.seq {
            return self.end;
        }
        let after = self.chunks.partition_point(|chunk| chunk.first <= seq);
        let Some(chunk) = self.chunks.get(after.saturating_sub(1)) else {
            return self.end;
        };
        let mut cursor = Cursor {
            seq: chunk.first,
            offset: chunk.start,
        };
        while cursor.seq < seq {
            let Some(frame) = self.frame(cursor) else { break };
            cursor = step(cursor, frame);
        }
        cursor
    }

    /// Reads the event at a place, and moves the place to the next one. Skips what is no longer kept.
    pub fn read(&self, cursor: &mut Cursor) -> Option<Recorded<'_>> {
        if cursor.seq < self.first() {
            *cursor = self.seek(self.first());
        }
        let frame = self.frame(*cursor)?;
        let (at, event) = codec::decode(frame)?;
        let seq = cursor.seq;
        *cursor = step(*cursor, frame);
        Some(Recorded { seq, at, event })
    }

    fn frame(&self, cursor: Cursor) -> Option<&[u8]> {
        // Who reads is mostly near the end.
        let chunk = match self.chunks.back()? {
            last if last.start <= cursor.offset => last,
            _ => {
                let after = self.chunks.partition_point(|chunk| chunk.start <= cursor.offset);
                self.chunks.get(after.checked_sub(1)?)?
            }
        };
        let rest = chunk
            .bytes
            .get(usize::try_from(cursor.offset - chunk.start).ok()?..)?;
        let (header, rest) = rest.split_first_chunk::<HEADER>()?;
        rest.get(..u32::from_le_bytes(*header) as usize)
    }

    /// A hash over every event since the first. Equal runs have equal hashes, on every host.
    #[must_use]
    pub fn hash(&mut self) -> u128 {
        self.hash_up_to(self.end);
        self.hash
    }

    /// Each event's hash begins with that of the one before, so that a few bytes are enough to go on.
    fn hash_up_to(&mut self, end: Cursor) {
        while self.hashed.seq < end.seq {
            let Some(record) = self.frame(self.hashed) else {
                return;
            };
            let seed = (self.hash ^ (self.hash >> 64)) as u64;
            let hash = Hasher::oneshot_with_seed(seed, record);
            self.hashed = step(self.hashed, record);
            self.hash = hash;
        }
    }

    fn trim(&mut self) {
        while let Some(second) = self.chunks.get(1) {
            let keep_from = second.start;
            if self.end.offset - keep_from < self.max_bytes || keep_from > self.held {
                break;
            }
            self.hash_up_to(Cursor {
                seq: second.first,
                offset: keep_from,
            });
            self.chunks.pop_front();
        }
    }
}

fn step(cursor: Cursor, frame: &[u8]) -> Cursor {
    Cursor {
        seq: cursor.seq + 1,
        offset: cursor.offset + (HEADER + frame.len()) as u64,
    }
}

impl Sink for EventLog {
    fn record(&mut self, seq: Seq, at: Millis, event: &Event<'_>) {
        debug_assert_eq!(seq, self.end.seq, "events come in order");
        let Some(chunk) = self.room() else { return };
        let start = chunk.bytes.len();
        chunk.bytes.extend_from_slice(&[0; HEADER]);
        codec::encode(&(at, event), &mut chunk.bytes);
        let length = chunk.bytes.len() - start - HEADER;
        // The limits on what comes in keep an event far below 4 GiB.
        chunk.bytes[start..start + HEADER].copy_from_slice(&(length as u32).to_le_bytes());
        self.end = Cursor {
            seq: seq + 1,
            offset: self.end.offset + (HEADER + length) as u64,
        };
    }
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog")
            .field("first", &self.first())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// A hash over the canonical encoding of any state. Equal states have equal hashes, on every host.
pub(crate) fn hash_of<T: serde::Serialize>(value: &T) -> String {
    let mut bytes = Vec::new();
    codec::encode(value, &mut bytes);
    format!("{:032x}", Hasher::oneshot(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::TaskKey;

    fn fill(log: &mut EventLog, count: u64) {
        for _ in 0..count {
            let n = log.end().seq - 1;
            let text = "x".repeat((n % 50) as usize);
            let event = Event::Output {
                task: TaskKey::new(n as u32),
                dropped: 0,
                text: &text,
            };
            log.record(log.end().seq, n, &event);
        }
    }

    #[test]
    fn reads_from_any_position() {
        let mut log = EventLog::new(1 << 20);
        fill(&mut log, 5000);
        for from in [0, 1, 2, 700, 4999, 5000] {
            let mut cursor = log.seek(from);
            let mut seqs = Vec::new();
            while let Some(recorded) = log.read(&mut cursor) {
                assert_eq!(recorded.at, recorded.seq - 1);
                seqs.push(recorded.seq);
            }
            assert!(seqs.iter().copied().eq(from.max(1)..=5000), "from {from}");
        }
        assert!(log.read(&mut log.seek(9000)).is_none());
    }

    #[test]
    fn trimming_keeps_the_end_and_does_not_change_the_hash() {
        let (mut small, mut large) = (EventLog::new(50_000), EventLog::new(1 << 30));
        fill(&mut small, 10_000);
        let halfway = small.hash();
        fill(&mut small, 10_000);
        fill(&mut large, 20_000);
        assert_eq!(large.first(), 1);
        assert!(small.first() > 15_000, "{small:?}");
        assert_eq!(small.hash(), large.hash());
        let mut cursor = small.seek(1);
        assert_eq!(
            small.read(&mut cursor).map(|recorded| recorded.seq),
            Some(small.first())
        );
        fill(&mut small, 1);
        assert_ne!(small.hash(), large.hash());

        let mut rest = EventLog::after(1 << 30, 10_000, halfway);
        let mut cursor = large.seek(10_001);
        let records = large.records(&mut cursor, usize::MAX);
        for record in crate::journal::Records::new(&records) {
            rest.push(record);
        }
        assert_eq!((rest.hash(), rest.end().seq), (large.hash(), large.end().seq));
    }

    #[test]
    fn what_is_held_is_not_trimmed() {
        let mut log = EventLog::new(50_000);
        fill(&mut log, 1000);
        let mut from = log.end();
        log.hold(from);
        fill(&mut log, 20_000);
        assert!(log.first() <= 1001);
        let mut seen = 0;
        while from != log.end() {
            let records = log.records(&mut from, 10_000);
            assert!(records.len() <= 10_000);
            seen += crate::journal::Records::new(&records).count();
        }
        assert_eq!(seen, 20_000);
        log.hold(from);
        fill(&mut log, 2000);
        assert!(log.first() > 15_000);
    }
}
