//! The way in for strings: the face writes them into one buffer of linear memory, as UTF-8.
//!
//! Two forms. Calls that every task makes pass the lengths as arguments, and the texts follow each other ([`Strings`]).
//! Calls with many fields have everything in the buffer: each number as four bytes, each text after its length
//! ([`Fields`]). `pkg-template/src/core.ts` writes both.

use crate::kernel::{OrchestratorError, Result};

fn text(bytes: Option<&[u8]>) -> Result<&str> {
    bytes
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| OrchestratorError::invalid("a string is not valid Unicode"))
}

/// The strings of one call, in the order in which the face wrote them.
pub(super) struct Strings<'a> {
    rest: &'a [u8],
}

impl<'a> Strings<'a> {
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    pub(super) fn next(&mut self, length: u32) -> Result<&'a str> {
        let parts = self.rest.split_at_checked(length as usize);
        text(parts.map(|(text, rest)| {
            self.rest = rest;
            text
        }))
    }

    /// A negative length means that there is none.
    pub(super) fn optional(&mut self, length: i32) -> Result<Option<&'a str>> {
        u32::try_from(length)
            .ok()
            .map(|length| self.next(length))
            .transpose()
    }
}

/// The fields of one call, in the order in which the face wrote them.
pub(super) struct Fields<'a> {
    strings: Strings<'a>,
}

/// Stands for the length of a string that is absent.
const ABSENT: u32 = u32::MAX;

impl<'a> Fields<'a> {
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self {
            strings: Strings::new(input),
        }
    }

    pub(super) fn number(&mut self) -> Result<u32> {
        let (number, rest) = self
            .strings
            .rest
            .split_first_chunk()
            .ok_or_else(|| OrchestratorError::invalid("the call ends in the middle"))?;
        self.strings.rest = rest;
        Ok(u32::from_le_bytes(*number))
    }

    /// A whole number up to 2^53, as its low and high half.
    pub(super) fn wide(&mut self) -> Result<u64> {
        Ok(u64::from(self.number()?) | u64::from(self.number()?) << 32)
    }

    /// A text; empty when absent.
    pub(super) fn text(&mut self) -> Result<&'a str> {
        Ok(self.optional()?.unwrap_or_default())
    }

    pub(super) fn optional(&mut self) -> Result<Option<&'a str>> {
        match self.number()? {
            ABSENT => Ok(None),
            length => self.strings.next(length).map(Some),
        }
    }

    pub(super) fn texts(&mut self) -> Result<Vec<&'a str>> {
        (0..self.number()?).map(|_| self.text()).collect()
    }
}
