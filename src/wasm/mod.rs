//! The JS edge: one class of functions that take and give numbers, for the TypeScript face in `pkg-template/`.
//!
//! Measured: a wasm future per task and serde at the border cost many times the work itself. So promises, provider
//! calls and AbortSignals live in JS; strings go through two buffers in linear memory; everything that is decided is
//! decided in the kernel. May use: everything below, wasm-bindgen and its family. `JsValue` does not leave this folder.

mod agent_json;
mod agent_reads;
mod agents;
mod commands;
mod convert;
mod core;
mod create;
mod durable;
mod error;
mod events;
mod input;
mod journal;
mod json;
mod pack;
mod past;
mod reads;
mod snapshot;

use wasm_bindgen::prelude::wasm_bindgen;

/// Makes a bug visible: the message of a panic goes to the console before the instance stops.
#[wasm_bindgen(start)]
pub(crate) fn start() {
    console_error_panic_hook::set_once();
}
