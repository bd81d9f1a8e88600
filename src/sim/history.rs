//! Every event that ever happened in a simulation, folded a second time; and what of it is on the disk.

use super::SimulatedDisk;
use super::model::Model;
use super::violation::{Violation, ensure};
use crate::journal::{Frame, FrameKind, Records, decode, hash_of};
use crate::kernel::{Config, Kernel, Seq};
use crate::orchestrator::Engine;

/// The events since the first, as bytes, and what they come to.
#[derive(Debug)]
pub(super) struct History {
    config: Config,
    records: Vec<Box<[u8]>>,
    shadow: Kernel,
    pub(super) model: Model,
}

impl History {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            records: Vec::new(),
            shadow: Kernel::new(config),
            model: Model::new(config.max_concurrency),
        }
    }

    pub(super) const fn len(&self) -> Seq {
        self.records.len() as Seq
    }

    pub(super) fn record(&self, seq: Seq) -> Option<&[u8]> {
        self.records
            .get((seq as usize).checked_sub(1)?)
            .map(|record| &**record)
    }

    fn push(&mut self, record: &[u8]) -> Result<(), Violation> {
        let seq = self.len() + 1;
        let Some((at, event)) = decode(record) else {
            return Err(Violation::new("I2", format!("the event at {seq} cannot be read")));
        };
        ensure("I2", at >= self.shadow.at(), || {
            format!("time runs backwards at {seq}")
        })?;
        self.shadow.apply(at, &event);
        self.records.push(record.into());
        self.model.apply(seq, at, &event)
    }

    /// Reads what is new, and gives its length. It must be called after each command.
    pub(super) fn follow(&mut self, engine: &Engine) -> Result<Seq, Violation> {
        let before = self.len();
        let end = engine.kernel().seq();
        if end == before {
            return Ok(0);
        }
        let mut cursor = engine.log().seek(before + 1);
        ensure("I2", cursor.seq == before + 1 && end > before, || {
            format!("the log is at {}, and {before} events are known", cursor.seq)
        })?;
        let bytes = engine.log().records(&mut cursor, usize::MAX);
        for record in Records::new(&bytes) {
            self.push(record)?;
        }
        ensure("I2", self.len() == end, || {
            format!("{} events are logged, and the state is at {end}", self.len())
        })?;
        self.model.check()?;
        Ok(end - before)
    }

    /// Fails unless the state is what the events lead to.
    pub(super) fn check_state(&self, engine: &Engine) -> Result<(), Violation> {
        let same = self.shadow.seq() == engine.kernel().seq()
            && hash_of(self.shadow.state()) == hash_of(engine.kernel().state());
        ensure("I2", same, || {
            "the state is not what the events lead to".to_owned()
        })
    }

    /// Goes back to what a crash has left.
    pub(super) fn cut(&mut self, to: Seq) -> Result<(), Violation> {
        let records = std::mem::take(&mut self.records);
        *self = Self::new(self.config);
        for record in records.iter().take(to as usize) {
            self.push(record)?;
        }
        Ok(())
    }

    /// Compares what a journal has kept with what happened, and adds what is not known yet.
    pub(super) fn compare<'a>(
        &mut self,
        kept: impl Iterator<Item = (Seq, &'a [u8])>,
    ) -> Result<(), Violation> {
        for (seq, record) in kept {
            if seq == self.len() + 1 {
                self.push(record)?;
            }
            ensure("P11", self.record(seq) == Some(record), || {
                format!("the event at {seq} is not the one that happened")
            })?;
        }
        Ok(())
    }
}

/// Reads what is durable on the disk, a little more each time.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    file: Option<String>,
    read: usize,
    durable: Seq,
}

impl Watcher {
    /// Up to where a loss of power now would surely leave every event; each must be one that happened.
    pub(super) fn look(&mut self, disk: &SimulatedDisk, history: &History) -> Result<Seq, Violation> {
        let mut files = disk.durable_files();
        files.retain(|name| self.file.as_ref().is_none_or(|file| name >= file));
        for name in files {
            if self.file.as_ref() != Some(&name) {
                let bytes = disk.durable_after(&name, 0).unwrap_or_default();
                // A file that is not finished is not there.
                if self.file.is_some() && Frame::read(&bytes).is_err() {
                    continue;
                }
                self.file = Some(name.clone());
                self.read = 0;
            }
            let bytes = disk.durable_after(&name, self.read).unwrap_or_default();
            let mut rest = &bytes[..];
            while let Ok(frame) = Frame::read(rest) {
                if frame.kind == FrameKind::Events {
                    for (seq, record) in (frame.seq..).zip(frame.records()) {
                        ensure("P11", history.record(seq) == Some(record), || {
                            format!("the event at {seq} on the disk is not the one that happened")
                        })?;
                    }
                }
                self.durable = self.durable.max(frame.last());
                self.read += frame.len();
                rest = &rest[frame.len()..];
            }
        }
        Ok(self.durable)
    }
}
