//! One simulated host with one orchestrator: what there is, and its time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::calls::{Held, Pending};
use super::generate::{PROVIDERS, START, script};
use super::history::{History, Watcher};
use super::simulation::Counts;
use super::violation::Violation;
use super::{FaultPlan, Rng, Script, ScriptedProvider, SimulatedDisk, SimulatedJournal};
use crate::journal::decode;
use crate::kernel::{Millis, OnInterrupt, Seq};
use crate::orchestrator::{AgentOrchestrator, Engine, EngineOptions, EventStream};
use crate::runtime::{Runtime, SimulatedRuntime};

/// One life of the orchestrator.
pub(super) struct Life {
    pub(super) journal: SimulatedJournal,
    pub(super) orchestrator: AgentOrchestrator,
    pub(super) events: EventStream,
    pub(super) next_event: Seq,
    pub(super) pending: Vec<Pending>,
    pub(super) held: Vec<Held>,
}

/// What does not change in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) seed: u64,
    pub(super) plan: FaultPlan,
    pub(super) options: EngineOptions,
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
    pub(super) setting: Setting,
    pub(super) disk: SimulatedDisk,
    pub(super) runtime: SimulatedRuntime,
    pub(super) provider: ScriptedProvider,
    pub(super) history: History,
    pub(super) watcher: Watcher,
    pub(super) acknowledged: Seq,
    pub(super) known_calls: usize,
    /// Ids of tasks there were.
    pub(super) used: BTreeSet<String>,
    /// Attempts find that they are done at once.
    pub(super) finishing: Arc<AtomicBool>,
    pub(super) rng: Rng,
    pub(super) counts: Counts,
    pub(super) life: Option<Life>,
}

impl World {
    pub(super) fn new(seed: u64, plan: FaultPlan) -> Result<Self, Violation> {
        let setting = Setting::new(seed, plan);
        let runtime = SimulatedRuntime::new(START, seed);
        let finishing = Arc::new(AtomicBool::new(false));
        let finish = finishing.clone();
        let provider = ScriptedProvider::new("p0", &runtime).choose(move |task, attempt| {
            match finish.load(Ordering::Relaxed) {
                true => Script::new(),
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

    pub(super) fn inspect<T>(&self, look: impl FnOnce(&Engine) -> T) -> Result<T, Violation> {
        let Some(life) = &self.life else {
            return Err(Violation::new("I10", "there is no orchestrator"));
        };
        let found = life.orchestrator.inspect(look);
        found.map_err(|error| Violation::new("I10", format!("the orchestrator cannot be read: {error}")))
    }

    pub(super) fn seq(&self) -> Result<Seq, Violation> {
        self.inspect(|engine| engine.kernel().seq())
    }

    pub(super) fn has_failed(&self) -> Result<bool, Violation> {
        self.inspect(|engine| engine.failure().is_some())
    }

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
}
