//! Power losses at any call of the disk, one after the other: what was acknowledged is there, nothing is half there,
//! and no loss of power is taken for damage.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod power_loss;
}

use std::collections::BTreeMap;

use agent_orchestrator::journal::{Disk, FileStore, Framer, recover};
use agent_orchestrator::sim::{Rng, SimulatedDisk};
use agent_orchestrator::{ErrorCode, Result};
use rust::power_loss::{Found, example_events, example_state, run};
use twox_hash::XxHash3_64;

const SEEDS: u64 = 5_000;

#[test]
fn after_any_loss_of_power_every_acknowledged_frame_is_there() {
    let mut total = Found::default();
    for seed in 0..SEEDS {
        match run(seed, |disk| disk) {
            Ok(found) => total.add(&found),
            Err(what) => panic!("seed {seed}: {what}"),
        }
    }
    println!("{SEEDS} seeds: {total:?}");
    for (what, count, least) in [
        ("losses of power", total.crashes, 20_000),
        ("of them while it was opened", total.crashes_at_open, 5_000),
        (
            "of them in a snapshot or a removal",
            total.crashes_at_snapshot,
            2_000,
        ),
        ("calls that failed", total.failures, 1_500),
        ("acknowledged frames", total.acknowledged, 50_000),
        ("snapshots", total.snapshots, 10_000),
        ("torn ends", total.torn, 2_000),
        (
            "frames that survived without having been acknowledged",
            total.survived,
            500,
        ),
    ] {
        assert!(count >= least, "only {count} {what}: {total:?}");
    }
}

/// Makes every checksum right that is read: a store without checksums.
#[derive(Debug)]
struct Gullible(SimulatedDisk);

impl Disk for Gullible {
    fn list(&mut self) -> Result<Vec<String>> {
        self.0.list()
    }

    fn len(&mut self, name: &str) -> Result<Option<u64>> {
        self.0.len(name)
    }

    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = self.0.read(name, at, length)?;
        let mut rest = &mut bytes[..];
        while rest.len() >= 48 && rest.starts_with(b"AOJ\xf1") {
            let end = 48 + u32::from_le_bytes(*rest[8..].first_chunk().unwrap()) as usize;
            if end > rest.len() {
                break;
            }
            let covered = [&rest[..40], &rest[48..end]].concat();
            let checksum = XxHash3_64::oneshot(&covered).to_le_bytes();
            rest[40..48].copy_from_slice(&checksum);
            rest = &mut rest[end..];
        }
        Ok(bytes)
    }

    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        self.0.write(name, at, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<()> {
        self.0.truncate(name, length)
    }

    fn sync(&mut self, name: &str) -> Result<()> {
        self.0.sync(name)
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.0.remove(name)
    }
}

/// Says that everything is durable, and makes nothing so.
#[derive(Debug)]
struct Lying(SimulatedDisk);

impl Disk for Lying {
    fn list(&mut self) -> Result<Vec<String>> {
        self.0.list()
    }

    fn len(&mut self, name: &str) -> Result<Option<u64>> {
        self.0.len(name)
    }

    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        self.0.read(name, at, length)
    }

    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        self.0.write(name, at, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<()> {
        self.0.truncate(name, length)
    }

    fn sync(&mut self, _: &str) -> Result<()> {
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.0.remove(name)
    }
}

#[test]
fn the_simulation_finds_a_store_without_checksums_and_a_disk_that_does_not_sync() {
    let gullible = (0..2_000).filter(|seed| run(*seed, Gullible).is_err()).count();
    assert!(
        gullible >= 20,
        "torn frames were found in {gullible} of 2,000 runs"
    );
    let lying = (0..500).filter(|seed| run(*seed, Lying).is_err()).count();
    assert!(lying >= 250, "losses were found in {lying} of 500 runs");
}

/// A journal with some generations.
fn example(disk: &SimulatedDisk, seed: u64) -> Result<FileStore<SimulatedDisk>> {
    let mut store = FileStore::open(disk.clone())?;
    let mut framer = Framer::new(seed);
    let mut rng = Rng::new(seed);
    for _ in 0..3 {
        for _ in 0..3 {
            let position = framer.position();
            let frame = framer.events(&example_events(position, &mut rng))?;
            store.write(position, &frame)?;
            store.sync()?;
        }
        let position = framer.position();
        let frame = framer.snapshot(&example_state(position))?;
        store.snapshot(position, &frame)?;
    }
    Ok(store)
}

#[test]
fn a_call_that_fails_anywhere_is_told_and_stops_the_store() {
    let disk = SimulatedDisk::new(1);
    let _ = example(&disk, 1).unwrap();
    for call in 0..disk.calls() {
        let disk = SimulatedDisk::new(call);
        disk.fail_after(call);
        let error = example(&disk, 1).unwrap_err();
        assert_eq!(error.code(), ErrorCode::JournalFailed, "call {call}");
        // It opens again, with or without what was under way.
        let mut store = FileStore::open(disk).unwrap();
        assert_eq!(
            store.load(true).unwrap().is_empty(),
            store.position() == 0,
            "call {call}"
        );
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let disk = SimulatedDisk::new(1);
    let _ = example(&disk, 1).unwrap();
    let whole: BTreeMap<_, _> = disk.files();
    let size: usize = whole.values().map(Vec::len).sum();
    let mut full = 0;
    for room in (0..size as u64).step_by(7) {
        let disk = SimulatedDisk::new(room);
        disk.set_room(Some(room));
        let error = example(&disk, 1).unwrap_err();
        assert_eq!(error.code(), ErrorCode::JournalFull, "{room} bytes");
        full += 1;
        disk.set_room(None);
        let mut store = FileStore::open(disk.clone()).unwrap();
        let kept = store.load(true).unwrap();
        // What is kept is the begin of what would have been.
        for (file, frames) in whole.values().zip(kept) {
            assert!(file.starts_with(&frames), "{room} bytes");
        }
    }
    assert!(full > 100, "{full}");
}

#[test]
fn a_cut_that_could_not_be_synced_is_made_again() {
    let mut failed = 0;
    for seed in 0..60 {
        for call in 0..16 {
            let disk = SimulatedDisk::new(seed);
            drop(example(&disk, 1).unwrap());
            let (name, mut bytes) = disk.files().pop_last().unwrap();
            bytes.extend([7; 700]);
            disk.put(&name, Some(bytes));
            disk.fail_after(call);
            if FileStore::open(disk.clone()).is_ok() {
                // That was all of its calls.
                break;
            }
            failed += 1;
            let mut store = FileStore::open(disk.clone()).unwrap();
            let frames = store.load(false).unwrap();
            let mut framer = recover([&frames[0][..]]).unwrap().framer().unwrap();
            let position = framer.position();
            let state = framer.snapshot(&example_state(position)).unwrap();
            store.snapshot(position, &state).unwrap();
            disk.crash(seed);
            let mut store = FileStore::open(disk).unwrap();
            assert!(store.load(true).is_ok(), "seed {seed}, call {call}");
            assert_eq!(store.position(), position, "seed {seed}, call {call}");
        }
    }
    assert!(failed > 200, "{failed}");
}
