//! A kernel with its journal: what every host drives.

use super::keeper::{Keeper, Write};
use super::replay::{self, Start};
use crate::journal::{Cursor, EventLog, Framer, hash_of, recover};
use crate::kernel::{
    AgentCommand, Command, Config, Effect, ErrorCode, Kernel, Millis, OrchestratorError, Reply, Reporter,
    Result, Seq,
};

/// The numbers that a host chooses when it opens an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// For the kernel.
    pub config: Config,
    /// How many bytes of events are kept in memory for replay.
    pub event_log_bytes: usize,
    /// How many bytes of events may wait to be written before new work is refused with `OVERLOADED`.
    pub max_unwritten_bytes: u64,
    /// After how many bytes of events a snapshot is taken; 0 for never, also not by their number.
    pub snapshot_bytes: u64,
    /// After how many events a snapshot is taken, if that comes earlier; 0 for by size alone.
    pub snapshot_events: u64,
    /// Whether events before a snapshot stay in the journal.
    pub keep_history: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            config: Config::default(),
            event_log_bytes: 16 << 20,
            max_unwritten_bytes: 64 << 20,
            snapshot_bytes: 4 << 20,
            snapshot_events: 50_000,
            keep_history: false,
        }
    }
}

/// A kernel and its journal, moved together.
///
/// With a journal that outlives the process: after each call, ask [`poll_write`](Self::poll_write) what to write, do
/// it, and say how it went with [`written`](Self::written). Effects and events come out once they are durable.
#[derive(Debug)]
pub struct Engine {
    kernel: Kernel,
    log: EventLog,
    keeper: Option<Keeper>,
    /// Whether it is a look at the past.
    is_past: bool,
}

impl Engine {
    /// Opens a new journal in memory, where everything is as durable as it will ever be at once. `random` goes into
    /// the ids of its tasks.
    #[must_use]
    pub fn open(options: EngineOptions, now: Millis, random: u64) -> Self {
        let mut engine = Self {
            kernel: Kernel::new(options.config),
            log: EventLog::new(options.event_log_bytes),
            keeper: None,
            is_past: false,
        };
        engine.kernel.open(now, random, &mut engine.log);
        engine
    }

    /// Opens what a journal holds: `frames` as it was loaded, `cut` the bytes of a torn end that it dropped. An empty
    /// one begins anew. `random` is two random numbers: one for ids and chance, one that marks the frames.
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` when the frames are not whole or do not fit together, `JOURNAL_VERSION` when they are of a
    /// later version.
    pub fn recover<'a>(
        options: EngineOptions,
        frames: impl IntoIterator<Item = &'a [u8]>,
        cut: u64,
        now: Millis,
        random: [u64; 2],
    ) -> Result<Self> {
        let Start {
            mut kernel,
            mut log,
            framer,
            cut,
            snapshot_at,
            tail,
        } = replay::start(&options, frames, cut, random[1])?;
        let keeper = Keeper::new(&options, framer, log.end(), snapshot_at, tail);
        log.hold(keeper.from());
        if kernel.seq() == 0 {
            kernel.open(now, random[0], &mut log);
        } else {
            kernel.recover(now, cut, &mut log);
        }
        let mut engine = Self {
            kernel,
            log,
            keeper: Some(keeper),
            is_past: false,
        };
        engine.command_ended();
        Ok(engine)
    }

    /// A look at the state after an event, from the frames that hold it. It takes no commands.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a position that is not reached yet, `HISTORY_GONE` for one that is no longer kept,
    /// `JOURNAL_DAMAGED` or `JOURNAL_VERSION` as [`recover`](Self::recover).
    pub fn past<'a>(frames: impl IntoIterator<Item = &'a [u8]>, seq: Seq) -> Result<Self> {
        let (kernel, hash) = replay::at(&recover(frames)?, seq)?;
        Ok(Self {
            kernel,
            log: EventLog::after(0, seq, hash),
            keeper: None,
            is_past: true,
        })
    }

    /// The state as a journal of its own that begins with it: one frame. `salt` is random and marks it.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` for a state above 64 MiB.
    pub fn fork(&mut self, salt: u64) -> Result<Vec<u8>> {
        let state = replay::encode_snapshot(&self.kernel, self.log.hash());
        Framer::at(salt, self.kernel.seq()).snapshot(&state)
    }

    /// The frames of everything that has happened, if it is all still in memory.
    ///
    /// # Errors
    /// `HISTORY_GONE` if it is not.
    pub fn frames_in_memory(&self) -> Result<Vec<Vec<u8>>> {
        if self.log.first() > 1 {
            return Err(OrchestratorError::new(
                ErrorCode::HistoryGone,
                format!(
                    "events before {} are not kept; keep more, or use a journal with its history",
                    self.log.first()
                ),
            ));
        }
        let (mut framer, mut from, mut frames) = (Framer::new(0), self.log.seek(1), Vec::new());
        while from != self.log.end() {
            frames.push(framer.events(&self.log.records(&mut from, 1 << 20))?);
        }
        Ok(frames)
    }

    /// Carries out a command; see [`Kernel::handle`].
    ///
    /// # Errors
    /// Refused, and nothing changed. `OVERLOADED` when new work would wait behind too much that is not written yet;
    /// the error of the journal once it has failed.
    pub fn handle(&mut self, now: Millis, command: Command<'_>) -> Result<Reply> {
        if self.is_past {
            return Err(OrchestratorError::new(
                ErrorCode::ReadOnly,
                "this is a state of the past, which can only be looked at; fork it to go on from there",
            ));
        }
        if let Some(keeper) = &self.keeper {
            keeper.check()?;
            if keeper.is_overloaded(&self.log) && is_new_work(&command) {
                return Err(OrchestratorError::new(
                    ErrorCode::Overloaded,
                    "the journal cannot keep up with what happens; wait for the calls made so far",
                ));
            }
        }
        let reply = self.kernel.handle(now, command, &mut self.log);
        self.command_ended();
        reply
    }

    /// What has happened up to here becomes durable together.
    fn command_ended(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.command_ended(self.log.end());
        }
    }

    /// Does what is due; see [`Kernel::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Millis) {
        if self.keeper.as_ref().is_none_or(|keeper| keeper.check().is_ok()) {
            self.kernel.handle_timeout(now, &mut self.log);
            self.command_ended();
        }
    }

    /// See [`Kernel::poll_timeout`].
    #[must_use]
    pub fn poll_timeout(&self, now: Millis) -> Option<Millis> {
        let works = self.keeper.as_ref().is_none_or(|keeper| keeper.check().is_ok());
        self.kernel.poll_timeout(now).filter(|_| works)
    }

    /// Whether something is due some time.
    #[must_use]
    pub fn has_timer(&self) -> bool {
        self.kernel.has_timer()
    }

    /// Whether [`poll_write`](Self::poll_write) would give something.
    #[must_use]
    pub fn has_write(&self) -> bool {
        self.keeper
            .as_ref()
            .is_some_and(|keeper| keeper.has_next(&self.log))
    }

    /// See [`Kernel::clock_jumped`].
    pub const fn clock_jumped(&mut self, by: i64) {
        self.kernel.clock_jumped(by);
    }

    /// The next thing to do whose event is durable; see [`Kernel::poll_effect`].
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.kernel.poll_effect(self.durable())
    }

    /// Position up to which events are durable. In memory that is the last one.
    #[must_use]
    pub fn durable(&self) -> Seq {
        self.keeper
            .as_ref()
            .map_or_else(|| self.kernel.seq(), Keeper::durable)
    }

    /// Where events that are not durable begin.
    #[must_use]
    pub fn durable_end(&self) -> Cursor {
        self.keeper.as_ref().map_or_else(|| self.log.end(), Keeper::from)
    }

    /// What to write next, if nothing is being written. All events that wait go together.
    #[must_use]
    pub fn poll_write(&mut self) -> Option<Write> {
        self.keeper.as_mut()?.next(&self.kernel, &mut self.log)
    }

    /// How the last write went. After an error nothing is ever durable again, and commands are refused with it.
    pub fn written(&mut self, result: Result<()>) {
        if let Some(keeper) = &mut self.keeper {
            keeper.done(result);
            self.log.hold(keeper.from());
        }
    }

    /// Asks for the frame that says that the journal was closed in good order, after everything that is not written
    /// yet. No command is taken any more.
    pub fn close(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.close();
        }
    }

    /// Asks for a snapshot at the next opportunity.
    pub fn snapshot_soon(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.snapshot_soon();
        }
    }

    /// Why the journal cannot be written any more.
    #[must_use]
    pub fn failure(&self) -> Option<&OrchestratorError> {
        self.keeper.as_ref().and_then(Keeper::failure)
    }

    /// Whether there is a journal that outlives the process.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.keeper.is_some()
    }

    /// The kernel, to read.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The events that are kept in memory, to read.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }

    /// See [`EventLog::hash`].
    #[must_use]
    pub fn journal_hash(&mut self) -> String {
        format!("{:032x}", self.log.hash())
    }

    /// A hash over all of the kernel's state. Equal states have equal hashes, on every host.
    #[must_use]
    pub fn state_hash(&self) -> String {
        hash_of(self.kernel.state())
    }
}

/// What would add to the load; everything else ends work, and is let through.
const fn is_new_work(command: &Command<'_>) -> bool {
    matches!(
        command,
        Command::Create(_)
            | Command::Start(_)
            | Command::Restart(_)
            | Command::Output { .. }
            | Command::AddStep { .. }
            | Command::Agent(AgentCommand::Add(_) | AgentCommand::Spawn(_) | AgentCommand::Send { .. })
            | Command::UpdateStep { .. }
            | Command::Progress {
                by: Reporter::Attempt(_),
                ..
            }
    )
}
