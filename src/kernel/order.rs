//! One order, one task: an idempotency key names an order, so that giving it again makes nothing new.

use super::Turn;
use super::command::{NewTask, Reply};
use super::error::{ErrorCode, OrchestratorError, Result};
use super::id::TaskKey;
use super::limits;
use super::names::Names;

impl Turn<'_> {
    /// The tasks that these orders made before; none if they are new.
    ///
    /// Orders that come together must come together again.
    pub(super) fn made_before(&self, tasks: &[NewTask<'_>]) -> Result<Option<Reply>> {
        let names = tasks.iter().filter_map(|new| new.plan.idempotency_key);
        if names.clone().next().is_none() {
            return Ok(None);
        }
        check_names(tasks.len(), names.clone())?;
        let mut known = names.filter_map(|name| Some((name, self.state.find_order(name)?)));
        let Some((name, first)) = known.next() else {
            return Ok(None);
        };
        let same = (first.0..).map(TaskKey).zip(tasks).all(|(key, new)| {
            let plan = self.state.task(key).and_then(|task| task.plan());
            plan.is_some_and(|plan| {
                Some(&*plan.idempotency_key) == new.plan.idempotency_key
                    && plan.fingerprint == fingerprint(new)
            })
        });
        if same {
            return Ok(Some(Reply::Existing {
                first,
                // As many as were passed in, which the limit bounds.
                count: tasks.len() as u32,
            }));
        }
        Err(OrchestratorError::new(
            ErrorCode::Conflict,
            format!(
                "the idempotency key {} was used for another order; use a new key",
                limits::quoted(name)
            ),
        ))
    }
}

/// Orders that come together can only be told from new ones if each has a name, and its own.
fn check_names<'a>(orders: usize, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = Names::default();
    for name in names {
        if seen.insert(name, 0).is_some() {
            return Err(OrchestratorError::new(
                ErrorCode::Conflict,
                format!(
                    "two tasks of this call have the idempotency key {}; use one for each",
                    limits::quoted(name)
                ),
            ));
        }
    }
    if seen.len() == orders {
        return Ok(());
    }
    Err(OrchestratorError::invalid(
        "either all tasks of a call have an idempotency key, or none has",
    ))
}

/// A number over all that an order says of its task, but for the directory, which the host fills in: FNV-1a.
pub(super) fn fingerprint(new: &NewTask<'_>) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    let texts = [
        Some(new.name),
        Some(new.description),
        Some(new.metadata),
        new.id,
        new.provider,
        new.sub_agent_type,
        new.room,
        new.world,
        new.parent,
        new.plan.group,
    ];
    for text in texts {
        hash.number(u64::from(text.is_some()));
        hash.text(text.unwrap_or_default());
    }
    for list in [new.tags, new.steps, new.plan.depends_on] {
        hash.number(list.len() as u64);
        for text in list {
            hash.text(text);
        }
    }
    let plan = &new.plan;
    hash.number(plan.priority as u64);
    hash.number(plan.outlives_parent.into());
    hash.number(plan.on_dependency_failure as u64);
    hash.number(plan.on_interrupt.map_or(u64::MAX, |then| then as u64));
    let spans = [
        plan.timeouts.attempt,
        plan.timeouts.idle,
        plan.timeouts.total,
        plan.deadline,
        plan.start_at,
    ];
    for span in spans {
        hash.number(span.unwrap_or(u64::MAX));
    }
    if let Some(retry) = plan.retry {
        for number in [
            u64::from(retry.max_attempts),
            retry.delay,
            retry.max_delay,
            u64::from(retry.factor),
            u64::from(retry.jitter),
        ] {
            hash.number(number);
        }
    }
    hash.0
}

struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// With its length, so that two texts are not taken for one.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }
}
