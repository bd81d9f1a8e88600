//! The state: all that the journal says, folded.

use std::collections::BTreeMap;

use serde::Serialize;

use super::id::{self, Millis, ProviderKey, Seq, TaskKey};
use super::key_set::KeySet;
use super::provider::Provider;
use super::schedule::Schedule;
use super::status::TaskStatus;
use super::task::Task;

/// Strings that many tasks share, stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Strings {
    texts: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
}

impl Strings {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // There are fewer distinct strings than tasks, whose number fits.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

/// All that the journal says, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    pub(crate) seq: Seq,
    pub(crate) at: Millis,
    pub(crate) prefix: Box<str>,
    pub(crate) current: Option<TaskKey>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) provider_keys: BTreeMap<Box<str>, ProviderKey>,
    pub(crate) tasks: Vec<Option<Box<Task>>>,
    pub(crate) ids: BTreeMap<Box<str>, TaskKey>,
    /// Ids that users gave to tasks which are deleted: their events still speak of them.
    pub(super) gone: BTreeMap<TaskKey, Box<str>>,
    pub(crate) by_status: [KeySet; TaskStatus::ALL.len()],
    pub(crate) by_tag: BTreeMap<Box<str>, KeySet>,
    pub(crate) children: BTreeMap<TaskKey, KeySet>,
    pub(crate) schedule: Schedule,
    pub(super) strings: Strings,
}

impl State {
    pub(crate) fn task(&self, key: TaskKey) -> Option<&Task> {
        self.tasks.get(key.index())?.as_deref()
    }

    pub(super) fn task_mut(&mut self, key: TaskKey) -> Option<&mut Task> {
        self.tasks.get_mut(key.index())?.as_deref_mut()
    }

    pub(crate) fn provider(&self, key: ProviderKey) -> Option<&Provider> {
        self.providers.get(key.index())
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.strings.text(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_status.iter().map(KeySet::len).sum()
    }

    /// Keys of the tasks below this one, parents before children, without this one.
    pub(crate) fn descendants(&self, task: TaskKey) -> Vec<TaskKey> {
        let mut found = Vec::new();
        let mut at = 0;
        let mut next = Some(task);
        while let Some(above) = next {
            if let Some(children) = self.children.get(&above) {
                found.extend(children.ascending(None));
            }
            next = found.get(at).copied();
            at += 1;
        }
        found
    }

    pub(crate) fn find(&self, id: &str) -> Option<TaskKey> {
        let key = self.ids.get(id).copied().or_else(|| {
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
}
