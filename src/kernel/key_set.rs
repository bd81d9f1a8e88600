//! A set of task keys in order of creation: a sparse bitmap, about one bit a key where keys are dense.

use std::collections::BTreeMap;

use serde::Serialize;

use super::id::TaskKey;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct KeySet {
    words: BTreeMap<u32, u64>,
    len: usize,
}

impl KeySet {
    const fn place(key: TaskKey) -> (u32, u64) {
        (key.0 >> 6, 1 << (key.0 & 63))
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn insert(&mut self, key: TaskKey) {
        let (word, bit) = Self::place(key);
        let mask = self.words.entry(word).or_default();
        self.len += usize::from(*mask & bit == 0);
        *mask |= bit;
    }

    pub(crate) fn remove(&mut self, key: TaskKey) {
        let (word, bit) = Self::place(key);
        let Some(mask) = self.words.get_mut(&word) else {
            return;
        };
        self.len -= usize::from(*mask & bit != 0);
        *mask &= !bit;
        if *mask == 0 {
            self.words.remove(&word);
        }
    }

    /// Keys above `after`, upwards.
    pub(crate) fn ascending(&self, after: Option<TaskKey>) -> impl Iterator<Item = TaskKey> + '_ {
        let from = after.map_or(0, |key| u64::from(key.0) + 1);
        let first = u32::try_from(from >> 6).unwrap_or(u32::MAX);
        self.words
            .range(first..)
            .flat_map(move |(word, mask)| {
                let skip = if u64::from(*word) == from >> 6 {
                    from & 63
                } else {
                    0
                };
                let mask = *mask & (u64::MAX << skip);
                Bits { word: *word, mask }
            })
            .filter(move |key| u64::from(key.0) >= from)
    }

    /// Keys below `before`, downwards.
    pub(crate) fn descending(&self, before: Option<TaskKey>) -> impl Iterator<Item = TaskKey> + '_ {
        let end = before.map_or(u64::from(u32::MAX) + 1, |key| u64::from(key.0));
        let last = u32::try_from(end >> 6).unwrap_or(u32::MAX);
        self.words.range(..=last).rev().flat_map(move |(word, mask)| {
            let keep = if u64::from(*word) == end >> 6 {
                (1 << (end & 63)) - 1
            } else {
                u64::MAX
            };
            Bits {
                word: *word,
                mask: *mask & keep,
            }
            .rev()
        })
    }
}

/// The set bits of one word.
struct Bits {
    word: u32,
    mask: u64,
}

impl Iterator for Bits {
    type Item = TaskKey;

    fn next(&mut self) -> Option<TaskKey> {
        let bit = (self.mask != 0).then(|| self.mask.trailing_zeros())?;
        self.mask &= self.mask - 1;
        Some(TaskKey(self.word << 6 | bit))
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<TaskKey> {
        let bit = (self.mask != 0).then(|| 63 - self.mask.leading_zeros())?;
        self.mask &= !(1 << bit);
        Some(TaskKey(self.word << 6 | bit))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_an_ordered_set(
            moves in prop::collection::vec((any::<bool>(), prop_oneof![0u32..200, u32::MAX - 70..=u32::MAX]), 0..200),
            cursor in prop_oneof![0u32..200, u32::MAX - 70..=u32::MAX],
        ) {
            let (mut ours, mut model) = (KeySet::default(), BTreeSet::new());
            for (insert, number) in moves {
                let key = TaskKey(number);
                if insert { ours.insert(key); model.insert(key); } else { ours.remove(key); model.remove(&key); }
            }
            prop_assert_eq!(ours.len(), model.len());
            prop_assert!(ours.ascending(None).eq(model.iter().copied()));
            prop_assert!(ours.descending(None).eq(model.iter().rev().copied()));
            let cursor = TaskKey(cursor);
            prop_assert!(ours.ascending(Some(cursor)).eq(model.iter().copied().filter(|key| *key > cursor)));
            prop_assert!(ours.descending(Some(cursor)).eq(model.iter().rev().copied().filter(|key| *key < cursor)));
        }
    }
}
