//! Why a message to an agent has no answer.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::kernel::{AgentFailure, DropReason, ErrorCode, Millis, OrchestratorError};

/// Why a message to an agent has no answer; also what an agent says when it fails.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AgentError {
    /// The agent could not answer.
    Failed {
        /// Why.
        message: String,
        /// Whether another try may do better.
        retryable: bool,
    },
    /// The model takes no more requests for now.
    ModelThrottled,
    /// A call over the network failed.
    NetworkError {
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// There is more to say than the model can read.
    ContextWindowOverflow {
        /// Which model.
        model: String,
    },
    /// The model's owner does not know who is calling, or does not let them.
    Auth {
        /// Why.
        message: String,
    },
    /// The model's owner does not let this be said.
    ContentFiltered,
    /// The model is gone.
    ModelRetired {
        /// What its owner says of it.
        message: String,
    },
    /// The agent panicked.
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The agent held the message for too long, or its factory took too long.
    TimedOut {
        /// How many milliseconds it had.
        millis: Millis,
    },
    /// The agent was called off.
    Aborted,
    /// The agent did not come to it.
    Stopped(DropReason),
    /// The message was not taken, or the orchestrator is gone.
    Refused(OrchestratorError),
}

impl AgentError {
    /// A failure after which another try may do better.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            retryable: true,
        }
    }

    /// A failure that will come again.
    #[must_use]
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            retryable: false,
        }
    }

    /// A failure of the network.
    #[must_use]
    pub fn network(source: impl Error + Send + Sync + 'static) -> Self {
        Self::NetworkError {
            source: Arc::new(source),
        }
    }

    /// Whether another try may do better.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { retryable, .. } => *retryable,
            Self::ModelThrottled
            | Self::NetworkError { .. }
            | Self::Panicked { .. }
            | Self::TimedOut { .. } => true,
            _ => false,
        }
    }

    /// The stable code of the table of errors.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TimedOut { .. } | Self::Stopped(DropReason::Timeout) => ErrorCode::AgentTimeout,
            Self::Aborted | Self::Stopped(DropReason::Cancelled | DropReason::Withdrawn) => {
                ErrorCode::Aborted
            }
            Self::Stopped(DropReason::Overflow) => ErrorCode::MessageDropped,
            Self::Stopped(DropReason::Stopped | DropReason::Restarted | DropReason::Poisoned) => {
                ErrorCode::AgentStopped
            }
            Self::Refused(error) => error.code(),
            _ => ErrorCode::AgentFailed,
        }
    }

    /// What whoever sent a message is told when it ends without a reply. What the agent itself said of a failure is
    /// better known to whoever heard it.
    pub(super) fn of_drop(why: DropReason, timeout: Option<Millis>, last: Option<&str>) -> Self {
        match why {
            DropReason::Failed => Self::fatal(last.unwrap_or("the agent failed")),
            DropReason::Timeout => Self::TimedOut {
                millis: timeout.unwrap_or(0),
            },
            DropReason::Cancelled | DropReason::Withdrawn => Self::Aborted,
            other => Self::Stopped(other),
        }
    }

    /// What a policy is told of a failure that no agent of this process spoke of.
    pub(super) fn of_failure(
        failure: AgentFailure,
        timeout: Option<Millis>,
        text: &str,
        retryable: bool,
    ) -> Self {
        match failure {
            AgentFailure::Timeout => Self::TimedOut {
                millis: timeout.unwrap_or(0),
            },
            _ => Self::Failed {
                message: text.to_owned(),
                retryable,
            },
        }
    }
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { message, .. } => f.write_str(message),
            Self::ModelThrottled => f.write_str("the model takes no more requests for now"),
            Self::NetworkError { source } => write!(f, "the network failed: {source}"),
            Self::ContextWindowOverflow { model } => {
                write!(f, "there is more to say than the model {model} can read")
            }
            Self::Auth { message } => write!(f, "the model's owner refused the caller: {message}"),
            Self::ContentFiltered => f.write_str("the model's owner does not let this be said"),
            Self::ModelRetired { message } => write!(f, "the model is gone: {message}"),
            Self::Panicked { message } => write!(f, "the agent panicked: {message}"),
            Self::TimedOut { millis } => write!(f, "the agent took more than {millis} ms"),
            Self::Aborted => f.write_str("the agent was called off"),
            Self::Stopped(why) => f.write_str(match why {
                DropReason::Overflow => "a newer message took the place of this one in a full inbox",
                DropReason::Restarted => "the agent was begun anew while it was at the message",
                DropReason::Poisoned => "the process ended each time while the agent was at the message",
                _ => "the agent ended before it answered the message",
            }),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl Error for AgentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NetworkError { source } => Some(&**source),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl From<OrchestratorError> for AgentError {
    fn from(error: OrchestratorError) -> Self {
        Self::Refused(error)
    }
}
