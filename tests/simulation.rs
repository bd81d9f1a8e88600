//! The campaign: many seeded simulations of a whole orchestrator, each of which must keep every promise.
//!
//! `SEEDS` and `STEPS` make it longer, `FIRST` begins elsewhere, `SHRINK=0` leaves a failure as large as it is. A failing seed prints the command that replays it:
//! `SEED=7 STEPS=100 cargo test --features native --test simulation replay -- --nocapture`.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use agent_orchestrator::sim::{Broken, Counts, FaultPlan, Simulation};

const SEEDS: u64 = 10_000;
const STEPS: u64 = 100;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace('_', "").parse().expect(name))
}

/// Says how to see it again, and what the least is that is needed for it.
fn tell(simulation: &Simulation, seed: u64, steps: u64, broken: &Broken) -> String {
    let (small, again) = match number("SHRINK") {
        Some(0) => (simulation.clone(), broken.clone()),
        _ => {
            let small = simulation.shrink(broken);
            let again = small.run().unwrap_err();
            (small, again)
        }
    };
    format!(
        "seed {seed} broke {} after {} operations\n\
         SEED={seed} STEPS={steps} cargo test --features native --test simulation replay -- --nocapture\n\
         the least that breaks it: {}\n{small}the last events:\n{}",
        broken.violation,
        broken.at,
        again.violation,
        again.events.join("\n"),
    )
}

#[test]
fn every_seed_keeps_every_promise() {
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let steps = number("STEPS").unwrap_or(STEPS);
    let first = number("FIRST").unwrap_or(1);
    let next = AtomicU64::new(first);
    let found: Mutex<Option<(u64, Simulation, Broken)>> = Mutex::new(None);
    let counts = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut sum = Counts::default();
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        break;
                    }
                    let simulation = Simulation::new(seed, steps);
                    match simulation.run() {
                        Ok(run) => sum += run.counts,
                        Err(broken) => *found.lock().unwrap() = Some((seed, simulation, broken)),
                    }
                }
                *counts.lock().unwrap() += sum;
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    println!("{seeds} seeds: {counts:?}");
    if let Some((seed, simulation, broken)) = found.into_inner().unwrap() {
        panic!("{}", tell(&simulation, seed, steps, &broken));
    }
    // That nothing was found is worth only as much as was tried: in each thousand operations, at least so many.
    assert_eq!(counts.steps, seeds * steps);
    for (what, found, at_least) in [
        ("calls", counts.calls, 400),
        ("refusals", counts.refusals, 100),
        ("acknowledgements", counts.acknowledgements, 60),
        ("ends told", counts.outcomes, 10),
        ("attempts", counts.starts, 20),
        ("late ends", counts.late, 2),
        ("events", counts.events, 300),
        ("events lost", counts.lost, 10),
        ("crashes", counts.crashes, 15),
    ] {
        let least = counts.steps * at_least / 1000;
        assert!(
            steps < STEPS || seeds < 100 || found >= least,
            "only {found} {what}"
        );
    }
    // A close is what a run ends with, however long it is.
    let closes = counts.closes;
    assert!(seeds < 100 || closes >= seeds * 8 / 10, "only {closes} closes");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 1..40 {
        let [first, second] = [(), ()].map(|()| Simulation::new(seed, STEPS).run().unwrap());
        assert!(!first.files.is_empty());
        assert!(first == second, "seed {seed}");
    }
    let runs = [1, 2].map(|seed| {
        Simulation::with_faults(seed, STEPS, FaultPlan::none())
            .run()
            .unwrap()
    });
    assert_ne!(runs[0].files, runs[1].files);
}

#[test]
fn without_faults_nothing_crashes_but_at_the_end() {
    let mut sum = Counts::default();
    for seed in 1..40 {
        sum += Simulation::with_faults(seed, STEPS, FaultPlan::none())
            .run()
            .unwrap()
            .counts;
    }
    assert_eq!(sum.crashes, 39);
    assert!(sum.starts > 100, "{sum:?}");
}

#[test]
fn replay() {
    let Some(seed) = number("SEED") else { return };
    let steps = number("STEPS").unwrap_or(STEPS);
    let simulation = Simulation::new(seed, steps);
    match simulation.run() {
        Ok(run) => println!("seed {seed} keeps every promise: {:?}", run.counts),
        Err(broken) => panic!("{}", tell(&simulation, seed, steps, &broken)),
    }
}
