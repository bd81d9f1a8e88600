//! What stands last in the serialized state, and not at all where there is none of it. So the states of journals that
//! have nothing of a kind stay what they were before that kind was known, to the byte.

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list as it is read; none when it begins and cannot be read to its end.
pub(super) struct List<T>(pub Option<Vec<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    /// Fails only where nothing begins.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut all = Vec::new();
                loop {
                    match items.next_element() {
                        Ok(Some(item)) => all.push(item),
                        Ok(None) => return Ok(List(Some(all))),
                        Err(_) => return Ok(List(None)),
                    }
                }
            }
        }
        deserializer.deserialize_seq(All(std::marker::PhantomData))
    }
}
