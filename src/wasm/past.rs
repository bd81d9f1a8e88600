//! Looks at the past, and at journals as bytes.

use js_sys::{Error, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;

use super::core::Core;
use super::error::thrown;
use crate::journal::{Frame, recover};
use crate::kernel::{ErrorCode, OrchestratorError, Result, TaskKey};
use crate::orchestrator::{Engine, Verification, verify};

/// What [`Core::diff`] says of a task.
const CREATED: u32 = 0;
const DELETED: u32 = 1;
const CHANGED: u32 = 2;

fn bytes(frames: &[Uint8Array]) -> Vec<Vec<u8>> {
    frames.iter().map(Uint8Array::to_vec).collect()
}

fn arrays<B: AsRef<[u8]>>(frames: impl IntoIterator<Item = B>) -> Vec<Uint8Array> {
    frames
        .into_iter()
        .map(|frame| Uint8Array::from(frame.as_ref()))
        .collect()
}

#[wasm_bindgen]
impl Core {
    /// A look at the state after an event, from the frames that hold it. It refuses commands.
    ///
    /// # Errors
    /// Those of [`Engine::past`].
    pub fn past(frames: Vec<Uint8Array>, seq: f64) -> std::result::Result<Self, Error> {
        let frames = bytes(&frames);
        Engine::past(frames.iter().map(Vec::as_slice), seq as u64)
            .map(Self::of)
            .map_err(|error| thrown(&error))
    }

    /// The state as a journal that begins with it: one frame.
    ///
    /// # Errors
    /// Those of [`Engine::fork`].
    pub fn fork(&self, salt: f64) -> std::result::Result<Vec<u8>, Error> {
        let salt = (salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let frame = self.inner.borrow_mut().engine.fork(salt);
        frame.map_err(|error| thrown(&error))
    }

    /// Everything that has happened, as frames.
    ///
    /// # Errors
    /// Those of [`Engine::frames_in_memory`].
    #[wasm_bindgen(js_name = framesInMemory)]
    pub fn frames_in_memory(&self) -> std::result::Result<Vec<Uint8Array>, Error> {
        let frames = self.inner.borrow().engine.frames_in_memory();
        frames.map(arrays).map_err(|error| thrown(&error))
    }

    /// Holds what a journal has kept against what was said of the state after `seq`; gives how many events it folded.
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` when they differ.
    pub fn verify(
        frames: Vec<Uint8Array>,
        seq: f64,
        state_hash: String,
        journal_hash: String,
    ) -> std::result::Result<f64, Error> {
        let frames = bytes(&frames);
        let said = Verification {
            seq: seq as u64,
            events: 0,
            state_hash,
            journal_hash,
        };
        verify(frames.iter().map(Vec::as_slice), said)
            .map(|found| found.events as f64)
            .map_err(|error| thrown(&error))
    }

    /// The frames of an exported journal, each by itself.
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` when it is no whole journal, `JOURNAL_VERSION` when it is of a later version.
    #[wasm_bindgen(js_name = splitFrames)]
    pub fn split_frames(bytes: &[u8]) -> std::result::Result<Vec<Uint8Array>, Error> {
        split(bytes).map(arrays).map_err(|error| thrown(&error))
    }

    /// Packs what differs between this state and a later one: what happened to a task, and its key. Gives how many.
    pub fn diff(&self, after: &Self) -> u32 {
        let inner = &mut *self.inner.borrow_mut();
        // The face never holds a state against itself; that nothing differs is the answer.
        let Ok(after) = after.inner.try_borrow() else {
            return 0;
        };
        let (before, after) = (inner.engine.kernel(), after.engine.kernel());
        inner.out.clear();
        let mut count = 0;
        let mut tell = |kind: u32, key: TaskKey| {
            inner.out.number(kind);
            inner.out.number(key.get());
            count += 1;
        };
        for (key, task) in after.tasks() {
            match before.task(key) {
                None => tell(CREATED, key),
                Some(was) if was != task => tell(CHANGED, key),
                Some(_) => {}
            }
        }
        for (key, _) in before.tasks().filter(|(key, _)| after.task(*key).is_none()) {
            tell(DELETED, key);
        }
        self.publish(&inner.out);
        count
    }
}

fn split(bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let found = recover([bytes])?;
    if found.cut() > 0 || found.frames().is_empty() {
        return Err(OrchestratorError::new(
            ErrorCode::JournalDamaged,
            "this is no whole journal; nothing was changed",
        ));
    }
    let mut rest = bytes;
    let frames = found.frames().iter().map(|frame| {
        let (frame, after) = rest.split_at(Frame::len(frame));
        rest = after;
        frame
    });
    Ok(frames.collect())
}
