//! Events for those who listen: from any position still kept, bounded for each, filtered before they are copied.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::driver::WeakDriver;
use super::engine::Engine;
use super::event::{EventKind, OrchestratorEvent};
use crate::journal::Cursor;
use crate::kernel::{OrchestratorError, Seq};

/// How many events are read from the log at a time by one who is behind.
const BATCH: usize = 256;

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    types: BTreeSet<String>,
    task_id: Option<String>,
    agent: Option<String>,
    from: Option<Seq>,
    buffer: Option<usize>,
}

impl EventFilter {
    /// All events, from now on.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only events of this type, or of those named before. `subscriber:lagged` and `journal:failed` always come
    /// through.
    #[must_use]
    pub fn of_type(mut self, name: impl Into<String>) -> Self {
        self.types.insert(name.into());
        self
    }

    /// Only events of this task.
    #[must_use]
    pub fn of_task(mut self, id: impl Into<String>) -> Self {
        self.task_id = Some(id.into());
        self
    }

    /// Only events of this agent.
    #[must_use]
    pub fn of_agent(mut self, name: impl Into<String>) -> Self {
        self.agent = Some(name.into());
        self
    }

    /// From this position on; 0 or 1 for all that is kept.
    #[must_use]
    pub const fn from_seq(mut self, seq: Seq) -> Self {
        self.from = Some(seq);
        self
    }

    /// How many events may wait for a slow reader; 1024 when not said, at least 1.
    #[must_use]
    pub const fn buffer(mut self, events: usize) -> Self {
        self.buffer = Some(events);
        self
    }

    fn wants(&self, event: &OrchestratorEvent) -> bool {
        // Whoever listens for anything wants to know that nothing will come any more.
        if matches!(event.kind, EventKind::JournalFailed { .. }) {
            return true;
        }
        (self.types.is_empty() || self.types.contains(event.kind.type_name()))
            && (self.task_id.is_none() || self.task_id.as_deref() == event.kind.task_id())
            && (self.agent.is_none() || self.agent.as_deref() == event.kind.agent())
    }
}

/// One reader's part.
#[derive(Debug, Default)]
struct Slot {
    queue: VecDeque<Arc<OrchestratorEvent>>,
    dropped: u64,
    waker: Option<Waker>,
    /// Where to read on in the log, while behind.
    behind: Option<Cursor>,
    closed: bool,
}

/// Nothing foreign runs while one of these is held, so it is whole even after a panic.
fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Reader {
    filter: EventFilter,
    slot: Weak<Mutex<Slot>>,
}

/// Readers who want the events of one task, or of one agent, by its name: there may be one for every run, and each wants
/// few of the events.
#[derive(Default)]
struct Apart(BTreeMap<String, Vec<Reader>>);

impl Apart {
    fn add(&mut self, name: &str, reader: Reader) {
        self.0.entry(name.to_owned()).or_default().push(reader);
    }

    /// Does something to the readers of one name, and forgets the name when none are left.
    fn visit(&mut self, name: Option<&str>, visit: impl FnOnce(&mut Vec<Reader>)) {
        let Some((name, readers)) = name.and_then(|name| Some((name, self.0.get_mut(name)?))) else {
            return;
        };
        visit(readers);
        if readers.is_empty() {
            self.0.remove(name);
        }
    }
}

/// The owner's side: hands new events to readers.
pub(super) struct Feed {
    readers: Vec<Reader>,
    of_task: Apart,
    of_agent: Apart,
    /// Up to where everybody who is not behind was told.
    told: Cursor,
    failed: bool,
}

impl Feed {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            readers: Vec::new(),
            of_task: Apart::default(),
            of_agent: Apart::default(),
            told: engine.durable_end(),
            failed: false,
        }
    }

    /// Puts what has happened into the readers' queues, and gives those to wake once the lock is released.
    pub(super) fn publish(&mut self, engine: &Engine) -> Vec<Waker> {
        if self.readers.is_empty() && self.of_task.0.is_empty() && self.of_agent.0.is_empty() {
            self.told = engine.durable_end();
            return Vec::new();
        }
        let mut wake = Vec::new();
        while self.told.seq <= engine.durable()
            && let Some(recorded) = engine.log().read(&mut self.told)
        {
            let event = Arc::new(OrchestratorEvent::of(engine.kernel(), &recorded));
            hand_out(&mut self.readers, &event, &mut wake);
            for (apart, name) in [
                (&mut self.of_task, event.kind.task_id()),
                (&mut self.of_agent, event.kind.agent()),
            ] {
                apart.visit(name, |readers| hand_out(readers, &event, &mut wake));
            }
        }
        wake
    }

    /// Tells everybody that the journal has failed, once.
    pub(super) fn fail(&mut self, engine: &Engine, error: &OrchestratorError) -> Vec<Waker> {
        let mut wake = Vec::new();
        if std::mem::replace(&mut self.failed, true) {
            return wake;
        }
        let event = Arc::new(OrchestratorEvent {
            seq: engine.durable(),
            at: engine.kernel().at(),
            kind: EventKind::JournalFailed {
                code: error.code(),
                message: error.message().to_owned(),
            },
        });
        hand_out(&mut self.readers, &event, &mut wake);
        let apart = self.of_task.0.values_mut().chain(self.of_agent.0.values_mut());
        for readers in apart {
            hand_out(readers, &event, &mut wake);
        }
        wake
    }

    pub(super) fn add(&mut self, engine: &Engine, filter: EventFilter, driver: WeakDriver) -> EventStream {
        let behind = filter
            .from
            .filter(|from| *from < self.told.seq)
            .map(|from| engine.log().seek(from.max(1)));
        let slot = Arc::new(Mutex::new(Slot {
            behind,
            ..Slot::default()
        }));
        let reader = Reader {
            filter: filter.clone(),
            slot: Arc::downgrade(&slot),
        };
        match (&filter.task_id, &filter.agent) {
            (Some(task), _) => self.of_task.add(task, reader),
            (None, Some(agent)) => self.of_agent.add(agent, reader),
            (None, None) => self.readers.push(reader),
        }
        EventStream { filter, slot, driver }
    }

    /// Lets go of readers that have ended.
    fn forget(&mut self, filter: &EventFilter) {
        let listens = |reader: &Reader| reader.slot.upgrade().is_some_and(|slot| !lock(&slot).closed);
        match (&filter.task_id, &filter.agent) {
            (None, None) => self.readers.retain(listens),
            (Some(task), _) => self.of_task.visit(Some(task), |readers| readers.retain(listens)),
            (None, agent) => {
                let agent = agent.as_deref();
                self.of_agent.visit(agent, |readers| readers.retain(listens));
            }
        }
    }

    pub(super) fn close(&mut self) -> Vec<Waker> {
        let readers = std::mem::take(&mut self.readers);
        let apart = [&mut self.of_task, &mut self.of_agent].map(std::mem::take);
        let apart = apart
            .into_iter()
            .flat_map(|apart| apart.0.into_values().flatten());
        let all = readers.into_iter().chain(apart);
        let slots = all.filter_map(|reader| reader.slot.upgrade());
        slots
            .filter_map(|slot| {
                let mut slot = lock(&slot);
                slot.closed = true;
                slot.waker.take()
            })
            .collect()
    }

    /// Reads on for one who is behind; from the end of the log on, it is told with the others.
    fn catch_up(&self, engine: &Engine, filter: &EventFilter, slot: &mut Slot) {
        let Some(mut cursor) = slot.behind else { return };
        let kept = engine.log().first();
        if cursor.seq < kept {
            slot.dropped += kept - cursor.seq;
        }
        for _ in 0..BATCH {
            if cursor.seq >= self.told.seq {
                slot.behind = None;
                return;
            }
            let Some(recorded) = engine.log().read(&mut cursor) else {
                break;
            };
            let event = OrchestratorEvent::of(engine.kernel(), &recorded);
            if filter.wants(&event) {
                slot.queue.push_back(Arc::new(event));
            }
        }
        slot.behind = Some(cursor);
    }
}

/// Gives one event to those who want it, and forgets those who are gone.
fn hand_out(readers: &mut Vec<Reader>, event: &Arc<OrchestratorEvent>, wake: &mut Vec<Waker>) {
    readers.retain(|reader| {
        let Some(slot) = reader.slot.upgrade() else {
            return false;
        };
        let mut slot = lock(&slot);
        if slot.behind.is_none() && reader.filter.wants(event) {
            if slot.queue.len() >= reader.filter.buffer.unwrap_or(1024).max(1) {
                slot.queue.pop_front();
                slot.dropped += 1;
            }
            slot.queue.push_back(event.clone());
            wake.extend(slot.waker.take());
        }
        true
    });
}

/// Events, as a stream. Ends when the orchestrator is disposed of.
pub struct EventStream {
    filter: EventFilter,
    slot: Arc<Mutex<Slot>>,
    driver: WeakDriver,
}

impl EventStream {
    fn pop(slot: &mut Slot) -> Option<OrchestratorEvent> {
        let first = slot.queue.front()?;
        if slot.dropped > 0 {
            let dropped = std::mem::take(&mut slot.dropped);
            return Some(OrchestratorEvent {
                seq: first.seq,
                at: first.at,
                kind: EventKind::Lagged { dropped },
            });
        }
        slot.queue.pop_front().map(Arc::unwrap_or_clone)
    }
}

impl Stream for EventStream {
    type Item = OrchestratorEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<OrchestratorEvent>> {
        loop {
            {
                let mut slot = lock(&self.slot);
                if let Some(event) = Self::pop(&mut slot) {
                    return Poll::Ready(Some(event));
                }
                if slot.closed {
                    return Poll::Ready(None);
                }
                slot.waker = Some(cx.waker().clone());
                if slot.behind.is_none() {
                    return Poll::Pending;
                }
            }
            // The owner's lock comes first, as everywhere.
            let Some(driver) = self.driver.upgrade() else {
                return Poll::Ready(None);
            };
            let read = driver.read(|owned| {
                owned
                    .feed
                    .catch_up(&owned.engine, &self.filter, &mut lock(&self.slot));
            });
            if read.is_err() {
                return Poll::Ready(None);
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        // The reader of a task that has ended would otherwise stay: no event of it comes by to find it gone.
        lock(&self.slot).closed = true;
        if let Some(driver) = self.driver.upgrade() {
            // When it is disposed of, there is nothing to forget.
            let _ = driver.read(|owned| owned.feed.forget(&self.filter));
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
