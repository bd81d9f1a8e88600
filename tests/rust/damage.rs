//! Journals to be damaged.

use std::collections::BTreeMap;

use agent_orchestrator::journal::{FileStore, Framer, Journal, Stored, push_record, recover};
use agent_orchestrator::sim::SimulatedDisk;
use agent_orchestrator::{ErrorCode, Seq};

pub(crate) const FIRST: &str = "00000001.journal";
pub(crate) const SECOND: &str = "00000002.journal";
pub(crate) const THIRD: &str = "00000003.journal";

pub(crate) fn events(from: Seq, count: u64) -> Vec<u8> {
    let mut payload = Vec::new();
    (from..from + count).for_each(|seq| push_record(&mut payload, &[seq as u8; 30]));
    payload
}

/// Three generations with events 1 to 12, and snapshots of 4 and 8; each generation, or only the last, is closed.
pub(crate) async fn fill(journal: &impl Journal, salt: u64, closed: bool) {
    let mut framer = Framer::new(salt);
    for generation in 0..3 {
        if generation > 0 {
            let frame = framer.snapshot(b"the state").unwrap();
            journal.snapshot(framer.position(), frame).await.unwrap();
        }
        for _ in 0..2 {
            let position = framer.position();
            let frame = framer.events(&events(position + 1, 2)).unwrap();
            journal.append(position, frame).await.unwrap();
        }
        if closed {
            let frame = framer.closed().unwrap();
            journal.append(framer.position(), frame).await.unwrap();
        }
    }
    if closed {
        journal.close().await.unwrap();
    }
}

/// The first and the last event that is there.
pub(crate) fn kept(stored: &Stored) -> (Seq, Seq) {
    let found = recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    (found.first(), found.position())
}

/// Opens files of which one was changed, with their history. What is refused was not changed again.
pub(crate) fn open_changed(
    files: &BTreeMap<String, Vec<u8>>,
    name: &str,
    change: impl FnOnce(&mut Vec<u8>),
) -> Result<Stored, ErrorCode> {
    let mut files = files.clone();
    change(files.get_mut(name).unwrap());
    let disk = SimulatedDisk::new(1);
    for (name, bytes) in &files {
        disk.put(name, Some(bytes.clone()));
    }
    let opened = FileStore::open(disk.clone()).and_then(|mut store| {
        Ok(Stored {
            frames: store.load(true)?,
            cut: store.cut(),
        })
    });
    if opened.is_err() {
        assert_eq!(disk.files(), files, "it was changed");
    }
    opened.map_err(|error| error.code())
}
