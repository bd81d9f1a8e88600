//! Small copyable names for tasks, providers and attempts, and the text form of task ids.

use serde::{Deserialize, Serialize};

/// A task inside one kernel: the number of its creation, from 0. Never used again after a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskKey(pub(crate) u32);

/// A provider inside one kernel: the number of its first registration, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderKey(pub(crate) u16);

/// A group of tasks inside one kernel: the number of its first use; 0 is that of tasks without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupKey(pub(crate) u32);

/// The number of a run of a task, from 1. What is reported for another attempt than the current one is late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub(crate) u32);

/// An agent inside one kernel: the number of its first registration, from 0. Never used again after a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentKey(pub(crate) u32);

/// The number of a start of an agent, from 1. What is reported by another one than the current is late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub(crate) u32);

/// A message to an agent: its number among those to the same agent, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Message(pub(crate) u32);

macro_rules! numbers {
    ($($name:ident)*) => {$(
        impl $name {
            /// The number itself.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// The one with this number; it need not be one that there is.
            #[must_use]
            pub const fn new(number: u32) -> Self {
                Self(number)
            }
        }
    )*};
}

numbers!(AgentKey Incarnation Message);

impl AgentKey {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Position of an event in the journal; the first is 1.
pub type Seq = u64;

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

impl TaskKey {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The key with this number; it need not be that of a task.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl GroupKey {
    /// That of tasks which name none.
    pub const NONE: Self = Self(0);

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl ProviderKey {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The key with this number; it need not be that of a provider.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Attempt {
    /// No attempt yet.
    pub const NONE: Self = Self(0);

    /// The number itself; 0 when there was no attempt.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The attempt with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const PREFIX_LEN: usize = 11;
const NUMBER_LEN: usize = 7;

fn base32(mut value: u64, digits: usize, out: &mut String) {
    let start = out.len();
    for _ in 0..digits {
        out.insert(start, char::from(DIGITS[(value & 31) as usize]));
        value >>= 5;
    }
}

/// What all ids made by one journal begin with: the second of its opening, then 20 random bits.
///
/// An id is this and the task's number, so ids sort by time of creation and need not be stored.
pub(crate) fn prefix(now: Millis, random: u64) -> String {
    let mut out = String::with_capacity(PREFIX_LEN);
    base32(now / 1000, 7, &mut out);
    base32(random, 4, &mut out);
    out
}

/// Appends the id of the task with this number.
pub(crate) fn write_id(prefix: &str, key: TaskKey, out: &mut String) {
    out.push_str(prefix);
    base32(u64::from(key.0), NUMBER_LEN, out);
}

/// The number in an id that [`write_id`] made with the same prefix.
pub(crate) fn read_id(prefix: &str, id: &str) -> Option<TaskKey> {
    let digits = id.strip_prefix(prefix).filter(|rest| rest.len() == NUMBER_LEN)?;
    let mut value: u64 = 0;
    for byte in digits.bytes() {
        let digit = DIGITS.iter().position(|d| *d == byte)?;
        value = value << 5 | digit as u64;
    }
    u32::try_from(value).ok().map(TaskKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_sort_by_number() {
        let prefix = prefix(1_700_000_000_000, 0xABCDE);
        let text = |n| {
            let mut out = String::new();
            write_id(&prefix, TaskKey(n), &mut out);
            out
        };
        let numbers = [0, 1, 31, 32, 1_000_000, u32::MAX];
        let ids: Vec<_> = numbers.map(text).into();
        assert!(ids.is_sorted());
        for (number, id) in numbers.into_iter().zip(&ids) {
            assert_eq!(id.len(), 18);
            assert_eq!(read_id(&prefix, id), Some(TaskKey(number)));
        }
        assert_eq!(
            read_id(&prefix, &format!("{prefix}vvvvvvv")),
            None,
            "larger than a key can be"
        );
        assert_eq!(read_id(&prefix, &prefix), None);
        assert_eq!(read_id(&prefix, &format!("{prefix}00000é")), None);
    }
}
