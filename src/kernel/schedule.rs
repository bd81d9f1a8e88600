//! Whose turn it is: groups share the slots in turn; within a group the higher priority goes first, then who came
//! first; all within the limits for all, for each provider and for each group.
//!
//! A *lane* holds the waiting tasks of one group for one provider, by rank. A lane is *listed* with its provider while
//! its group has room, so that the next task is found without looking at those that cannot run: in the logarithm of
//! tasks and groups, and linearly in the providers for which something waits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::id::{GroupKey, ProviderKey, TaskKey};
use super::names::Names;

/// How many later tasks with a priority one higher may go ahead before it is a task's turn all the same. So large that
/// priorities are strict in practice, and finite so that nobody waits for ever.
const PLACES_PER_PRIORITY: i64 = 1_000_000;

/// A task's place in its lane; smaller ones go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    place: i64,
    ticket: u64,
}

impl Rank {
    pub(crate) const fn new(ticket: u64, priority: i32) -> Self {
        let place = (ticket as i64).saturating_sub(PLACES_PER_PRIORITY * priority as i64);
        Self { place, ticket }
    }
}

/// A lane whose group has room, as its provider lists it: the group that was served least goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    served: u64,
    first: Rank,
    group: GroupKey,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lane {
    waiting: BTreeMap<Rank, TaskKey>,
    listed: Option<Listed>,
}

/// One provider's part of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) max_concurrency: Option<u32>,
    #[serde(skip)]
    pub(crate) running: u32,
    #[serde(skip)]
    pub(crate) waiting: usize,
    #[serde(skip)]
    listed: BTreeSet<Listed>,
}

impl Desk {
    pub(crate) fn has_room(&self) -> bool {
        is_below(self.max_concurrency, self.running, 0)
    }
}

/// One group's part of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: Box<str>,
    pub(crate) max_concurrency: Option<u32>,
    /// How many turns it has had, not counting those that it let pass while it had nothing to run.
    served: u64,
    #[serde(skip)]
    pub(crate) running: u32,
    #[serde(skip)]
    waiting: usize,
    #[serde(skip)]
    lanes: BTreeMap<ProviderKey, Lane>,
}

impl Group {
    pub(crate) fn has_room(&self) -> bool {
        is_below(self.max_concurrency, self.running, 0)
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    #[serde(skip)]
    pub(crate) running: u32,
    /// Started tasks that do not run yet, in a lane or not.
    #[serde(skip)]
    pub(crate) waiting: usize,
    next_ticket: u64,
    /// How many turns the group had had that was served last.
    served: u64,
    pub(crate) groups: Vec<Group>,
    #[serde(skip)]
    names: Names,
    desks: Vec<Desk>,
    /// Providers for which a task waits in a lane.
    #[serde(skip)]
    busy: BTreeSet<ProviderKey>,
}

impl Default for Schedule {
    fn default() -> Self {
        let mut schedule = Self {
            running: 0,
            waiting: 0,
            next_ticket: 0,
            served: 0,
            groups: Vec::new(),
            names: Names::default(),
            desks: Vec::new(),
            busy: BTreeSet::new(),
        };
        schedule.group("");
        schedule
    }
}

impl Schedule {
    /// The key of a group, known or new.
    pub(crate) fn group(&mut self, name: &str) -> GroupKey {
        if let Some(key) = self.find_group(name) {
            return key;
        }
        // The limit on groups is far below what a key can hold.
        let key = GroupKey(self.groups.len() as u32);
        self.groups.push(Group {
            name: name.into(),
            ..Group::default()
        });
        self.names.insert(name, key.0);
        key
    }

    pub(crate) fn find_group(&self, name: &str) -> Option<GroupKey> {
        self.names.get(name).map(GroupKey)
    }

    pub(crate) fn group_name(&self, key: GroupKey) -> &str {
        self.groups.get(key.index()).map_or("", |group| &group.name)
    }

    pub(crate) fn desk(&self, provider: ProviderKey) -> Option<&Desk> {
        self.desks.get(provider.index())
    }

    pub(crate) fn limit_provider(&mut self, provider: ProviderKey, max: Option<u32>) {
        if provider.index() >= self.desks.len() {
            self.desks.resize_with(provider.index() + 1, Desk::default);
        }
        self.desks[provider.index()].max_concurrency = max;
    }

    pub(crate) fn limit_group(&mut self, name: &str, max: Option<u32>) {
        let group = self.group(name);
        self.groups[group.index()].max_concurrency = max;
        self.relist(group);
    }

    /// Whether a task of this group could run at this provider at once: both have room, and nobody is ahead of it.
    pub(crate) fn is_open(&self, group: GroupKey, provider: ProviderKey) -> bool {
        self.has_room_for(Some(group), 0, provider, 0)
    }

    /// The same, if so many more of the group and of the provider ran. A group that is not there yet has room.
    pub(crate) fn has_room_for(
        &self,
        group: Option<GroupKey>,
        more_of_group: u32,
        provider: ProviderKey,
        more_of_provider: u32,
    ) -> bool {
        let group = group.and_then(|group| self.groups.get(group.index()));
        let free = |group: &Group| {
            let lane = group.lanes.get(&provider);
            is_below(group.max_concurrency, group.running, more_of_group)
                && lane.is_none_or(|lane| lane.waiting.is_empty())
        };
        let has_room = |desk: &Desk| is_below(desk.max_concurrency, desk.running, more_of_provider);
        self.desk(provider).is_some_and(has_room) && group.is_none_or(free)
    }

    /// Whether the group or the provider has a limit of its own.
    pub(crate) fn is_limited(&self, group: GroupKey, provider: ProviderKey) -> bool {
        let group = self.groups.get(group.index());
        group.is_some_and(|group| group.max_concurrency.is_some())
            || self
                .desk(provider)
                .is_some_and(|desk| desk.max_concurrency.is_some())
    }

    /// Puts a task into a lane, behind those of its priority, and gives its ticket.
    pub(crate) fn enqueue(
        &mut self,
        group: GroupKey,
        provider: ProviderKey,
        priority: i32,
        task: TaskKey,
    ) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket = self.next_ticket.saturating_add(1);
        let served = self.served;
        if let Some(found) = self
            .groups
            .get_mut(group.index())
            .filter(|found| found.waiting == 0)
        {
            // Turns are not saved up.
            found.served = found.served.max(served);
        }
        self.place(group, provider, Rank::new(ticket, priority), task);
        ticket
    }

    /// Puts a task into a lane at this rank.
    pub(crate) fn place(&mut self, group: GroupKey, provider: ProviderKey, rank: Rank, task: TaskKey) {
        let (Some(found), Some(desk)) = (
            self.groups.get_mut(group.index()),
            self.desks.get_mut(provider.index()),
        ) else {
            return;
        };
        found.waiting += 1;
        desk.waiting += 1;
        self.busy.insert(provider);
        let room = found.has_room();
        let lane = found.lanes.entry(provider).or_default();
        lane.waiting.insert(rank, task);
        list(lane, desk, found.served, room, group);
    }

    /// Takes a task out of a lane.
    pub(crate) fn dequeue(&mut self, group: GroupKey, provider: ProviderKey, rank: Rank) {
        let (Some(found), Some(desk)) = (
            self.groups.get_mut(group.index()),
            self.desks.get_mut(provider.index()),
        ) else {
            return;
        };
        let room = found.has_room();
        let Some(lane) = found.lanes.get_mut(&provider) else {
            return;
        };
        if lane.waiting.remove(&rank).is_none() {
            return;
        }
        list(lane, desk, found.served, room, group);
        found.waiting -= 1;
        desk.waiting -= 1;
        if desk.waiting == 0 {
            self.busy.remove(&provider);
        }
        if lane.waiting.is_empty() && group != GroupKey::NONE {
            found.lanes.remove(&provider);
        }
    }

    /// A task of this group and provider runs now.
    pub(crate) fn begin(&mut self, group: GroupKey, provider: ProviderKey) {
        self.running += 1;
        if let Some(desk) = self.desks.get_mut(provider.index()) {
            desk.running += 1;
        }
        let served = self.served;
        if let Some(found) = self.groups.get_mut(group.index()) {
            found.running += 1;
            // Turns are not saved up either while there was no room for what it had to run.
            self.served = found.served.max(served);
            found.served = self.served.saturating_add(1);
            self.relist(group);
        }
    }

    /// A task of this group and provider runs, as a snapshot says: no turn of the group.
    pub(crate) fn begin_again(&mut self, group: GroupKey, provider: ProviderKey) {
        self.running += 1;
        if let Some(desk) = self.desks.get_mut(provider.index()) {
            desk.running += 1;
        }
        if let Some(found) = self.groups.get_mut(group.index()) {
            found.running += 1;
            self.relist(group);
        }
    }

    /// A task of this group and provider runs no more.
    pub(crate) fn end(&mut self, group: GroupKey, provider: ProviderKey) {
        self.running = self.running.saturating_sub(1);
        if let Some(desk) = self.desks.get_mut(provider.index()) {
            desk.running = desk.running.saturating_sub(1);
        }
        if let Some(found) = self.groups.get_mut(group.index()) {
            let had_room = found.has_room();
            found.running = found.running.saturating_sub(1);
            if !had_room {
                self.relist(group);
            }
        }
    }

    /// Brings the lists of the providers up to date with what a group has become.
    fn relist(&mut self, group: GroupKey) {
        let Some(found) = self.groups.get_mut(group.index()) else {
            return;
        };
        if found.waiting == 0 {
            return;
        }
        let (served, room) = (found.served, found.has_room());
        for (provider, lane) in &mut found.lanes {
            if let Some(desk) = self.desks.get_mut(provider.index()) {
                list(lane, desk, served, room, group);
            }
        }
    }

    /// The task whose turn it is, among those whose provider is there and has room.
    pub(crate) fn next(&self, is_there: impl Fn(ProviderKey) -> bool) -> Option<TaskKey> {
        let first = |provider: &ProviderKey| {
            let desk = self
                .desk(*provider)
                .filter(|desk| desk.has_room() && is_there(*provider))?;
            Some((*desk.listed.first()?, *provider))
        };
        let (listed, provider) = self.busy.iter().filter_map(first).min()?;
        let lane = self.groups.get(listed.group.index())?.lanes.get(&provider)?;
        lane.waiting.get(&listed.first).copied()
    }

    /// Makes what follows from the groups alone, and forgets what follows from the tasks.
    pub(crate) fn index(&mut self) {
        (self.running, self.waiting) = (0, 0);
        self.busy = BTreeSet::new();
        for desk in &mut self.desks {
            (desk.running, desk.waiting) = (0, 0);
            desk.listed = BTreeSet::new();
        }
        for group in &mut self.groups {
            (group.running, group.waiting) = (0, 0);
            group.lanes = BTreeMap::new();
        }
        self.names = self.groups.iter().map(|group| &*group.name).collect();
    }
}

fn is_below(max: Option<u32>, running: u32, more: u32) -> bool {
    max.is_none_or(|max| running.saturating_add(more) < max)
}

/// Lists a lane with its provider as it is now.
fn list(lane: &mut Lane, desk: &mut Desk, served: u64, room: bool, group: GroupKey) {
    let first = lane.waiting.first_key_value().filter(|_| room);
    let wanted = first.map(|(first, _)| Listed {
        served,
        first: *first,
        group,
    });
    if lane.listed != wanted {
        if let Some(old) = lane.listed {
            desk.listed.remove(&old);
        }
        desk.listed.extend(wanted);
        lane.listed = wanted;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Move {
        Come {
            group: u32,
            provider: u16,
            priority: i32,
        },
        Leave(usize),
        Run,
        End(usize),
        Limit {
            group: u32,
            max: Option<u32>,
        },
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let one = prop_oneof![
            6 => (0..3_u32, 0..3_u16, -2..3).prop_map(|(group, provider, priority)| Move::Come { group, provider, priority }),
            1 => any::<usize>().prop_map(Move::Leave),
            5 => Just(Move::Run),
            3 => any::<usize>().prop_map(Move::End),
            1 => (0..3_u32, prop::option::of(1..3_u32)).prop_map(|(group, max)| Move::Limit { group, max }),
        ];
        prop::collection::vec(one, 0..120)
    }

    /// Who waits or runs: key, group, provider, rank.
    type One = (TaskKey, GroupKey, ProviderKey, Rank);

    proptest! {
        #[test]
        fn the_next_one_is_that_which_a_look_at_all_of_them_finds(moves in moves()) {
            let mut ours = Schedule::default();
            let names = ["", "red", "blue"];
            for name in names {
                ours.group(name);
            }
            for (provider, max) in [None, Some(1), Some(2)].into_iter().enumerate() {
                ours.limit_provider(ProviderKey(provider as u16), max);
            }
            let (mut waiting, mut running): (Vec<One>, Vec<One>) = (Vec::new(), Vec::new());
            for (n, one) in (0..).zip(moves) {
                match one {
                    Move::Come { group, provider, priority } => {
                        let (group, provider, task) = (GroupKey(group), ProviderKey(provider), TaskKey(n));
                        let ticket = ours.enqueue(group, provider, priority, task);
                        waiting.push((task, group, provider, Rank::new(ticket, priority)));
                    }
                    Move::Leave(which) if !waiting.is_empty() => {
                        let (_, group, provider, rank) = waiting.remove(which % waiting.len());
                        ours.dequeue(group, provider, rank);
                    }
                    Move::Run => if let Some(task) = ours.next(|_| true) {
                        let place = waiting.iter().position(|(waits, ..)| *waits == task).unwrap();
                        let one = waiting.remove(place);
                        ours.dequeue(one.1, one.2, one.3);
                        ours.begin(one.1, one.2);
                        running.push(one);
                    },
                    Move::End(which) if !running.is_empty() => {
                        let (_, group, provider, _) = running.remove(which % running.len());
                        ours.end(group, provider);
                    }
                    Move::Limit { group, max } => ours.limit_group(names[group as usize], max),
                    Move::Leave(_) | Move::End(_) => {}
                }
                let runs = |of: &dyn Fn(&One) -> bool| running.iter().filter(|one| of(one)).count() as u32;
                let open = |one: &&One| {
                    let max = ours.groups[one.1.index()].max_concurrency;
                    max.is_none_or(|max| runs(&|other| other.1 == one.1) < max)
                        && ours.desks[one.2.index()].max_concurrency.is_none_or(|max| runs(&|other| other.2 == one.2) < max)
                };
                let found = waiting.iter().filter(open)
                    .min_by_key(|one| (ours.groups[one.1.index()].served, one.3))
                    .map(|one| one.0);
                prop_assert_eq!(ours.next(|_| true), found);
            }
        }
    }

    #[test]
    fn groups_take_turns_and_save_none_up() {
        let mut schedule = Schedule::default();
        schedule.limit_provider(ProviderKey(0), None);
        let (red, blue) = (schedule.group("red"), schedule.group("blue"));
        let come = |schedule: &mut Schedule, group, number| {
            let ticket = schedule.enqueue(group, ProviderKey(0), 0, TaskKey(number));
            (group, Rank::new(ticket, 0))
        };
        let mut all: BTreeMap<TaskKey, _> = (0..6)
            .map(|n| (TaskKey(n), come(&mut schedule, red, n)))
            .collect();
        let turn = |schedule: &mut Schedule, all: &BTreeMap<TaskKey, (GroupKey, Rank)>| {
            let task = schedule.next(|_| true).unwrap();
            let (group, rank) = all[&task];
            schedule.dequeue(group, ProviderKey(0), rank);
            schedule.begin(group, ProviderKey(0));
            task.0
        };
        assert_eq!([turn(&mut schedule, &all), turn(&mut schedule, &all)], [0, 1]);
        // Blue comes late: it gets every second turn from now on, and not the two that it missed.
        all.extend((6..9).map(|n| (TaskKey(n), come(&mut schedule, blue, n))));
        let order: Vec<_> = (0..7).map(|_| turn(&mut schedule, &all)).collect();
        assert_eq!(order, [6, 2, 7, 3, 8, 4, 5]);
    }
}
