//! An agent has failed: who decides, and what follows.

use super::agent::Phase;
use super::effect::AgentEffect;
use super::fact::{AgentEnd, AgentFact, AgentFailure, DropReason, Goal};
use super::live::{AgentTimer, Todo};
use super::spec::{RestartType, Strategy, SupervisorAction};
use crate::kernel::Turn;
use crate::kernel::command::Reply;
use crate::kernel::error::Result;
use crate::kernel::id::{AgentKey, Attempt, Incarnation, Message, Millis, TaskKey};
use crate::kernel::limits::{self, cut};

impl Turn<'_> {
    pub(super) fn fail_agent(
        &mut self,
        key: AgentKey,
        incarnation: Incarnation,
        message: Option<Message>,
        error: &str,
        retryable: bool,
    ) -> Result<Reply> {
        let counts = match message {
            Some(message) => self.counts(key, incarnation, message)?,
            None => !self.is_over(key, incarnation)? && self.agent(key)?.phase == Phase::Starting,
        };
        if !counts {
            return Ok(Reply::Late);
        }
        let error = cut(limits::REASON, error);
        self.failed(key, AgentFailure::of(message), &error, retryable, message);
        Ok(Reply::Done)
    }

    pub(super) fn held_too_long(&mut self, key: AgentKey) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let timeout = agent.settings.message_timeout;
        if agent.phase == Phase::Starting {
            if agent.goal.is_some() {
                // It is to go anyhow, and its grace period says when at the latest.
                return;
            }
            let error = format!("its factory took more than {} ms", timeout.unwrap_or(0));
            return self.failed(key, AgentFailure::Factory, &error, true, None);
        }
        let Some(message) = self.live.desk(key).busy.filter(|_| agent.phase == Phase::Running) else {
            return;
        };
        let error = format!(
            "it held message {} for more than {} ms",
            message.0,
            timeout.unwrap_or(0)
        );
        self.failed(key, AgentFailure::Timeout, &error, true, Some(message));
    }

    fn failed(
        &mut self,
        key: AgentKey,
        failure: AgentFailure,
        error: &str,
        retryable: bool,
        message: Option<Message>,
    ) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let (incarnation, goal, starting) = (agent.incarnation, agent.goal, agent.phase == Phase::Starting);
        self.live.disarm(key, AgentTimer::Hold);
        self.tell(
            key,
            AgentFact::Failed {
                incarnation,
                failure,
                error,
                retryable,
                message,
            },
        );
        let overtime = message.filter(|_| failure == AgentFailure::Timeout);
        match overtime {
            // It is still at it.
            Some(message) => self.order_about(AgentEffect::Abort {
                agent: key,
                incarnation,
                message,
            }),
            None => self.live.desk(key).busy = None,
        }
        if let Some(goal) = goal {
            let again = matches!(goal, Goal::Restart { .. }) && overtime.is_none();
            if let Some(message) = message.filter(|message| !again || !self.may_try_again(key, *message)) {
                self.give_up(key, message);
            }
            if starting {
                // There is nothing that could be told to go.
                self.went_down(key, false);
            }
            return;
        }
        self.judge(key, key);
        // Those beside it wait no longer for it, unless it begins anew at once.
        self.refresh(key);
    }

    /// Ends the message that an agent failed at.
    pub(super) fn give_up(&mut self, key: AgentKey, message: Message) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let Some(failed) = &agent.failed else { return };
        if self.inbox(key).and_then(|inbox| inbox.get(message)).is_none() {
            return;
        }
        let why = match failed.failure {
            AgentFailure::Timeout => DropReason::Timeout,
            _ => DropReason::Failed,
        };
        // Whoever sent it is told; where it was to be tried again, or outlives the process, nobody may be there any more.
        if agent.settings.retry_message > 0 || self.is_recorded(agent) {
            let error = failed.error.clone();
            self.bury(key, message, &error);
        }
        self.drop_message(key, message, why);
    }

    pub(super) fn failed_at(&self, origin: AgentKey) -> Option<Message> {
        self.state.agents.get(origin)?.failed.as_ref()?.message
    }

    /// Asks who is to decide about one that has failed, or that a failure below it was handed to.
    fn judge(&mut self, origin: AgentKey, about: AgentKey) {
        let agents = &self.state.agents;
        let mut above = agents.get(about).and_then(|agent| agent.parent);
        while let Some(agent) = above.and_then(|key| agents.get(key)) {
            if agent.settings.supervises {
                break;
            }
            above = agent.parent;
        }
        if above.is_some() || self.config.consults {
            self.order_about(AgentEffect::Consult {
                by: above,
                about,
                origin,
            });
            return;
        }
        let failed = agents.get(origin).and_then(|agent| agent.failed.as_ref());
        let action = if failed.is_some_and(|failed| failed.retryable) {
            SupervisorAction::Restart
        } else {
            SupervisorAction::Stop
        };
        self.follow(origin, about, action);
    }

    pub(super) fn decide(
        &mut self,
        origin: AgentKey,
        incarnation: Incarnation,
        about: AgentKey,
        action: SupervisorAction,
    ) -> Result<Reply> {
        let agent = self.agent(origin)?;
        let asked = agent.phase == Phase::Judged { level: about } && agent.goal.is_none();
        if !asked || agent.incarnation != incarnation {
            return Ok(Reply::Late);
        }
        self.follow(origin, about, action);
        Ok(Reply::Done)
    }

    fn follow(&mut self, origin: AgentKey, about: AgentKey, action: SupervisorAction) {
        let temporary = |key| {
            let agent = self.state.agents.get(key);
            agent.is_some_and(|agent| agent.settings.restart == RestartType::Temporary)
        };
        let from_factory = || {
            let failed = self
                .state
                .agents
                .get(origin)
                .and_then(|agent| agent.failed.as_ref());
            failed.is_some_and(|failed| failed.failure == AgentFailure::Factory)
        };
        match action {
            SupervisorAction::Escalate => self.escalate(origin, about),
            SupervisorAction::Stop => self.fail_tree(origin, about),
            SupervisorAction::Resume if !from_factory() => self.resume_agent(origin),
            SupervisorAction::Restart | SupervisorAction::Resume if temporary(about) => {
                self.fail_tree(origin, about)
            }
            // What was never made cannot go on.
            SupervisorAction::Restart | SupervisorAction::Resume => self.restart_agent(origin, about),
        }
    }

    fn resume_agent(&mut self, origin: AgentKey) {
        if let Some(message) = self.failed_at(origin) {
            self.give_up(origin, message);
        }
        self.tell(origin, AgentFact::Resumed);
        self.live.todo.push_back(Todo::Deliver(origin));
        // Those below it could not start meanwhile.
        self.start_below(origin);
    }

    fn fail_tree(&mut self, origin: AgentKey, about: AgentKey) {
        if let Some(message) = self.failed_at(origin) {
            self.give_up(origin, message);
        }
        let reason = self.reason(origin);
        self.take_down(about, AgentEnd::Failed, AgentEnd::Cancelled, &reason);
    }

    fn reason(&self, origin: AgentKey) -> String {
        let agents = &self.state.agents;
        let error = agents
            .get(origin)
            .and_then(super::Agent::last_error)
            .unwrap_or_default();
        let reason = format!(
            "the agent {} failed: {error}",
            limits::quoted(agents.name(origin))
        );
        cut(limits::REASON, &reason).into_owned()
    }

    fn escalate(&mut self, origin: AgentKey, about: AgentKey) {
        let to = self.state.agents.get(about).and_then(|agent| agent.parent);
        self.tell(about, AgentFact::Escalated { origin, to });
        match to {
            Some(parent) => self.judge(origin, parent),
            None => self.fail_tree(origin, about),
        }
    }

    fn restart_agent(&mut self, origin: AgentKey, about: AgentKey) {
        let Some(agent) = self.state.agents.get(about) else {
            return;
        };
        let spent = self.spent(about, agent);
        if spent >= agent.settings.max_restarts {
            return self.escalate(origin, about);
        }
        let restarts = agent.restarts.saturating_add(1);
        let wait = agent
            .settings
            .backoff
            .wait(spent + 1, self.chance_of(about, restarts));
        let due = self.at.saturating_add(wait);
        if let Some(message) = self
            .failed_at(origin)
            .filter(|message| !self.may_try_again(origin, *message))
        {
            self.give_up(origin, message);
        }
        let reason = self.reason(origin);
        self.begin_anew(about, restarts, due, &reason);
    }

    /// How many restarts count. Their moments are in the journal, but a window is a span: it is told by the clock that
    /// does not jump.
    fn spent(&self, key: AgentKey, agent: &super::Agent) -> u32 {
        let Some(window) = agent.settings.window else {
            return agent.streak;
        };
        let steady = self.timers.steady(self.now);
        let restarted = self
            .live
            .look(key)
            .into_iter()
            .flat_map(|desk| desk.restarted.iter());
        let within = restarted
            .rev()
            .take(agent.recent.len())
            .filter(|when| when.saturating_add(window) > steady);
        // As many as may be kept, which is a small number.
        within.count() as u32
    }

    fn begin_anew(&mut self, about: AgentKey, restarts: u32, due: Millis, reason: &str) {
        self.tell(about, AgentFact::Restarting { restarts, due });
        let kept = self.state.agents.get(about).map_or(0, |agent| agent.recent.len());
        let steady = self.timers.steady(self.now);
        self.live.desk(about).restarted(steady, kept);
        let agents = &self.state.agents;
        let parent = agents.get(about).and_then(|agent| agent.parent);
        let parent = parent.and_then(|parent| agents.get(parent));
        let beside: Vec<AgentKey> = match parent.map(|parent| (parent.settings.strategy, &parent.children)) {
            None | Some((Strategy::OneForOne, _)) => vec![about],
            Some((Strategy::OneForAll, all)) => all.clone(),
            Some((Strategy::RestForOne, all)) => {
                all.iter().copied().filter(|child| *child >= about).collect()
            }
        };
        let temporary = |agent: &super::Agent| agent.settings.restart == RestartType::Temporary;
        for member in beside {
            if member != about && self.state.agents.get(member).is_some_and(temporary) {
                self.take_down(member, AgentEnd::Cancelled, AgentEnd::Cancelled, reason);
                continue;
            }
            for key in self.state.agents.tree(member) {
                let due = (key == member).then_some(due);
                self.leave(key, Goal::Restart { due }, reason);
            }
        }
    }

    /// An agent wants to end.
    pub(super) fn quit(&mut self, key: AgentKey, incarnation: Incarnation) -> Result<Reply> {
        if self.is_over(key, incarnation)? {
            return Ok(Reply::Late);
        }
        self.live.desk(key).quits = true;
        self.live.todo.push_back(Todo::Deliver(key));
        Ok(Reply::Done)
    }

    /// An agent that wants to end has answered its message.
    pub(super) fn exit(&mut self, key: AgentKey) {
        let permanent = |agent: &super::Agent| agent.settings.restart == RestartType::Permanent;
        if self.state.agents.get(key).is_some_and(permanent) {
            self.failed(
                key,
                AgentFailure::Exit,
                "it ended by itself, and is permanent",
                true,
                None,
            );
        } else {
            self.take_down(
                key,
                AgentEnd::Completed,
                AgentEnd::Completed,
                "it ended by itself",
            );
        }
    }

    /// Random bits for a decision about an agent: the same ones on every host, and after every replay.
    fn chance_of(&self, key: AgentKey, restarts: u32) -> u64 {
        // Tasks use the same bits the other way round.
        self.state.chance(TaskKey(!key.0), Attempt(restarts))
    }
}
