//! Events to bytes and back: postcard, a compact serde format with a written specification.

use postcard::ser_flavors::Flavor;

use crate::kernel::{Event, Millis};

/// Lets postcard append to a buffer that is already in use.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // Most numbers are one byte, and a copy is a call.
        match bytes {
            [byte] => self.0.push(*byte),
            bytes => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Appends any serializable value in the canonical encoding.
pub(crate) fn encode<T: serde::Serialize>(value: &T, out: &mut Vec<u8>) {
    // Appending to a vector cannot fail, and postcard can encode every type of ours: none is a map or a sequence
    // of unknown length.
    let done = postcard::serialize_with_flavor(value, Append(out));
    debug_assert!(done.is_ok(), "{done:?}");
}

/// Reads any value in the canonical encoding; none if the bytes are something else, or more.
pub(crate) fn decode_value<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}

/// Reads a number, and gives the bytes after it.
pub(crate) fn decode_prefix(bytes: &[u8]) -> Option<(u16, &[u8])> {
    postcard::take_from_bytes(bytes).ok()
}

/// Reads an event and its time.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Millis, Event<'_>)> {
    postcard::from_bytes(bytes).ok()
}
