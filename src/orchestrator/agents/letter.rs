//! A message on its way to an agent: what it says, and what becomes of it.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::error::AgentError;
use super::message::{AgentMessage, AgentResult};
use crate::kernel::{Result, limits};
use crate::orchestrator::driver::disposed;
use crate::orchestrator::json::{canonical_value, size_of};

/// What whoever sent a message is told.
pub(crate) type Answered = Result<AgentResult, AgentError>;

/// What is said together. Mostly that is one thing, which needs no list.
#[derive(Debug)]
pub(crate) enum Said {
    One(AgentMessage),
    Many(Vec<AgentMessage>),
}

impl Said {
    /// Refuses what says more than a message may: what is recorded the kernel refuses, and the rest never comes there.
    pub(super) fn check(&self) -> Result<()> {
        let sizes = self.messages().iter().map(|message| size_of(&message.content));
        let size = sizes.sum::<Result<usize>>()?;
        limits::MESSAGE.check(size)
    }

    fn messages(&self) -> &[AgentMessage] {
        match self {
            Self::One(message) => std::slice::from_ref(message),
            Self::Many(messages) => messages,
        }
    }
}

/// A message on its way. Whoever sent it, the driver and the agent share it.
#[derive(Debug)]
pub(crate) struct Letter {
    said: Said,
    /// What it says as JSON, if that is ever asked for.
    text: OnceLock<Box<str>>,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    reply: Option<Answered>,
    settled: bool,
    waker: Option<Waker>,
}

impl Letter {
    pub(super) fn new(said: Said) -> Self {
        Self {
            said,
            text: OnceLock::new(),
            slot: Mutex::default(),
        }
    }

    /// What it says.
    pub(crate) fn messages(&self) -> &[AgentMessage] {
        self.said.messages()
    }

    /// What it says as JSON, if that was made.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.get().map(|text| &**text)
    }

    /// Makes JSON of what it says.
    pub(super) fn write(&self) -> Result<()> {
        if self.text.get().is_none() {
            // Only one has it to write.
            let _ = self.text.set(text_of(self.messages())?.into());
        }
        Ok(())
    }

    /// Nothing foreign runs while this is held, so it is whole even after a panic.
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the agent says until it is settled. Gives back what it said before, to be dropped where nothing is
    /// locked: the source of an error is foreign.
    pub(super) fn put(&self, reply: Answered) -> Option<Answered> {
        self.slot().reply.replace(reply)
    }

    /// Tells whoever sent it: what the agent said, or this, if it said nothing that counts. Not to be called while
    /// anything is locked.
    pub(super) fn settle(&self, dropped: Option<AgentError>) {
        let mut slot = self.slot();
        let replaced = dropped.and_then(|error| slot.reply.replace(Err(error)));
        slot.settled = true;
        let waker = slot.waker.take();
        drop(slot);
        drop(replaced);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the agent has said why it failed.
    pub(super) fn has_error(&self) -> bool {
        matches!(self.slot().reply, Some(Err(_)))
    }

    /// The answer, once it is settled; once.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Answered> {
        let mut slot = self.slot();
        if slot.settled {
            // What is settled has a reply until it is taken.
            return Poll::Ready(slot.reply.take().unwrap_or_else(|| Err(disposed().into())));
        }
        match &mut slot.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

fn text_of(messages: &[AgentMessage]) -> Result<String> {
    let mut text = String::from("[");
    for (index, message) in messages.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // Keys in order, as everywhere; roles are plain words.
        let role = serde_json::to_value(message.role).unwrap_or_default();
        text.push_str("{\"content\":");
        text.push_str(&canonical_value(&message.content)?);
        text.push_str(",\"role\":");
        text.push_str(&canonical_value(&role)?);
        text.push('}');
    }
    text.push(']');
    Ok(text)
}
