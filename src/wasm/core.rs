//! The class that the TypeScript face drives. Every method takes `&self`, calls nothing in JS, and returns at once.
//!
//! Strings come in through one buffer: the face writes them one after the other and passes their lengths in bytes.
//! A negative return is a refusal; [`Core::take_error`] has it. After each command, the orders to carry out are in
//! the effect buffer. Addresses and lengths of the buffers stand in a small control block, read without a call.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::{Error, Uint8Array};

use super::agents;
use super::error::thrown;
use super::input::Strings;
use super::pack::Pack;
use crate::journal::Cursor;
use crate::kernel::{Command, Effect, OnInterrupt, OrchestratorError, Reply, Result, TaskKey};
use crate::orchestrator::{Engine, EngineOptions, Write};

/// Numbers of the control block, as in `core.ts`.
mod control {
    pub(super) const WORDS: usize = 0;
    pub(super) const WORDS_LEN: usize = 1;
    pub(super) const TEXT: usize = 2;
    pub(super) const TEXT_LEN: usize = 3;
    pub(super) const EFFECTS: usize = 4;
    pub(super) const EFFECTS_LEN: usize = 5;
    pub(super) const SEQ: usize = 6;
    pub(super) const SEQ_HIGH: usize = 7;
    pub(super) const DURABLE: usize = 8;
    pub(super) const DURABLE_HIGH: usize = 9;
    pub(super) const TIMER: usize = 10;
    pub(super) const WRITE: usize = 11;
    pub(super) const FULL: usize = 12;
    pub(super) const LENGTH: usize = 13;
}

pub(super) const DONE: i32 = 0;
pub(super) const NOTHING: i32 = 1;
/// Below zero, so that it is no key, step or attempt.
const LATE: i32 = -2;
pub(super) const REFUSED: i32 = -1;
/// An inbox has no room; below zero, so that it is no message.
const FULL: i32 = -3;

/// Stands for the status of a task that is deleted.
const NO_STATUS: u32 = u32::MAX;

pub(super) struct Inner {
    pub(super) engine: Engine,
    pub(super) input: Vec<u8>,
    pub(super) out: Pack,
    pub(super) effects: Vec<u32>,
    pub(super) live: Cursor,
    pub(super) replay: Cursor,
    pub(super) working_directory: String,
    pub(super) default_provider: Option<String>,
    pub(super) next_cursor: Option<String>,
    pub(super) total: Option<usize>,
    pub(super) error: Option<OrchestratorError>,
    /// What is to be written, between the call that asks for it and those that fetch it.
    pub(super) write: Option<Write>,
}

/// One orchestrator's core.
#[wasm_bindgen]
pub struct Core {
    pub(super) inner: RefCell<Inner>,
    control: Box<[Cell<u32>; control::LENGTH]>,
}

#[wasm_bindgen]
impl Core {
    /// Opens a core. `random`, whose lowest bits go into the ids of its tasks, comes from the face's `Math.random`: to
    /// load `crypto` costs Node as much as to compile all of this. `options` are read by [`read_options`].
    #[wasm_bindgen(constructor)]
    pub fn new(now: f64, random: f64, options: &[f64]) -> Self {
        Self::of(Engine::open(read_options(options), now as u64, random as u64))
    }

    /// Opens what a journal holds: frames as it gave them, and how many bytes of a torn end it dropped. `salt` marks
    /// the frames of a new one.
    ///
    /// # Errors
    /// Those of [`Engine::recover`].
    pub fn recover(
        now: f64,
        random: f64,
        salt: f64,
        frames: Vec<Uint8Array>,
        cut: f64,
        options: &[f64],
    ) -> std::result::Result<Self, Error> {
        let frames: Vec<Vec<u8>> = frames.iter().map(Uint8Array::to_vec).collect();
        let frames = frames.iter().map(Vec::as_slice);
        // The salt is a whole number below 2^53: the rest of its 64 bits are of no use without it.
        let salt = (salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let random = [random as u64, salt];
        Engine::recover(read_options(options), frames, cut as u64, now as u64, random)
            .map(Self::of)
            .map_err(|error| thrown(&error))
    }

    /// Address of the control block.
    pub fn control(&self) -> u32 {
        self.control.as_ptr() as usize as u32
    }

    /// Address of the input buffer, which has room for this many bytes until the next call with more. What stands in
    /// it stays; without room, its memory is given back.
    pub fn input(&self, length: u32) -> u32 {
        let input = &mut self.inner.borrow_mut().input;
        if length == 0 {
            *input = Vec::new();
        } else if input.len() < length as usize {
            input.resize(length as usize, 0);
        }
        input.as_ptr() as usize as u32
    }

    /// The last refusal as its code, a line feed, and its message.
    #[wasm_bindgen(js_name = takeError)]
    pub fn take_error(&self) -> Option<String> {
        let error = self.inner.borrow_mut().error.take()?;
        Some(format!("{}\n{}", error.code(), error.message()))
    }

    /// What the ids made here begin with.
    #[wasm_bindgen(js_name = idPrefix)]
    pub fn id_prefix(&self) -> String {
        self.inner.borrow().engine.kernel().id_prefix().to_owned()
    }

    /// The directory of tasks that name none.
    #[wasm_bindgen(js_name = setWorkingDirectory)]
    pub fn set_working_directory(&self, directory: String) {
        self.inner.borrow_mut().working_directory = directory;
    }

    /// The provider of tasks that name none.
    #[wasm_bindgen(js_name = setDefaultProvider)]
    pub fn set_default_provider(&self, id: Option<String>) {
        self.inner.borrow_mut().default_provider = id;
    }
}

impl Core {
    pub(super) fn of(engine: Engine) -> Self {
        let start = engine.log().seek(1);
        let core = Self {
            inner: RefCell::new(Inner {
                engine,
                input: Vec::new(),
                out: Pack::default(),
                effects: Vec::new(),
                live: start,
                replay: start,
                working_directory: String::new(),
                default_provider: None,
                next_cursor: None,
                total: None,
                error: None,
                write: None,
            }),
            control: Box::new([const { Cell::new(0) }; control::LENGTH]),
        };
        core.stand(&core.inner.borrow().engine);
        core
    }

    pub(super) fn attempted(&self, task: u32, reply: i32) -> i32 {
        if reply < 0 {
            reply
        } else {
            self.attempt(task) as i32
        }
    }

    pub(super) fn command<'a>(&self, now: f64, command: impl FnOnce(()) -> Command<'a>) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            engine,
            effects,
            error,
            ..
        } = &mut *inner;
        let reply = engine.handle(now as u64, command(()));
        self.answer(reply, engine, effects, error)
    }

    pub(super) fn with_strings(
        &self,
        now: f64,
        command: impl for<'a> FnOnce(&mut Strings<'a>) -> Result<Command<'a>>,
    ) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            engine,
            input,
            effects,
            error,
            ..
        } = &mut *inner;
        let reply = command(&mut Strings::new(input)).and_then(|command| engine.handle(now as u64, command));
        self.answer(reply, engine, effects, error)
    }

    /// Puts the orders that a command led to into their buffer, and its reply into one number.
    pub(super) fn answer(
        &self,
        reply: Result<Reply>,
        engine: &mut Engine,
        effects: &mut Vec<u32>,
        error: &mut Option<OrchestratorError>,
    ) -> i32 {
        effects.clear();
        while let Some(effect) = engine.poll_effect() {
            effects.extend(match effect {
                Effect::Run {
                    task,
                    attempt,
                    provider,
                } => [0, task.get(), attempt.get(), u32::from(provider.get())],
                Effect::Abort { task, attempt } => [1, task.get(), attempt.get(), 0],
                Effect::Hold { task, attempt } => [2, task.get(), attempt.get(), 0],
                Effect::Release { task, attempt } => [3, task.get(), attempt.get(), 0],
                Effect::Settle { task, attempt } => [4, task.get(), attempt.get(), status_of(engine, task)],
                Effect::Agent(effect) => agents::words(effect),
            });
        }
        self.stand(engine);
        self.control[control::EFFECTS].set(effects.as_ptr() as usize as u32);
        self.control[control::EFFECTS_LEN].set(effects.len() as u32);
        match reply {
            Ok(Reply::Done) => DONE,
            Ok(Reply::Nothing) => NOTHING,
            Ok(Reply::Late) => LATE,
            Ok(Reply::Created { first, .. } | Reply::Existing { first, .. }) => first.get() as i32,
            Ok(Reply::Provider(provider)) => provider.get().into(),
            Ok(Reply::Step(step)) => step as i32,
            Ok(Reply::Agent(agent)) => agent.get() as i32,
            Ok(Reply::Message(message)) => message.get() as i32,
            Ok(Reply::Full) => FULL,
            Err(refusal) => {
                *error = Some(refusal);
                REFUSED
            }
        }
    }

    /// Shows where everything stands.
    fn stand(&self, engine: &Engine) {
        let wide = |low: usize, high: usize, value: u64| {
            self.control[low].set(value as u32);
            self.control[high].set((value >> 32) as u32);
        };
        wide(control::SEQ, control::SEQ_HIGH, engine.log().end().seq);
        wide(control::DURABLE, control::DURABLE_HIGH, engine.durable() + 1);
        self.control[control::TIMER].set(engine.has_timer().into());
        self.control[control::WRITE].set(engine.has_write().into());
        self.control[control::FULL].set(engine.kernel().is_full().into());
    }

    pub(super) fn publish(&self, out: &Pack) {
        self.control[control::WORDS].set(out.words.as_ptr() as usize as u32);
        self.control[control::WORDS_LEN].set(out.words.len() as u32);
        self.control[control::TEXT].set(out.text.as_ptr() as usize as u32);
        self.control[control::TEXT_LEN].set(out.text.len() as u32);
    }
}

fn status_of(engine: &Engine, task: TaskKey) -> u32 {
    engine
        .kernel()
        .task(task)
        .map_or(NO_STATUS, |task| task.status() as u32)
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

/// Reads the numbers of the face, in this order; 0 means the default, and so does what is missing.
fn read_options(numbers: &[f64]) -> EngineOptions {
    let number = |place: usize| numbers.get(place).copied().unwrap_or(0.0);
    let mut options = EngineOptions::default();
    let config = &mut options.config;
    for (place, setting) in [
        &mut config.max_concurrency,
        &mut config.max_tasks,
        &mut config.max_output_lines,
    ]
    .into_iter()
    .enumerate()
    {
        if number(place) > 0.0 {
            *setting = number(place) as u32;
        }
    }
    if number(3) > 0.0 {
        options.event_log_bytes = number(3) as usize;
    }
    if number(4) > 0.0 {
        config.max_queued = number(4) as u32;
    }
    config.on_interrupt = OnInterrupt::ALL
        .get(number(5) as usize)
        .copied()
        .unwrap_or_default();
    if number(6) > 0.0 {
        options.max_unwritten_bytes = number(6) as u64;
    }
    // Never is a choice here, and no default.
    if number(7) >= 0.0 && numbers.len() > 7 {
        options.snapshot_bytes = number(7) as u64;
    }
    options.keep_history = number(8) > 0.0;
    if number(9) >= 0.0 && numbers.len() > 9 {
        options.snapshot_events = number(9) as u64;
    }
    config.record_messages = number(10) > 0.0;
    config.consults = number(11) > 0.0;
    options
}
