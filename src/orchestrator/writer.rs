//! Writes what is to be durable, and tells those who wait for that.

use std::collections::BTreeMap;

use futures::channel::oneshot;

use super::driver::{Deed, Deeds, Driver, Owned, disposed};
use super::keeper::Write;
use crate::kernel::{Result, Seq};

/// Those who wait until events up to a position are durable.
#[derive(Debug, Default)]
pub(super) struct Durability {
    waiting: BTreeMap<Seq, Vec<oneshot::Sender<Result<()>>>>,
    /// Those who wait until nothing more is written.
    closing: Vec<oneshot::Sender<Result<()>>>,
    closed: bool,
}

impl Owned {
    /// Ready when everything that has happened so far is durable; none if it is already.
    pub(super) fn durable(&mut self) -> Option<oneshot::Receiver<Result<()>>> {
        let seq = self.engine.kernel().seq();
        if self.engine.durable() >= seq {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        self.durability.waiting.entry(seq).or_default().push(sender);
        Some(receiver)
    }

    /// Lists those whose events have become durable, or never will.
    pub(super) fn assure(&mut self, deeds: &mut Deeds) {
        let waiting = &mut self.durability.waiting;
        if waiting.is_empty() {
            return;
        }
        let later = waiting.split_off(&(self.engine.durable() + 1));
        let ready = std::mem::replace(waiting, later);
        deeds.extend(ready.into_values().map(|waiting| Deed::Assure(waiting, Ok(()))));
        if let Some(error) = self.engine.failure() {
            let lost = std::mem::take(waiting).into_values();
            deeds.extend(lost.map(|waiting| Deed::Assure(waiting, Err(error.clone()))));
        }
    }
}

impl Driver {
    /// Writes one thing after the other until nothing waits to be written. What happens meanwhile is written together.
    pub(super) async fn write(self, first: Write) {
        let mut next = Some(first);
        while let Some(write) = next {
            let last = write == Write::Close;
            let result = self.write_one(write).await;
            let Ok(mut owned) = self.lock_always() else { return };
            owned.engine.written(result);
            let deeds = owned.follow_up(&self, self.runtime().now());
            next = owned.engine.poll_write();
            let closing = if last { owned.durability.end() } else { Vec::new() };
            drop(owned);
            for deed in deeds.into_iter().chain([Deed::Assure(closing, Ok(()))]) {
                self.carry_out(deed);
            }
        }
    }

    async fn write_one(&self, write: Write) -> Result<()> {
        let Some(journal) = self.journal() else {
            return Ok(());
        };
        match write {
            Write::Append { expected, frame } => journal.append(expected, frame).await,
            Write::Snapshot { position, frame } => journal.snapshot(position, frame).await,
            Write::TruncateBefore { position } => journal.truncate_before(position).await,
            Write::Close => journal.close().await,
        }
    }

    /// Waits until everything that has happened so far is durable.
    pub(super) async fn flush(&self) -> Result<()> {
        let (waiting, write) = {
            let mut owned = self.lock_always()?;
            if let Some(error) = owned.engine.failure() {
                return Err(error.clone());
            }
            // What opening recorded is written by the first change, and there may be none.
            (owned.durable(), owned.engine.poll_write())
        };
        if let Some(write) = write {
            self.carry_out(Deed::Write(write));
        }
        match waiting {
            Some(waiting) => waiting.await.unwrap_or_else(|_| Err(disposed())),
            None => Ok(()),
        }
    }

    /// Waits until the journal is closed, once everything was disposed of.
    pub(super) async fn closed(&self) {
        let waiting = {
            let Ok(mut owned) = self.lock_always() else { return };
            if self.journal().is_none() || owned.durability.closed {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            owned.durability.closing.push(sender);
            receiver
        };
        // Dropped without a word only when the runtime is gone.
        let _ = waiting.await;
    }
}

impl Durability {
    fn end(&mut self) -> Vec<oneshot::Sender<Result<()>>> {
        self.closed = true;
        std::mem::take(&mut self.closing)
    }
}
