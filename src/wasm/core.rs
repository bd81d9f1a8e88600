//! The class that the TypeScript face drives. Every method takes `&self`, calls nothing in JS, and returns at once.
//!
//! Strings come in through one buffer: the face writes them one after the other and passes their lengths in bytes.
//! A negative return is a refusal; [`Core::take_error`] has it. After each command, the orders to carry out are in
//! the effect buffer. Addresses and lengths of the buffers stand in a small control block, read without a call.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::wasm_bindgen;

use super::input::{Fields, Strings};
use super::pack::Pack;
use super::{events, snapshot};
use crate::journal::Cursor;
use crate::kernel::{
    Attempt, Command, Config, Effect, Ending, NewProvider, NewTask, OrchestratorError, ProviderKey, Reply,
    Reporter, Result, TaskKey, TaskStatus, TaskUserStatus, limits::BATCH,
};
use crate::orchestrator::{Engine, EngineOptions, ListQuery, Sort, canonical_text, resolve, task_context};

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
    pub(super) const LENGTH: usize = 8;
}

const DONE: i32 = 0;
const NOTHING: i32 = 1;
/// Below zero, so that it is no key, step or attempt.
const LATE: i32 = -2;
const REFUSED: i32 = -1;
const NONE: i32 = -1;

/// Answers of [`Core::snapshot`]: there is no such task, there is, and a provider is at it.
const GONE: u32 = 0;
const HERE: u32 = 1;
const ACTIVE: u32 = 2;

/// Stands for the status of a task that is deleted.
const NO_STATUS: u32 = u32::MAX;

struct Inner {
    engine: Engine,
    input: Vec<u8>,
    out: Pack,
    effects: Vec<u32>,
    live: Cursor,
    replay: Cursor,
    working_directory: String,
    default_provider: Option<String>,
    next_cursor: Option<String>,
    error: Option<OrchestratorError>,
}

/// One orchestrator's core.
#[wasm_bindgen]
pub struct Core {
    inner: RefCell<Inner>,
    control: Box<[Cell<u32>; control::LENGTH]>,
}

#[wasm_bindgen]
impl Core {
    /// Opens a core. Of the numbers, 0 means the default, but for `random`, whose lowest bits go into the ids of its
    /// tasks. The face has them from `Math.random`: to load `crypto` costs Node as much as to compile all of this.
    #[wasm_bindgen(constructor)]
    pub fn new(
        now: f64,
        random: f64,
        max_concurrency: u32,
        max_tasks: u32,
        max_output_lines: u32,
        event_log_bytes: u32,
    ) -> Self {
        let mut options = EngineOptions::default();
        let Config {
            max_concurrency: concurrency,
            max_tasks: tasks,
            max_output_lines: lines,
        } = &mut options.config;
        for (given, default) in [
            (max_concurrency, concurrency),
            (max_tasks, tasks),
            (max_output_lines, lines),
        ] {
            if given > 0 {
                *default = given;
            }
        }
        if event_log_bytes > 0 {
            options.event_log_bytes = event_log_bytes as usize;
        }
        let engine = Engine::open(options, now as u64, random as u64);
        let start = engine.log().seek(1);
        let seq = engine.log().end().seq as u32;
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
                error: None,
            }),
            control: Box::new([const { Cell::new(0) }; control::LENGTH]),
        };
        core.control[control::SEQ].set(seq);
        core
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

    /// Registers a provider; gives its key.
    #[wasm_bindgen(js_name = registerProvider)]
    pub fn register_provider(
        &self,
        now: f64,
        id: &str,
        label: Option<String>,
        description: Option<String>,
        max_concurrency: Option<u32>,
    ) -> i32 {
        let (label, description) = (label.as_deref(), description.as_deref());
        let provider = NewProvider {
            id,
            label,
            description,
            max_concurrency,
        };
        self.command(now, |_| Command::RegisterProvider(provider))
    }

    /// Unregisters a provider.
    #[wasm_bindgen(js_name = unregisterProvider)]
    pub fn unregister_provider(&self, now: f64, provider: u32) -> i32 {
        let key = ProviderKey::new(u16::try_from(provider).unwrap_or(u16::MAX));
        self.command(now, |_| Command::UnregisterProvider(key))
    }

    /// Creates a task that has a name, a description, perhaps a provider, and nothing else; gives its key.
    /// A negative length means that the string is absent: the name for the description, the default for the provider.
    pub fn create(&self, now: f64, name: u32, description: i32, provider: i32) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut strings = Strings::new(&inner.input);
        let strings = (|| {
            let name = strings.next(name)?;
            let description = strings.optional(description)?.unwrap_or(name);
            Ok((name, description, strings.optional(provider)?))
        })();
        let reply = strings.and_then(|(name, description, provider)| {
            let task = NewTask {
                name,
                description,
                provider: provider.or(inner.default_provider.as_deref()),
                working_directory: &inner.working_directory,
                ..NewTask::default()
            };
            inner.engine.handle(now as u64, Command::Create(&[task]))
        });
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Creates tasks with everything that [`new_tasks`] reads; gives the first key.
    #[wasm_bindgen(js_name = createMany)]
    pub fn create_many(&self, now: f64, count: u32) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let reply = create_many(inner, now as u64, count);
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Starts a task, or joins the attempt that is under way; gives the number of the attempt.
    pub fn start(&self, now: f64, task: u32) -> i32 {
        self.attempted(task, self.command(now, |_| Command::Start(TaskKey::new(task))))
    }

    /// Holds a task.
    pub fn pause(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Pause(TaskKey::new(task)))
    }

    /// Lets a task go on.
    pub fn resume(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Resume(TaskKey::new(task)))
    }

    /// Begins a new attempt; gives its number.
    pub fn restart(&self, now: f64, task: u32) -> i32 {
        self.attempted(task, self.command(now, |_| Command::Restart(TaskKey::new(task))))
    }

    /// Removes a task.
    pub fn delete(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Delete(TaskKey::new(task)))
    }

    /// Calls a task off.
    pub fn cancel(&self, now: f64, task: u32, reason: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Cancel {
                task,
                reason: strings.next(reason)?,
            })
        })
    }

    /// Gives a task another name.
    pub fn rename(&self, now: f64, task: u32, name: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Rename {
                task,
                name: strings.next(name)?,
            })
        })
    }

    /// Gives a task to another provider.
    pub fn reassign(&self, now: f64, task: u32, provider: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Reassign {
                task,
                provider: strings.next(provider)?,
            })
        })
    }

    /// Sets the user status.
    pub fn mark(&self, now: f64, task: u32, done: bool) -> i32 {
        let status = if done {
            TaskUserStatus::Done
        } else {
            TaskUserStatus::Open
        };
        self.command(now, |_| Command::Mark {
            task: TaskKey::new(task),
            status,
        })
    }

    /// Makes a task the current one; none, when negative.
    pub fn select(&self, now: f64, task: i32) -> i32 {
        self.command(now, |_| {
            Command::Select(u32::try_from(task).ok().map(TaskKey::new))
        })
    }

    /// Appends output. Attempt 0 is the owner.
    pub fn output(&self, now: f64, task: u32, attempt: u32, text: u32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::Output {
                task,
                by,
                text: strings.next(text)?,
            })
        })
    }

    /// Sets the progress. Attempt 0 is the owner.
    pub fn progress(&self, now: f64, task: u32, attempt: u32, percent: f64) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.command(now, |_| Command::Progress { task, by, percent })
    }

    /// Adds a step and gives its number from 0, or -2 when it came too late. Attempt 0 is the owner.
    #[wasm_bindgen(js_name = addStep)]
    pub fn add_step(&self, now: f64, task: u32, attempt: u32, description: u32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::AddStep {
                task,
                by,
                description: strings.next(description)?,
            })
        })
    }

    /// Changes a step. Attempt 0 is the owner; a negative length of the output means that there is none.
    #[wasm_bindgen(js_name = updateStep)]
    pub fn update_step(&self, now: f64, task: u32, attempt: u32, step: u32, status: u32, output: i32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            let (step, output) = (strings.next(step)?, strings.optional(output)?);
            let status = *TaskStatus::ALL
                .get(status as usize)
                .ok_or_else(|| OrchestratorError::invalid("there is no such status"))?;
            Ok(Command::UpdateStep {
                task,
                by,
                step,
                status,
                output,
            })
        })
    }

    /// Ends an attempt with a result. A negative length means that the string is absent.
    #[allow(
        clippy::too_many_arguments,
        reason = "an object with these fields would cost more than all of the call"
    )]
    pub fn finish(
        &self,
        now: f64,
        task: u32,
        attempt: u32,
        success: bool,
        summary: u32,
        error: i32,
        detail: u32,
    ) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut strings = Strings::new(&inner.input);
        let (task, attempt) = (TaskKey::new(task), Attempt::new(attempt));
        let ending = (|| {
            let (summary, error) = (strings.next(summary)?, strings.optional(error)?);
            Ok((
                summary,
                error,
                canonical_text("the result", strings.next(detail)?)?,
            ))
        })();
        let reply = match &ending {
            Ok((summary, error, detail)) => {
                let ending = Ending::Result {
                    success,
                    summary,
                    error: *error,
                    detail,
                    retryable: true,
                };
                inner.engine.handle(
                    now as u64,
                    Command::Finish {
                        task,
                        attempt,
                        ending,
                    },
                )
            }
            // The attempt is over either way.
            Err(refusal) => {
                let ending = Ending::Error {
                    error: OrchestratorError::message(refusal),
                    retryable: false,
                };
                inner.engine.handle(
                    now as u64,
                    Command::Finish {
                        task,
                        attempt,
                        ending,
                    },
                )
            }
        };
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Ends an attempt with an error.
    pub fn fail(&self, now: f64, task: u32, attempt: u32, error: u32) -> i32 {
        let (task, attempt) = (TaskKey::new(task), Attempt::new(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::Finish {
                task,
                attempt,
                ending: Ending::Error {
                    error: strings.next(error)?,
                    retryable: true,
                },
            })
        })
    }

    /// The key of the task with the id in the input buffer, or -1.
    pub fn find(&self, id: u32) -> i32 {
        let inner = self.inner.borrow();
        let found = Strings::new(&inner.input)
            .next(id)
            .ok()
            .and_then(|id| inner.engine.kernel().find_task(id));
        found.map_or(NONE, |key| key.get() as i32)
    }

    /// The key of the task that an id or a search text means.
    pub fn resolve(&self, text: &str) -> i32 {
        let mut inner = self.inner.borrow_mut();
        match resolve(inner.engine.kernel(), text) {
            Ok(key) => key.get() as i32,
            Err(error) => {
                inner.error = Some(error);
                REFUSED
            }
        }
    }

    /// The key of the current task, or -1.
    pub fn current(&self) -> i32 {
        self.inner
            .borrow()
            .engine
            .kernel()
            .current()
            .map_or(NONE, |key| key.get() as i32)
    }

    /// A number packed from the status (low four bits) and whether the attempt counts (16) of a task; -1 when gone.
    pub fn standing(&self, task: u32, attempt: u32) -> i32 {
        let inner = self.inner.borrow();
        inner
            .engine
            .kernel()
            .task(TaskKey::new(task))
            .map_or(NONE, |task| {
                let counts = task.is_active() && task.attempt().get() == attempt;
                task.status() as i32 | if counts { 16 } else { 0 }
            })
    }

    /// The last attempt of a task; 0 before the first.
    pub fn attempt(&self, task: u32) -> u32 {
        self.inner
            .borrow()
            .engine
            .kernel()
            .task(TaskKey::new(task))
            .map_or(0, |task| task.attempt().get())
    }

    /// The id of a task.
    #[wasm_bindgen(js_name = taskId)]
    pub fn task_id(&self, task: u32) -> String {
        self.inner.borrow().engine.kernel().task_id(TaskKey::new(task))
    }

    /// The working directory with this number.
    pub fn text(&self, number: u32) -> String {
        self.inner.borrow().engine.kernel().text(number).to_owned()
    }

    /// Packs a task; says whether there is one, and whether a provider is at it.
    pub fn snapshot(&self, task: u32, brief: bool) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let Inner { engine, out, .. } = &mut *inner;
        let key = TaskKey::new(task);
        let Some(task) = engine.kernel().task(key) else {
            return GONE;
        };
        out.clear();
        snapshot::write(engine.kernel(), key, task, brief, out);
        self.publish(out);
        if task.is_active() { ACTIVE } else { HERE }
    }

    /// Packs a page of tasks, of those that [`list_query`] reads; gives their number. The cursor of the next page is in `nextCursor`.
    pub fn list(&self) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            engine,
            input,
            out,
            next_cursor,
            error,
            ..
        } = &mut *inner;
        let page = list_query(input).and_then(|query| query.run(engine.kernel()));
        match page {
            Ok(page) => {
                out.clear();
                for key in &page.keys {
                    if let Some(task) = engine.kernel().task(*key) {
                        snapshot::write(engine.kernel(), *key, task, false, out);
                    }
                }
                *next_cursor = page.next_cursor;
                self.publish(out);
                // A page has at most 1000 tasks.
                page.keys.len() as i32
            }
            Err(refusal) => {
                *error = Some(refusal);
                REFUSED
            }
        }
    }

    /// The cursor of the page after the last one that was listed.
    #[wasm_bindgen(js_name = nextCursor)]
    pub fn next_cursor(&self) -> Option<String> {
        self.inner.borrow_mut().next_cursor.take()
    }

    /// How many tasks have this status.
    pub fn count(&self, status: u32) -> u32 {
        let inner = self.inner.borrow();
        TaskStatus::ALL
            .get(status as usize)
            .map_or(0, |status| inner.engine.kernel().count(*status) as u32)
    }

    /// The current task as text for a prompt.
    #[wasm_bindgen(js_name = taskContext)]
    pub fn task_context(&self) -> String {
        task_context(self.inner.borrow().engine.kernel())
    }

    /// Packs events for those who listen, at most `max` of them, from a position on or from the first one kept after
    /// it; gives the position of the first.
    pub fn drain(&self, from: f64, max: u32) -> f64 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            engine, out, live, ..
        } = &mut *inner;
        let first = pack_events(engine, live, from as u64, max, out);
        self.publish(out);
        first
    }

    /// The same for one who is behind the others, with a place of its own in the log.
    pub fn replay(&self, from: f64, max: u32) -> f64 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            engine, out, replay, ..
        } = &mut *inner;
        let first = pack_events(engine, replay, from as u64, max, out);
        self.publish(out);
        first
    }

    /// A hash over every event since the first.
    #[wasm_bindgen(js_name = journalHash)]
    pub fn journal_hash(&self) -> String {
        self.inner.borrow_mut().engine.journal_hash()
    }

    /// A hash over all of the state.
    #[wasm_bindgen(js_name = stateHash)]
    pub fn state_hash(&self) -> String {
        self.inner.borrow().engine.state_hash()
    }
}

impl Core {
    fn attempted(&self, task: u32, reply: i32) -> i32 {
        if reply < 0 {
            reply
        } else {
            self.attempt(task) as i32
        }
    }

    fn command<'a>(&self, now: f64, command: impl FnOnce(()) -> Command<'a>) -> i32 {
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

    fn with_strings(
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
    fn answer(
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
            });
        }
        let seq = engine.log().end().seq;
        self.control[control::SEQ].set(seq as u32);
        self.control[control::SEQ_HIGH].set((seq >> 32) as u32);
        self.control[control::EFFECTS].set(effects.as_ptr() as usize as u32);
        self.control[control::EFFECTS_LEN].set(effects.len() as u32);
        match reply {
            Ok(Reply::Done) => DONE,
            Ok(Reply::Nothing) => NOTHING,
            Ok(Reply::Late) => LATE,
            Ok(Reply::Created { first, .. }) => first.get() as i32,
            Ok(Reply::Provider(provider)) => provider.get().into(),
            Ok(Reply::Step(step)) => step as i32,
            Err(refusal) => {
                *error = Some(refusal);
                REFUSED
            }
        }
    }

    fn publish(&self, out: &Pack) {
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

fn pack_events(engine: &Engine, cursor: &mut Cursor, from: u64, max: u32, out: &mut Pack) -> f64 {
    out.clear();
    if cursor.seq != from {
        *cursor = engine.log().seek(from);
    }
    let mut first = None;
    for _ in 0..max {
        let Some(recorded) = engine.log().read(cursor) else {
            break;
        };
        first = first.or(Some(recorded.seq));
        events::write(engine.kernel(), &recorded, out);
    }
    first.unwrap_or(cursor.seq) as f64
}

/// What of a new task is not borrowed from the input.
#[derive(Default)]
struct Made<'a> {
    tags: Vec<&'a str>,
    steps: Vec<&'a str>,
    metadata: String,
}

fn create_many(inner: &mut Inner, now: u64, count: u32) -> Result<Reply> {
    BATCH.check(count as usize)?;
    let mut fields = Fields::new(&inner.input);
    let mut made = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..count {
        let name = fields.text()?;
        tasks.push(NewTask {
            name,
            description: fields.optional()?.unwrap_or(name),
            id: fields.optional()?,
            provider: fields.optional()?.or(inner.default_provider.as_deref()),
            sub_agent_type: fields.optional()?,
            working_directory: fields.optional()?.unwrap_or(&inner.working_directory),
            room: fields.optional()?,
            world: fields.optional()?,
            parent: fields.optional()?,
            ..NewTask::default()
        });
        made.push(Made {
            metadata: canonical_text("metadata", fields.text()?)?,
            tags: fields.texts()?,
            steps: fields.texts()?,
        });
    }
    for (task, made) in tasks.iter_mut().zip(&made) {
        task.tags = &made.tags;
        task.steps = &made.steps;
        task.metadata = &made.metadata;
    }
    inner.engine.handle(now, Command::Create(&tasks))
}

/// Reads a query: a bit for each status; user status, order and limit as numbers of which 0 is none; whether there is
/// to be no parent; then the texts.
fn list_query(input: &[u8]) -> Result<ListQuery> {
    let mut fields = Fields::new(input);
    let statuses = fields.number()?;
    let chosen = |number: u32| (number as usize).checked_sub(1);
    let (user_status, sort) = (chosen(fields.number()?), chosen(fields.number()?));
    let limit = fields.number()? as usize;
    let orphan = fields.number()? == 1;
    let mut text = || Ok(fields.optional()?.map(str::to_owned));
    Ok(ListQuery {
        status: TaskStatus::ALL
            .into_iter()
            .filter(|status| statuses >> *status as u32 & 1 == 1)
            .collect(),
        user_status: user_status.map(|number| [TaskUserStatus::Open, TaskUserStatus::Done][number.min(1)]),
        sort: sort.and_then(|number| Sort::ALL.get(number).copied()),
        limit: (limit > 0).then_some(limit),
        provider_id: text()?,
        tag: text()?,
        parent: text()?.map(Some).or(orphan.then_some(None)),
        room_id: text()?,
        text: text()?,
        cursor: text()?,
    })
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

const fn reporter(attempt: u32) -> Reporter {
    if attempt == 0 {
        Reporter::Owner
    } else {
        Reporter::Attempt(Attempt::new(attempt))
    }
}
