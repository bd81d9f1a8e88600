//! When a task may run, how often, and for how long: what most tasks leave at the default.

use serde::{Deserialize, Serialize};

use super::error::{OrchestratorError, Result};
use super::id::{Attempt, GroupKey, Millis, TaskKey};
use super::limits;
use super::words::words;

/// The longest time span that is taken: a hundred years, in milliseconds.
pub const MAX_SPAN: Millis = 100 * 366 * 24 * 60 * 60 * 1000;

/// What becomes of a task that waits for one which failed, was cancelled or was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDependencyFailure {
    /// It stays blocked until the other one is restarted and completes.
    #[default]
    Block,
    /// It fails, too.
    Fail,
}

/// What becomes of a task that was running when its orchestrator stopped without a goodbye.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInterrupt {
    /// It is paused; resuming it begins a new attempt.
    #[default]
    Pause,
    /// A new attempt begins by itself.
    Retry,
    /// It fails.
    Fail,
}

words!(OnDependencyFailure { Block = "block", Fail = "fail" });
words!(OnInterrupt { Pause = "pause", Retry = "retry", Fail = "fail" });

/// How a failed attempt is followed by another one.
///
/// The n-th retry comes after `delay * factor^(n-1)`, at most `max_delay`; of that, up to the share `jitter` is taken
/// away at random, so that tasks which failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How many attempts there may be in all, the first included; at least 1.
    pub max_attempts: u32,
    /// Milliseconds before the second attempt.
    pub delay: Millis,
    /// The longest wait between two attempts, in milliseconds.
    pub max_delay: Millis,
    /// By how much each wait is longer than the one before, in thousandths; at least 1000.
    pub factor: u32,
    /// The share of a wait that is left to chance, in thousandths; at most 1000.
    pub jitter: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            delay: 1000,
            max_delay: 60_000,
            factor: 2000,
            jitter: 500,
        }
    }
}

impl Retry {
    fn check(&self) -> Result<()> {
        limits::ATTEMPTS.check(self.max_attempts as usize)?;
        let wrong = match self {
            Self { max_attempts: 0, .. } => "retry.maxAttempts must be at least 1",
            Self {
                factor: ..1000 | 100_001..,
                ..
            } => "retry.factor must be from 1 to 100",
            Self { jitter: 1001.., .. } => "retry.jitter must be from 0 to 1",
            _ => {
                return check_span("retry.delay", self.delay)
                    .and(check_span("retry.maxDelay", self.max_delay));
            }
        };
        Err(OrchestratorError::invalid(wrong))
    }

    /// Milliseconds to wait before the next attempt, after this many of them. `random` decides within the jitter.
    #[must_use]
    pub fn wait(&self, attempts: u32, random: u64) -> Millis {
        let mut wait = u128::from(self.delay);
        let max = u128::from(self.max_delay);
        for _ in 1..attempts {
            if wait == 0 || wait >= max || self.factor <= 1000 {
                break;
            }
            wait = (wait * u128::from(self.factor)).div_ceil(1000);
        }
        let wait = wait.min(max);
        let chance = wait * u128::from(self.jitter.min(1000)) / 1000;
        // The product is below 2^128: a wait has at most 42 bits.
        let less = (chance * u128::from(random)) >> 64;
        u64::try_from(wait - less).unwrap_or(MAX_SPAN)
    }
}

/// How long things may take, in milliseconds. What is absent may take any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Timeouts {
    /// One attempt, while it is not paused.
    pub attempt: Option<Millis>,
    /// Without output, progress or a step of the provider, while it is not paused.
    pub idle: Option<Millis>,
    /// All attempts together with the waits between them, from the first run on.
    pub total: Option<Millis>,
}

/// When a task to create may run, how often, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewPlan<'a> {
    /// Whether it is started at once.
    pub start: bool,
    /// The group whose limit and turn it shares.
    pub group: Option<&'a str>,
    /// Higher ones run first, within the group; from -1000 to 1000.
    pub priority: i32,
    /// Ids of the tasks that must be completed first.
    pub depends_on: &'a [&'a str],
    /// What becomes of it when one of those does not complete.
    pub on_dependency_failure: OnDependencyFailure,
    /// How failed attempts are repeated; not at all when absent.
    pub retry: Option<Retry>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// When it must have ended.
    pub deadline: Option<Millis>,
    /// Before when it does not run.
    pub start_at: Option<Millis>,
    /// What becomes of it after a crash; the host's default when absent.
    pub on_interrupt: Option<OnInterrupt>,
    /// Whether it goes on when the task above it ends.
    pub outlives_parent: bool,
    /// Names this order: the same order given twice makes one task.
    pub idempotency_key: Option<&'a str>,
}

impl NewPlan<'_> {
    /// Whether all is at the default, but for the start.
    pub(crate) fn is_plain(&self) -> bool {
        let Self {
            start: _,
            group,
            priority,
            depends_on,
            on_dependency_failure,
            retry,
            timeouts,
            deadline,
            start_at,
            on_interrupt,
            outlives_parent,
            idempotency_key,
        } = self;
        group.is_none()
            && *priority == 0
            && depends_on.is_empty()
            && *on_dependency_failure == OnDependencyFailure::Block
            && retry.is_none()
            && *timeouts == Timeouts::default()
            && deadline.or(*start_at).is_none()
            && on_interrupt.is_none()
            && !outlives_parent
            && idempotency_key.is_none()
    }

    pub(crate) fn check(&self) -> Result<()> {
        if let Some(group) = self.group {
            limits::check_visible(limits::GROUP, group)?;
        }
        if !(-1000..=1000).contains(&self.priority) {
            return Err(OrchestratorError::invalid("priority must be from -1000 to 1000"));
        }
        limits::DEPENDENCIES.check(self.depends_on.len())?;
        self.retry.map_or(Ok(()), |retry| retry.check())?;
        let Timeouts { attempt, idle, total } = self.timeouts;
        for (what, span) in [
            ("timeout.attempt", attempt),
            ("timeout.idle", idle),
            ("timeout.total", total),
        ] {
            if span == Some(0) {
                return Err(OrchestratorError::invalid(format!(
                    "{what} must be at least 1 millisecond"
                )));
            }
            check_span(what, span.unwrap_or(0))?;
        }
        for (what, time) in [("deadline", self.deadline), ("startAt", self.start_at)] {
            // The last moment that a JS Date can hold.
            if time.is_some_and(|time| time > 8_640_000_000_000_000) {
                return Err(OrchestratorError::invalid(format!("{what} is too far away")));
            }
        }
        if let Some(key) = self.idempotency_key {
            limits::check_visible(limits::KEY, key)?;
        }
        Ok(())
    }
}

fn check_span(what: &str, span: Millis) -> Result<()> {
    if span > MAX_SPAN {
        return Err(OrchestratorError::invalid(format!(
            "{what} must be at most a hundred years"
        )));
    }
    Ok(())
}

/// A task's plan as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan<'a> {
    /// The group; empty for that of all others.
    pub group: &'a str,
    /// Higher ones run first.
    pub priority: i32,
    /// Keys of the tasks that must be completed first, four bytes each, little end first.
    pub depends_on: &'a [u8],
    /// What becomes of it when one of those does not complete.
    pub on_dependency_failure: OnDependencyFailure,
    /// How failed attempts are repeated.
    pub retry: Option<Retry>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// When it must have ended.
    pub deadline: Option<Millis>,
    /// Before when it does not run.
    pub start_at: Option<Millis>,
    /// What becomes of it after a crash.
    pub on_interrupt: Option<OnInterrupt>,
    /// Whether it goes on when the task above it ends.
    pub outlives_parent: bool,
    /// Names the order that made it; empty when there is no name.
    pub idempotency_key: &'a str,
    /// What the whole order said, as a number, to tell another order with the same name.
    pub fingerprint: u64,
}

/// A task's plan as the kernel keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskPlan {
    pub(crate) group: GroupKey,
    pub(crate) priority: i32,
    pub(crate) depends_on: Vec<TaskKey>,
    pub(crate) on_dependency_failure: OnDependencyFailure,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeouts: Timeouts,
    pub(crate) deadline: Option<Millis>,
    pub(crate) start_at: Option<Millis>,
    pub(crate) on_interrupt: Option<OnInterrupt>,
    pub(crate) outlives_parent: bool,
    pub(crate) idempotency_key: Box<str>,
    pub(crate) fingerprint: u64,
    /// The attempt with which the owner began the current run of attempts.
    pub(crate) first_attempt: Attempt,
    /// When the first attempt of this run ran.
    pub(crate) began_at: Option<Millis>,
    /// When the next attempt is due, after a failed one.
    pub(crate) retry_at: Option<Millis>,
    /// How many of `depends_on` are not completed. Follows from the other tasks.
    #[serde(skip)]
    pub(crate) unmet: u32,
}

impl TaskPlan {
    /// How many attempts there were since the owner began, with this one.
    pub(crate) const fn attempts(&self, attempt: Attempt) -> u32 {
        attempt.0.saturating_sub(self.first_attempt.0).saturating_add(1)
    }
}

/// The numbers in [`Plan::depends_on`].
pub(crate) fn keys(bytes: &[u8]) -> impl Iterator<Item = TaskKey> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|key| TaskKey(u32::from_le_bytes(*key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_jitter_only_shortens_them() {
        let retry = Retry {
            jitter: 0,
            ..Retry::default()
        };
        let waits: Vec<_> = (1..9).map(|attempts| retry.wait(attempts, u64::MAX)).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        let retry = Retry::default();
        assert_eq!(retry.wait(2, 0), 2000);
        assert_eq!(retry.wait(2, u64::MAX), 1001);
        let huge = Retry {
            max_attempts: 1000,
            delay: MAX_SPAN,
            max_delay: MAX_SPAN,
            factor: 100_000,
            jitter: 1000,
        };
        assert_eq!(huge.wait(1000, 0), MAX_SPAN);
        assert_eq!(huge.wait(1000, u64::MAX), 1);
    }
}
