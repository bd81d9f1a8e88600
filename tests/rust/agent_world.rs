//! A simulated host with one orchestrator and its agents: what is done to it, how it dies and comes back, and what must
//! hold when nothing more can go on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use agent_orchestrator::journal::recover;
use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::sim::{Rng, SimulatedDisk, SimulatedJournal};
use agent_orchestrator::{
    AgentMessage, AgentNode, AgentOptions, AgentOrchestrator, AgentOutcome, AgentStatus, Backoff, ErrorCode,
    Journal, OrchestratedHandle, Overflow, RestartType, Result, Seq, Strategy,
};
use futures::FutureExt;

use super::agent_world_actor::{Cast, send};
use super::agent_world_ledger::{Fate, One, Stage, Told};
use super::agent_world_watch::{Counts, Watch, Watched, unreadable};

const START: u64 = 1_763_000_000_000;
const NAMES: u64 = 10;

type Checked = std::result::Result<(), String>;

/// An agent of this world: where it is, and what is left to chance once and for all.
#[derive(Clone)]
struct Spec {
    name: String,
    parent: Option<String>,
    luck: u64,
}

/// What was done, to know that it was worth it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) steps: u64,
    pub(crate) crashes: u64,
    pub(crate) kills: u64,
    pub(crate) disposals: u64,
    pub(crate) failures: u64,
    pub(crate) lost: u64,
    pub(crate) verified: u64,
    pub(crate) quiet: u64,
}

struct Life {
    journal: SimulatedJournal,
    orchestrator: AgentOrchestrator,
    cast: Cast,
    /// The disk was told to fail.
    faulty: bool,
}

pub(crate) struct World {
    rng: Rng,
    seed: u64,
    faults: u64,
    bad_starts: u64,
    history: bool,
    consults: u64,
    disk: SimulatedDisk,
    watch: Watch,
    specs: Vec<Spec>,
    made: u64,
    life: Option<Life>,
    runtime: SimulatedRuntime,
    hash: Option<(Seq, String)>,
    pub(crate) done: Done,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let faults = if rng.percent(30) { 0 } else { 1 + rng.below(12) };
        let bad_starts = if rng.percent(40) { 0 } else { rng.below(40) };
        Self {
            seed,
            faults,
            bad_starts,
            history: rng.percent(60),
            consults: rng.below(3),
            disk: SimulatedDisk::new(seed),
            watch: Watch::default(),
            specs: Vec::new(),
            made: 0,
            life: None,
            runtime: SimulatedRuntime::shuffled(START, seed),
            hash: None,
            done: Done::default(),
            rng,
        }
    }

    /// Runs it; an error says which promise was broken.
    pub(crate) fn run(&mut self, steps: u64) -> Checked {
        let ran = catch_unwind(AssertUnwindSafe(|| self.live(steps)));
        ran.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("I10: the host panicked: {}", text.unwrap_or_default()))
        })
    }

    pub(crate) fn told(&self) -> (Told, Counts) {
        let seen = self.watch.see();
        (seen.ledger.told, seen.counts)
    }

    pub(crate) fn last_events(&self) -> String {
        let lines = self.watch.see().ledger.last_events();
        lines.join("\n")
    }

    fn live(&mut self, steps: u64) -> Checked {
        self.open()?;
        for _ in 0..2 + self.rng.below(6) {
            self.add();
        }
        for spec in self.specs.clone() {
            self.spawn(&spec.name);
        }
        for _ in 0..steps {
            self.done.steps += 1;
            self.step()?;
            self.check()?;
        }
        self.finish()
    }

    fn check(&self) -> Checked {
        match &self.watch.see().broken {
            Some(broken) => Err(broken.clone()),
            None => Ok(()),
        }
    }

    fn all(&self) -> &AgentOrchestrator {
        // There is one at every moment in which something is done.
        &self.life.as_ref().unwrap().orchestrator
    }

    fn name(&mut self) -> String {
        let picked = self.rng.pick(&self.specs).map(|spec| spec.name.clone());
        picked.unwrap_or_else(|| "nobody".to_owned())
    }

    fn handle(&mut self) -> Option<OrchestratedHandle> {
        let name = self.name();
        self.all().agent(&name)
    }

    fn step(&mut self) -> Checked {
        if self.watch.see().failed && self.rng.percent(30) {
            return self.die(true);
        }
        if self.rng.below(1000) < 8 * self.faults {
            return self.fault();
        }
        match self.rng.below(100) {
            0..34 => (0..1 + self.rng.below(4)).for_each(|_| self.send()),
            34..38 => self.add(),
            38..48 => {
                for _ in 0..3 {
                    let name = self.name();
                    self.spawn(&name);
                }
            }
            48..50 => self.wait_for(|handle| async move { handle.stop().await }.boxed()),
            50..53 => self.wait_for(|handle| async move { handle.await_result().await }.boxed()),
            53..56 => self.wait_for(|handle| async move { handle.ended().await }.boxed()),
            56..58 => {
                if let Some(handle) = self.handle() {
                    handle.cancel();
                }
            }
            58..60 => self.remove(),
            60..70 => {
                for _ in 0..self.rng.below(12) {
                    self.runtime.run_one();
                }
            }
            70..78 => return self.idle(),
            78..97 => {
                let time = [10, 100, 1000, 8000][self.rng.below(4) as usize];
                let time = 1 + self.rng.below(time);
                self.pass(time);
            }
            97 => {
                self.idle()?;
                return self.verify();
            }
            98 if self.seed % 5 == 0 => {
                let by = self.rng.below(40_000) as i64 - 20_000;
                self.watch.see().ledger.jumped = true;
                self.runtime.jump_clock(by);
            }
            98 => {
                let all = self.all().clone();
                self.runtime.spawn(Box::pin(async move {
                    let _ = all.compact().await;
                }));
            }
            _ => return self.dispose(),
        }
        Ok(())
    }

    fn fault(&mut self) -> Checked {
        let draw = self.rng.below(12);
        let power = draw < 4;
        let calls = self.rng.below(12);
        let delay = self.rng.below(3000);
        let Some(life) = &mut self.life else { return Ok(()) };
        match draw {
            4..7 => life.journal.set_delay(delay),
            7 => life.journal.conflict_next(),
            8 => {
                life.faulty = true;
                self.disk.fail_after(calls);
            }
            9 => {
                life.faulty = true;
                self.disk.cut_power_after(calls);
            }
            _ => {
                // In the middle of anything.
                for _ in 0..self.rng.below(8) {
                    self.runtime.run_one();
                }
                self.check()?;
                return self.die(power);
            }
        }
        Ok(())
    }

    fn pass(&self, millis: u64) {
        self.runtime.advance(Duration::from_millis(millis));
    }

    // What is done to agents.

    fn add(&mut self) {
        if self.specs.len() as u64 >= NAMES {
            // One that was removed, or is not attached.
            let Some(spec) = self.rng.pick(&self.specs).cloned() else {
                return;
            };
            return self.attach(&spec);
        }
        self.made += 1;
        let kind = if self.rng.percent(12) { "u" } else { "a" };
        let shallow = |spec: &&Spec| self.depth(spec) < 4;
        let parents: Vec<String> = self
            .specs
            .iter()
            .filter(shallow)
            .map(|spec| spec.name.clone())
            .collect();
        let parent = self.rng.pick(&parents).cloned();
        let parent = parent.filter(|_| self.rng.percent(75));
        let spec = Spec {
            name: format!("{kind}{}", self.made),
            parent,
            luck: self.rng.next_u64(),
        };
        self.attach(&spec);
        self.specs.push(spec);
    }

    fn depth(&self, spec: &Spec) -> usize {
        let above = spec
            .parent
            .as_ref()
            .and_then(|name| self.specs.iter().find(|spec| spec.name == *name));
        above.map_or(1, |above| 1 + self.depth(above))
    }

    fn attach(&mut self, spec: &Spec) {
        let Some(life) = &self.life else { return };
        // What counts restarts stays as it is; the rest may change with the process.
        let (mut rng, mut other) = (Rng::new(spec.luck), Rng::new(spec.luck ^ life.cast.life));
        let strategy = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
        let restart = [
            RestartType::Transient,
            RestartType::Permanent,
            RestartType::Temporary,
        ];
        let overflow = [Overflow::Wait, Overflow::Refuse, Overflow::DropOldest][rng.below(3) as usize];
        let backoff = Backoff {
            delay: [0, 50, 400][rng.below(3) as usize],
            max_delay: 1000,
            jitter: if rng.percent(50) { 0 } else { 500 },
            ..Backoff::default()
        };
        let mut options = AgentOptions::new()
            .strategy(strategy[rng.below(3) as usize])
            .restart(restart[[0, 0, 1, 2][rng.below(4) as usize]])
            .backoff(backoff)
            .overflow(overflow)
            .record_messages(!spec.name.starts_with('u'));
        if rng.percent(60) {
            options = options.max_restarts(rng.below(5) as u32);
        }
        if rng.percent(40) {
            options = options.restart_window(Duration::from_millis(1 + rng.below(5000)));
        }
        if rng.percent(20) {
            options = options.supervisor(life.cast.policy(&spec.name));
        }
        options = options.grace(Duration::from_millis([0, 20, 500, 3000][other.below(4) as usize]));
        if other.percent(70) {
            options = options.inbox_capacity(1 + other.below(4) as u32);
        }
        if other.percent(50) {
            options = options.message_timeout(Duration::from_millis(1 + other.below(2500)));
        }
        if other.percent(50) {
            options = options.retry_message(other.below(4) as u32);
        }
        if let Some(parent) = &spec.parent {
            options = options.parent(parent);
        }
        self.watch.see().overflow.insert(spec.name.clone(), overflow);
        // Refused when it is there, when its parent is not, or when the journal has failed.
        let _ = life
            .orchestrator
            .add_agent_with(&spec.name, options, life.cast.factory(&spec.name));
    }

    fn spawn(&self, name: &str) {
        // Refused where it makes no sense.
        let _ = self.all().spawn(name);
    }

    fn script(&mut self) -> String {
        let mut words = Vec::new();
        while self.rng.percent(35) && words.len() < 4 {
            words.push(match self.rng.below(12) {
                0..4 => "keep".to_owned(),
                4 => "stop".to_owned(),
                5 => format!(
                    "{}:{}",
                    ["tell", "ask", "halt", "spawn", "cancel"][self.rng.below(5) as usize],
                    self.name()
                ),
                _ => self.rng.below(2000).to_string(),
            });
        }
        const ENDS: [&str; 9] = [
            "flaky", "fail", "fatal", "network", "error", "panic", "hang", "deaf", "flaky",
        ];
        words.push(match self.rng.percent(60) {
            true => "reply".to_owned(),
            false => ENDS[self.rng.below(9) as usize].to_owned(),
        });
        words.join(" ")
    }

    fn send(&mut self) {
        let script = self.script();
        let running =
            |handle: &OrchestratedHandle| !handle.is_done() && handle.status() != AgentStatus::Registered;
        let mut handle = self.handle();
        for _ in 0..4 {
            // Mostly to those that run.
            if handle.as_ref().is_some_and(running) {
                break;
            }
            handle = self.handle();
        }
        let Some(handle) = handle else { return };
        let tag = self.watch.tag(handle.name());
        let patience = self.rng.percent(8).then(|| 1 + self.rng.below(1500));
        send(&self.watch, &self.runtime, handle, tag, &script, patience);
    }

    fn wait_for(
        &mut self,
        ask: impl FnOnce(OrchestratedHandle) -> futures::future::BoxFuture<'static, Result<AgentOutcome>>,
    ) {
        let Some(handle) = self.handle() else { return };
        let (name, watch) = (handle.name().to_owned(), self.watch.clone());
        let number = {
            let mut seen = watch.see();
            let number = seen.number();
            seen.mourners.insert(number, name);
            number
        };
        let asked = ask(handle);
        self.runtime.spawn(Box::pin(async move {
            let outcome = asked.await;
            watch.ended(number, &outcome);
        }));
    }

    fn remove(&mut self) {
        let (name, all) = (self.name(), self.all().clone());
        self.runtime.spawn(Box::pin(async move {
            // Refused while it runs.
            let _ = all.remove_agent(&name).await;
        }));
    }

    // How it dies and comes back.

    fn open(&mut self) -> Checked {
        for tries in 0.. {
            self.runtime = SimulatedRuntime::shuffled(self.runtime.now(), self.rng.next_u64());
            self.look_back()?;
            let faulty = tries < 2 && self.rng.below(100) < self.faults;
            if faulty {
                self.disk.cut_power_after(self.rng.below(12));
            }
            let Ok(journal) = SimulatedJournal::open(&self.runtime, &self.disk) else {
                self.stumble(faulty)?;
                continue;
            };
            let cast = Cast {
                watch: self.watch.clone(),
                runtime: self.runtime.clone(),
                seed: self.seed,
                life: self.watch.see().life,
                bad_starts: self.bad_starts,
            };
            let mut builder = AgentOrchestrator::builder()
                .runtime(self.runtime.clone())
                .journal(Watched {
                    inner: journal.clone(),
                    watch: self.watch.clone(),
                })
                .keep_history(self.history)
                .snapshot_bytes([0, 500, 4000][self.seed as usize % 3])
                .grace_period(Duration::from_millis(700));
            if self.seed % 7 == 0 {
                builder = builder.max_unwritten_bytes(1500);
            }
            builder = match self.consults {
                0 => builder,
                1 => builder.with_supervisor(cast.policy("all")),
                _ => builder.with_max_restarts(2).with_channel_buffer(3),
            };
            match self.runtime.block_on(builder.build()) {
                Some(Ok(orchestrator)) => {
                    self.watch.see().orchestrator = Some(orchestrator.clone());
                    self.life = Some(Life {
                        journal,
                        orchestrator,
                        cast,
                        faulty,
                    });
                    self.begin()?;
                    return Ok(());
                }
                Some(Err(error)) if faulty && error.code() == ErrorCode::JournalFailed => {
                    self.stumble(faulty)?
                }
                other => {
                    return Err(format!(
                        "P11: it cannot be opened: {:?}",
                        other.map(|opened| opened.err())
                    ));
                }
            }
        }
        Ok(())
    }

    /// The power failed while it was opened.
    fn stumble(&mut self, faulty: bool) -> Checked {
        if !faulty {
            return Err("P11: the files cannot be opened".to_owned());
        }
        self.runtime.halt();
        self.watch.see().forget();
        self.disk.crash(self.rng.next_u64());
        Ok(())
    }

    /// Gives agents their factories, most of them.
    fn begin(&mut self) -> Checked {
        let calm = self.watch.see().calm;
        for spec in self.specs.clone() {
            if calm || self.rng.percent(93) {
                self.attach(&spec);
            }
        }
        // What opening recorded is to be written, too.
        let all = self.all().clone();
        self.runtime.spawn(Box::pin(async move {
            let _ = all.flush().await;
        }));
        self.compare_hash()
    }

    fn compare_hash(&mut self) -> Checked {
        let Some((seq, hash)) = self.hash.clone().filter(|_| self.history) else {
            return Ok(());
        };
        match self.runtime.block_on(self.all().at(seq)) {
            Some(Ok(past)) if past.state_hash() != hash => {
                Err(format!("I2: the state at {seq} is another one than it was"))
            }
            _ => Ok(()),
        }
    }

    /// Holds what is on the disk against what was seen.
    fn look_back(&mut self) -> Checked {
        let runtime = SimulatedRuntime::new(START, 1);
        // A copy of the files, so that looking changes nothing.
        let copy = SimulatedDisk::new(1);
        for (name, bytes) in self.disk.files() {
            copy.put(&name, Some(bytes));
        }
        let journal = SimulatedJournal::open(&runtime, &copy).map_err(|error| unreadable(&error))?;
        let loaded = runtime.block_on(journal.load(self.history));
        let frames = loaded
            .ok_or("P11: it never loads")?
            .map_err(|error| unreadable(&error))?
            .frames;
        let found = recover(frames.iter().map(Vec::as_slice)).map_err(|error| unreadable(&error))?;
        let mut seen = self.watch.see();
        let known = seen.ledger.seq;
        seen.ensure("P1", found.position() >= known, || {
            format!("{known} events were told, and {} are left", found.position())
        });
        let offered: BTreeMap<Seq, Vec<u8>> = std::mem::take(&mut seen.offered).into_iter().collect();
        self.done.lost += offered.range(found.position() + 1..).count() as u64;
        for (seq, record) in found.events_after(known) {
            let same = offered.get(&seq).is_some_and(|given| given == record);
            seen.ensure("P11", same, || format!("event {seq} was never written like this"));
            seen.durable(record);
        }
        seen.broken.clone().map_or(Ok(()), Err)
    }

    /// Ends the process where it stands. Gives whether its disk was told to fail.
    fn stop(&mut self) -> bool {
        self.runtime.halt();
        let used = self.watch.see().orchestrator.take();
        let faulty = self.life.take().is_some_and(|life| life.faulty);
        drop(used);
        // What was dropped may have left something on the way out.
        self.runtime.halt();
        faulty
    }

    fn die(&mut self, power: bool) -> Checked {
        let faulty = self.stop();
        let failed = self.watch.see().failed;
        self.done.failures += u64::from(failed);
        self.watch.see().forget();
        // After a call to the disk that failed, nobody knows what it holds.
        if power || faulty || failed {
            self.done.crashes += 1;
            self.disk.crash(self.rng.next_u64());
        } else {
            self.done.kills += 1;
        }
        self.open()
    }

    fn dispose(&mut self) -> Checked {
        if self.watch.see().failed {
            return self.die(true);
        }
        self.watch.see().disposing = true;
        let all = self.all().clone();
        let mut over = Box::pin(async move { all.dispose().await });
        let mut done = self.runtime.block_on(over.as_mut()).is_some();
        for _ in 0..10 {
            if done {
                break;
            }
            self.pass(60_000);
            done = self.runtime.block_on(over.as_mut()).is_some();
        }
        drop(over);
        self.runtime.run_until_idle();
        self.done.disposals += 1;
        {
            let seen = &mut *self.watch.see();
            let left = (
                seen.callers.keys().next().cloned(),
                seen.mourners.values().next().cloned(),
            );
            seen.ensure("answers", left == (None, None), || {
                format!("{left:?} wait, and all is disposed of")
            });
            seen.ensure("I8", done, || "it cannot be disposed of".to_owned());
        }
        self.check()?;
        self.die(false)
    }

    // What must hold.

    /// Lets everything go on that can, without letting time pass.
    fn idle(&mut self) -> Checked {
        for _ in 0..50_000 {
            if !self.runtime.run_one() {
                // What is due by now.
                self.pass(0);
                self.check()?;
                return self.quiet();
            }
        }
        Err("I8: it never comes to rest".to_owned())
    }

    fn verify(&mut self) -> Checked {
        if self.watch.see().failed
            || self.watch.see().writes
            || self.life.as_ref().is_some_and(|life| life.faulty)
        {
            return Ok(());
        }
        match self.runtime.block_on(self.all().verify()) {
            Some(Ok(_)) => self.done.verified += 1,
            Some(Err(error)) if error.code() == ErrorCode::JournalDamaged => {
                return Err(format!("I2: {error}"));
            }
            // A slow journal, or one that fails.
            _ => {}
        }
        Ok(())
    }

    /// Nothing can go on without time: what must hold of those who wait, and of those who could do something.
    fn quiet(&mut self) -> Checked {
        let now = self.runtime.now();
        let seen = &mut *self.watch.see();
        if seen.failed {
            let left = seen.callers.iter().next();
            return match left {
                Some(left) => Err(format!("answers: {left:?} waits, and the journal has failed")),
                None => Ok(()),
            };
        }
        if seen.writes {
            return Ok(());
        }
        self.done.quiet += 1;
        let all = &self.life.as_ref().unwrap().orchestrator;
        let tree = all.tree().map_err(|error| error.to_string())?;
        if self.done.quiet % 4 == 0 {
            self.hash = all.state_hash().ok().map(|hash| (seen.ledger.seq, hash));
        }
        let mut nodes = BTreeMap::new();
        flatten(&tree, &mut nodes);
        let ledger = &seen.ledger;
        if nodes.len() != ledger.agents.len() {
            return Err(format!(
                "I2: there are {} agents, and the journal has {}",
                nodes.len(),
                ledger.agents.len()
            ));
        }
        for (key, one) in &ledger.agents {
            let Some(node) = nodes.get(one.name.as_str()) else {
                return Err(format!("I2: {one:?} is not there"));
            };
            // Whether one that held its message for too long is still at it is not in the journal.
            let queued = if one.recorded() && !one.overtime {
                one.waiting()
            } else {
                node.queued
            };
            let same = node.status == one.status()
                && (node.incarnation, node.restarts, node.queued, node.attached)
                    == (one.incarnation, one.restarts, queued, one.attached);
            if !same {
                return Err(format!("I2: {node:?} is not as the journal has it: {one:?}"));
            }
            let at = seen.prompts.values().any(|(name, start, message)| {
                *name == one.name && *start == one.incarnation && node.busy == Some(*message)
            });
            let stuck = match (one.stage, one.goal) {
                (Stage::Running, None) if node.busy.is_some() => !at,
                (Stage::Running, None) => node.queued > 0 || one.closing,
                (Stage::Judged(_), None) => true,
                (Stage::Waiting(due), None) => {
                    let parent = one.parent.and_then(|parent| ledger.agents.get(&parent));
                    let beside = |other: &One| other.stage == Stage::Starting || other.goal.is_some();
                    one.attached
                        && due.is_none_or(|due| due <= now && !ledger.jumped)
                        && parent.is_none_or(|parent| parent.runs() && parent.alive)
                        && !ledger.beside(one.parent).any(|(_, other)| beside(other))
                }
                // What it is told to do takes time, or those below it or beside it come first.
                (_, Some(_)) => {
                    !one.alive
                        && !ledger.children(*key).any(|(_, child)| child.goal.is_some())
                        && !ledger
                            .beside(one.parent)
                            .any(|(other, one)| other > *key && one.goal.is_some())
                }
                _ => false,
            };
            if stuck {
                return Err(format!(
                    "I8: nothing is in the way of {one:?}, and nothing happens: {node:?}"
                ));
            }
        }
        for (tag, name) in &seen.callers {
            let one = ledger.find(name);
            let up = one.is_some_and(One::is_up);
            let ends = one.is_some_and(|one| !one.is_down());
            let fits = match ledger.fates.get(tag) {
                Some(Fate::Sent) => true,
                Some(_) => false,
                None if name.starts_with('u') => ends,
                None => one.is_some_and(|one| {
                    up && one.settings.overflow == Overflow::Wait
                        && one.waiting() + usize::from(one.overtime) >= one.settings.inbox as usize
                }),
            };
            if !fits {
                let fate = ledger.fates.get(tag);
                return Err(format!(
                    "answers: the sender of {tag} is forgotten, which is {fate:?}: {one:?}"
                ));
            }
        }
        for name in seen.mourners.values() {
            if ledger.find(name).is_none_or(One::is_down) {
                return Err(format!("answers: who waits for the end of {name} is forgotten"));
            }
        }
        let dead = self
            .life
            .as_ref()
            .unwrap()
            .orchestrator
            .dead_letters()
            .map_err(|error| error.to_string())?;
        let dead: Vec<_> = dead
            .letters
            .into_iter()
            .map(|one| (one.agent, one.message_id, one.deliveries))
            .collect();
        if !dead.iter().eq(&ledger.dead) {
            return Err(format!(
                "I2: {dead:?} are dead letters, and the journal has {:?}",
                ledger.dead
            ));
        }
        Ok(())
    }

    /// Everything behaves, and is let finish: then all that was accepted is answered.
    fn finish(&mut self) -> Checked {
        self.check()?;
        self.watch.see().calm = true;
        self.faults = 0;
        self.die(true)?;
        for _ in 0..12 {
            self.idle()?;
            self.pass(10_000);
        }
        for spec in self.specs.clone() {
            self.attach(&spec);
        }
        for _ in 0..12 {
            self.idle()?;
            self.pass(10_000);
        }
        self.idle()?;
        {
            let seen = self.watch.see();
            for one in seen.ledger.agents.values() {
                let rests = one.is_down() || one.runs();
                if !rests || !one.inbox.is_empty() || one.busy.is_some() {
                    return Err(format!("I8: all has ended that could, but for {one:?}"));
                }
            }
        }
        self.verify()?;
        self.dispose()?;
        self.runtime.run_until_idle();
        self.check()?;
        self.stop();
        Ok(())
    }
}

fn flatten<'a>(tree: &'a [AgentNode], into: &mut BTreeMap<&'a str, &'a AgentNode>) {
    for node in tree {
        debug_assert!(node.status != AgentStatus::Registered || node.queued == 0);
        into.insert(&node.name, node);
        flatten(&node.children, into);
    }
}
