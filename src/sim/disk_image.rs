//! One file of the simulated disk: what is read from it, and what a loss of power leaves of it.

use super::Rng;

/// What a disk writes as a whole.
const SECTOR: u64 = 512;

#[derive(Clone, Debug)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Truncate { length: u64 },
}

/// The contents of a file. Its name is the folder's business.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// What programs see.
    pub(super) seen: Vec<u8>,
    /// What a loss of power cannot take.
    durable: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Change>,
}

impl Image {
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            seen: bytes.clone(),
            durable: bytes,
            pending: Vec::new(),
        }
    }

    pub(super) fn durable_bytes(&self) -> &[u8] {
        &self.durable
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) {
        put(&mut self.seen, at, bytes);
        self.pending.push(Change::Write {
            at,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn truncate(&mut self, length: u64) {
        self.seen.truncate(length as usize);
        self.pending.push(Change::Truncate { length });
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Write { at, bytes } => put(&mut self.durable, at, &bytes),
                Change::Truncate { length } => self.durable.truncate(length as usize),
            }
        }
    }

    /// A sync that failed: chance decides what became durable, programs go on seeing everything, and no later sync
    /// tries again.
    pub(super) fn sync_in_part(&mut self, rng: &mut Rng) {
        let old = self.durable.len() as u64;
        let mut changes = std::mem::take(&mut self.pending);
        if rng.percent(30) {
            rng.shuffle(&mut changes);
        }
        for change in changes {
            if rng.percent(30) {
                continue;
            }
            match change {
                Change::Truncate { length } => self.durable.truncate(length as usize),
                Change::Write { at, bytes } if rng.percent(40) => put(&mut self.durable, at, &bytes),
                Change::Write { at, bytes } => self.tear(rng, at, &bytes, old),
            }
        }
    }

    /// What is there when the power is back.
    pub(super) fn crash(&mut self, rng: &mut Rng) {
        self.sync_in_part(rng);
        self.seen.clone_from(&self.durable);
    }

    /// Writes some of the sectors. In the others is what was there; past the old end, zeros or leftovers.
    fn tear(&mut self, rng: &mut Rng, at: u64, bytes: &[u8], old: u64) {
        let end = at + bytes.len() as u64;
        // Either any sectors, or those up to some point.
        let stop = rng.percent(50).then(|| at + rng.below(end - at + 1));
        let garbage = rng.percent(30);
        let mut from = at;
        while from < end {
            let to = end.min((from / SECTOR + 1) * SECTOR);
            let part = &bytes[(from - at) as usize..(to - at) as usize];
            let keep = match stop {
                Some(stop) => to <= stop,
                None => rng.percent(50),
            };
            if keep {
                put(&mut self.durable, from, part);
            } else if garbage && to > old && rng.percent(50) {
                let new = from.max(old);
                let noise: Vec<u8> = (new..to).map(|_| rng.next_u64() as u8).collect();
                put(&mut self.durable, new, &noise);
            }
            from = to;
        }
        // A file may have grown before its bytes arrived.
        let length = self.durable.len() as u64;
        if length < end && rng.percent(70) {
            let grown = match rng.percent(50) {
                true => end,
                false => length + rng.below(end - length),
            };
            self.durable.resize(grown as usize, 0);
        }
    }
}

fn put(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let at = at as usize;
    if file.len() < at {
        file.resize(at, 0);
    }
    let over = bytes.len().min(file.len() - at);
    file[at..at + over].copy_from_slice(&bytes[..over]);
    file.extend_from_slice(&bytes[over..]);
}
