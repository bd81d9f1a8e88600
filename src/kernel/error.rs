//! The one error type, and the one table of its codes.

use std::fmt;

use serde::Serialize;

macro_rules! codes {
    ($($name:ident = $wire:literal, $doc:literal;)*) => {
        /// What went wrong, as a stable word. The wire word never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode { $(#[doc = $doc] $name),* }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word that stands for this code in JS, JSON and logs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire),* }
            }

            /// One sentence on when this code is given.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $doc),* }
            }
        }
    };
}

codes! {
    InvalidArgument = "INVALID_ARGUMENT", "A value that was passed in has the wrong type or form.";
    LimitExceeded = "LIMIT_EXCEEDED", "A value or a collection is larger than its limit.";
    TaskNotFound = "TASK_NOT_FOUND", "There is no task with this id.";
    TaskExists = "TASK_EXISTS", "There is a task with this id already.";
    TaskAmbiguous = "TASK_AMBIGUOUS", "Several tasks match, and none better than the others.";
    StepNotFound = "STEP_NOT_FOUND", "The task has no step with this id.";
    ProviderNotFound = "PROVIDER_NOT_FOUND", "No provider with this id is registered.";
    ProviderExists = "PROVIDER_EXISTS", "A provider with this id is registered already.";
    DependencyCycle = "DEPENDENCY_CYCLE", "Tasks would wait for each other for ever.";
    QueueFull = "QUEUE_FULL", "As many tasks wait for their turn as may wait.";
    IllegalTransition = "ILLEGAL_TRANSITION", "The task's status does not allow this; see the status table.";
    InvalidResult = "INVALID_RESULT", "A provider returned something that is not a result.";
    TaskFailed = "TASK_FAILED", "The task failed, and the caller asked for its result.";
    TaskCancelled = "TASK_CANCELLED", "The task was cancelled, and the caller asked for its result.";
    AgentNotFound = "AGENT_NOT_FOUND", "There is no agent with this name.";
    AgentExists = "AGENT_EXISTS", "There is an agent with this name already.";
    AgentNotRunning = "AGENT_NOT_RUNNING", "The agent takes no messages: it was not spawned, is stopping, or has ended.";
    AgentFailed = "AGENT_FAILED", "The agent could not answer the message.";
    AgentTimeout = "AGENT_TIMEOUT", "The agent held the message for too long.";
    AgentStopped = "AGENT_STOPPED", "The agent ended, or was begun anew, before it answered the message.";
    InboxFull = "INBOX_FULL", "As many messages wait for the agent as may wait.";
    MessageDropped = "MESSAGE_DROPPED", "A newer message took the place of this one in a full inbox.";
    Aborted = "ABORTED", "The signal passed to the call was aborted.";
    Overloaded = "OVERLOADED", "The journal cannot keep up; wait for the calls made so far.";
    Conflict = "CONFLICT", "Somebody else has written to this journal, or the same key was used for something else.";
    Locked = "LOCKED", "Another process or tab owns this journal.";
    JournalFailed = "JOURNAL_FAILED", "The journal could not be read or written; the orchestrator only reads from then on.";
    JournalDamaged = "JOURNAL_DAMAGED", "The journal is damaged in the middle; nothing was changed.";
    JournalVersion = "JOURNAL_VERSION", "The journal was written by a newer version.";
    JournalFull = "JOURNAL_FULL", "There is no room left for the journal.";
    ReadOnly = "READ_ONLY", "This is a state of the past, which can only be looked at.";
    HistoryGone = "HISTORY_GONE", "This part of the journal is not kept any more.";
    NotConfigured = "NOT_CONFIGURED", "The plugin was started before it was configured.";
    NotInitialized = "NOT_INITIALIZED", "The wasm module is not loaded yet: call `await init()` first.";
    Disposed = "DISPOSED", "The orchestrator was disposed of.";
    Poisoned = "POISONED", "The core stopped at a bug and cannot go on; open a new orchestrator.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a call was refused: a stable code, and a message that says what was wrong and what would be right.
///
/// A refused call changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrchestratorError {
    code: ErrorCode,
    message: Box<str>,
}

impl OrchestratorError {
    /// An error with a code of the table and a message for people.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<Box<str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The message, without the code.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn invalid(message: impl Into<Box<str>>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message)
    }
}

impl fmt::Display for OrchestratorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for OrchestratorError {}

/// The result of a call that may be refused.
pub type Result<T, E = OrchestratorError> = std::result::Result<T, E>;
