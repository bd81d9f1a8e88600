//! All agents, as the journal knows them, and how each fact changes them.

use std::collections::VecDeque;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::agent::{Agent, Phase};
use super::fact::AgentFact;
use crate::kernel::id::{AgentKey, Message, Millis};
use crate::kernel::limits;
use crate::kernel::names::Names;
use crate::kernel::tail::List;

/// The place of an agent, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Slot {
    Here(Box<Agent>),
    /// It was removed; events still speak of it.
    Gone(Box<str>),
}

/// A message that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// To whom it was sent.
    pub agent: AgentKey,
    /// Which.
    pub message: Message,
    /// What it says, as JSON.
    pub payload: Box<str>,
    /// The last error.
    pub error: Box<str>,
    /// How often it was given to the agent.
    pub deliveries: u32,
    /// When that was given up.
    pub at: Millis,
}

/// All agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agents {
    slots: Vec<Slot>,
    dead: VecDeque<DeadLetter>,
    dead_dropped: u64,
    keys: Names,
}

impl Agents {
    pub(crate) fn get(&self, key: AgentKey) -> Option<&Agent> {
        match self.slots.get(key.index())? {
            Slot::Here(agent) => Some(agent),
            Slot::Gone(_) => None,
        }
    }

    fn get_mut(&mut self, key: AgentKey) -> Option<&mut Agent> {
        match self.slots.get_mut(key.index())? {
            Slot::Here(agent) => Some(agent),
            Slot::Gone(_) => None,
        }
    }

    /// The name of an agent, also of one that was removed.
    pub(crate) fn name(&self, key: AgentKey) -> &str {
        match self.slots.get(key.index()) {
            Some(Slot::Here(agent)) => &agent.name,
            Some(Slot::Gone(name)) => name,
            None => "",
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<AgentKey> {
        self.keys.get(name).map(AgentKey)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many there were ever.
    pub(crate) const fn made(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (AgentKey, &Agent)> {
        // Keys hold every index there is.
        (0..self.slots.len()).filter_map(|index| {
            let key = AgentKey(index as u32);
            Some((key, self.get(key)?))
        })
    }

    /// This one and all below it, each before those below it.
    pub(crate) fn tree(&self, key: AgentKey) -> Vec<AgentKey> {
        let mut found = vec![key];
        let mut at = 0;
        while let Some(above) = found.get(at).copied() {
            found.extend(self.get(above).into_iter().flat_map(|agent| &agent.children));
            at += 1;
        }
        found
    }

    pub(crate) const fn dead_letters(&self) -> (&VecDeque<DeadLetter>, u64) {
        (&self.dead, self.dead_dropped)
    }

    /// Nobody's factory is here any more.
    pub(crate) fn detach(&mut self) {
        for slot in &mut self.slots {
            if let Slot::Here(agent) = slot {
                agent.attached = false;
            }
        }
    }

    pub(crate) fn evolve(&mut self, at: Millis, key: AgentKey, fact: &AgentFact<'_>) {
        match *fact {
            AgentFact::Added {
                name,
                parent,
                settings,
            } => {
                if let Some(known) = self.get_mut(key) {
                    known.settings = settings;
                    known.attached = true;
                } else if key.index() == self.slots.len() {
                    self.keys.insert(name, key.0);
                    if let Some(parent) = parent.and_then(|parent| self.get_mut(parent)) {
                        parent.children.push(key);
                    }
                    let agent = Agent::new(name, parent, settings);
                    self.slots.push(Slot::Here(Box::new(agent)));
                }
            }
            AgentFact::Removed => self.remove(key),
            AgentFact::DeadLetter {
                message,
                payload,
                error,
                deliveries,
            } => {
                self.dead.push_back(DeadLetter {
                    agent: key,
                    message,
                    payload: payload.into(),
                    error: error.into(),
                    deliveries,
                    at,
                });
                if self.dead.len() > limits::DEAD_LETTERS.max {
                    self.dead.pop_front();
                    self.dead_dropped += 1;
                }
            }
            AgentFact::Escalated { origin, to } => {
                if let (Some(level), Some(agent)) = (to, self.get_mut(origin)) {
                    agent.phase = Phase::Judged { level };
                }
            }
            AgentFact::Failed { .. } => {
                if let Some(agent) = self.get_mut(key) {
                    agent.evolve(at, fact);
                    // One that is going down has nothing to be decided.
                    if agent.goal.is_none() {
                        agent.phase = Phase::Judged { level: key };
                    }
                }
            }
            AgentFact::Starting { .. } => {
                let children = self.get(key).map(|agent| agent.children.clone());
                for child in children.into_iter().flatten() {
                    // With a new parent comes a new count.
                    if let Some(child) = self.get_mut(child) {
                        child.streak = 0;
                        child.recent.clear();
                    }
                }
                if let Some(agent) = self.get_mut(key) {
                    agent.evolve(at, fact);
                }
            }
            _ => {
                if let Some(agent) = self.get_mut(key) {
                    agent.evolve(at, fact);
                }
            }
        }
    }

    /// Whether there never was one.
    pub(in crate::kernel) fn are_none(&self) -> bool {
        self.slots.is_empty()
    }

    fn remove(&mut self, key: AgentKey) {
        let Some(agent) = self.get(key) else { return };
        let (name, parent) = (agent.name.clone(), agent.parent);
        self.keys.remove(&name);
        if let Some(parent) = parent.and_then(|parent| self.get_mut(parent)) {
            parent.children.retain(|child| *child != key);
        }
        self.slots[key.index()] = Slot::Gone(name);
    }

    /// Makes what follows from the rest, after that was read from a snapshot. A made-up one may say what no journal does.
    pub(crate) fn index(&mut self) {
        self.keys = Names::default();
        for index in 0..self.slots.len() {
            // Keys hold every index there is.
            let key = AgentKey(index as u32);
            let Some(agent) = self.get(key) else { continue };
            let name = agent.name.clone();
            // Parents are older than their children, so that nobody is above itself.
            let parent = agent
                .parent
                .filter(|parent| *parent < key && self.get(*parent).is_some());
            self.keys.insert(&name, key.0);
            if let Some(agent) = self.get_mut(key) {
                agent.parent = parent;
                agent.children.clear();
                agent.inbox.mend();
            }
            if let Some(parent) = parent.and_then(|parent| self.get_mut(parent)) {
                parent.children.push(key);
            }
        }
    }
}

impl Serialize for Agents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_tuple(3)?;
        all.serialize_element(&self.slots)?;
        all.serialize_element(&self.dead)?;
        all.serialize_element(&self.dead_dropped)?;
        all.end()
    }
}

impl<'de> Deserialize<'de> for Agents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Agents;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("agents, or nothing")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Agents, A::Error> {
                // It stands last: where the bytes end, there is none.
                let Ok(Some(List::<Slot>(slots))) = parts.next_element() else {
                    return Ok(Agents::default());
                };
                let ends = || A::Error::custom("the agents end in the middle");
                Ok(Agents {
                    slots: slots.ok_or_else(ends)?,
                    dead: parts.next_element()?.ok_or_else(ends)?,
                    dead_dropped: parts.next_element()?.ok_or_else(ends)?,
                    keys: Names::default(),
                })
            }
        }
        deserializer.deserialize_tuple(3, Parts)
    }
}
