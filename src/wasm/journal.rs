//! The file store for JS hosts that have files: Node's `fs`, OPFS in a worker. The host brings the calls, and this the
//! rest.

use std::cell::RefCell;

use js_sys::{Array, Error, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::error::thrown;
use crate::journal::{self, Disk};
use crate::kernel::{ErrorCode, OrchestratorError, Result, Seq};

#[wasm_bindgen]
extern "C" {
    /// The calls of a folder, as [`Disk`] has them. They are foreign code: what they give is checked.
    #[derive(Debug)]
    pub type JsDisk;

    #[wasm_bindgen(method, structural, catch)]
    fn list(this: &JsDisk) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = len)]
    fn length(this: &JsDisk, name: &str) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn read(this: &JsDisk, name: &str, at: f64, length: f64) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn write(this: &JsDisk, name: &str, at: f64, bytes: Uint8Array) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn truncate(this: &JsDisk, name: &str, length: f64) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn sync(this: &JsDisk, name: &str) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn remove(this: &JsDisk, name: &str) -> std::result::Result<JsValue, JsValue>;
}

impl Disk for JsDisk {
    fn list(&mut self) -> Result<Vec<String>> {
        let names = Self::list(self).map_err(|thrown| failure(&thrown))?;
        let names: &Array = names
            .dyn_ref()
            .ok_or_else(|| wrong("list", "an array of strings"))?;
        let texts = names.iter().map(|name| name.as_string());
        texts
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("list", "an array of strings"))
    }

    fn len(&mut self, name: &str) -> Result<Option<u64>> {
        let length = self.length(name).map_err(|thrown| failure(&thrown))?;
        match length.as_f64().map(position) {
            _ if length.as_f64() == Some(-1.0) => Ok(None),
            Some(Ok(length)) => Ok(Some(length)),
            _ => Err(wrong("len", "a whole number, or -1")),
        }
    }

    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        let read = Self::read(self, name, at as f64, length as f64).map_err(|thrown| failure(&thrown))?;
        match read.dyn_ref::<Uint8Array>() {
            Some(bytes) if bytes.length() as usize == length => Ok(bytes.to_vec()),
            _ => Err(wrong("read", "a Uint8Array with as many bytes as were asked for")),
        }
    }

    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        // A copy: a view of the memory would be void once that grows, and the host may keep what it is given.
        done(Self::write(self, name, at as f64, Uint8Array::from(bytes)))
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<()> {
        done(Self::truncate(self, name, length as f64))
    }

    fn sync(&mut self, name: &str) -> Result<()> {
        done(Self::sync(self, name))
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        done(Self::remove(self, name))
    }
}

/// One journal in files; see [`journal::FileStore`]. Errors are thrown as an `Error` with a `code`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FileStore {
    store: RefCell<journal::FileStore<JsDisk>>,
}

#[wasm_bindgen]
impl FileStore {
    /// Opens what is in the folder.
    ///
    /// # Errors
    /// Those of [`journal::FileStore::open`].
    #[wasm_bindgen(constructor)]
    pub fn new(disk: JsDisk) -> std::result::Result<Self, Error> {
        let store = journal::FileStore::open(disk).map_err(|error| thrown(&error))?;
        Ok(Self {
            store: RefCell::new(store),
        })
    }

    /// The frames of the newest generation, or of all: one array of bytes for each, the oldest first.
    ///
    /// # Errors
    /// Those of [`journal::FileStore::load`].
    pub fn load(&self, history: bool) -> std::result::Result<Vec<Uint8Array>, Error> {
        let generations = self.with(|store| store.load(history))?;
        Ok(generations
            .iter()
            .map(|frames| Uint8Array::from(&frames[..]))
            .collect())
    }

    /// Bytes of a torn end that were dropped when it was opened.
    ///
    /// # Errors
    /// When it is called by its own disk.
    pub fn cut(&self) -> std::result::Result<f64, Error> {
        self.with(|store| Ok(store.cut() as f64))
    }

    /// Position of the last event kept.
    ///
    /// # Errors
    /// When it is called by its own disk.
    pub fn position(&self) -> std::result::Result<f64, Error> {
        self.with(|store| Ok(store.position() as f64))
    }

    /// Writes a frame of events, or one that says that the journal was closed. Gives the name of the file to sync;
    /// after that comes [`synced`](Self::synced) or [`failed`](Self::failed).
    ///
    /// # Errors
    /// Those of [`journal::FileStore::write`].
    pub fn write(&self, expected: f64, frame: &[u8]) -> std::result::Result<Option<String>, Error> {
        self.with(|store| {
            store.write(position(expected)?, frame)?;
            Ok(Some(store.current_file()))
        })
    }

    /// The host has synced the file.
    ///
    /// # Errors
    /// When it is called by its own disk.
    pub fn synced(&self) -> std::result::Result<(), Error> {
        self.with(|store| {
            store.synced();
            Ok(())
        })
    }

    /// The host could not sync the file: from here on everything is refused.
    ///
    /// # Errors
    /// When it is called by its own disk.
    pub fn failed(&self, why: &str) -> std::result::Result<(), Error> {
        self.with(|store| {
            store.failed(why);
            Ok(())
        })
    }

    /// Begins a new generation with the state after `position`, durably.
    ///
    /// # Errors
    /// Those of [`journal::FileStore::snapshot`].
    pub fn snapshot(&self, at: f64, frame: &[u8]) -> std::result::Result<(), Error> {
        self.with(|store| store.snapshot(position(at)?, frame))
    }

    /// Removes the generations that are not needed to go on from the newest snapshot at or before `position`.
    ///
    /// # Errors
    /// Those of [`journal::FileStore::truncate_before`].
    #[wasm_bindgen(js_name = truncateBefore)]
    pub fn truncate_before(&self, at: f64) -> std::result::Result<(), Error> {
        self.with(|store| store.truncate_before(position(at)?))
    }

    /// Name of the file that frames are written to.
    ///
    /// # Errors
    /// When it is called by its own disk.
    #[wasm_bindgen(js_name = currentFile)]
    pub fn current_file(&self) -> std::result::Result<String, Error> {
        self.with(|store| Ok(store.current_file()))
    }

    /// Name of the file that the next snapshot will create.
    ///
    /// # Errors
    /// When it is called by its own disk.
    #[wasm_bindgen(js_name = nextFile)]
    pub fn next_file(&self) -> std::result::Result<String, Error> {
        self.with(|store| Ok(store.next_file()))
    }

    /// Syncs what is not synced yet, and refuses everything from here on.
    ///
    /// # Errors
    /// Those of [`journal::FileStore::close`].
    pub fn close(&self) -> std::result::Result<(), Error> {
        self.with(journal::FileStore::close)
    }

    /// A disk that calls back into its store must not find it half-way.
    fn with<T>(
        &self,
        call: impl FnOnce(&mut journal::FileStore<JsDisk>) -> Result<T>,
    ) -> std::result::Result<T, Error> {
        let result = match self.store.try_borrow_mut() {
            Ok(mut store) => call(&mut store),
            Err(_) => Err(OrchestratorError::new(
                ErrorCode::JournalFailed,
                "the disk of a journal must not call the journal",
            )),
        };
        result.map_err(|error| thrown(&error))
    }
}

/// Makes frames of a new journal, for those who test a journal of their own.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ExampleFrames {
    framer: RefCell<journal::Framer>,
}

#[wasm_bindgen]
impl ExampleFrames {
    /// A new journal. `salt` tells its frames from those of others.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(salt: f64) -> Self {
        Self {
            framer: RefCell::new(journal::Framer::new(salt.to_bits())),
        }
    }

    /// A frame with so many events of so many bytes each. They are no events of an orchestrator.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for no events, `LIMIT_EXCEEDED` for too many.
    pub fn events(&self, count: u32, size: u32) -> std::result::Result<Vec<u8>, Error> {
        let mut records = Vec::new();
        for number in 0..count {
            // More is refused below, and need not be made for that.
            if records.len() > journal::MAX_PAYLOAD_BYTES {
                break;
            }
            let size = (size as usize).min(journal::MAX_PAYLOAD_BYTES);
            journal::push_record(&mut records, &vec![number as u8; size]);
        }
        self.frame(|framer| framer.events(&records))
    }

    /// A frame with a snapshot of these bytes.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` above 64 MiB.
    pub fn snapshot(&self, state: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        self.frame(|framer| framer.snapshot(state))
    }

    /// The frame that says that the journal was closed.
    ///
    /// # Errors
    /// None that can happen.
    pub fn closed(&self) -> std::result::Result<Vec<u8>, Error> {
        self.frame(journal::Framer::closed)
    }

    /// Position of the last event.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn position(&self) -> f64 {
        self.framer.borrow().position() as f64
    }

    fn frame(
        &self,
        make: impl FnOnce(&mut journal::Framer) -> Result<Vec<u8>>,
    ) -> std::result::Result<Vec<u8>, Error> {
        make(&mut self.framer.borrow_mut()).map_err(|error| thrown(&error))
    }
}

/// A position, a place or a length; JS has no other numbers than floats.
fn position(number: f64) -> Result<Seq> {
    // 2^53, up to which they are whole.
    if (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0 {
        return Ok(number as Seq);
    }
    Err(OrchestratorError::invalid(format!(
        "{number} is no position: that is a whole number from 0 on"
    )))
}

fn done(result: std::result::Result<JsValue, JsValue>) -> Result<()> {
    result.map(drop).map_err(|thrown| failure(&thrown))
}

fn wrong(call: &str, right: &str) -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::JournalFailed,
        format!("{call} of the journal's disk gave something else than {right}"),
    )
}

/// What a disk threw, as an error of ours.
fn failure(thrown: &JsValue) -> OrchestratorError {
    // What is thrown may be anything, and reading a field of it may throw, too.
    let text = |field: &str| Reflect::get(thrown, &field.into()).ok()?.as_string();
    let full = matches!(text("code").as_deref(), Some("ENOSPC" | "EDQUOT"))
        || text("name").as_deref() == Some("QuotaExceededError");
    let code = if full {
        ErrorCode::JournalFull
    } else {
        ErrorCode::JournalFailed
    };
    let message = text("message").or_else(|| thrown.as_string());
    OrchestratorError::new(
        code,
        message.unwrap_or_else(|| "the journal's disk failed and did not say why".to_owned()),
    )
}
