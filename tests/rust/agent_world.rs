//! A simulated host with one orchestrator and its agents, and what happens to it, step by step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::sim::{Rng, SimulatedDisk, SimulatedJournal};
use agent_orchestrator::{AgentOrchestrator, OrchestratedHandle, Seq};

use super::agent_world_actor::Cast;
use super::agent_world_deeds::End;
use super::agent_world_ledger::Told;
use super::agent_world_watch::{Counts, Watch};

pub(super) const START: u64 = 1_763_000_000_000;

pub(super) type Checked = Result<(), String>;

/// An agent of this world: where it is, and what is left to chance once and for all.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) luck: u64,
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

pub(super) struct Life {
    pub(super) journal: SimulatedJournal,
    pub(super) orchestrator: AgentOrchestrator,
    pub(super) cast: Cast,
    /// The disk was told to fail.
    pub(super) faulty: bool,
}

pub(crate) struct World {
    pub(super) rng: Rng,
    pub(super) seed: u64,
    pub(super) faults: u64,
    pub(super) bad_starts: u64,
    pub(super) history: bool,
    pub(super) consults: u64,
    pub(super) disk: SimulatedDisk,
    pub(super) watch: Watch,
    pub(super) specs: Vec<Spec>,
    pub(super) made: u64,
    pub(super) life: Option<Life>,
    pub(super) runtime: SimulatedRuntime,
    pub(super) hash: Option<(Seq, String)>,
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
        self.open(true)?;
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

    pub(super) fn check(&self) -> Checked {
        match &self.watch.see().broken {
            Some(broken) => Err(broken.clone()),
            None => Ok(()),
        }
    }

    pub(super) fn all(&self) -> &AgentOrchestrator {
        // There is one at every moment in which something is done.
        &self.life.as_ref().unwrap().orchestrator
    }

    pub(super) fn name(&mut self) -> String {
        let picked = self.rng.pick(&self.specs).map(|spec| spec.name.clone());
        picked.unwrap_or_else(|| "nobody".to_owned())
    }

    pub(super) fn handle(&mut self) -> Option<OrchestratedHandle> {
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
                for spec in self.specs.clone() {
                    self.spawn(&spec.name);
                }
            }
            48..55 => {
                let how = [End::Stop, End::Drain, End::Any][self.rng.below(3) as usize];
                if let Some(handle) = self.handle() {
                    self.wait_for(handle, how);
                }
            }
            55..58 => self.churn(),
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
            98 if self.seed.is_multiple_of(5) => {
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

    pub(super) fn pass(&self, millis: u64) {
        self.runtime.advance(Duration::from_millis(millis));
    }

    /// Lets everything go on that can, without letting time pass.
    pub(super) fn idle(&mut self) -> Checked {
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
}
