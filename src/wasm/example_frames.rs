//! Real frames without an orchestrator, for those who try out a journal: what is in them means nothing.

use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::journal::{Framer, push_record};
use crate::kernel::OrchestratorError;

/// Makes the frames of one journal, one after the other.
#[derive(Debug)]
#[wasm_bindgen]
pub struct ExampleFrames {
    framer: Framer,
}

#[wasm_bindgen]
impl ExampleFrames {
    /// The begin of a journal. The salt tells its frames from those of others.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(salt: f64) -> Self {
        Self {
            framer: Framer::new(salt as u64),
        }
    }

    /// A frame of `count` events of `bytes` bytes each.
    ///
    /// # Errors
    /// When there are none, or more than a frame may have.
    pub fn events(&mut self, count: u32, bytes: u32) -> Result<Vec<u8>, JsError> {
        let mut records = Vec::new();
        for event in 0..count {
            push_record(&mut records, &vec![event as u8; bytes as usize]);
        }
        told(self.framer.events(&records))
    }

    /// A frame with a state of `bytes` bytes.
    ///
    /// # Errors
    /// When these are more than a frame may have.
    pub fn snapshot(&mut self, bytes: u32) -> Result<Vec<u8>, JsError> {
        told(self.framer.snapshot(&vec![1; bytes as usize]))
    }

    /// The frame of a clean close.
    ///
    /// # Errors
    /// None that can happen.
    pub fn closed(&mut self) -> Result<Vec<u8>, JsError> {
        told(self.framer.closed())
    }
}

fn told(made: Result<Vec<u8>, OrchestratorError>) -> Result<Vec<u8>, JsError> {
    made.map_err(|error| JsError::new(error.message()))
}
