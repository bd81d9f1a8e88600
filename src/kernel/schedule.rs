//! Whose turn it is: first come, first served, within the limits for all and for each provider.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::id::{ProviderKey, TaskKey};

/// One provider's part of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Lane {
    pub(crate) max_concurrency: Option<u32>,
    pub(crate) running: u32,
    pub(crate) waiting: BTreeMap<u64, TaskKey>,
}

impl Lane {
    pub(crate) fn has_room(&self) -> bool {
        self.max_concurrency.is_none_or(|max| self.running < max)
    }

    fn first(&self) -> Option<u64> {
        self.waiting.first_key_value().map(|(ticket, _)| *ticket)
    }
}

/// What the lanes have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Schedule {
    pub(crate) running: u32,
    next_ticket: u64,
    /// Lanes in which a task waits.
    waiting: BTreeSet<ProviderKey>,
}

impl Schedule {
    /// Puts a task at the end of a lane, and gives its place.
    pub(crate) fn enqueue(&mut self, provider: ProviderKey, lane: &mut Lane, task: TaskKey) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        lane.waiting.insert(ticket, task);
        self.waiting.insert(provider);
        ticket
    }

    /// Takes a task out of a lane.
    pub(crate) fn dequeue(&mut self, provider: ProviderKey, lane: &mut Lane, ticket: u64) {
        lane.waiting.remove(&ticket);
        if lane.waiting.is_empty() {
            self.waiting.remove(&provider);
        }
    }

    /// The task that has waited longest among those whose provider has room and is there.
    pub(crate) fn next<'a>(&self, lane: impl Fn(ProviderKey) -> Option<&'a Lane>) -> Option<TaskKey> {
        self.waiting
            .iter()
            .filter_map(|provider| lane(*provider).filter(|lane| lane.has_room()))
            .min_by_key(|lane| lane.first())
            .and_then(|lane| lane.waiting.first_key_value().map(|(_, task)| *task))
    }
}
