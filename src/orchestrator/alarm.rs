//! One alarm for all that is due some time, and a look at the clock for jumps.

use std::time::Duration;

use futures::future::{AbortHandle, abortable};

use super::driver::{Deed, Driver, Owned};
use crate::kernel::Millis;
use crate::runtime::Runtime;

/// The clock is looked at this often while something is due at a moment: it may have been set.
const LOOK: Millis = 60_000;
/// Two clocks may drift apart by this much before it counts as a jump.
const DRIFT: u64 = 1000;

/// When somebody looks again, and how far the clock is from one that does not jump.
#[derive(Debug)]
pub(super) struct Alarm {
    /// When it rings, by the clock that does not jump.
    rings: Option<Millis>,
    number: u64,
    sleeper: Option<AbortHandle>,
    offset: i64,
}

impl Alarm {
    pub(super) fn new(runtime: &dyn Runtime) -> Self {
        Self {
            rings: None,
            number: 0,
            sleeper: None,
            offset: offset(runtime, runtime.now()),
        }
    }

    pub(super) const fn is_set(&self) -> bool {
        self.rings.is_some()
    }

    pub(super) fn stop(&mut self) {
        self.rings = None;
        if let Some(sleeper) = self.sleeper.take() {
            sleeper.abort();
        }
    }
}

fn offset(runtime: &dyn Runtime, now: Millis) -> i64 {
    // Both are far below 2^63.
    (now as i64).saturating_sub(runtime.steady() as i64)
}

impl Owned {
    /// The time. Tells the kernel if the clock was set since the last look.
    pub(super) fn look_at_clock(&mut self, runtime: &dyn Runtime) -> Millis {
        let now = runtime.now();
        let found = offset(runtime, now);
        let by = found.saturating_sub(self.alarm.offset);
        if by.unsigned_abs() > DRIFT {
            self.alarm.offset = found;
            self.engine.clock_jumped(by);
        }
        now
    }

    /// Sets the alarm if something is due before it rings.
    pub(super) fn wake_up(&mut self, runtime: &dyn Runtime, now: Millis) -> Option<Deed> {
        let Some(wait) = self.engine.poll_timeout(now) else {
            self.alarm.stop();
            return None;
        };
        let wait = wait.min(LOOK);
        let rings = runtime.steady().saturating_add(wait);
        if self.alarm.rings.is_some_and(|set| set <= rings) {
            return None;
        }
        self.alarm.stop();
        self.alarm.rings = Some(rings);
        self.alarm.number += 1;
        Some(Deed::Sleep(Duration::from_millis(wait), self.alarm.number))
    }
}

impl Driver {
    pub(super) fn set_alarm(&self, time: Duration, number: u64) {
        let weak = self.downgrade();
        let sleep = self.runtime().sleep(time);
        let (sleeping, handle) = abortable(async move {
            sleep.await;
            if let Some(driver) = weak.upgrade() {
                driver.ring(number);
            }
        });
        let Ok(mut owned) = self.lock_always() else { return };
        if owned.alarm.number != number || owned.alarm.rings.is_none() {
            return;
        }
        owned.alarm.sleeper = Some(handle);
        drop(owned);
        self.runtime().spawn(Box::pin(async move {
            // Called off when something is due earlier.
            let _ = sleeping.await;
        }));
    }

    fn ring(&self, number: u64) {
        // Refused when all is disposed of: then nothing is due.
        let _ = self.change(|owned, now| {
            if owned.alarm.number == number {
                owned.alarm.rings = None;
                owned.alarm.sleeper = None;
                owned.engine.handle_timeout(now);
            }
            Ok(())
        });
    }
}
