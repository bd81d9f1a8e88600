//! The frame: the only thing that any journal stores. All integers are little endian.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | magic |
//! | 4 | 1 | version of the format |
//! | 5 | 1 | kind |
//! | 6 | 2 | 0 |
//! | 8 | 4 | length of the payload |
//! | 12 | 4 | count of events |
//! | 16 | 8 | salt: random, the same in all frames of one journal |
//! | 24 | 8 | seq: of the first event, or of the last one before a snapshot or a close |
//! | 32 | 8 | prev: checksum of the last events frame before |
//! | 40 | 8 | checksum: xxh3-64 over bytes 0 to 40 and the payload |
//! | 48 | | payload |

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::kernel::Seq;

/// The version of the format that this version writes.
pub const FRAME_VERSION: u8 = 1;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 48;
/// The longest payload.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 20;

pub(super) const MAGIC: [u8; 4] = [b'A', b'O', b'J', 0xf1];
const CHECKSUM: usize = 40;
const LENGTH: usize = size_of::<u32>();

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Events, at least one.
    Events = 1,
    /// A state.
    Snapshot = 2,
    /// Nothing: the journal was closed here in good order.
    Closed = 3,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// They end before the frame does.
    Short,
    /// They do not begin with the magic.
    Magic,
    /// They look like a frame of a version that came after this one.
    Newer,
    /// A field has a value that it cannot have.
    Field,
    /// They are not what the checksum was made of.
    Checksum,
}

/// One frame, checked, in the bytes that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it holds.
    pub kind: FrameKind,
    /// Events in it.
    pub count: u32,
    /// The mark of its journal.
    pub salt: u64,
    /// Position of its first event, or of the last event before a snapshot or a close.
    pub seq: Seq,
    /// Checksum of the last events frame before it.
    pub prev: u64,
    /// Its own checksum.
    pub checksum: u64,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the begin of `bytes`; more may follow it.
    ///
    /// # Errors
    /// What is wrong with the bytes. Nothing is allocated.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let header = Header::read(bytes)?;
        header.check(bytes)
    }

    /// Its length with the header.
    #[must_use]
    pub const fn len(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    /// Never: a frame has a header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The position after it: of its last event, or of the last one before it.
    #[must_use]
    pub const fn last(&self) -> Seq {
        match self.kind {
            // Checked when it was read: there is at least one, and the sum fits.
            FrameKind::Events => self.seq + self.count as Seq - 1,
            FrameKind::Snapshot | FrameKind::Closed => self.seq,
        }
    }

    /// Its events, as they were recorded; none if it holds no events.
    #[must_use]
    pub const fn records(&self) -> Records<'a> {
        match self.kind {
            FrameKind::Events => Records(self.payload),
            FrameKind::Snapshot | FrameKind::Closed => Records(&[]),
        }
    }

    /// The bytes of this frame, with the checksum that belongs to them instead of its own, which is given back.
    pub(super) fn write(&self) -> (Vec<u8>, u64) {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[FRAME_VERSION, self.kind as u8, 0, 0]);
        // The framer holds payloads against the limit.
        bytes.extend_from_slice(&(self.payload.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        for word in [self.salt, self.seq, self.prev] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        let checksum = checksum(&bytes, self.payload);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes.extend_from_slice(self.payload);
        (bytes, checksum)
    }
}

/// A header whose fields make sense; nothing is known yet of its checksum.
pub(super) struct Header {
    kind: FrameKind,
    length: usize,
    count: u32,
    pub(super) salt: u64,
    pub(super) seq: Seq,
    prev: u64,
    checksum: u64,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(if bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
                Flaw::Short
            } else {
                Flaw::Magic
            });
        };
        if !header.starts_with(&MAGIC) {
            return Err(Flaw::Magic);
        }
        let length = word(header, 8) as usize;
        if header[6..8] != [0, 0] || length > MAX_PAYLOAD_BYTES {
            return Err(Flaw::Field);
        }
        if length > rest.len() {
            return Err(Flaw::Short);
        }
        // Whatever comes later keeps the fields up to here, so that it can be told from bytes that are no frame at all.
        if header[4] > FRAME_VERSION {
            return Err(Flaw::Newer);
        }
        let kind = match (header[4], header[5]) {
            (FRAME_VERSION, 1) => FrameKind::Events,
            (FRAME_VERSION, 2) => FrameKind::Snapshot,
            (FRAME_VERSION, 3) => FrameKind::Closed,
            _ => return Err(Flaw::Field),
        };
        let (count, seq) = (word(header, 12), long(header, 24));
        let fits = match kind {
            FrameKind::Events => count > 0 && seq > 0 && seq.checked_add(Seq::from(count)).is_some(),
            // One below the end of numbers, so that an event can follow.
            FrameKind::Snapshot => count == 0 && seq < Seq::MAX,
            FrameKind::Closed => count == 0 && length == 0 && seq < Seq::MAX,
        };
        if !fits {
            return Err(Flaw::Field);
        }
        Ok(Self {
            kind,
            length,
            count,
            salt: long(header, 16),
            seq,
            prev: long(header, 32),
            checksum: long(header, CHECKSUM),
        })
    }

    /// Bytes that the checksum covers.
    pub(super) const fn covered(&self) -> usize {
        CHECKSUM + self.length
    }

    /// Holds the bytes that the header was read from against its checksum.
    pub(super) fn check<'a>(&self, bytes: &'a [u8]) -> Result<Frame<'a>, Flaw> {
        let end = HEADER_BYTES + self.length;
        let (Some(head), Some(payload)) = (bytes.get(..CHECKSUM), bytes.get(HEADER_BYTES..end)) else {
            return Err(Flaw::Short);
        };
        if checksum(head, payload) != self.checksum {
            return Err(Flaw::Checksum);
        }
        if self.kind == FrameKind::Events && count_records(payload) != Some(self.count) {
            return Err(Flaw::Field);
        }
        Ok(Frame {
            kind: self.kind,
            count: self.count,
            salt: self.salt,
            seq: self.seq,
            prev: self.prev,
            checksum: self.checksum,
            payload,
        })
    }
}

fn checksum(head: &[u8], payload: &[u8]) -> u64 {
    let mut hasher = XxHash3_64::new();
    hasher.write(head);
    hasher.write(payload);
    hasher.finish()
}

fn word(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn long(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The events of a frame, each as its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<LENGTH>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some(record)
    }
}

/// How many records these bytes are; `None` if they are something else.
pub(super) fn count_records(bytes: &[u8]) -> Option<u32> {
    let mut records = Records(bytes);
    let count = u32::try_from(records.by_ref().count()).ok()?;
    records.0.is_empty().then_some(count)
}

/// Appends one record to the payload of an events frame. It is cut at 4 GiB, far above what a frame holds.
pub fn push_record(payload: &mut Vec<u8>, record: &[u8]) {
    let record = &record[..record.len().min(u32::MAX as usize)];
    payload.extend_from_slice(&(record.len() as u32).to_le_bytes());
    payload.extend_from_slice(record);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Framer;

    fn example() -> Vec<u8> {
        let mut payload = Vec::new();
        for record in [&b"one"[..], b"", b"three"] {
            push_record(&mut payload, record);
        }
        Framer::new(0x0123_4567_89ab_cdef).events(&payload).unwrap()
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let bytes = example();
        let frame = Frame::read(&bytes).unwrap();
        assert_eq!(
            (frame.kind, frame.count, frame.seq, frame.last()),
            (FrameKind::Events, 3, 1, 3)
        );
        assert_eq!(frame.len(), bytes.len());
        assert_eq!(frame.records().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(&bytes[..16], b"AOJ\xf1\x01\x01\0\0\x14\0\0\0\x03\0\0\0");
        assert_eq!(bytes[16..24], 0x0123_4567_89ab_cdef_u64.to_le_bytes());
        assert_eq!(bytes.len(), HEADER_BYTES + 20);
    }

    #[test]
    fn every_bit_counts() {
        let good = example();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Frame::read(&bytes).is_err(), "bit {bit}");
        }
        for end in 0..good.len() {
            assert_eq!(Frame::read(&good[..end]), Err(Flaw::Short), "{end} bytes");
        }
    }

    #[test]
    fn fields_that_cannot_be_are_refused_without_reading_further() {
        for (at, bytes, flaw) in [
            (0, &b"AOJ\xf0"[..], Flaw::Magic),
            (4, &[0], Flaw::Field),
            (4, &[2], Flaw::Newer),
            (5, &[0], Flaw::Field),
            (5, &[4], Flaw::Field),
            (6, &[1], Flaw::Field),
            (8, &[0xff; 4], Flaw::Field),
            (8, &[0, 0, 0, 4], Flaw::Short),
            (12, &[0; 4], Flaw::Field),
            (24, &[0; 8], Flaw::Field),
            (24, &[0xff; 8], Flaw::Field),
        ] {
            let mut frame = example();
            frame[at..at + bytes.len()].copy_from_slice(bytes);
            assert_eq!(Frame::read(&frame), Err(flaw), "{bytes:?} at {at}");
        }
    }

    #[test]
    fn records_that_do_not_add_up_are_no_payload() {
        assert_eq!(count_records(&[]), Some(0));
        assert_eq!(count_records(&[0; 8]), Some(2));
        for bytes in [&[0; 3][..], &[1, 0, 0, 0], &[0xff; 4], &[0, 0, 0, 0, 9]] {
            assert_eq!(count_records(bytes), None, "{bytes:?}");
        }
    }
}
