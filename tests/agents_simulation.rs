//! The campaign for supervised agents: many seeded worlds of a whole orchestrator, on a disk that fails and loses power,
//! each of which must keep every promise.
//!
//! `SEEDS` and `STEPS` make it longer, `FIRST` begins elsewhere. A failing seed prints the command that replays it:
//! `SEED=7 STEPS=60 cargo test --features native --test agents_simulation replay -- --nocapture`.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod agent_world;
    pub(crate) mod agent_world_actor;
    pub(crate) mod agent_world_deeds;
    pub(crate) mod agent_world_ledger;
    pub(crate) mod agent_world_life;
    pub(crate) mod agent_world_mail;
    pub(crate) mod agent_world_one;
    pub(crate) mod agent_world_rest;
    pub(crate) mod agent_world_watch;
}

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rust::agent_world::World;
use rust::agent_world_actor::MEANT;

const SEEDS: u64 = 1200;
const STEPS: u64 = 60;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace('_', "").parse().expect(name))
}

/// Panics that are meant are no news.
fn hush() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let said = panic.payload();
            let said = said
                .downcast_ref::<String>()
                .map(String::as_str)
                .or(said.downcast_ref::<&str>().copied());
            if said != Some(MEANT) {
                tell(panic);
            }
        }));
    });
}

/// Runs the world of a seed; an error says what it broke and how to see it again.
fn run(seed: u64, steps: u64) -> Result<World, String> {
    let mut world = World::new(seed);
    match world.run(steps) {
        Ok(()) => Ok(world),
        Err(broken) => Err(format!(
            "seed {seed} broke {broken}\nafter {} steps\n\
             SEED={seed} STEPS={steps} cargo test --features native --test agents_simulation replay -- --nocapture\n\
             the last events:\n{}",
            world.done.steps,
            world.last_events(),
        )),
    }
}

#[test]
fn every_seed_keeps_every_promise() {
    hush();
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let steps = number("STEPS").unwrap_or(STEPS);
    let first = number("FIRST").unwrap_or(1);
    let next = AtomicU64::new(first);
    let found: Mutex<Option<String>> = Mutex::new(None);
    let sums: Mutex<Vec<(&str, u64)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        break;
                    }
                    match run(seed, steps) {
                        Ok(world) => add(&mut sums.lock().unwrap(), &world),
                        Err(broken) => *found.lock().unwrap() = Some(broken),
                    }
                }
            });
        }
    });
    let sums = sums.into_inner().unwrap();
    println!("{seeds} seeds: {sums:?}");
    if let Some(broken) = found.into_inner().unwrap() {
        panic!("{broken}");
    }
    // That nothing was found is worth only as much as was tried: of everything, some at least.
    for (what, count) in sums {
        assert!(seeds < 500 || count * 50 >= seeds, "only {count} {what}");
    }
}

fn add(sums: &mut Vec<(&'static str, u64)>, world: &World) {
    let (done, (told, counts)) = (world.done, world.told());
    let [failed, timeout, stopped, cancelled, restarted, overflow, ..] = told.drops;
    let all = [
        ("steps", done.steps),
        ("losses of power", done.crashes),
        ("kills", done.kills),
        ("disposals", done.disposals),
        ("journals that failed", done.failures),
        ("events that were lost", done.lost),
        ("verifications", done.verified),
        ("moments of rest", done.quiet),
        ("events", told.events),
        ("starts", told.starts),
        ("restarts", told.restarts),
        ("messages", told.messages),
        ("deliveries", told.deliveries),
        ("deliveries once more", told.again),
        ("replies", told.replies),
        ("messages failed at", failed),
        ("messages held too long", timeout),
        ("messages of agents that ended", stopped),
        ("messages called off", cancelled),
        ("messages lost to a restart", restarted),
        ("messages pushed out", overflow),
        ("escalations", told.escalated),
        ("resumptions", told.resumed),
        ("dead letters", told.dead),
        ("late reports", told.late),
        ("agents overdue", told.overdue),
        ("prompts", counts.prompts),
        ("sends", counts.sends),
        ("answers", counts.answers),
        ("failures told", counts.failures),
        ("refusals", counts.refusals),
        ("senders told of the end", counts.disposed),
        ("ends told", counts.outcomes),
        ("policies asked", counts.policies),
        ("states given back", counts.restored),
        ("senders that left", counts.left),
        ("calls by agents", counts.used),
    ];
    if sums.is_empty() {
        sums.extend(all.map(|(what, _)| (what, 0)));
    }
    for (sum, (_, count)) in sums.iter_mut().zip(all) {
        sum.1 += count;
    }
}

#[test]
fn replay() {
    hush();
    let Some(seed) = number("SEED") else { return };
    match run(seed, number("STEPS").unwrap_or(STEPS)) {
        Ok(world) => println!(
            "seed {seed} keeps every promise: {:?} {:?}",
            world.done,
            world.told()
        ),
        Err(broken) => panic!("{broken}"),
    }
}
