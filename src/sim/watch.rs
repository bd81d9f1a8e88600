//! What is looked at whenever something has moved.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::calls::poll;
use super::model::Stage;
use super::provider::Told;
use super::violation::{Violation, ensure};
use super::world::World;
use crate::orchestrator::{Engine, EventKind};

impl World {
    /// Looks at everything, after anything has moved.
    pub(super) fn follow(&mut self) -> Result<(), Violation> {
        let said = self.provider.take_said();
        let counted: Vec<bool> = said
            .iter()
            .map(|(call, _)| self.history.model.is_active(&call.task_id, call.attempt))
            .collect();
        let late = self.history.model.late;
        let Some(life) = &self.life else { return Ok(()) };
        let history = &mut self.history;
        let new = life
            .orchestrator
            .inspect(|engine| history.follow(engine))
            .map_err(|error| Violation::new("I10", format!("the orchestrator cannot be read: {error}")))??;
        let late = self.history.model.late - late;
        self.counts.events += new;
        let failed = self.has_failed()?;
        if let ([(call, told)], [counts]) = (&said[..], &counted[..])
            && !failed
        {
            let what = || {
                format!(
                    "{call:?} said {told:?}, and it {} before",
                    if *counts { "counted" } else { "did not count" }
                )
            };
            match told {
                Told::Counted => ensure("I4", *counts, what)?,
                Told::Late => ensure("I4", !counts && new == late, what)?,
                Told::End if !counts => {
                    self.counts.late += 1;
                    ensure("I4", new == late, what)?;
                }
                Told::End => ensure(
                    "I8",
                    !self.history.model.is_active(&call.task_id, call.attempt),
                    what,
                )?,
                Told::Refused => {}
            }
        }
        self.look_at_calls()?;
        self.look_at_answers()?;
        self.look_at_events()
    }

    /// Every attempt that a provider is called for is durable, and called once.
    pub(super) fn look_at_calls(&mut self) -> Result<(), Violation> {
        let calls = self.provider.calls_after(self.known_calls);
        self.known_calls += calls.len();
        for call in calls {
            self.counts.starts += 1;
            let starts = &mut self.history.model.starts;
            // Taken out: it must not be called again.
            let Some(seq) = starts.remove(&(call.task_id.clone(), call.attempt)) else {
                let message = format!("{call:?} runs, and its start is not written, or it ran before");
                return Err(Violation::new("I3", message));
            };
            let durable = self.watcher.look(&self.disk, &self.history)?;
            ensure("I3", durable >= seq, || {
                format!("{call:?} runs, is written at {seq}, and {durable} is durable")
            })?;
        }
        Ok(())
    }

    /// Those who wait are told as soon as they can be.
    pub(super) fn look_at_answers(&mut self) -> Result<(), Violation> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let (mut answers, mut outcomes) = (Vec::new(), Vec::new());
        life.pending
            .retain_mut(|pending| match poll(pending.call.as_mut()) {
                Poll::Ready(answer) => {
                    answers.push((answer, pending.seq, pending.run));
                    false
                }
                Poll::Pending => true,
            });
        for (answer, seq, run) in answers {
            match answer {
                Ok(answer) => self.answered(answer, seq, run)?,
                Err(error) => self.check_error(&error)?,
            }
        }
        let Some(life) = &mut self.life else { return Ok(()) };
        life.held.retain_mut(|held| match poll(held.run.as_mut()) {
            Poll::Ready(outcome) => {
                outcomes.push((outcome, held.task, held.after));
                false
            }
            Poll::Pending => true,
        });
        for (outcome, task, after) in outcomes {
            match outcome {
                Ok(outcome) => self.ended(&outcome, task, after)?,
                Err(error) => self.check_error(&error)?,
            }
        }
        let durable = self.inspect(Engine::durable)?;
        let Some(life) = &self.life else { return Ok(()) };
        for pending in &life.pending {
            let due = match (pending.until_end, pending.run) {
                (true, run) => run.and_then(|(task, after)| {
                    // One that had ended before the call is told when all before the call is durable.
                    Some(self.first_end(task, after)?.seq.max(pending.seq))
                }),
                (false, _) => Some(pending.seq),
            };
            ensure("I5", due.is_none_or(|due| due > durable), || {
                format!("{due:?} is durable, and who waits for it is not told")
            })?;
        }
        for held in &life.held {
            if let Some(end) = self.first_end(held.task, held.after) {
                ensure("I5", end.seq > durable, || {
                    format!("{end:?} is durable, and who waits for it is not told")
                })?;
            }
        }
        Ok(())
    }

    /// Subscribers see every event once, in order, when it is durable.
    pub(super) fn look_at_events(&mut self) -> Result<(), Violation> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let mut seen = 0;
        while let Poll::Ready(Some(event)) =
            Pin::new(&mut life.events).poll_next(&mut Context::from_waker(Waker::noop()))
        {
            if matches!(event.kind, EventKind::JournalFailed { .. }) {
                continue;
            }
            ensure("P10", event.seq == life.next_event, || {
                format!("event {} came when {} was next", event.seq, life.next_event)
            })?;
            life.next_event += 1;
            seen = event.seq;
        }
        if seen == 0 {
            return Ok(());
        }
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("I3", durable >= seen, || {
            format!("event {seen} was published, and {durable} is durable")
        })
    }

    /// What is looked at once in each step.
    pub(super) fn check(&mut self) -> Result<(), Violation> {
        self.follow()?;
        let history = &self.history;
        self.inspect(|engine| history.check_state(engine))??;
        self.inspect(|engine| {
            for (key, task) in engine.kernel().tasks() {
                let Some(known) = history.model.tasks.get(&key.get()) else {
                    return Err(Violation::new("I2", format!("{key:?} is not known")));
                };
                let waits = engine.kernel().waiting_for(task).is_some();
                let named = match known.stage {
                    Stage::Ended(status) => task.status() == status,
                    Stage::Active => task.is_active() && task.attempt().get() == known.attempt,
                    Stage::Idle => !waits && !task.is_active(),
                    Stage::InLine(_) | Stage::Aside => waits,
                };
                ensure("I8", named, || {
                    format!(
                        "{} is {}, and should be {:?}",
                        known.id,
                        task.status(),
                        known.stage
                    )
                })?;
            }
            Ok(())
        })?
    }

    /// What must be so when nothing can go on without the clock.
    pub(super) fn check_quiet(&self) -> Result<(), Violation> {
        let (durable, seq) = self.inspect(|engine| (engine.durable(), engine.kernel().seq()))?;
        if durable < seq || self.has_failed()? {
            return Ok(());
        }
        let live = self.provider.live();
        for task in self.history.model.active() {
            let runs = live
                .iter()
                .any(|(call, _)| (&call.task_id, call.attempt) == (&task.id, task.attempt));
            ensure("I8", runs, || {
                format!(
                    "{} is said to run as attempt {}, and nobody runs it",
                    task.id, task.attempt
                )
            })?;
        }
        for (call, cancelled) in live {
            let counts = self.history.model.is_active(&call.task_id, call.attempt);
            ensure("I5", counts != cancelled, || match cancelled {
                true => format!("{call:?} was called off, and still counts"),
                false => format!("{call:?} does not count any more, and was not told"),
            })?;
        }
        Ok(())
    }
}
