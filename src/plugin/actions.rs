//! The seven actions, as a host lists them.

use std::fmt;

use serde::{Serialize, Serializer};

/// Which of the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionName {
    /// `CREATE_TASK`
    CreateTask,
    /// `LIST_TASKS`
    ListTasks,
    /// `SWITCH_TASK`
    SwitchTask,
    /// `SEARCH_TASKS`
    SearchTasks,
    /// `PAUSE_TASK`
    PauseTask,
    /// `RESUME_TASK`
    ResumeTask,
    /// `CANCEL_TASK`
    CancelTask,
}

impl ActionName {
    /// The name that hosts know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateTask => "CREATE_TASK",
            Self::ListTasks => "LIST_TASKS",
            Self::SwitchTask => "SWITCH_TASK",
            Self::SearchTasks => "SEARCH_TASKS",
            Self::PauseTask => "PAUSE_TASK",
            Self::ResumeTask => "RESUME_TASK",
            Self::CancelTask => "CANCEL_TASK",
        }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ActionName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
