//! Time and durability: what the face asks and tells [`Core`] between commands.

use wasm_bindgen::prelude::wasm_bindgen;

use super::core::{Core, Inner};
use crate::kernel::{ErrorCode, OrchestratorError, Reply};
use crate::orchestrator::Write;

/// Answers of [`Core::poll_write`].
const NOTHING: u32 = 0;
const APPEND: u32 = 1;
const SNAPSHOT: u32 = 2;
const TRUNCATE: u32 = 3;
const CLOSE: u32 = 4;

#[wasm_bindgen]
impl Core {
    /// Milliseconds until something is due; -1 for never.
    pub fn timeout(&self, now: f64) -> f64 {
        let inner = self.inner.borrow();
        inner
            .engine
            .poll_timeout(now as u64)
            .map_or(-1.0, |wait| wait as f64)
    }

    /// Does what is due.
    #[wasm_bindgen(js_name = handleTimeout)]
    pub fn handle_timeout(&self, now: f64) -> i32 {
        self.change(|inner| inner.engine.handle_timeout(now as u64))
    }

    /// The host's clock was set by this many milliseconds.
    #[wasm_bindgen(js_name = clockJumped)]
    pub fn clock_jumped(&self, by: f64) {
        self.inner.borrow_mut().engine.clock_jumped(by as i64);
    }

    /// What to write next; nothing while something is being written.
    #[wasm_bindgen(js_name = pollWrite)]
    pub fn poll_write(&self) -> u32 {
        let inner = &mut *self.inner.borrow_mut();
        inner.write = inner.engine.poll_write();
        match inner.write {
            None => NOTHING,
            Some(Write::Append { .. }) => APPEND,
            Some(Write::Snapshot { .. }) => SNAPSHOT,
            Some(Write::TruncateBefore { .. }) => TRUNCATE,
            Some(Write::Close) => CLOSE,
        }
    }

    /// The position of what is to be written.
    #[wasm_bindgen(js_name = writePosition)]
    pub fn write_position(&self) -> f64 {
        match self.inner.borrow().write {
            Some(Write::Append { expected, .. }) => expected as f64,
            Some(Write::Snapshot { position, .. } | Write::TruncateBefore { position }) => position as f64,
            Some(Write::Close) | None => 0.0,
        }
    }

    /// The frame of what is to be written. It is given away: a second call gives nothing.
    #[wasm_bindgen(js_name = takeFrame)]
    pub fn take_frame(&self) -> Vec<u8> {
        match self.inner.borrow_mut().write.take() {
            Some(Write::Append { frame, .. } | Write::Snapshot { frame, .. }) => frame,
            _ => Vec::new(),
        }
    }

    /// How the writing went: fine without a code, else why not.
    pub fn written(&self, code: Option<String>, message: &str) -> i32 {
        let result = match code {
            None => Ok(()),
            Some(code) => {
                let known = ErrorCode::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == code);
                let code = known.unwrap_or(ErrorCode::JournalFailed);
                Err(OrchestratorError::new(code, message))
            }
        };
        self.change(|inner| inner.engine.written(result))
    }

    /// Asks for what is not written yet, for the frame that says that all is well, and for the end.
    #[wasm_bindgen(js_name = finishUp)]
    pub fn finish_up(&self) {
        let _ = self.change(|inner| inner.engine.close());
    }

    /// Asks for a snapshot at the next opportunity.
    #[wasm_bindgen(js_name = snapshotSoon)]
    pub fn snapshot_soon(&self) {
        let _ = self.change(|inner| inner.engine.snapshot_soon());
    }

    /// Why the journal cannot be written any more: a code, a line feed, and a message.
    pub fn failure(&self) -> Option<String> {
        let inner = self.inner.borrow();
        let failure = inner.engine.failure()?;
        Some(format!("{}\n{}", failure.code(), failure.message()))
    }
}

impl Core {
    /// Changes something that is no command and is never refused; hands out what follows from it.
    fn change(&self, change: impl FnOnce(&mut Inner)) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        change(inner);
        self.answer(
            Ok(Reply::Done),
            &mut inner.engine,
            &mut inner.effects,
            &mut inner.error,
        )
    }
}
