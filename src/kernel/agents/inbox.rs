//! The messages that an agent has not answered yet, oldest first.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::fact::AgentFact;
use crate::kernel::id::Message;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) message: Message,
    /// How often it was given to the agent.
    pub(crate) deliveries: u32,
    /// As JSON; empty when it is not kept here.
    pub(crate) payload: Box<str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inbox {
    mails: VecDeque<Mail>,
    last: Message,
}

impl Inbox {
    pub(crate) fn len(&self) -> usize {
        self.mails.len()
    }

    pub(crate) fn first(&self) -> Option<&Mail> {
        self.mails.front()
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = Message> {
        self.mails.iter().map(|mail| mail.message)
    }

    /// Numbers go up, so the place is found by halving.
    fn place(&self, message: Message) -> Option<usize> {
        if self.first().is_some_and(|first| first.message == message) {
            return Some(0);
        }
        self.mails
            .binary_search_by_key(&message, |mail| mail.message)
            .ok()
    }

    pub(crate) fn get(&self, message: Message) -> Option<&Mail> {
        self.mails.get(self.place(message)?)
    }

    /// The number of the next message, if there is one left.
    pub(super) fn next(&self) -> Option<Message> {
        self.last.0.checked_add(1).map(Message)
    }

    pub(super) fn apply(&mut self, fact: &AgentFact<'_>) {
        match *fact {
            AgentFact::Sent { message, payload } => {
                self.last = message;
                self.mails.push_back(Mail {
                    message,
                    deliveries: 0,
                    payload: payload.into(),
                });
            }
            AgentFact::Prompted { message } => {
                if let Some(mail) = self.place(message).and_then(|place| self.mails.get_mut(place)) {
                    mail.deliveries = mail.deliveries.saturating_add(1);
                }
            }
            AgentFact::Answered { message, .. } | AgentFact::Dropped { message, .. } => {
                if let Some(place) = self.place(message) {
                    self.mails.remove(place);
                }
            }
            _ => {}
        }
    }

    /// Makes of what a snapshot says what a journal can lead to.
    pub(super) fn mend(&mut self) {
        let sorted = self.mails.iter().is_sorted_by(|a, b| a.message < b.message);
        if !sorted {
            self.mails.clear();
        }
        self.last = self
            .mails
            .back()
            .map_or(self.last, |mail| self.last.max(mail.message));
    }
}
