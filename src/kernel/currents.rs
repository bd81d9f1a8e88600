//! Which task is the current one of whom: of a room, of a user, of whatever a host names a scope.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::TaskKey;
use super::key_set::KeySet;
use super::tail::List;

/// The current task of every scope that has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Currents {
    /// By name. A list and not a tree: it changes seldom, and a tree would weigh more in the `.wasm` than all else here.
    scopes: Vec<(Box<str>, TaskKey)>,
    /// Tasks that are, or were, the current one of a scope: deleting any other costs nothing.
    tasks: KeySet,
}

impl PartialEq for Currents {
    fn eq(&self, other: &Self) -> bool {
        self.scopes == other.scopes
    }
}

impl Eq for Currents {}

impl Currents {
    fn find(&self, scope: &str) -> Result<usize, usize> {
        self.scopes.binary_search_by(|(name, _)| (**name).cmp(scope))
    }

    pub(crate) fn get(&self, scope: &str) -> Option<TaskKey> {
        self.find(scope).ok().map(|place| self.scopes[place].1)
    }

    pub(crate) fn len(&self) -> usize {
        self.scopes.len()
    }

    pub(super) fn set(&mut self, scope: &str, task: TaskKey) {
        match self.find(scope) {
            Ok(place) => self.scopes[place].1 = task,
            Err(place) => self.scopes.insert(place, (scope.into(), task)),
        }
        self.tasks.insert(task);
    }

    pub(super) fn clear(&mut self, scope: &str) {
        if let Ok(place) = self.find(scope) {
            self.scopes.remove(place);
        }
    }

    /// No scope is at this task any more.
    pub(super) fn forget(&mut self, task: TaskKey) {
        if self.tasks.contains(task) {
            self.tasks.remove(task);
            self.retain(|key| key != task);
        }
    }

    /// Keeps only the scopes at tasks like this.
    pub(super) fn retain(&mut self, is_kept: impl Fn(TaskKey) -> bool) {
        self.scopes.retain(|(_, key)| is_kept(*key));
    }
}

impl Serialize for Currents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.scopes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Currents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Currents;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("current tasks, or nothing")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Currents, A::Error> {
                let mut all = Currents::default();
                // They stand last: where the bytes end, there is none.
                let Ok(Some(List::<(Box<str>, TaskKey)>(list))) = parts.next_element() else {
                    return Ok(all);
                };
                let list = list.ok_or_else(|| A::Error::custom("the current tasks end in the middle"))?;
                for (scope, task) in list {
                    all.set(&scope, task);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_tuple(1, Parts)
    }
}
