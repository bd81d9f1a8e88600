//! A kernel with its journal: what every host drives.

use crate::journal::{EventLog, hash_of};
use crate::kernel::{Command, Config, Effect, Kernel, Millis, Reply, Result};

/// The numbers that a host chooses when it opens an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// For the kernel.
    pub config: Config,
    /// How many bytes of events are kept for replay.
    pub event_log_bytes: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            config: Config::default(),
            event_log_bytes: 16 << 20,
        }
    }
}

/// A kernel and its journal, moved together.
#[derive(Debug)]
pub struct Engine {
    kernel: Kernel,
    log: EventLog,
}

impl Engine {
    /// Opens a new journal. `random` goes into the ids of its tasks.
    #[must_use]
    pub fn open(options: EngineOptions, now: Millis, random: u64) -> Self {
        let mut engine = Self {
            kernel: Kernel::new(options.config),
            log: EventLog::new(options.event_log_bytes),
        };
        engine.kernel.open(now, random, &mut engine.log);
        engine
    }

    /// Carries out a command; see [`Kernel::handle`].
    ///
    /// # Errors
    /// Refused, and nothing changed.
    pub fn handle(&mut self, now: Millis, command: Command<'_>) -> Result<Reply> {
        self.kernel.handle(now, command, &mut self.log)
    }

    /// The next thing to do; see [`Kernel::poll_effect`].
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.kernel.poll_effect(self.kernel.seq())
    }

    /// The kernel, to read.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The journal, to read.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }

    /// See [`EventLog::hash`].
    #[must_use]
    pub fn journal_hash(&mut self) -> String {
        self.log.hash()
    }

    /// A hash over all of the kernel's state. Equal states have equal hashes, on every host.
    #[must_use]
    pub fn state_hash(&self) -> String {
        hash_of(self.kernel.state())
    }
}
