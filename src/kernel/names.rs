//! Numbers by name: one kind of map for all of them, since each kind costs the `.wasm` several kilobytes.

use std::collections::BTreeMap;

/// Numbers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(BTreeMap<Box<str>, u32>);

impl Names {
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        self.0.get(name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Names a number; gives the one that had this name before.
    pub(crate) fn insert(&mut self, name: &str, number: u32) -> Option<u32> {
        self.0.insert(name.into(), number)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Adds to the number of a name, which is 0 at first.
    pub(crate) fn count(&mut self, name: &str) -> &mut u32 {
        self.0.entry(name.into()).or_default()
    }
}

impl<'a> FromIterator<&'a str> for Names {
    /// Numbers the names in their order, from 0.
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut all = Self::default();
        // One by one: to collect a map takes a sort of its own.
        for (number, name) in (0..).zip(names) {
            all.insert(name, number);
        }
        all
    }
}
