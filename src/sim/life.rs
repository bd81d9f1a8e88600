//! How an orchestrator is opened, dies, and comes back; and the end of a simulation.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::calls::poll;
use super::generate::{PROVIDERS, START};
use super::history::Watcher;
use super::model::Stage;
use super::violation::{Violation, ensure};
use super::world::{Life, World};
use super::{FaultPlan, SimulatedJournal};
use crate::journal::{Journal, recover};
use crate::kernel::{ErrorCode, OrchestratorError, Provider, Result, Task, TaskKey, TaskStatus, TaskWait};
use crate::orchestrator::{AgentOrchestrator, AgentOrchestratorBuilder, EngineOptions, EventFilter};
use crate::runtime::{Runtime, SimulatedRuntime};

impl World {
    pub(super) fn die(&mut self) {
        self.runtime.halt();
        if let Some(life) = self.life.take() {
            drop(life);
        }
        // What was dropped may have left something on the way out.
        self.runtime.halt();
        let _ = self.provider.take_said();
    }

    /// Loses power, and opens the orchestrator again.
    pub(super) fn crash(&mut self, seed: u64) -> Result<(), Violation> {
        self.counts.crashes += 1;
        self.die();
        self.disk.set_room(None);
        self.disk.crash(seed);
        self.open(true)
    }

    /// Disposes of the orchestrator, and opens it again.
    pub(super) fn reopen(&mut self) -> Result<(), Violation> {
        let Some(orchestrator) = self.orchestrator().cloned() else {
            return Ok(());
        };
        if self.has_failed()? {
            return self.crash(self.setting.seed);
        }
        if let Some(journal) = self.journal() {
            journal.set_delay(0);
        }
        let seq = self.seq()?;
        let mut disposed = Box::pin(async move { orchestrator.dispose().await });
        let mut done = poll(disposed.as_mut());
        for _ in 0..10 {
            if done.is_ready() {
                break;
            }
            // An append that was slow before.
            self.runtime.advance(Duration::from_secs(60));
            done = poll(disposed.as_mut());
        }
        drop(disposed);
        ensure("P14", done.is_ready(), || "it cannot be disposed of".to_owned())?;
        let stored = self.stored()?;
        let found = recover(stored.iter().map(Vec::as_slice));
        let whole = found.is_ok_and(|found| found.closed() && found.position() == seq);
        // The faults of the disk may have come in between.
        if whole {
            self.counts.closes += 1;
            self.acknowledged = seq;
        }
        self.die();
        self.disk.set_room(None);
        self.disk.crash(self.setting.seed);
        self.open(true)
    }

    /// What a journal on the disk would load; without faults.
    pub(super) fn stored(&self) -> Result<Vec<Vec<u8>>, Violation> {
        let disk = self.disk.copy();
        let loaded = SimulatedJournal::open(&self.runtime, &disk).and_then(|journal| {
            self.runtime
                .block_on(journal.load(self.setting.options.keep_history))
                .unwrap_or_else(|| Err(OrchestratorError::new(ErrorCode::JournalFailed, "it never loads")))
        });
        loaded
            .map(|stored| stored.frames)
            .map_err(|error| Violation::new("P11", format!("what a crash left is refused: {error}")))
    }

    pub(super) fn builder(&self, journal: &SimulatedJournal) -> AgentOrchestratorBuilder {
        let EngineOptions {
            config,
            snapshot_bytes,
            keep_history,
            max_unwritten_bytes,
            ..
        } = self.setting.options;
        AgentOrchestrator::builder()
            .runtime(self.runtime.clone())
            .journal(journal.clone())
            .max_concurrency(config.max_concurrency)
            .max_tasks(config.max_tasks)
            .max_output_lines(config.max_output_lines)
            .max_queued(config.max_queued)
            .on_interrupt(config.on_interrupt)
            .snapshot_bytes(snapshot_bytes)
            .keep_history(keep_history)
            .max_unwritten_bytes(max_unwritten_bytes)
            .grace_period(Duration::from_secs(1))
    }

    /// Opens what is there, perhaps only after some more losses of power.
    pub(super) fn open(&mut self, again: bool) -> Result<(), Violation> {
        for tries in 0.. {
            let (now, random) = (self.runtime.now(), self.rng.next_u64());
            self.runtime = match self.setting.plan.reorder {
                true => SimulatedRuntime::shuffled(now, random),
                false => SimulatedRuntime::new(now, random),
            };
            self.look_back()?;
            // Only with all of the history there can be told afterwards what happened in between.
            let faulty = again && self.setting.options.keep_history && tries < 3;
            if faulty && self.rng.percent(self.setting.plan.torn) {
                self.disk.cut_power_after(self.rng.below(12));
            }
            let opened = SimulatedJournal::open(&self.runtime, &self.disk).and_then(|journal| {
                let build = self.builder(&journal).build_on(no_host);
                let opened = self.runtime.block_on(build);
                let never = || Err(OrchestratorError::new(ErrorCode::JournalFailed, "it never opens"));
                opened.unwrap_or_else(never).map(|opened| (journal, opened))
            });
            match opened {
                Ok((journal, orchestrator)) => return self.begin(journal, orchestrator),
                Err(error) => {
                    let fault = error.code() == ErrorCode::JournalFailed && faulty;
                    ensure("P11", fault, || format!("it cannot be opened: {error}"))?;
                    self.counts.crashes += 1;
                    self.die();
                    self.disk.crash(self.rng.next_u64());
                }
            }
        }
        Ok(())
    }

    pub(super) fn begin(
        &mut self,
        journal: SimulatedJournal,
        orchestrator: AgentOrchestrator,
    ) -> Result<(), Violation> {
        let next_event = self.history.len() + 1;
        let filter = EventFilter::all().from_seq(next_event).buffer(100_000);
        let events = orchestrator
            .events(filter)
            .map_err(|error| Violation::new("I10", error.message()))?;
        self.life = Some(Life {
            journal,
            orchestrator,
            events,
            next_event,
            pending: Vec::new(),
            held: Vec::new(),
        });
        let had_ended = self.history.model.ended_tasks();
        self.follow()?;
        ensure(
            "P11",
            had_ended.is_subset(&self.history.model.ended_tasks()),
            || "a task that had ended has begun again by itself".to_owned(),
        )?;
        self.acknowledged = self.acknowledged.max(self.history.len());
        self.check()?;
        for (id, _) in PROVIDERS {
            let provider = self.provider(id);
            self.order(|orchestrator| orchestrator.register_provider(provider))?;
        }
        self.check()
    }

    /// Compares what is on the disk after a crash with what happened, and forgets what is lost.
    pub(super) fn look_back(&mut self) -> Result<(), Violation> {
        let stored = self.stored()?;
        let found = recover(stored.iter().map(Vec::as_slice))
            .map_err(|error| Violation::new("P11", format!("what a crash left is refused: {error}")))?;
        let position = found.position();
        ensure("P11", position >= self.acknowledged, || {
            format!("{} was acknowledged, and {position} is left", self.acknowledged)
        })?;
        self.counts.lost += self.history.len().saturating_sub(position);
        let called = std::mem::take(&mut self.history.model.starts);
        if position < self.history.len() {
            self.history.cut(position)?;
            // Those that were called are durable, and so they are still there.
            self.history
                .model
                .starts
                .retain(|start, _| called.contains_key(start));
        } else {
            self.history.model.starts = called;
        }
        let first = found.events_after(0).next().map_or(position + 1, |(seq, _)| seq);
        self.history
            .compare(found.events_after(first.saturating_sub(1)))?;
        ensure("P11", self.history.len() == position, || {
            format!(
                "{} events are known, and the journal is at {position}",
                self.history.len()
            )
        })?;
        self.watcher = Watcher::default();
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("P11", durable <= position, || {
            format!("{durable} is durable, and {position} is left")
        })
    }

    /// Faults stop, and everything is let finish: then every task has ended, or waits for something named.
    pub(super) fn finish(&mut self) -> Result<(), Violation> {
        self.finishing.store(true, Ordering::Relaxed);
        self.setting.plan = FaultPlan::none();
        self.crash(self.setting.seed)?;
        for _ in 0..300 {
            self.idle()?;
            let now = self.runtime.now();
            match self.inspect(|engine| engine.poll_timeout(now))? {
                Some(wait) => self.advance(wait.clamp(1, 3_600_000))?,
                None => break,
            }
        }
        self.advance(5000)?;
        self.check()?;
        let (durable, seq, waits) = self.inspect(|engine| {
            (
                engine.durable(),
                engine.kernel().seq(),
                engine.poll_timeout(START),
            )
        })?;
        ensure("I8", durable == seq && waits.is_none(), || {
            format!("{durable} of {seq} is durable, and something is due in {waits:?}")
        })?;
        ensure("I8", self.provider.live().is_empty(), || {
            format!("{:?} never end", self.provider.live())
        })?;
        let model = &self.history.model;
        let blocked = self.inspect(|engine| {
            let kernel = engine.kernel();
            let named = |(key, task): &(TaskKey, &Task)| {
                let stage = model.tasks.get(&key.get()).map(|known| known.stage);
                match (task.status(), kernel.waiting_for(task)) {
                    (TaskStatus::Paused, _) | (TaskStatus::Blocked, Some(TaskWait::Dependencies)) => true,
                    (TaskStatus::Pending, None) => stage == Some(Stage::Idle),
                    (TaskStatus::Pending, Some(TaskWait::Provider)) => !kernel
                        .provider(task.provider())
                        .is_some_and(Provider::is_registered),
                    (status, _) => status.is_terminal(),
                }
            };
            let found = kernel.tasks().find(|task| !named(task));
            found.map(|(key, task)| (key, task.status(), kernel.waiting_for(task)))
        })?;
        ensure("I8", blocked.is_none(), || {
            format!("nothing is in the way of {blocked:?}, and it has not ended")
        })?;
        self.reopen()?;
        self.die();
        Ok(())
    }
}
fn no_host() -> Result<Arc<dyn Runtime>> {
    Err(OrchestratorError::invalid("a simulation has its own runtime"))
}
