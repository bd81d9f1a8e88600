//! What is known of agents beside the journal: what they are at, who waits for whom, and what is due. It follows from
//! the events, but for messages that are not recorded, and begins empty after a recovery.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::inbox::{Inbox, Mail};
use crate::kernel::id::{AgentKey, Message, Millis};

/// What is due for an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AgentTimer {
    /// The wait before a restart is over.
    Restart,
    /// It had long enough to stop.
    Grace,
    /// It has held its message for too long.
    Hold,
}

/// What is to be looked at before the command is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Whether it can start.
    Up(AgentKey),
    /// Whether it can be given a message.
    Deliver(AgentKey),
}

/// One agent.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// The message it is at.
    pub(super) busy: Option<Message>,
    /// It was told to stop, and has not said yet that it did.
    pub(super) halting: bool,
    /// When the wait before its restart is over, by the clock that does not jump, while it goes down.
    pub(super) due: Option<Millis>,
    /// The wait before its restart is over.
    pub(super) rested: bool,
    /// It wants to end when it has answered.
    pub(super) quits: bool,
    /// Somebody waits for room.
    pub(super) awaited: bool,
    /// How often the host was ordered to tell that it has ended.
    pub(super) ends: u32,
    /// Messages that are not recorded.
    pub(super) inbox: Inbox,
    /// Of its children, those that go down.
    pub(super) down: BTreeSet<AgentKey>,
    /// Of its children, those that are about to start.
    pub(super) up: BTreeSet<AgentKey>,
    /// When it was restarted, by the clock that does not jump: as many as the journal keeps for its window, or more.
    pub(super) restarted: VecDeque<Millis>,
}

impl Desk {
    /// Notes a restart; only so many may count.
    pub(super) fn restarted(&mut self, steady: Millis, kept: usize) {
        self.restarted.push_back(steady);
        while self.restarted.len() > kept {
            self.restarted.pop_front();
        }
    }
}

/// All agents.
#[derive(Clone, Debug, Default)]
pub(in crate::kernel) struct Live {
    desks: Vec<Desk>,
    /// By the clock that does not jump.
    due: BTreeSet<(Millis, AgentKey, AgentTimer)>,
    armed: BTreeMap<(AgentKey, AgentTimer), Millis>,
    pub(super) todo: VecDeque<Todo>,
    /// Those to be looked at first: whether they can go down.
    pub(super) leaving: VecDeque<AgentKey>,
}

impl Live {
    pub(super) fn desk(&mut self, key: AgentKey) -> &mut Desk {
        if key.index() >= self.desks.len() {
            self.desks.resize_with(key.index() + 1, Desk::default);
        }
        &mut self.desks[key.index()]
    }

    pub(super) fn look(&self, key: AgentKey) -> Option<&Desk> {
        self.desks.get(key.index())
    }

    pub(super) fn arm(&mut self, key: AgentKey, timer: AgentTimer, due: Millis) {
        self.disarm(key, timer);
        self.armed.insert((key, timer), due);
        self.due.insert((due, key, timer));
    }

    /// Says when it would have been due.
    pub(super) fn disarm(&mut self, key: AgentKey, timer: AgentTimer) -> Option<Millis> {
        if self.armed.is_empty() {
            return None;
        }
        let due = self.armed.remove(&(key, timer))?;
        self.due.remove(&(due, key, timer));
        Some(due)
    }

    /// When the first of all is due.
    pub(in crate::kernel) fn first(&self) -> Option<Millis> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// Takes what is due.
    pub(super) fn pop(&mut self, steady: Millis) -> Option<(AgentKey, AgentTimer)> {
        let (due, key, timer) = *self.due.first()?;
        if due > steady {
            return None;
        }
        self.disarm(key, timer);
        Some((key, timer))
    }
}

impl Live {
    pub(in crate::kernel) fn busy(&self, key: AgentKey) -> Option<Message> {
        self.look(key)?.busy
    }

    pub(in crate::kernel) fn ends(&self, key: AgentKey) -> u32 {
        self.look(key).map_or(0, |desk| desk.ends)
    }

    /// How many messages wait that are not recorded.
    pub(in crate::kernel) fn unrecorded(&self, key: AgentKey) -> usize {
        self.look(key).map_or(0, |desk| desk.inbox.len())
    }

    pub(in crate::kernel) fn mail(&self, key: AgentKey, message: Message) -> Option<&Mail> {
        self.look(key)?.inbox.get(message)
    }
}
