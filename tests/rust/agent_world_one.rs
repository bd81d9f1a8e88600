//! One agent, as a ledger knows it.

use std::collections::VecDeque;

use agent_orchestrator::kernel::{AgentEnd, AgentFailure, AgentSettings, AgentStatus, Goal};
use agent_orchestrator::{DropReason, Millis};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    Registered,
    Waiting(Option<Millis>),
    Starting,
    Running,
    /// It failed; it is to be decided about this one.
    Judged(u32),
    Ended(AgentEnd),
}

#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) message: u32,
    pub(super) deliveries: u32,
    pub(super) tag: String,
}

/// One agent.
#[derive(Debug)]
pub(crate) struct One {
    pub(crate) name: String,
    pub(crate) parent: Option<u32>,
    pub(crate) settings: AgentSettings,
    pub(crate) attached: bool,
    pub(crate) stage: Stage,
    pub(crate) goal: Option<Goal>,
    /// When it was told to go.
    pub(crate) told_at: Millis,
    pub(crate) closing: bool,
    /// There may be something of it at the host.
    pub(crate) alive: bool,
    pub(crate) incarnation: u32,
    pub(crate) restarts: u32,
    pub(crate) starts: u32,
    pub(super) streak: u32,
    pub(super) moments: Vec<Millis>,
    pub(super) failed: Option<(AgentFailure, Option<u32>)>,
    pub(crate) kept: Option<String>,
    pub(super) late: u32,
    pub(super) last: u32,
    pub(crate) inbox: VecDeque<Mail>,
    pub(crate) busy: Option<u32>,
    /// It held its message for too long, and may still be at it.
    pub(crate) overtime: bool,
    /// Who were told to go together with it have this number, too; those told before have a lower one.
    pub(super) together: u64,
    /// Whether it had to wait for those beside it when it was told to go.
    pub(super) ordered: bool,
    /// It failed on the way down, before there was anything that could be told to go.
    pub(super) gone: bool,
    /// Its message was given up though it might have been tried again: only because the agent goes on, or ends.
    pub(super) given_up: bool,
    pub(super) answered: bool,
    /// The oldest message made room. After it was added with a smaller inbox there may be more than that holds.
    pub(super) pushed: bool,
}

impl One {
    pub(super) fn new(name: &str, parent: Option<u32>, settings: AgentSettings) -> Self {
        Self {
            name: name.to_owned(),
            parent,
            settings,
            attached: true,
            stage: Stage::Registered,
            goal: None,
            told_at: 0,
            closing: false,
            alive: false,
            incarnation: 0,
            restarts: 0,
            starts: 0,
            streak: 0,
            moments: Vec::new(),
            failed: None,
            kept: None,
            late: 0,
            last: 0,
            inbox: VecDeque::new(),
            busy: None,
            overtime: false,
            together: 0,
            ordered: false,
            gone: false,
            given_up: false,
            answered: false,
            pushed: false,
        }
    }

    pub(crate) const fn is_down(&self) -> bool {
        matches!(self.stage, Stage::Registered | Stage::Ended(_))
    }

    pub(crate) const fn is_up(&self) -> bool {
        !self.is_down() && !matches!(self.goal, Some(Goal::End(_)))
    }

    pub(crate) const fn runs(&self) -> bool {
        matches!(self.stage, Stage::Running) && self.goal.is_none()
    }

    pub(crate) fn recorded(&self) -> bool {
        self.settings.recorded == Some(true)
    }

    pub(crate) fn has(&self, message: u32) -> bool {
        self.inbox.iter().any(|mail| mail.message == message)
    }

    /// The message that does not wait: it is at it, or has failed at it and what becomes of that is not decided.
    pub(super) fn held(&self) -> Option<u32> {
        let judged = matches!(self.stage, Stage::Judged(_));
        let failed_at = || self.failed.filter(|_| judged).and_then(|(_, message)| message);
        self.busy.or_else(failed_at).filter(|held| self.has(*held))
    }

    pub(crate) fn waiting(&self) -> usize {
        self.inbox.len() - usize::from(self.held().is_some())
    }

    /// How many it has beside the one that it is at.
    pub(crate) fn queued(&self) -> usize {
        let busy = self.busy.is_some_and(|busy| self.has(busy));
        self.inbox.len() - usize::from(busy)
    }

    pub(super) fn mail(&mut self, message: u32) -> Result<&mut Mail, String> {
        let found = self.inbox.iter_mut().find(|mail| mail.message == message);
        found.ok_or_else(|| format!("message {message} is not in the inbox"))
    }

    pub(super) fn take(&mut self, message: u32) -> Result<Mail, String> {
        let place = self.inbox.iter().position(|mail| mail.message == message);
        place.and_then(|place| self.inbox.remove(place)).ok_or_else(|| {
            format!("message {message} is not in the inbox: it ended before, or was never sent")
        })
    }

    pub(crate) const fn status(&self) -> AgentStatus {
        match (self.stage, self.goal) {
            (Stage::Ended(AgentEnd::Completed), _) => AgentStatus::Completed,
            (Stage::Ended(AgentEnd::Failed), _) => AgentStatus::Failed,
            (Stage::Ended(AgentEnd::Cancelled), _) => AgentStatus::Cancelled,
            (Stage::Registered, _) => AgentStatus::Registered,
            (_, Some(Goal::End(_))) => AgentStatus::Stopping,
            (_, Some(Goal::Restart { .. })) | (Stage::Judged(_), _) => AgentStatus::Restarting,
            _ if self.closing => AgentStatus::Stopping,
            (Stage::Running, _) => AgentStatus::Running,
            (Stage::Waiting(_), _) if self.starts == 0 => AgentStatus::Starting,
            (Stage::Starting, _) if self.starts == 1 => AgentStatus::Starting,
            _ => AgentStatus::Restarting,
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    Sent,
    Answered(String),
    Dropped(DropReason),
}
