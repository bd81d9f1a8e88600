//! The table of limits: every string, list and number that comes in is held against one of these.

use super::error::{ErrorCode, OrchestratorError, Result};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is limited, as messages name it.
    pub what: &'static str,
    /// The largest value that is taken.
    pub max: usize,
    /// What the number counts.
    pub unit: &'static str,
}

impl Limit {
    const fn new(what: &'static str, max: usize, unit: &'static str) -> Self {
        Self { what, max, unit }
    }

    /// Refuses a size above the limit with `LIMIT_EXCEEDED`.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` with both numbers in the message.
    pub fn check(&self, size: usize) -> Result<()> {
        if size <= self.max {
            return Ok(());
        }
        Err(OrchestratorError::new(
            ErrorCode::LimitExceeded,
            format!(
                "{} has {size} {}; at most {} are taken",
                self.what, self.unit, self.max
            ),
        ))
    }
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident = $what:literal, $max:expr, $unit:literal;)*) => {
        $($(#[doc = $doc])* pub const $name: Limit = Limit::new($what, $max, $unit);)*
        /// Every row, in the order of the table.
        pub const ALL: &[Limit] = &[$($name),*];
    };
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

limits! {
    /// Ids given by users.
    ID = "an id", 128, "characters";
    /// Task names.
    NAME = "a task name", KIB, "bytes";
    /// Task descriptions.
    DESCRIPTION = "a task description", 256 * KIB, "bytes";
    /// Labels, working directories, sub-agent types, room and world ids.
    LABEL = "a label, directory or outside id", 4 * KIB, "bytes";
    /// Tags of one task.
    TAGS = "the list of tags", 64, "tags";
    /// One tag.
    TAG = "a tag", 128, "bytes";
    /// Steps of one task.
    STEPS = "the list of steps", 1000, "steps";
    /// A step's description or output.
    STEP_TEXT = "a step's text", 16 * KIB, "bytes";
    /// One call of `appendOutput`.
    OUTPUT_TEXT = "one piece of output", MIB, "bytes";
    /// Output kept for one task; older lines are dropped and counted.
    OUTPUT_KEPT = "the output kept of a task", MIB, "bytes";
    /// A task's metadata as JSON.
    METADATA = "metadata as JSON", 64 * KIB, "bytes";
    /// A result's summary.
    SUMMARY = "a result summary", 64 * KIB, "bytes";
    /// The rest of a result as JSON.
    RESULT = "a result as JSON", MIB, "bytes";
    /// Nesting of any JSON that comes in.
    JSON_DEPTH = "JSON", 64, "levels of nesting";
    /// Errors and reasons; longer ones are cut, not refused.
    REASON = "an error or a reason", 16 * KIB, "bytes";
    /// Tasks above a task.
    DEPTH = "the chain of parents", 64, "tasks";
    /// Tasks in one `createTasks`.
    BATCH = "one call of createTasks", 10_000, "tasks";
    /// All texts in one `createTasks`: its events are kept together, or not at all.
    BATCH_TEXT = "all that one call of createTasks says", 32 * MIB, "bytes";
    /// Providers known to one orchestrator.
    PROVIDERS = "the list of providers", 1024, "providers";
    /// Tasks that one task waits for.
    DEPENDENCIES = "the list of dependencies", 1000, "tasks";
    /// Attempts of one task.
    ATTEMPTS = "retry.maxAttempts", 1000, "attempts";
    /// Times in a row that a task is begun again after a crash; then it fails.
    INTERRUPTS = "the list of interrupted attempts", 16, "attempts";
    /// The name of a group.
    GROUP = "the name of a group", 128, "bytes";
    /// Groups known to one orchestrator.
    GROUPS = "the list of groups", 100_000, "groups";
    /// An idempotency key.
    KEY = "an idempotency key", 256, "bytes";
    /// Agents known to one orchestrator.
    AGENTS = "the list of agents", 1_000_000, "agents";
    /// The name of an agent.
    AGENT_NAME = "the name of an agent", 128, "bytes";
    /// Agents above an agent.
    AGENT_DEPTH = "the chain of agents above an agent", 64, "agents";
    /// Restarts within the limits of an agent.
    RESTARTS = "maxRestarts", 1000, "restarts";
    /// Messages that may wait in one inbox.
    INBOX = "an inbox", 100_000, "messages";
    /// How often a message may be given to an agent again.
    REDELIVERIES = "retryMessage", 100, "deliveries";
    /// How often a message is given to an agent though the process ended each time while it was at it.
    CRASHES = "the deliveries of a message that ended in a crash", 16, "deliveries";
    /// What one call sends to an agent, as JSON.
    MESSAGE = "a message as JSON", MIB, "bytes";
    /// What an agent answers, as JSON.
    REPLY = "a reply as JSON", MIB, "bytes";
    /// What an agent keeps over a restart, as JSON.
    AGENT_STATE = "the state of an agent as JSON", 256 * KIB, "bytes";
    /// Dead letters that are kept; older ones are dropped and counted.
    DEAD_LETTERS = "the list of dead letters", 1000, "letters";
    /// The name of a scope that has a current task of its own.
    SCOPE = "the name of a scope", 256, "bytes";
    /// Scopes with a current task.
    SCOPES = "the list of scopes with a current task", 100_000, "scopes";
    /// A search text.
    QUERY = "a search text", KIB, "bytes";
    /// One page of a list.
    PAGE = "a page", 1000, "tasks";
}

/// Checks an id given by a user: `[A-Za-z0-9_-]{1,128}`.
///
/// # Errors
/// `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
pub fn check_id(what: &str, id: &str) -> Result<()> {
    ID.check(id.len())?;
    if !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    {
        return Ok(());
    }
    Err(OrchestratorError::invalid(format!(
        "{what} {id:?} may have only the letters A-Z and a-z, digits, _ and -, and at least one of them"
    )))
}

/// Checks a text that people must be able to see.
pub(crate) fn check_visible(limit: Limit, text: &str) -> Result<()> {
    limit.check(text.len())?;
    if text.chars().any(|c| !c.is_whitespace() && !c.is_control()) {
        return Ok(());
    }
    Err(OrchestratorError::invalid(format!(
        "{} must have a visible character",
        limit.what
    )))
}

/// An outside text as messages quote it: in quotes, and not at full length.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: Limit = Limit::new("what is quoted", 160, "bytes");
    format!("{:?}", cut(SHOWN, text))
}

/// Cuts a text to a limit at a character boundary, marking the cut.
pub(crate) fn cut(limit: Limit, text: &str) -> std::borrow::Cow<'_, str> {
    const MARK: &str = "… (cut)";
    if text.len() <= limit.max {
        return text.into();
    }
    let end = text.floor_char_boundary(limit.max - MARK.len());
    format!("{}{MARK}", &text[..end]).into()
}
