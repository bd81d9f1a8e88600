//! A set of task keys in order of creation: a sparse bitmap, about two bits a key where keys are dense.

use super::id::TaskKey;

/// A list and not a tree: keys come and go almost in order, so that nearly every change is at the end of the list or
/// at a word that is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    /// The numbers of words of 64 keys, upwards, with the keys that are there. To take out a word that became empty
    /// would move all that follow: it stays until most are.
    words: Vec<(u32, u64)>,
    empty: usize,
    len: usize,
}

impl KeySet {
    const fn place(key: TaskKey) -> (u32, u64) {
        (key.0 >> 6, 1 << (key.0 & 63))
    }

    /// Where this word is, or would be.
    fn find(&self, word: u32) -> Result<usize, usize> {
        let first = self.words.first().map_or(0, |(first, _)| *first);
        // Where no word is missing, this is its place.
        let guess = word.wrapping_sub(first) as usize;
        match self.words.get(guess) {
            Some((found, _)) if *found == word => Ok(guess),
            _ => self.words.binary_search_by_key(&word, |(word, _)| *word),
        }
    }

    fn used(&self) -> impl Iterator<Item = &(u32, u64)> {
        self.words.iter().filter(|(_, mask)| *mask != 0)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn insert(&mut self, key: TaskKey) {
        let (word, bit) = Self::place(key);
        match self.find(word) {
            Ok(place) => {
                let mask = &mut self.words[place].1;
                self.len += usize::from(*mask & bit == 0);
                self.empty -= usize::from(*mask == 0);
                *mask |= bit;
            }
            Err(place) => {
                self.words.insert(place, (word, bit));
                self.len += 1;
            }
        }
    }

    pub(crate) fn contains(&self, key: TaskKey) -> bool {
        let (word, bit) = Self::place(key);
        self.find(word).is_ok_and(|place| self.words[place].1 & bit != 0)
    }

    pub(crate) fn remove(&mut self, key: TaskKey) {
        let (word, bit) = Self::place(key);
        let Ok(place) = self.find(word) else { return };
        let mask = &mut self.words[place].1;
        if *mask & bit == 0 {
            return;
        }
        *mask &= !bit;
        self.len -= 1;
        self.empty += usize::from(*mask == 0);
        if self.empty > self.words.len() / 2 + 4 || self.len == 0 {
            self.words.retain(|(_, mask)| *mask != 0);
            self.empty = 0;
        }
    }

    /// Keys above `after`, upwards.
    pub(crate) fn ascending(&self, after: Option<TaskKey>) -> impl Iterator<Item = TaskKey> + '_ {
        let from = after.map_or(0, |key| u64::from(key.0) + 1);
        let first = self
            .words
            .partition_point(|(word, _)| u64::from(*word) < from >> 6);
        self.words[first..].iter().flat_map(move |(word, mask)| {
            let skip = if u64::from(*word) == from >> 6 {
                from & 63
            } else {
                0
            };
            let mask = *mask & (u64::MAX << skip);
            Bits { word: *word, mask }
        })
    }

    /// Keys below `before`, downwards.
    pub(crate) fn descending(&self, before: Option<TaskKey>) -> impl Iterator<Item = TaskKey> + '_ {
        let end = before.map_or(u64::from(u32::MAX) + 1, |key| u64::from(key.0));
        let last = self
            .words
            .partition_point(|(word, _)| u64::from(*word) <= end >> 6);
        self.words[..last].iter().rev().flat_map(move |(word, mask)| {
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

/// Empty words are no part of what the set is.
impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.used().eq(other.used())
    }
}

impl Eq for KeySet {}

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
