//! Errors as JS sees them: an `Error` with a `code`.

use js_sys::{Error, Reflect};

use crate::kernel::OrchestratorError;

pub(super) fn thrown(error: &OrchestratorError) -> Error {
    let thrown = Error::new(error.message());
    // It fails for frozen objects only.
    let _ = Reflect::set(&thrown, &"code".into(), &error.code().as_str().into());
    thrown
}
