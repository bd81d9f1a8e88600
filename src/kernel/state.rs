//! The state: all that the journal says, folded.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::agents::Agents;
use super::currents::Currents;
use super::id::{self, Attempt, Millis, ProviderKey, Seq, TaskKey};
use super::key_set::KeySet;
use super::limits;
use super::names::Names;
use super::provider::Provider;
use super::schedule::{Rank, Schedule};
use super::status::TaskStatus;
use super::task::{Phase, Place, Task};

/// Strings that many tasks share, stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strings {
    texts: Vec<Box<str>>,
    numbers: Names,
}

impl Strings {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return number;
        }
        // There are fewer distinct strings than tasks, whose number fits.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text, number);
        number
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text)
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

impl Serialize for Strings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Box<str>>::deserialize(deserializer)?;
        let numbers = texts.iter().map(|text| &**text).collect();
        Ok(Self { texts, numbers })
    }
}

/// Tasks by their keys. Deleted ones cost next to nothing, in memory and on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tasks {
    made: usize,
    /// Only those in which a task is left.
    pages: Vec<Option<Box<Page>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    left: usize,
    tasks: [Option<Box<Task>>; Self::LEN],
}

impl Page {
    const LEN: usize = 256;

    const fn place(key: TaskKey) -> (usize, usize) {
        (key.index() / Self::LEN, key.index() % Self::LEN)
    }
}

impl Tasks {
    /// How many keys were ever given.
    pub(crate) const fn made(&self) -> usize {
        self.made
    }

    pub(crate) fn get(&self, key: TaskKey) -> Option<&Task> {
        let (page, place) = Page::place(key);
        self.pages.get(page)?.as_ref()?.tasks[place].as_deref()
    }

    pub(super) fn get_mut(&mut self, key: TaskKey) -> Option<&mut Task> {
        let (page, place) = Page::place(key);
        self.pages.get_mut(page)?.as_mut()?.tasks[place].as_deref_mut()
    }

    pub(super) fn push(&mut self, task: Task) {
        // `create` refuses before the number of tasks ever made exceeds what a key can hold.
        let key = TaskKey(self.made as u32);
        self.made += 1;
        self.put(key, task);
    }

    /// Puts a task where none is.
    fn put(&mut self, key: TaskKey, task: Task) {
        let (page, place) = Page::place(key);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let page = self.pages[page].get_or_insert_with(|| {
            Box::new(Page {
                left: 0,
                tasks: [const { None }; Page::LEN],
            })
        });
        page.left += 1;
        page.tasks[place] = Some(Box::new(task));
    }

    pub(super) fn take(&mut self, key: TaskKey) -> Option<Box<Task>> {
        let (number, place) = Page::place(key);
        let page = self.pages.get_mut(number)?.as_mut()?;
        let task = page.tasks[place].take()?;
        page.left -= 1;
        if page.left == 0 {
            self.pages[number] = None;
            while self.pages.last().is_some_and(Option::is_none) {
                self.pages.pop();
            }
        }
        Some(task)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (TaskKey, &Task)> {
        self.within(0..self.made)
    }

    /// Those whose keys are in this range.
    pub(crate) fn within(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = (TaskKey, &Task)> {
        let end = range.end.div_ceil(Page::LEN).min(self.pages.len());
        let begin = (range.start / Page::LEN).min(end);
        (begin..end)
            .zip(&self.pages[begin..end])
            .filter_map(|(number, page)| Some((number, page.as_ref()?)))
            .flat_map(|(number, page)| {
                let tasks = page.tasks.iter().enumerate();
                tasks.filter_map(move |(place, task)| {
                    // Keys hold every index there is.
                    let key = TaskKey((number * Page::LEN + place) as u32);
                    Some((key, task.as_deref()?))
                })
            })
            .filter(move |(key, _)| range.contains(&key.index()))
    }
}

impl Serialize for Tasks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Kept<'a>(&'a Tasks);
        impl Serialize for Kept<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut list = serializer.serialize_seq(Some(self.0.iter().count()))?;
                for entry in self.0.iter() {
                    list.serialize_element(&entry)?;
                }
                list.end()
            }
        }
        let mut tasks = serializer.serialize_struct("Tasks", 2)?;
        tasks.serialize_field("made", &(self.made as u64))?;
        tasks.serialize_field("kept", &Kept(self))?;
        tasks.end()
    }
}

impl<'de> Deserialize<'de> for Tasks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            made: u64,
            kept: Vec<(TaskKey, Task)>,
        }
        let Stored { made, kept } = Stored::deserialize(deserializer)?;
        let last = kept.last().map_or(0, |(key, _)| u64::from(key.0) + 1);
        if made > i32::MAX as u64 || last > made || !kept.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(serde::de::Error::custom("the tasks are not in order"));
        }
        let mut tasks = Self {
            // Checked above to fit.
            made: made as usize,
            pages: Vec::new(),
        };
        for (key, task) in kept {
            tasks.put(key, task);
        }
        Ok(tasks)
    }
}

/// All that the journal says, folded.
///
/// Its serialized form is what a snapshot holds and what hashes are made of: it leaves out what follows from the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct State {
    pub(crate) seq: Seq,
    pub(crate) at: Millis,
    pub(crate) prefix: Box<str>,
    pub(crate) seed: u64,
    pub(crate) current: Option<TaskKey>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) tasks: Tasks,
    /// Ids that users gave to tasks which are deleted: their events still speak of them.
    pub(super) gone: BTreeMap<TaskKey, Box<str>>,
    pub(crate) schedule: Schedule,
    pub(super) strings: Strings,
    #[serde(skip)]
    provider_keys: Names,
    #[serde(skip)]
    ids: Names,
    #[serde(skip)]
    pub(crate) by_status: [KeySet; TaskStatus::ALL.len()],
    #[serde(skip)]
    pub(crate) by_tag: BTreeMap<Box<str>, KeySet>,
    /// By the numbers of their rooms and worlds.
    #[serde(skip)]
    pub(super) by_room: Vec<KeySet>,
    #[serde(skip)]
    pub(super) by_world: Vec<KeySet>,
    #[serde(skip)]
    pub(crate) children: BTreeMap<TaskKey, KeySet>,
    /// Who waits for a task.
    #[serde(skip)]
    pub(crate) dependants: BTreeMap<TaskKey, KeySet>,
    #[serde(skip)]
    orders: Names,
    /// Not there in states that have neither these nor what comes after.
    pub(crate) agents: Agents,
    /// Last, since they are not there in states that have none.
    pub(crate) currents: Currents,
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_struct("State", 12)?;
        all.serialize_field("seq", &self.seq)?;
        all.serialize_field("at", &self.at)?;
        all.serialize_field("prefix", &self.prefix)?;
        all.serialize_field("seed", &self.seed)?;
        all.serialize_field("current", &self.current)?;
        all.serialize_field("providers", &self.providers)?;
        all.serialize_field("tasks", &self.tasks)?;
        all.serialize_field("gone", &self.gone)?;
        all.serialize_field("schedule", &self.schedule)?;
        all.serialize_field("strings", &self.strings)?;
        // Where nothing follows, nothing is written: see `tail`.
        let scopes = self.currents.len() > 0;
        if scopes || !self.agents.are_none() {
            all.serialize_field("agents", &self.agents)?;
        }
        if scopes {
            all.serialize_field("currents", &self.currents)?;
        }
        all.end()
    }
}

impl State {
    pub(crate) fn task(&self, key: TaskKey) -> Option<&Task> {
        self.tasks.get(key)
    }

    pub(super) fn task_mut(&mut self, key: TaskKey) -> Option<&mut Task> {
        self.tasks.get_mut(key)
    }

    pub(crate) fn provider(&self, key: ProviderKey) -> Option<&Provider> {
        self.providers.get(key.index())
    }

    pub(crate) fn is_registered(&self, key: ProviderKey) -> bool {
        self.provider(key).is_some_and(|provider| provider.registered)
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.strings.text(number)
    }

    pub(crate) fn in_room(&self, room: &str) -> Option<&KeySet> {
        self.by_room.get(self.strings.find(room)? as usize)
    }

    pub(crate) fn in_world(&self, world: &str) -> Option<&KeySet> {
        self.by_world.get(self.strings.find(world)? as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_status.iter().map(KeySet::len).sum()
    }

    /// Keys of the tasks below this one that do not outlive it, parents before children, without this one.
    pub(crate) fn descendants(&self, task: TaskKey) -> Vec<TaskKey> {
        let mut found = Vec::new();
        let mut at = 0;
        let mut next = Some(task);
        while let Some(above) = next {
            if let Some(children) = self.children.get(&above) {
                let bound = |key: &TaskKey| self.task(*key).is_some_and(|task| !task.outlives_parent());
                found.extend(children.ascending(None).filter(bound));
            }
            next = found.get(at).copied();
            at += 1;
        }
        found
    }

    /// The key of a provider, registered now or once.
    pub(crate) fn find_provider(&self, id: &str) -> Option<ProviderKey> {
        // The limit on providers is far below what a key can hold.
        self.provider_keys
            .get(id)
            .map(|number| ProviderKey(number as u16))
    }

    pub(super) fn name_provider(&mut self, id: &str, key: ProviderKey) {
        self.provider_keys.insert(id, key.0.into());
    }

    /// The first task that an order with this name made.
    pub(crate) fn find_order(&self, name: &str) -> Option<TaskKey> {
        self.orders.get(name).map(TaskKey)
    }

    /// Forgets the names of a task that is gone.
    pub(super) fn forget_names(&mut self, key: TaskKey, id: Option<&str>, order: Option<&str>) {
        if let Some(order) = order.filter(|order| self.find_order(order) == Some(key)) {
            self.orders.remove(order);
        }
        if let Some(id) = id {
            self.ids.remove(id);
        }
    }

    /// Whether a task is there and completed.
    pub(crate) fn is_completed(&self, key: TaskKey) -> bool {
        self.task(key)
            .is_some_and(|task| task.status == TaskStatus::Completed)
    }

    pub(crate) fn find(&self, id: &str) -> Option<TaskKey> {
        let key = self.ids.get(id).map(TaskKey).or_else(|| {
            // A task with an id of its own does not answer to the one it would have been given.
            id::read_id(&self.prefix, id).filter(|key| self.own_id(*key).is_none())
        })?;
        self.task(key).map(|_| key)
    }

    pub(crate) fn own_id(&self, key: TaskKey) -> Option<&str> {
        match self.task(key) {
            Some(task) => task.extras.as_ref()?.id.as_deref(),
            None => self.gone.get(&key).map(|id| &**id),
        }
    }

    pub(crate) fn write_id(&self, key: TaskKey, out: &mut String) {
        match self.own_id(key) {
            Some(id) => out.push_str(id),
            None => id::write_id(&self.prefix, key, out),
        }
    }

    /// Random bits for a decision about an attempt: the same ones on every host, and after every replay.
    pub(crate) const fn chance(&self, key: TaskKey, attempt: Attempt) -> u64 {
        // splitmix64 over the seed and what is decided about.
        let about = (key.0 as u64) << 32 | attempt.0 as u64;
        let mut z = self
            .seed
            .wrapping_add((about.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Makes what follows from the rest, after that was read from a snapshot.
    pub(crate) fn index(&mut self) {
        // A made-up state may say what no journal does.
        self.providers.truncate(limits::PROVIDERS.max);
        self.current = self.current.filter(|key| self.tasks.get(*key).is_some());
        self.currents.retain(|key| self.tasks.get(key).is_some());
        self.ids = Names::default();
        self.by_status = Default::default();
        self.by_tag = BTreeMap::new();
        self.by_room = Vec::new();
        self.by_world = Vec::new();
        self.children = BTreeMap::new();
        self.dependants = BTreeMap::new();
        self.orders = Names::default();
        self.schedule.index();
        self.agents.index();
        self.provider_keys = self.providers.iter().map(|provider| &*provider.id).collect();
        for provider in &mut self.providers {
            provider.tasks = KeySet::default();
        }
        let keys: Vec<TaskKey> = self.tasks.iter().map(|(key, _)| key).collect();
        for key in keys {
            let extras = self.tasks.get_mut(key).and_then(|task| task.extras.as_mut());
            if let Some(extras) = extras {
                // Parents are older than their children, so that nobody is above itself.
                extras.parent = extras.parent.filter(|parent| *parent < key);
            }
            self.index_task(key);
        }
    }

    /// Enters a task into everything that finds it.
    pub(super) fn index_task(&mut self, key: TaskKey) {
        let Some(task) = self.tasks.get(key) else { return };
        self.by_status[task.status as usize].insert(key);
        if let Some(provider) = self.providers.get_mut(task.provider.index()) {
            provider.tasks.insert(key);
        }
        for tag in task.tags() {
            self.by_tag.entry(tag.into()).or_default().insert(key);
        }
        if let Some(extras) = &task.extras {
            let known = self.strings.len();
            for (sets, place) in [
                (&mut self.by_room, extras.room),
                (&mut self.by_world, extras.world),
            ] {
                // A made-up state may name a string that is not there.
                let Some(place) = place.map(|place| place as usize).filter(|place| *place < known) else {
                    continue;
                };
                if place >= sets.len() {
                    sets.resize_with(place + 1, KeySet::default);
                }
                sets[place].insert(key);
            }
        }
        if let Some(parent) = task.parent() {
            self.children.entry(parent).or_default().insert(key);
        }
        if let Some(id) = task.extras.as_ref().and_then(|extras| extras.id.as_deref()) {
            self.ids.insert(id, key.0);
        }
        let (group, priority) = (task.group(), task.priority());
        match task.phase {
            Phase::Active => self.schedule.begin_again(group, task.provider),
            Phase::Waiting(place) => {
                self.schedule.waiting += 1;
                if let Place::Lane(ticket) = place {
                    self.schedule
                        .place(group, task.provider, Rank::new(ticket, priority), key);
                }
            }
            Phase::Idle => {}
        }
        let Some(plan) = task.plan() else { return };
        if !plan.idempotency_key.is_empty() {
            let name = &*plan.idempotency_key;
            if self.orders.get(name).is_none() {
                self.orders.insert(name, key.0);
            }
        }
        let mut unmet = 0;
        for on in &plan.depends_on {
            self.dependants.entry(*on).or_default().insert(key);
            let completed = self.tasks.get(*on).map(|task| task.status) == Some(TaskStatus::Completed);
            unmet += u32::from(!completed);
        }
        if let Some(plan) = self.tasks.get_mut(key).and_then(Task::plan_mut) {
            plan.unmet = unmet;
        }
    }
}
