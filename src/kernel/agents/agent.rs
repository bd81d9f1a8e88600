//! One agent, as the journal knows it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::fact::{AgentEnd, AgentFact, AgentFailure, Goal};
use super::inbox::Inbox;
use super::spec::AgentSettings;
use crate::kernel::id::{AgentKey, Incarnation, Millis};
use crate::kernel::words::words;

/// Where an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// Added, and never spawned.
    Registered,
    /// About to take messages.
    Starting,
    /// Takes messages.
    Running,
    /// It failed, or somebody beside it did, and it is to begin anew.
    Restarting,
    /// About to end.
    Stopping,
    /// It ended well.
    Completed,
    /// It failed for good.
    Failed,
    /// It was called off.
    Cancelled,
}

words!(AgentStatus {
    Registered = "registered",
    Starting = "starting",
    Running = "running",
    Restarting = "restarting",
    Stopping = "stopping",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});

impl AgentStatus {
    /// Whether it has ended.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Registered,
    Waiting {
        due: Option<Millis>,
    },
    Starting,
    Running,
    /// It failed; those above this agent decide.
    Judged {
        level: AgentKey,
    },
    Ended(AgentEnd),
}

/// Why an agent last failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastFailure {
    pub(crate) failure: AgentFailure,
    pub(crate) error: Box<str>,
    pub(crate) retryable: bool,
    /// The message it was at.
    pub(crate) message: Option<crate::kernel::id::Message>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub(crate) name: Box<str>,
    pub(crate) parent: Option<AgentKey>,
    pub(crate) settings: AgentSettings,
    /// Whether its factory is here.
    pub(crate) attached: bool,
    pub(crate) phase: Phase,
    pub(crate) goal: Option<Goal>,
    pub(crate) closing: bool,
    pub(crate) incarnation: Incarnation,
    pub(crate) restarts: u32,
    /// How often it was started since it was spawned, for whatever reason.
    pub(crate) starts: u32,
    /// Restarts with no message answered between them.
    pub(crate) streak: u32,
    /// When it was last restarted, for the window.
    pub(crate) recent: VecDeque<Millis>,
    pub(crate) failed: Option<Box<LastFailure>>,
    pub(crate) kept: Option<Box<str>>,
    /// The start of which something late was recorded.
    pub(crate) late: Incarnation,
    pub(crate) inbox: Inbox,
    #[serde(skip)]
    pub(crate) children: Vec<AgentKey>,
}

impl Agent {
    pub(super) fn new(name: &str, parent: Option<AgentKey>, settings: AgentSettings) -> Self {
        Self {
            name: name.into(),
            parent,
            settings,
            attached: true,
            phase: Phase::Registered,
            goal: None,
            closing: false,
            incarnation: Incarnation::default(),
            restarts: 0,
            starts: 0,
            streak: 0,
            recent: VecDeque::new(),
            failed: None,
            kept: None,
            late: Incarnation::default(),
            inbox: Inbox::default(),
            children: Vec::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The agent above it.
    #[must_use]
    pub const fn parent(&self) -> Option<AgentKey> {
        self.parent
    }

    /// Those right below it, in the order in which they were added.
    #[must_use]
    pub fn children(&self) -> &[AgentKey] {
        &self.children
    }

    /// How it is supervised.
    #[must_use]
    pub const fn settings(&self) -> &AgentSettings {
        &self.settings
    }

    /// Whether its factory is here: not yet, after a recovery.
    #[must_use]
    pub const fn is_attached(&self) -> bool {
        self.attached
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> AgentStatus {
        match (self.phase, self.goal) {
            (Phase::Ended(AgentEnd::Completed), _) => AgentStatus::Completed,
            (Phase::Ended(AgentEnd::Failed), _) => AgentStatus::Failed,
            (Phase::Ended(AgentEnd::Cancelled), _) => AgentStatus::Cancelled,
            (Phase::Registered, _) => AgentStatus::Registered,
            (_, Some(Goal::End(_))) => AgentStatus::Stopping,
            (_, Some(Goal::Restart { .. })) | (Phase::Judged { .. }, _) => AgentStatus::Restarting,
            _ if self.closing => AgentStatus::Stopping,
            (Phase::Running, _) => AgentStatus::Running,
            (Phase::Waiting { .. }, _) if self.starts == 0 => AgentStatus::Starting,
            (Phase::Starting, _) if self.starts == 1 => AgentStatus::Starting,
            (Phase::Waiting { .. } | Phase::Starting, _) => AgentStatus::Restarting,
        }
    }

    /// The number of its last start; 0 before the first.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// How often it was begun anew since it was spawned.
    #[must_use]
    pub const fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Why it last failed.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.failed.as_ref().map(|failed| &*failed.error)
    }

    /// What it wants back when it begins anew, as JSON.
    #[must_use]
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// Whether there may be something of it at the host.
    pub(super) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running)
    }

    /// Whether it is to run, or runs.
    pub(super) const fn is_up(&self) -> bool {
        !self.is_down() && !matches!(self.goal, Some(Goal::End(_)))
    }

    /// Whether there is nothing of it that could end.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.phase, Phase::Registered | Phase::Ended(_))
    }

    /// Whether it failed, and what becomes of it is not decided.
    pub(super) const fn is_judged(&self) -> bool {
        matches!(self.phase, Phase::Judged { .. })
    }

    pub(super) const fn takes_messages(&self) -> bool {
        self.is_up() && !self.closing
    }

    pub(super) fn evolve(&mut self, at: Millis, fact: &AgentFact<'_>) {
        match *fact {
            AgentFact::Waiting { due } => {
                if self.is_down() {
                    (self.restarts, self.starts, self.streak) = (0, 0, 0);
                    self.recent.clear();
                    self.failed = None;
                    self.closing = false;
                }
                self.phase = Phase::Waiting { due };
                self.goal = None;
            }
            AgentFact::Starting { incarnation, .. } => {
                self.phase = Phase::Starting;
                self.incarnation = incarnation;
                self.starts = self.starts.saturating_add(1);
            }
            AgentFact::Ready { .. } | AgentFact::Resumed => self.phase = Phase::Running,
            AgentFact::Failed {
                failure,
                error,
                retryable,
                message,
                ..
            } => {
                self.failed = Some(Box::new(LastFailure {
                    failure,
                    error: error.into(),
                    retryable,
                    message,
                }));
            }
            AgentFact::Restarting { .. } => {
                self.restarts = self.restarts.saturating_add(1);
                self.streak = self.streak.saturating_add(1);
                if self.settings.window.is_some() {
                    self.recent.push_back(at);
                    while self.recent.len() > self.settings.max_restarts as usize {
                        self.recent.pop_front();
                    }
                }
            }
            AgentFact::Stopping { goal, .. } => self.goal = Some(goal),
            AgentFact::Stopped { end, .. } => {
                self.phase = Phase::Ended(end);
                self.goal = None;
                self.closing = false;
            }
            AgentFact::Closing => self.closing = true,
            AgentFact::Steady => self.streak = 0,
            AgentFact::Kept { state } => self.kept = Some(state.into()),
            AgentFact::Late { incarnation } => self.late = incarnation,
            _ => {}
        }
        self.inbox.apply(fact);
    }
}
