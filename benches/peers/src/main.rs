//! What a round trip to a supervised agent costs, and what an idle one weighs, beside kameo and ractor in the same run.
//!
//! Each figure is the best of several rounds that take turns, so that a busy machine disturbs all alike. Messages and
//! answers are a short text, the same for all. An argument names what alone is to be measured: a part of a title.

#![allow(clippy::disallowed_methods, reason = "it runs where there is a clock")]

mod memory;
mod ours;
mod theirs;

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// Messages in a round: few, so that some rounds are over before the system gives the processor to somebody else.
const MESSAGES: u32 = 2_000;
const ROUNDS: usize = 200;
const AGENTS: usize = 100_000;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if let Some(peer) = wanted.strip_prefix("weigh-") {
        return println!("{}", weigh(peer));
    }
    let current = || Builder::new_current_thread().enable_all().build();
    let multi = || Builder::new_multi_thread().worker_threads(2).enable_all().build();
    for (title, runtime) in [
        ("current_thread", current as fn() -> std::io::Result<Runtime>),
        ("multi_thread(2)", multi),
    ] {
        if title.contains(&wanted) {
            round_trips(title, &runtime().expect("tokio starts"));
        }
    }
    if "idle".contains(&wanted) {
        let [ours, kameo, ractor] =
            ["ours", "kameo", "ractor"].map(|peer| memory::apart(&format!("weigh-{peer}")));
        println!("an idle agent of {AGENTS}: {ours:.0} bytes; kameo {kameo:.0}, ractor {ractor:.0}");
    }
}

fn round_trips(title: &str, runtime: &Runtime) {
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let note = |took: &mut Duration, spent| *took = (*took).min(spent);
        note(&mut best[0], runtime.block_on(ours::round_trips(MESSAGES)));
        note(
            &mut best[1],
            runtime.block_on(theirs::kameo_round_trips(MESSAGES)),
        );
        note(
            &mut best[2],
            runtime.block_on(theirs::ractor_round_trips(MESSAGES)),
        );
    }
    let [ours, kameo, ractor] = best.map(|took| took.as_secs_f64() * 1e6 / f64::from(MESSAGES));
    println!(
        "round trip, {title}: {ours:.2} us; kameo {kameo:.2} us, ractor {ractor:.2} us; {:.2} of kameo, {:.2} of ractor",
        ours / kameo,
        ours / ractor,
    );
}

/// How many bytes an idle agent takes, of many that have answered once.
fn weigh(peer: &str) -> usize {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("tokio starts");
    let before = memory::in_use();
    match peer {
        "ours" => runtime.block_on(ours::idle(AGENTS)),
        "kameo" => runtime.block_on(theirs::kameo_idle(AGENTS)),
        _ => runtime.block_on(theirs::ractor_idle(AGENTS)),
    }
    // Nothing is freed before the runtime is dropped.
    (memory::in_use() - before) / AGENTS
}

/// How long this takes, once it has warmed up.
pub async fn timed(messages: u32, mut once: impl AsyncFnMut()) -> Duration {
    for _ in 0..1000 {
        once().await;
    }
    let begin = Instant::now();
    for _ in 0..messages {
        once().await;
    }
    begin.elapsed()
}
