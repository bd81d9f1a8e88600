//! A host for tests: virtual time, one thread, the same order every time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::FutureExt;

use super::{BoxFuture, Runtime};
use crate::kernel::Millis;

/// A runtime in which nothing happens by itself: [`run_until_idle`](Self::run_until_idle) runs what can run, and
/// [`advance`](Self::advance) moves the clock.
///
/// Clones share everything.
#[derive(Clone, Debug)]
pub struct SimulatedRuntime {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    seed: u64,
    draws: AtomicU64,
    state: Mutex<State>,
    ready: Arc<Mutex<VecDeque<u64>>>,
}

#[derive(Default)]
struct State {
    /// Where the order of those that can go on comes from, if it is left to chance.
    order: Option<u64>,
    /// By the clock that does not jump.
    now: Millis,
    /// How far the other one is ahead.
    jumped: i64,
    next: u64,
    tasks: BTreeMap<u64, BoxFuture<'static, ()>>,
    timers: BTreeMap<(Millis, u64), oneshot::Sender<()>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("now", &self.now)
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

/// What SplitMix64 adds at each step.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What SplitMix64 makes of a step.
const fn mixed(state: u64) -> u64 {
    let bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Puts a task on the list of those that can go on.
struct Ready {
    task: u64,
    list: Arc<Mutex<VecDeque<u64>>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let mut list = lock(&self.list);
        if !list.contains(&self.task) {
            list.push_back(self.task);
        }
    }
}

/// A panic while one of these is held can only be a test's own; the data is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimulatedRuntime {
    /// A runtime whose clock stands at `now` and whose random bits follow from `seed`.
    #[must_use]
    pub fn new(now: Millis, seed: u64) -> Self {
        let state = Mutex::new(State {
            now,
            ..State::default()
        });
        Self {
            shared: Arc::new(Shared {
                seed,
                draws: AtomicU64::new(0),
                state,
                ready: Arc::default(),
            }),
        }
    }

    /// As [`new`](Self::new), but of the futures that can go on any is next, as follows from the seed.
    #[must_use]
    pub fn shuffled(now: Millis, seed: u64) -> Self {
        let runtime = Self::new(now, seed);
        lock(&runtime.shared.state).order = Some(seed);
        runtime
    }

    /// Runs futures, in the order in which they were woken, until none can go on.
    pub fn run_until_idle(&self) {
        while self.run_one() {}
    }

    /// Lets one future go on; false if none can.
    pub fn run_one(&self) -> bool {
        let Some(task) = self.next_ready() else {
            return false;
        };
        // Taken out while it runs, since it may spawn.
        let Some(mut future) = lock(&self.shared.state).tasks.remove(&task) else {
            return true;
        };
        let waker = Waker::from(Arc::new(Ready {
            task,
            list: self.shared.ready.clone(),
        }));
        if future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Pending {
            lock(&self.shared.state).tasks.insert(task, future);
        }
        true
    }

    fn next_ready(&self) -> Option<u64> {
        let mut ready = lock(&self.shared.ready);
        match &mut lock(&self.shared.state).order {
            Some(order) if !ready.is_empty() => {
                *order = order.wrapping_add(GOLDEN);
                let place = mixed(*order) % ready.len() as u64;
                ready.remove(place as usize)
            }
            _ => ready.pop_front(),
        }
    }

    /// Drops every future and every timer where it stands, as when a process is killed.
    pub fn halt(&self) {
        loop {
            let (tasks, timers) = {
                let mut state = lock(&self.shared.state);
                (
                    std::mem::take(&mut state.tasks),
                    std::mem::take(&mut state.timers),
                )
            };
            lock(&self.shared.ready).clear();
            if tasks.is_empty() && timers.is_empty() {
                return;
            }
        }
    }

    /// Moves the clock, stopping at every timer on the way to run what waits for it.
    pub fn advance(&self, duration: Duration) {
        self.run_until_idle();
        let end = self.steady() + duration.as_millis() as Millis;
        while self.next_timer(end) {
            self.run_until_idle();
        }
    }

    /// Moves the clock to the next timer up to a moment of [`steady`](Runtime::steady), and wakes what waits for it;
    /// to that moment itself, and false, if there is none.
    pub(crate) fn next_timer(&self, end: Millis) -> bool {
        let due = {
            let mut state = lock(&self.shared.state);
            match state.timers.first_key_value() {
                Some(((at, _), _)) if *at <= end => {
                    state.now = state.now.max(*at);
                    state.timers.pop_first().map(|(_, timer)| timer)
                }
                _ => {
                    state.now = state.now.max(end);
                    None
                }
            }
        };
        // Nobody may be waiting for it any more.
        due.map(|timer| timer.send(())).is_some()
    }

    /// Sets the clock forward by this many milliseconds, or back by that many below zero. Timers are not moved by it.
    pub fn jump_clock(&self, by: i64) {
        let mut state = lock(&self.shared.state);
        state.jumped = state.jumped.saturating_add(by);
    }

    /// Runs until a future is done; `None` if it waits for something that does not come without the clock.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        let waker = Waker::from(Arc::new(Ready {
            task: u64::MAX,
            list: self.shared.ready.clone(),
        }));
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(value);
            }
            if lock(&self.shared.ready).is_empty() {
                return None;
            }
            self.run_until_idle();
        }
    }
}

impl Runtime for SimulatedRuntime {
    fn now(&self) -> Millis {
        let state = lock(&self.shared.state);
        state.now.saturating_add_signed(state.jumped)
    }

    fn steady(&self) -> Millis {
        lock(&self.shared.state).now
    }

    fn random(&self) -> u64 {
        // The seed itself first, so that other hosts can be given the same.
        let draw = self.shared.draws.fetch_add(1, Ordering::Relaxed);
        self.shared.seed.wrapping_add(draw.wrapping_mul(GOLDEN))
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        let task = {
            let mut state = lock(&self.shared.state);
            let task = state.next;
            state.next += 1;
            state.tasks.insert(task, future);
            task
        };
        lock(&self.shared.ready).push_back(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = lock(&self.shared.state);
        let (at, number) = (
            state.now.saturating_add(duration.as_millis() as Millis),
            state.next,
        );
        state.next += 1;
        state.timers.insert((at, number), sender);
        Box::pin(receiver.map(|_| ()))
    }
}
