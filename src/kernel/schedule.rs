//! Whose turn it is: first come, first served, within the limits for all and for each provider.

use std::collections::VecDeque;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::id::{ProviderKey, TaskKey};

/// Waiting tasks by their tickets, which only grow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// Who left from the middle leaves a gap, which goes when it comes to the front or when most are gaps.
    places: VecDeque<(u64, Option<TaskKey>)>,
    len: usize,
}

impl Queue {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn waiting(&self) -> impl Iterator<Item = (u64, TaskKey)> {
        self.places
            .iter()
            .filter_map(|(ticket, task)| Some((*ticket, (*task)?)))
    }

    fn first(&self) -> Option<(u64, TaskKey)> {
        self.waiting().next()
    }

    fn push(&mut self, ticket: u64, task: TaskKey) {
        self.places.push_back((ticket, Some(task)));
        self.len += 1;
    }

    fn remove(&mut self, ticket: u64) {
        let found = self.places.binary_search_by_key(&ticket, |(ticket, _)| *ticket);
        let Some((_, place)) = found.ok().and_then(|place| self.places.get_mut(place)) else {
            return;
        };
        self.len -= usize::from(place.take().is_some());
        while self.places.front().is_some_and(|(_, task)| task.is_none()) {
            self.places.pop_front();
        }
        if self.places.len() > self.len * 2 + 8 {
            self.places.retain(|(_, task)| task.is_some());
        }
    }
}

/// Gaps are no part of what the queue is.
impl PartialEq for Queue {
    fn eq(&self, other: &Self) -> bool {
        self.waiting().eq(other.waiting())
    }
}

impl Eq for Queue {}

impl Serialize for Queue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tickets = serializer.serialize_map(Some(self.len))?;
        for (ticket, task) in self.waiting() {
            tickets.serialize_entry(&ticket, &task)?;
        }
        tickets.end()
    }
}

/// One provider's part of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Lane {
    pub(crate) max_concurrency: Option<u32>,
    pub(crate) running: u32,
    pub(crate) waiting: Queue,
}

impl Lane {
    pub(crate) fn has_room(&self) -> bool {
        self.max_concurrency.is_none_or(|max| self.running < max)
    }
}

/// What the lanes have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Schedule {
    pub(crate) running: u32,
    next_ticket: u64,
    /// Lanes in which a task waits, upwards.
    waiting: Vec<ProviderKey>,
}

impl Schedule {
    /// Puts a task at the end of a lane, and gives its place.
    pub(crate) fn enqueue(&mut self, provider: ProviderKey, lane: &mut Lane, task: TaskKey) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        lane.waiting.push(ticket, task);
        if let Err(place) = self.waiting.binary_search(&provider) {
            self.waiting.insert(place, provider);
        }
        ticket
    }

    /// Takes a task out of a lane.
    pub(crate) fn dequeue(&mut self, provider: ProviderKey, lane: &mut Lane, ticket: u64) {
        lane.waiting.remove(ticket);
        if lane.waiting.is_empty()
            && let Ok(place) = self.waiting.binary_search(&provider)
        {
            self.waiting.remove(place);
        }
    }

    /// The task that has waited longest among those whose provider has room and is there.
    pub(crate) fn next<'a>(&self, lane: impl Fn(ProviderKey) -> Option<&'a Lane>) -> Option<TaskKey> {
        self.waiting
            .iter()
            .filter_map(|provider| lane(*provider).filter(|lane| lane.has_room())?.waiting.first())
            .min_by_key(|(ticket, _)| *ticket)
            .map(|(_, task)| task)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_queue_is_what_waits_in_order_whatever_left_in_between(
            moves in prop::collection::vec(prop_oneof![Just(None), (0u64..60).prop_map(Some)], 0..200),
        ) {
            let (mut ours, mut model) = (Queue::default(), BTreeMap::new());
            for (ticket, leaves) in (0..).zip(moves) {
                match leaves {
                    Some(ticket) => { ours.remove(ticket); model.remove(&ticket); }
                    None => { ours.push(ticket, TaskKey(7)); model.insert(ticket, TaskKey(7)); }
                }
                prop_assert_eq!(ours.first(), model.first_key_value().map(|(ticket, task)| (*ticket, *task)));
                prop_assert!(ours.places.len() <= ours.len() * 2 + 8, "gaps are bounded");
            }
            prop_assert_eq!(ours.len(), model.len());
            prop_assert_eq!(ours.is_empty(), model.is_empty());
            prop_assert!(ours.waiting().eq(model));
        }
    }
}
