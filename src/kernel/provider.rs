//! The providers a kernel knows.

use serde::Serialize;

use super::key_set::KeySet;
use super::schedule::Lane;

/// A provider, registered now or once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provider {
    pub(crate) id: Box<str>,
    pub(crate) label: Box<str>,
    pub(crate) description: Option<Box<str>>,
    pub(crate) registered: bool,
    pub(crate) lane: Lane,
    pub(crate) tasks: KeySet,
}

impl Provider {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it is good for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Whether it can be used now.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        self.registered
    }

    /// How many of its tasks run.
    #[must_use]
    pub const fn running(&self) -> u32 {
        self.lane.running
    }

    /// How many started tasks wait for it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lane.waiting.len()
    }
}
