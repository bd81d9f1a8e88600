//! A journal in files that is written to while calls fail and the power goes, beside a model of what it has promised.

use std::collections::BTreeMap;

use agent_orchestrator::journal::{Disk, FileStore, Framer, push_record, recover};
use agent_orchestrator::sim::{Rng, SimulatedDisk};
use agent_orchestrator::{ErrorCode, Result, Seq};

/// What happened in a run, so that it can be seen that enough did.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) crashes: u64,
    pub(crate) crashes_at_open: u64,
    pub(crate) crashes_at_snapshot: u64,
    pub(crate) failures: u64,
    pub(crate) acknowledged: u64,
    pub(crate) snapshots: u64,
    pub(crate) survived: u64,
    pub(crate) torn: u64,
}

impl Found {
    pub(crate) fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.crashes_at_open += other.crashes_at_open;
        self.crashes_at_snapshot += other.crashes_at_snapshot;
        self.failures += other.failures;
        self.acknowledged += other.acknowledged;
        self.snapshots += other.snapshots;
        self.survived += other.survived;
        self.torn += other.torn;
    }
}

/// What the journal has promised to keep.
#[derive(Default)]
struct Promised {
    /// Every event by its position, whether or not it may be forgotten.
    events: BTreeMap<Seq, Vec<u8>>,
    /// A frame whose fate is open.
    open: BTreeMap<Seq, Vec<u8>>,
    /// Nothing before the newest snapshot at or before this need be there.
    forgotten_before: Seq,
    /// The newest snapshot that was acknowledged.
    snapshot: Seq,
}

impl Promised {
    fn end(&self) -> Seq {
        self.events.keys().next_back().copied().unwrap_or(0)
    }
}

/// Some records. Some of them are as long as several sectors, some hold whole frames of another journal.
pub(crate) fn example_events(position: Seq, rng: &mut Rng) -> Vec<u8> {
    let mut payload = Vec::new();
    for n in 0..=rng.below(4) {
        let seq = position + 1 + n;
        let length = rng.below(60) + if rng.percent(50) { rng.below(3000) } else { 0 };
        let mut record = vec![0; length as usize];
        record.fill(seq as u8 | 1);
        if let Some(first) = record.first_mut() {
            *first = rng.next_u64() as u8;
        }
        if rng.percent(10) {
            let mut other = Framer::at(99, position);
            let mut inner = Vec::new();
            push_record(&mut inner, b"inner");
            record.extend(other.events(&inner).unwrap());
        }
        push_record(&mut payload, &record);
    }
    payload
}

/// A state that says which one it is.
pub(crate) fn example_state(position: Seq) -> Vec<u8> {
    let size = 8 + position as usize % 1500;
    position.to_le_bytes().repeat(size / 8)
}

/// What a step was doing when it stopped.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Open,
    Append,
    Snapshot,
}

struct Run<'a, D> {
    rng: Rng,
    disk: SimulatedDisk,
    wrap: &'a dyn Fn(SimulatedDisk) -> D,
    promised: Promised,
    framer: Framer,
    found: Found,
}

/// One journal, several losses of power. An error says which promise was broken.
pub(crate) fn run<D: Disk>(seed: u64, wrap: impl Fn(SimulatedDisk) -> D) -> Result<Found, String> {
    let mut run = Run {
        rng: Rng::new(seed),
        disk: SimulatedDisk::new(seed),
        wrap: &wrap,
        promised: Promised::default(),
        framer: Framer::new(seed),
        found: Found::default(),
    };
    let lives = 4 + run.rng.below(5);
    for _ in 0..lives {
        let power_fails = run.rng.percent(80);
        if power_fails {
            let calls = run.rng.below(32);
            run.disk.cut_power_after(calls);
        } else if run.rng.percent(60) {
            let calls = run.rng.below(60);
            run.disk.fail_after(calls);
        }
        let mut at = At::Open;
        let stopped = run.live(&mut at)?;
        if stopped && !power_fails {
            run.found.failures += 1;
        }
        if power_fails {
            run.found.crashes += 1;
            run.found.crashes_at_open += u64::from(stopped && at == At::Open);
            run.found.crashes_at_snapshot += u64::from(stopped && at == At::Snapshot);
            let seed = run.rng.next_u64();
            run.disk.crash(seed);
        }
    }
    // Once more without any fault.
    let seed = run.rng.next_u64();
    run.disk.crash(seed);
    let mut at = At::Open;
    if run.live(&mut at)? {
        return Err("it stopped without a fault".to_owned());
    }
    Ok(run.found)
}

impl<D: Disk> Run<'_, D> {
    /// Opens the journal and works with it. Gives whether a call failed.
    fn live(&mut self, at: &mut At) -> Result<bool, String> {
        let mut store = match FileStore::open((self.wrap)(self.disk.clone())) {
            Ok(store) => store,
            Err(error) => return stop(&error),
        };
        if let Err(error) = self.check(&mut store)? {
            return stop(&error);
        }
        for _ in 0..self.rng.below(14) {
            let done = match self.rng.below(10) {
                0 | 1 => {
                    *at = At::Snapshot;
                    self.snapshot(&mut store)
                }
                2 => {
                    *at = At::Snapshot;
                    let position = self.rng.below(self.promised.end() + 1);
                    self.promised.forgotten_before = self.promised.forgotten_before.max(position);
                    store.truncate_before(position)
                }
                _ => {
                    *at = At::Append;
                    self.append(&mut store)
                }
            };
            if let Err(error) = done {
                // From then on it does nothing any more.
                let again = self.append(&mut store).map_err(|error| error.code());
                if again != Err(ErrorCode::JournalFailed) {
                    return Err(format!("after {error} came {again:?}"));
                }
                return stop(&error);
            }
        }
        Ok(false)
    }

    fn append(&mut self, store: &mut FileStore<D>) -> Result<()> {
        let position = self.framer.position();
        let mut framer = self.framer;
        let frame = if self.rng.percent(10) {
            framer.closed()?
        } else {
            framer.events(&example_events(position, &mut self.rng))?
        };
        let records = recover_records(&frame, position);
        if self.promised.open.is_empty() {
            self.promised.open = records;
        }
        store.write(position, &frame)?;
        store.sync()?;
        self.promised.events.append(&mut self.promised.open);
        self.framer = framer;
        self.found.acknowledged += 1;
        Ok(())
    }

    fn snapshot(&mut self, store: &mut FileStore<D>) -> Result<()> {
        let position = self.framer.position();
        if position == 0 {
            return Ok(());
        }
        let frame = self.framer.snapshot(&example_state(position))?;
        store.snapshot(position, &frame)?;
        self.promised.snapshot = position;
        self.found.snapshots += 1;
        Ok(())
    }

    /// Holds what is kept against what was promised. The inner error is one of the disk.
    fn check(&mut self, store: &mut FileStore<D>) -> Result<Result<()>, String> {
        self.found.torn += u64::from(store.cut() > 0);
        let (newest, history) = match store
            .load(false)
            .and_then(|newest| Ok((newest, store.load(true)?)))
        {
            Ok(loaded) => loaded,
            Err(error) => return Ok(Err(error)),
        };
        let newest = recover(newest.iter().map(Vec::as_slice)).map_err(|error| error.to_string())?;
        let history = recover(history.iter().map(Vec::as_slice)).map_err(|error| error.to_string())?;
        let mut expected = std::mem::take(&mut self.promised.events);
        let open = std::mem::take(&mut self.promised.open);
        let acknowledged = expected.keys().next_back().copied().unwrap_or(0);
        let end = history.position();
        if newest.position() != end || store.position() != end {
            return Err(format!("it ends at {end} and at {}", newest.position()));
        }
        if end != acknowledged {
            if open.keys().next_back() != Some(&end) {
                return Err(format!("it ends at {end}; {acknowledged} was acknowledged"));
            }
            self.found.survived += 1;
            expected.extend(open);
        }
        let snapshot = newest.snapshot().map_or(0, |snapshot| snapshot.position);
        if snapshot < self.promised.snapshot {
            return Err(format!(
                "the snapshot of {} was acknowledged, and {snapshot} is there",
                self.promised.snapshot
            ));
        }
        if newest
            .snapshot()
            .is_some_and(|found| found.state != example_state(snapshot))
        {
            return Err(format!("the snapshot of {snapshot} is not what it was"));
        }
        self.promised.snapshot = snapshot;
        if history.first() > self.promised.forgotten_before + 1 && history.first() > 1 {
            return Err(format!("{} is the first one that is left", history.first()));
        }
        for (recovered, after) in [(&newest, snapshot), (&history, history.first() - 1)] {
            let kept = recovered.events_after(after);
            let due = expected
                .range(after + 1..)
                .map(|(seq, record)| (*seq, &record[..]));
            if !kept.eq(due) {
                return Err(format!("the events after {after} are not what they were"));
            }
        }
        self.framer = history.framer().unwrap_or(self.framer);
        self.promised.events = expected;
        Ok(Ok(()))
    }
}

/// A failing disk may stop a journal; damage there is none.
fn stop(error: &agent_orchestrator::OrchestratorError) -> Result<bool, String> {
    if error.code() == ErrorCode::JournalFailed {
        return Ok(true);
    }
    Err(format!("it was refused: {error}"))
}

fn recover_records(frame: &[u8], position: Seq) -> BTreeMap<Seq, Vec<u8>> {
    let frame = agent_orchestrator::journal::Frame::read(frame).unwrap();
    (position + 1..)
        .zip(frame.records().map(<[u8]>::to_vec))
        .collect()
}
