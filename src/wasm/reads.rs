//! What can be asked of [`Core`] without changing anything.

use wasm_bindgen::prelude::wasm_bindgen;

use super::core::{Core, Inner, REFUSED};
use super::input::{Fields, Strings};
use super::pack::Pack;
use super::{events, snapshot};
use crate::journal::Cursor;
use crate::kernel::{ProviderKey, Result, TaskKey, TaskStatus, TaskUserStatus};
use crate::orchestrator::{Engine, ListQuery, Sort, resolve, task_context};

const NONE: i32 = -1;

/// Answers of [`Core::snapshot`]: there is no such task, there is, and a provider is at it.
const GONE: u32 = 0;
const HERE: u32 = 1;
const ACTIVE: u32 = 2;

#[wasm_bindgen]
impl Core {
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

    /// The key of the current task of the scope in the input buffer, or -1.
    #[wasm_bindgen(js_name = currentIn)]
    pub fn current_in(&self, scope: u32) -> i32 {
        let inner = self.inner.borrow();
        let found = Strings::new(&inner.input)
            .next(scope)
            .ok()
            .and_then(|scope| inner.engine.kernel().current_in(scope));
        found.map_or(NONE, |key| key.get() as i32)
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

    /// Id and label of a provider, also of one that is not registered any more, with a line feed between them.
    pub fn provider(&self, number: u32) -> String {
        let inner = self.inner.borrow();
        let key = ProviderKey::new(u16::try_from(number).unwrap_or(u16::MAX));
        let provider = inner.engine.kernel().provider(key);
        provider.map_or_else(String::new, |provider| {
            format!("{}\n{}", provider.id(), provider.label())
        })
    }

    /// The time of the last event.
    pub fn at(&self) -> f64 {
        self.inner.borrow().engine.kernel().at() as f64
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
            total,
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
                *total = page.total;
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

    /// How many tasks meet the conditions of the last query, if it asked.
    pub fn total(&self) -> Option<u32> {
        // There are fewer tasks than a key can number.
        self.inner.borrow().total.map(|total| total as u32)
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

    /// A task as text for a prompt; the current one, when negative.
    #[wasm_bindgen(js_name = taskContext)]
    pub fn task_context(&self, task: i32) -> String {
        let task = u32::try_from(task).ok().map(TaskKey::new);
        task_context(self.inner.borrow().engine.kernel(), task)
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

/// Reads a query: a bit for each status; user status, order and limit as numbers of which 0 is none; whether there is
/// to be no parent; then the texts.
fn list_query(input: &[u8]) -> Result<ListQuery> {
    let mut fields = Fields::new(input);
    let statuses = fields.number()?;
    let chosen = |number: u32| (number as usize).checked_sub(1);
    let (user_status, sort) = (chosen(fields.number()?), chosen(fields.number()?));
    let limit = fields.number()? as usize;
    let orphan = fields.number()? == 1;
    let total = fields.number()? == 1;
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
        world_id: text()?,
        text: text()?,
        cursor: text()?,
        total,
    })
}
