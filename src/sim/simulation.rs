//! Simulations: made from a seed, run, and made small when they fail.

use std::fmt;
use std::panic::AssertUnwindSafe;

use super::FaultPlan;
use super::generate::Generator;
use super::operation::Operation;
use super::step::step;
use super::violation::Violation;
use super::world::World;

/// What happened in a simulation, to know that it was worth it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Operations that were carried out.
    pub steps: u64,
    /// Calls to the orchestrator.
    pub calls: u64,
    /// Calls that were refused.
    pub refusals: u64,
    /// Calls that were answered once they were durable.
    pub acknowledgements: u64,
    /// Ends of tasks that were told to those who waited.
    pub outcomes: u64,
    /// Calls of a provider.
    pub starts: u64,
    /// Ends of attempts that came too late.
    pub late: u64,
    /// Events.
    pub events: u64,
    /// Events that were lost in a crash before anybody knew of them.
    pub lost: u64,
    /// Futures that went on.
    pub polls: u64,
    /// Losses of power.
    pub crashes: u64,
    /// Closes in good order.
    pub closes: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.calls += other.calls;
        self.refusals += other.refusals;
        self.acknowledgements += other.acknowledgements;
        self.outcomes += other.outcomes;
        self.starts += other.starts;
        self.late += other.late;
        self.events += other.events;
        self.lost += other.lost;
        self.polls += other.polls;
        self.crashes += other.crashes;
        self.closes += other.closes;
    }
}

/// What a simulation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What happened.
    pub counts: Counts,
    /// The files of the journal at the end.
    pub files: std::collections::BTreeMap<String, Vec<u8>>,
}

/// A simulation that broke a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Which promise, and how.
    pub violation: Violation,
    /// After how many operations; one more than there are at the end, when everything is let finish.
    pub at: usize,
    /// The last events before it, in words.
    pub events: Vec<String>,
}

/// A run of an orchestrator with everything around it simulated: the clock, the disk, the providers, those who call
/// it, and what goes wrong. The same seed gives the same run, down to the bytes of the journal.
///
/// After each operation and each step of a future it is checked that the promises hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    seed: u64,
    plan: FaultPlan,
    /// Each with the number it was made with, from which its luck follows.
    operations: Vec<(u64, Operation)>,
}

impl Simulation {
    /// The simulation that belongs to a seed, with so many operations, and the faults of [`FaultPlan::of_seed`].
    #[must_use]
    pub fn new(seed: u64, steps: u64) -> Self {
        Self::with_faults(seed, steps, FaultPlan::of_seed(seed))
    }

    /// As [`new`](Self::new), with other faults.
    #[must_use]
    pub fn with_faults(seed: u64, steps: u64, plan: FaultPlan) -> Self {
        let mut generator = Generator::new(seed, plan);
        Self {
            seed,
            plan,
            operations: (0..steps).map(|number| (number, generator.next())).collect(),
        }
    }

    /// What is done, in order.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = &Operation> {
        self.operations.iter().map(|(_, operation)| operation)
    }

    /// Runs it.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn run(&self) -> Result<Run, Broken> {
        let (mut at, mut events) = (0, Vec::new());
        let run = AssertUnwindSafe(|| self.run_to_end(&mut at, &mut events));
        let run = std::panic::catch_unwind(run).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Violation::new(
                "I10",
                format!("it panicked: {}", text.unwrap_or_default()),
            ))
        });
        run.map_err(|violation| Broken {
            violation,
            at,
            events,
        })
    }

    fn run_to_end(&self, at: &mut usize, events: &mut Vec<String>) -> Result<Run, Violation> {
        let mut world = World::new(self.seed, self.plan)?;
        let done = self.carry_out(&mut world, at);
        if done.is_err() {
            *events = world.last_events(20);
        }
        done.map(|()| Run {
            counts: world.counts,
            files: world.disk.files(),
        })
    }

    fn carry_out(&self, world: &mut World, at: &mut usize) -> Result<(), Violation> {
        for (salt, operation) in &self.operations {
            *at += 1;
            world.salt(*salt);
            step(world, operation)?;
            world.counts.steps += 1;
        }
        *at += 1;
        world.salt(u64::MAX);
        world.finish()
    }

    /// The smallest simulation that was found which breaks the same promise: first fewer operations from the begin,
    /// then without those that it does not need.
    #[must_use]
    pub fn shrink(&self, broken: &Broken) -> Self {
        let mut best = self.clone();
        best.operations.truncate(broken.at.min(best.operations.len()));
        let fails = |simulation: &Self| {
            let same = simulation
                .run()
                .err()
                .filter(|found| found.violation.oracle == broken.violation.oracle);
            same.map(|found| found.at)
        };
        let mut size = (best.operations.len() / 2).max(1);
        while size > 0 {
            let mut end = best.operations.len();
            while end > 0 {
                let begin = end.saturating_sub(size);
                let mut less = best.clone();
                less.operations.drain(begin..end);
                if let Some(at) = fails(&less) {
                    less.operations.truncate(at.min(less.operations.len()));
                    best = less;
                }
                end = begin.min(best.operations.len());
            }
            size /= 2;
        }
        best
    }
}

impl fmt::Display for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {:?}", self.seed, self.plan)?;
        for (number, operation) in &self.operations {
            writeln!(f, "{number:4} {operation}")?;
        }
        Ok(())
    }
}
