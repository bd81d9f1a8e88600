//! What is said of an agent when it is added: its place in the tree, and what becomes of it when it fails.

use serde::{Deserialize, Serialize};

use crate::kernel::error::{OrchestratorError, Result};
use crate::kernel::id::{AgentKey, Millis};
use crate::kernel::limits;
use crate::kernel::plan::{MAX_SPAN, Retry};
use crate::kernel::words::words;

/// Who is begun anew with a child that is restarted. The names and meanings are those of Erlang/OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The child alone.
    #[default]
    OneForOne,
    /// All children of the same parent.
    OneForAll,
    /// The child, and those of its siblings that were added after it.
    RestForOne,
}

words!(Strategy { OneForOne = "one_for_one", OneForAll = "one_for_all", RestForOne = "rest_for_one" });

/// When an agent is begun anew by itself. The names and meanings are those of Erlang/OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RestartType {
    /// After a failure, and also when it ends by itself.
    Permanent,
    /// After a failure.
    #[default]
    Transient,
    /// Never: where its siblings are begun anew with each other, it ends. With its parent it begins anew like all below it.
    Temporary,
}

words!(RestartType { Permanent = "permanent", Transient = "transient", Temporary = "temporary" });

/// What becomes of a message for an inbox that is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// Whoever sends it waits for room.
    #[default]
    Wait,
    /// It is refused with `INBOX_FULL`.
    Refuse,
    /// It is taken, and the oldest one that waits is dropped and reported.
    DropOldest,
}

words!(Overflow { Wait = "wait", Refuse = "refuse", DropOldest = "drop_oldest" });

/// What a policy says of an agent that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SupervisorAction {
    /// Begin it anew, after a wait and within its limits.
    Restart,
    /// End it, and all below it.
    Stop,
    /// Let those above decide about its parent; without one, its whole tree fails.
    Escalate,
    /// Let it go on as it is: only the message failed.
    Resume,
}

words!(SupervisorAction { Restart = "restart", Stop = "stop", Escalate = "escalate", Resume = "resume" });

/// How long a restart waits: `delay * factor^(n-1)` after the n-th failure, at most `max_delay`; of that, up to the
/// share `jitter` is taken away at random, so that agents which failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Milliseconds before the first restart.
    pub delay: Millis,
    /// The longest wait, in milliseconds.
    pub max_delay: Millis,
    /// By how much each wait is longer than the one before, in thousandths; at least 1000.
    pub factor: u32,
    /// The share of a wait that is left to chance, in thousandths; at most 1000.
    pub jitter: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            delay: 100,
            max_delay: 30_000,
            factor: 2000,
            jitter: 500,
        }
    }
}

impl Backoff {
    const fn retry(&self) -> Retry {
        let Self {
            delay,
            max_delay,
            factor,
            jitter,
        } = *self;
        Retry {
            max_attempts: 1,
            delay,
            max_delay,
            factor,
            jitter,
        }
    }

    /// Milliseconds to wait before the restart that follows this many failures; `random` decides within the jitter.
    #[must_use]
    pub fn wait(&self, failures: u32, random: u64) -> Millis {
        self.retry().wait(failures, random)
    }
}

/// How an agent is supervised, and how it takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSettings {
    /// Who of its children is begun anew with one of them.
    pub strategy: Strategy,
    /// When it is begun anew by itself.
    pub restart: RestartType,
    /// How many restarts are within its limits; with one more, its failure goes to its parent.
    pub max_restarts: u32,
    /// Within how many milliseconds they count. Without it those count that follow each other with no message
    /// answered between them.
    pub window: Option<Millis>,
    /// How long a restart waits.
    pub backoff: Backoff,
    /// How many milliseconds it has to finish its message when it is to stop.
    pub grace: Millis,
    /// How many messages may wait in its inbox; at least 1.
    pub inbox: u32,
    /// What becomes of one more.
    pub overflow: Overflow,
    /// How many milliseconds it may hold a message; longer is a failure.
    pub message_timeout: Option<Millis>,
    /// How often a message that the agent failed at is given to it again after a restart.
    pub retry_message: u32,
    /// Whether it has a policy of its own for those below it.
    pub supervises: bool,
    /// Whether its messages and replies are in the journal; the host's default when absent.
    pub recorded: Option<bool>,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            restart: RestartType::default(),
            max_restarts: 3,
            window: None,
            backoff: Backoff::default(),
            grace: 5000,
            inbox: 32,
            overflow: Overflow::default(),
            message_timeout: None,
            retry_message: 0,
            supervises: false,
            recorded: None,
        }
    }
}

/// An agent to add.
#[derive(Clone, Copy, Debug)]
pub struct NewAgent<'a> {
    /// Its name, which no other has.
    pub name: &'a str,
    /// The agent above it.
    pub parent: Option<AgentKey>,
    /// All else.
    pub settings: AgentSettings,
}

impl NewAgent<'_> {
    pub(super) fn check(&self) -> Result<()> {
        limits::check_visible(limits::AGENT_NAME, self.name)?;
        let AgentSettings {
            max_restarts,
            window,
            backoff,
            grace,
            inbox,
            message_timeout,
            retry_message,
            ..
        } = self.settings;
        limits::RESTARTS.check(max_restarts as usize)?;
        limits::INBOX.check(inbox as usize)?;
        limits::REDELIVERIES.check(retry_message as usize)?;
        if inbox == 0 {
            return Err(OrchestratorError::invalid(
                "an inbox must have room for at least 1 message",
            ));
        }
        if !(1000..=100_000).contains(&backoff.factor) {
            return Err(OrchestratorError::invalid("backoff.factor must be from 1 to 100"));
        }
        if backoff.jitter > 1000 {
            return Err(OrchestratorError::invalid("backoff.jitter must be from 0 to 1"));
        }
        for (what, span) in [
            ("backoff.delay", Some(backoff.delay)),
            ("backoff.maxDelay", Some(backoff.max_delay)),
            ("grace", Some(grace)),
            ("restartWindow", window),
            ("messageTimeout", message_timeout),
        ] {
            if span.is_some_and(|span| span > MAX_SPAN) {
                return Err(OrchestratorError::invalid(format!(
                    "{what} must be at most {MAX_SPAN} ms, a hundred years"
                )));
            }
        }
        for (what, span) in [("restartWindow", window), ("messageTimeout", message_timeout)] {
            if span == Some(0) {
                return Err(OrchestratorError::invalid(format!(
                    "{what} must be at least 1 ms"
                )));
            }
        }
        Ok(())
    }
}
