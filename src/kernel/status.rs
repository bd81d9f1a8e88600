//! The status table: which command is legal in which status, and where it leads. Everything not in it is refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{ErrorCode, OrchestratorError, Result};

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Not running yet: not started, or started and waiting for its turn.
    #[default]
    Pending,
    /// Started, and waiting for other tasks.
    Blocked,
    /// A provider is at it.
    Running,
    /// Asked to hold. A provider that does not look may still finish it.
    Paused,
    /// Done. Terminal.
    Completed,
    /// Not done, and will not be. Terminal.
    Failed,
    /// Called off. Terminal.
    Cancelled,
}

impl TaskStatus {
    /// Every status, in the order of their wire numbers.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Blocked,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word in JS and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Blocked => "blocked",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether only a restart leads out of it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The status with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the user thinks of a task, beside its status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskUserStatus {
    /// Still of interest.
    #[default]
    Open,
    /// Settled, as far as the user is concerned.
    Done,
}

impl TaskUserStatus {
    /// The word in JS and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
        }
    }
}

impl fmt::Display for TaskUserStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can be asked of a task: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Begin the first attempt.
    Start,
    /// Hold.
    Pause,
    /// Go on.
    Resume,
    /// Call off.
    Cancel,
    /// Begin a new attempt after the last one ended.
    Restart,
    /// The attempt succeeded.
    Complete,
    /// The attempt did not succeed.
    Fail,
    /// Set the progress.
    Progress,
    /// Append output, add or update a step.
    Annotate,
    /// Rename, or set the user status.
    Edit,
    /// Hand to another provider.
    Reassign,
    /// Remove for good.
    Delete,
}

/// Where a legal command leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Into this status.
    To(TaskStatus),
    /// Nowhere: legal, and nothing happens, not even an event.
    Nothing,
    /// The status stays as it is.
    Stays,
    /// The task is gone.
    Gone,
}

impl Verb {
    /// Every verb, in the order of the table's rows.
    pub const ALL: [Self; 12] = [
        Self::Start,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::Restart,
        Self::Complete,
        Self::Fail,
        Self::Progress,
        Self::Annotate,
        Self::Edit,
        Self::Reassign,
        Self::Delete,
    ];

    /// The word in the README's table and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Restart => "restart",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Progress => "progress",
            Self::Annotate => "annotate",
            Self::Edit => "edit",
            Self::Reassign => "reassign",
            Self::Delete => "delete",
        }
    }
}

/// Looks a command up in the table.
#[must_use]
pub const fn next(from: TaskStatus, verb: Verb) -> Option<Next> {
    use Next::{Gone, Nothing, Stays, To};
    use TaskStatus::{Blocked, Cancelled, Completed, Failed, Paused, Pending, Running};
    Some(match (verb, from) {
        // A started task stays pending until a slot is free, and is blocked until those it depends on are completed.
        (Verb::Start, Pending) => To(Running),
        (Verb::Start, Blocked | Running) => Nothing,
        (Verb::Pause, Pending | Blocked | Running) => To(Paused),
        (Verb::Pause, Paused) => Nothing,
        // Back to pending or blocked if it had not begun to run.
        (Verb::Resume, Paused) => To(Running),
        (Verb::Resume, Running) => Nothing,
        (Verb::Cancel, Pending | Blocked | Running | Paused) => To(Cancelled),
        (Verb::Cancel, Cancelled) => Nothing,
        // Pending first if no slot is free.
        (Verb::Restart, Completed | Failed | Cancelled) => To(Running),
        // The work is done; hiding it because of a pause would help nobody.
        (Verb::Complete, Running | Paused) => To(Completed),
        // Not yet if another attempt follows: then it waits for that, or stays paused.
        (Verb::Fail, Running | Paused) => To(Failed),
        (Verb::Progress, Pending | Blocked | Running | Paused) => Stays,
        (Verb::Annotate | Verb::Edit, _) => Stays,
        // Not under a provider's hands: a paused task only if no attempt is open.
        (Verb::Reassign, Pending | Blocked | Paused | Completed | Failed | Cancelled) => Stays,
        (Verb::Delete, _) => Gone,
        _ => return None,
    })
}

/// Looks a command up in the table, refusing what is not there.
///
/// # Errors
/// `ILLEGAL_TRANSITION`, with what would be right.
pub fn check(from: TaskStatus, verb: Verb) -> Result<Next> {
    next(from, verb).ok_or_else(|| {
        let hint = match (verb, from) {
            (Verb::Start, TaskStatus::Paused) => "; resume it",
            (Verb::Start, _) => "; restart it",
            (Verb::Pause | Verb::Resume | Verb::Cancel | Verb::Progress, _) if from.is_terminal() => {
                "; it has ended"
            }
            (Verb::Restart, _) => "; it has not ended",
            _ => "",
        };
        OrchestratorError::new(
            ErrorCode::IllegalTransition,
            format!("cannot {} a task that is {from}{hint}", verb.as_str()),
        )
    })
}

/// The table as Markdown, as the README shows it.
#[must_use]
pub fn table() -> String {
    let mut out = String::from("| |");
    for status in TaskStatus::ALL {
        out.push_str(&format!(" {status} |"));
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(TaskStatus::ALL.len()));
    out.push('\n');
    for verb in Verb::ALL {
        out.push_str(&format!("| **{}** |", verb.as_str()));
        for from in TaskStatus::ALL {
            let cell = match next(from, verb) {
                Some(Next::To(to)) => to.as_str(),
                Some(Next::Nothing) => "no effect",
                Some(Next::Stays) => "stays",
                Some(Next::Gone) => "gone",
                None => "",
            };
            out.push_str(&format!(" {cell} |"));
        }
        out.push('\n');
    }
    out
}
