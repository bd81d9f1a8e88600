//! What a simulation says when a promise is broken.

use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which: the name of an invariant or promise of the project, such as `I3` or `P11`.
    pub oracle: &'static str,
    /// What happened.
    pub message: String,
}

impl Violation {
    pub(super) fn new(oracle: &'static str, message: impl Into<String>) -> Self {
        Self {
            oracle,
            message: message.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.oracle, self.message)
    }
}

impl std::error::Error for Violation {}

/// Fails unless the promise holds.
pub(super) fn ensure(
    oracle: &'static str,
    holds: bool,
    message: impl FnOnce() -> String,
) -> Result<(), Violation> {
    match holds {
        true => Ok(()),
        false => Err(Violation::new(oracle, message())),
    }
}
