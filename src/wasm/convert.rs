//! Tasks as JS values, for Rust programs on wasm32 that bring bindings of their own.
//!
//! The npm package does not go this way, and does not carry it: a conversion costs more than the call it belongs to.

use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::{Deserializer, Serializer};
use wasm_bindgen::JsValue;

use crate::kernel::OrchestratorError;
use crate::orchestrator::{CreateTask, OrchestratedTask, OrchestratorEvent, TaskOutcome};

/// Plain objects, and not `Map`s; what is absent is absent. `undefined` for what JS cannot hold, such as a time past
/// 2^53, which no clock gives.
fn to_js(value: &impl Serialize) -> JsValue {
    value
        .serialize(&Serializer::json_compatible())
        .unwrap_or(JsValue::UNDEFINED)
}

impl From<&OrchestratedTask> for JsValue {
    fn from(task: &OrchestratedTask) -> Self {
        to_js(task)
    }
}

impl From<&TaskOutcome> for JsValue {
    fn from(outcome: &TaskOutcome) -> Self {
        to_js(outcome)
    }
}

impl From<&OrchestratorEvent> for JsValue {
    fn from(event: &OrchestratorEvent) -> Self {
        to_js(event)
    }
}

impl TryFrom<JsValue> for CreateTask {
    type Error = OrchestratorError;

    /// Reads an object with the fields of this type.
    fn try_from(value: JsValue) -> Result<Self, OrchestratorError> {
        Self::deserialize(Deserializer::from(value))
            .map_err(|error| OrchestratorError::invalid(format!("the task is not right: {error}")))
    }
}
