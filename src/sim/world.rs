//! One simulated host with one orchestrator, and everything that is watched about it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::Stream;

use super::generate::{PROVIDERS, START, script};
use super::history::{History, Watcher};
use super::model::{End, Stage};
use super::provider::Told;
use super::simulation::Counts;
use super::violation::{Violation, ensure};
use super::{FaultPlan, Rng, ScriptedProvider, SimulatedDisk, SimulatedJournal};
use crate::journal::{Journal, decode, recover};
use crate::kernel::{
    Attempt, Command, Ending, ErrorCode, Millis, OnInterrupt, OrchestratorError, Provider, Reply, Result, Seq,
    Task, TaskKey, TaskStatus, TaskWait,
};
use crate::orchestrator::{
    AgentOrchestrator, AgentOrchestratorBuilder, Engine, EngineOptions, EventFilter, EventKind, EventStream,
    TaskOutcome, TaskRun,
};
use crate::runtime::{Runtime, SimulatedRuntime};

/// What a call to the orchestrator gives.
pub(super) enum Answer {
    Done,
    Run(TaskRun),
    Outcome(TaskOutcome),
}

#[cfg(not(target_family = "wasm"))]
type Call = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;
#[cfg(target_family = "wasm")]
type Call = Pin<Box<dyn Future<Output = Result<Answer>>>>;

/// A call that waits for its answer.
struct Pending {
    call: Call,
    /// What it did is at or before this position.
    seq: Seq,
    /// Whose end is waited for, and since when.
    run: Option<(u32, Seq)>,
    /// Whether the answer is that end.
    until_end: bool,
}

/// Somebody who waits for the end of a task.
struct Held {
    run: Pin<Box<TaskRun>>,
    task: u32,
    after: Seq,
}

/// One life of the orchestrator.
struct Life {
    journal: SimulatedJournal,
    orchestrator: AgentOrchestrator,
    events: EventStream,
    next_event: Seq,
    pending: Vec<Pending>,
    held: Vec<Held>,
}

/// What does not change in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    seed: u64,
    plan: FaultPlan,
    options: EngineOptions,
}

impl Setting {
    fn new(seed: u64, plan: FaultPlan) -> Self {
        let mut rng = Rng::new(seed ^ 0x5e77_1465);
        let mut options = EngineOptions::default();
        options.config.max_concurrency = 1 + rng.below(4) as u32;
        options.config.max_output_lines = 1 + rng.below(6) as u32;
        if rng.percent(30) {
            options.config.max_queued = rng.below(6) as u32;
        }
        if rng.percent(10) {
            options.config.max_tasks = 4 + rng.below(8) as u32;
        }
        options.config.on_interrupt = OnInterrupt::ALL[rng.below(3) as usize];
        options.snapshot_bytes = [0, 400, 1500, 6000][rng.below(4) as usize];
        options.keep_history = rng.percent(50);
        if rng.percent(15) {
            options.max_unwritten_bytes = 100 + rng.below(1500);
        }
        Self { seed, plan, options }
    }
}

pub(super) struct World {
    setting: Setting,
    pub(super) disk: SimulatedDisk,
    runtime: SimulatedRuntime,
    provider: ScriptedProvider,
    history: History,
    watcher: Watcher,
    acknowledged: Seq,
    known_calls: usize,
    /// Ids of tasks there were.
    used: BTreeSet<String>,
    /// Attempts find that they are done at once.
    finishing: Arc<AtomicBool>,
    rng: Rng,
    pub(super) counts: Counts,
    life: Option<Life>,
}

impl World {
    pub(super) fn new(seed: u64, plan: FaultPlan) -> Result<Self, Violation> {
        let setting = Setting::new(seed, plan);
        let runtime = SimulatedRuntime::new(START, seed);
        let finishing = Arc::new(AtomicBool::new(false));
        let finish = finishing.clone();
        let provider = ScriptedProvider::new("p0", &runtime).choose(move |task, attempt| {
            match finish.load(Ordering::Relaxed) {
                true => super::Script::new(),
                false => script(seed, plan, &task.id, attempt),
            }
        });
        let mut world = Self {
            setting,
            disk: SimulatedDisk::new(seed),
            runtime,
            provider,
            history: History::new(setting.options.config),
            watcher: Watcher::default(),
            acknowledged: 0,
            known_calls: 0,
            used: BTreeSet::new(),
            finishing,
            rng: Rng::new(!seed),
            counts: Counts::default(),
            life: None,
        };
        world.open(false)?;
        Ok(world)
    }

    /// What is left to chance within one step follows from this, whatever was left out before it.
    pub(super) fn salt(&mut self, salt: u64) {
        self.rng = Rng::new(self.setting.seed ^ salt.wrapping_mul(0x9e37_79b9));
    }

    pub(super) fn orchestrator(&self) -> Option<&AgentOrchestrator> {
        self.life.as_ref().map(|life| &life.orchestrator)
    }

    pub(super) const fn journal(&self) -> Option<&SimulatedJournal> {
        match &self.life {
            Some(life) => Some(&life.journal),
            None => None,
        }
    }

    pub(super) const fn runtime(&self) -> &SimulatedRuntime {
        &self.runtime
    }

    pub(super) fn provider(&self, id: &str) -> ScriptedProvider {
        let provider = self.provider.on(&self.runtime).under(id);
        match PROVIDERS.iter().find(|(known, _)| *known == id) {
            Some((_, Some(max))) => provider.max_concurrency(*max),
            _ => provider,
        }
    }

    pub(super) fn last_events(&self, count: u64) -> Vec<String> {
        let last = self.history.len();
        (last.saturating_sub(count) + 1..=last)
            .filter_map(|seq| Some(format!("{seq:5} {:?}", decode(self.history.record(seq)?)?.1)))
            .collect()
    }

    fn inspect<T>(&self, look: impl FnOnce(&Engine) -> T) -> Result<T, Violation> {
        let Some(life) = &self.life else {
            return Err(Violation::new("I10", "there is no orchestrator"));
        };
        let found = life.orchestrator.inspect(look);
        found.map_err(|error| Violation::new("I10", format!("the orchestrator cannot be read: {error}")))
    }

    fn seq(&self) -> Result<Seq, Violation> {
        self.inspect(|engine| engine.kernel().seq())
    }

    pub(super) fn has_failed(&self) -> Result<bool, Violation> {
        self.inspect(|engine| engine.failure().is_some())
    }

    // ---- calls ----

    /// Whether an id is new, or that of a task that is there: what is watched is known by the task's id.
    pub(super) fn is_clear(&mut self, id: Option<&String>) -> bool {
        id.is_none_or(|id| self.used.insert(id.clone()) || self.history.model.find(id).is_some())
    }

    /// Makes a call: what it does it does at once, and then it waits until that is durable.
    pub(super) fn call(
        &mut self,
        task: Option<&str>,
        until_end: bool,
        call: impl FnOnce(AgentOrchestrator) -> Call,
    ) -> Result<(), Violation> {
        let Some(orchestrator) = self.orchestrator().cloned() else {
            return Ok(());
        };
        let before = self.seq()?;
        let ended = task.and_then(|id| {
            let (key, _) = self.history.model.find(id)?;
            Some(self.history.model.end_of(key)?.seq)
        });
        let mut call = call(orchestrator);
        let answer = poll(call.as_mut());
        let seq = self.seq()?;
        self.follow()?;
        let run = task.and_then(|id| {
            let (key, _) = self.history.model.find(id)?;
            // One that had ended and has not begun anew tells of that end.
            let after = match ended.filter(|_| before == seq) {
                Some(end) => end - 1,
                None => before,
            };
            Some((key, after))
        });
        self.counts.calls += 1;
        match answer {
            Poll::Ready(Err(error)) => {
                self.counts.refusals += 1;
                self.check_error(&error)?;
                ensure("I1", before == seq, || {
                    format!("refused with {error}, and yet {} events", seq - before)
                })
            }
            Poll::Ready(Ok(answer)) => self.answered(answer, seq, run),
            Poll::Pending => {
                if let Some(life) = &mut self.life {
                    life.pending.push(Pending {
                        call,
                        seq,
                        run,
                        until_end,
                    });
                }
                Ok(())
            }
        }
    }

    /// A call that does not wait for anything.
    pub(super) fn order(
        &mut self,
        order: impl FnOnce(&AgentOrchestrator) -> Result<()>,
    ) -> Result<(), Violation> {
        let Some(orchestrator) = self.orchestrator().cloned() else {
            return Ok(());
        };
        let before = self.seq()?;
        let told = order(&orchestrator);
        let seq = self.seq()?;
        self.counts.calls += 1;
        if let Err(error) = told {
            self.counts.refusals += 1;
            self.check_error(&error)?;
            ensure("I1", before == seq, || {
                format!("refused with {error}, and yet {} events", seq - before)
            })?;
        }
        self.follow()
    }

    /// Whether a failed journal is enough reason now to open another one.
    pub(super) fn gives_up(&mut self) -> bool {
        self.rng.percent(40)
    }

    /// Reports the end of an attempt, as a host does whose messages come late, twice, or in another order.
    pub(super) fn finish_again(&mut self, id: &str, attempt: u32, success: bool) -> Result<(), Violation> {
        let Some((task, known)) = self.history.model.find(id) else {
            return Ok(());
        };
        if known.stage == Stage::Active && known.attempt == attempt {
            // It would be the first report, and its provider does not know of it.
            return Ok(());
        }
        let ending = Ending::Result {
            success,
            summary: "from afar",
            error: None,
            detail: "",
            retryable: true,
        };
        let command = Command::Finish {
            task: TaskKey::new(task),
            attempt: Attempt::new(attempt),
            ending,
        };
        let mut reply = Reply::Late;
        self.order(|orchestrator| {
            reply = orchestrator.command(command)?;
            Ok(())
        })?;
        ensure("I4", reply == Reply::Late, || {
            format!("attempt {attempt} of {id} is reported to have ended, once more: {reply:?}")
        })
    }

    fn check_error(&self, error: &OrchestratorError) -> Result<(), Violation> {
        ensure(
            "I10",
            !matches!(error.code(), ErrorCode::Poisoned | ErrorCode::Disposed),
            || format!("refused with {error}"),
        )
    }

    fn answered(&mut self, answer: Answer, seq: Seq, run: Option<(u32, Seq)>) -> Result<(), Violation> {
        match answer {
            Answer::Outcome(outcome) => {
                if let Some((task, after)) = run {
                    self.ended(&outcome, task, after)?;
                }
                return Ok(());
            }
            Answer::Run(held) => {
                if let (Some((task, after)), Some(life)) = (run, &mut self.life) {
                    let run = Box::pin(held);
                    life.held.push(Held { run, task, after });
                }
            }
            Answer::Done => {}
        }
        self.counts.acknowledgements += 1;
        self.acknowledged = self.acknowledged.max(seq);
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("I3", durable >= seq, || {
            format!("position {seq} was acknowledged, and {durable} is durable")
        })
    }

    /// Somebody was told how a task ended.
    fn ended(&mut self, outcome: &TaskOutcome, task: u32, after: Seq) -> Result<(), Violation> {
        self.counts.outcomes += 1;
        let told = (outcome.attempt, outcome.status);
        let Some(end) = self.first_end(task, after) else {
            let message = format!("{} was said to end as {told:?}, and has not", outcome.task_id);
            return Err(Violation::new("I5", message));
        };
        ensure("I5", (end.attempt, end.status) == told, || {
            format!(
                "{} was said to end as {told:?}, and it was {end:?}",
                outcome.task_id
            )
        })?;
        let seq = end.seq;
        self.acknowledged = self.acknowledged.max(seq);
        let durable = self.watcher.look(&self.disk, &self.history)?;
        ensure("I3", durable >= seq, || {
            format!("the end at {seq} was told, and {durable} is durable")
        })
    }

    fn first_end(&self, task: u32, after: Seq) -> Option<&End> {
        let ends = &self.history.model.ends;
        ends.iter().find(|end| end.task == task && end.seq > after)
    }

    // ---- watching ----

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
    fn look_at_calls(&mut self) -> Result<(), Violation> {
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
    fn look_at_answers(&mut self) -> Result<(), Violation> {
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
    fn look_at_events(&mut self) -> Result<(), Violation> {
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
    fn check_quiet(&self) -> Result<(), Violation> {
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

    // ---- time ----

    pub(super) fn run_one(&mut self) -> Result<bool, Violation> {
        let ran = self.runtime.run_one();
        self.counts.polls += u64::from(ran);
        self.follow()?;
        Ok(ran)
    }

    /// Lets everything go on that can; a host that never comes to rest is a violation.
    pub(super) fn idle(&mut self) -> Result<(), Violation> {
        for _ in 0..10_000 {
            if !self.run_one()? {
                return self.check_quiet();
            }
        }
        Err(Violation::new("I8", "it never comes to rest"))
    }

    pub(super) fn advance(&mut self, time: Millis) -> Result<(), Violation> {
        self.idle()?;
        let end = self.runtime.steady() + time;
        while self.runtime.next_timer(end) {
            self.idle()?;
        }
        Ok(())
    }

    // ---- death and birth ----

    fn die(&mut self) {
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
    fn stored(&self) -> Result<Vec<Vec<u8>>, Violation> {
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

    fn builder(&self, journal: &SimulatedJournal) -> AgentOrchestratorBuilder {
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
    fn open(&mut self, again: bool) -> Result<(), Violation> {
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

    fn begin(&mut self, journal: SimulatedJournal, orchestrator: AgentOrchestrator) -> Result<(), Violation> {
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
    fn look_back(&mut self) -> Result<(), Violation> {
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
                    (TaskStatus::Pending, Some(TaskWait::Provider)) => {
                        !kernel.provider(task.provider()).is_some_and(Provider::is_registered)
                    }
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

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
