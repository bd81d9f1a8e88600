//! The providers a kernel knows.

use serde::{Deserialize, Serialize};

use super::key_set::KeySet;

/// A provider, registered now or once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub(crate) id: Box<str>,
    pub(crate) label: Box<str>,
    pub(crate) description: Option<Box<str>>,
    pub(crate) registered: bool,
    #[serde(skip)]
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
}
