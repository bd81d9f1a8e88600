//! Messages: taken into an inbox, given to the agent one after the other, answered or dropped with a reason.

use super::agent::{Agent, Phase};
use super::effect::AgentEffect;
use super::fact::{AgentEnd, AgentFact, DropReason};
use super::inbox::Inbox;
use super::live::{AgentTimer, Todo};
use super::spec::Overflow;
use crate::kernel::Turn;
use crate::kernel::command::Reply;
use crate::kernel::error::{ErrorCode, OrchestratorError, Result};
use crate::kernel::id::{AgentKey, Incarnation, Message};
use crate::kernel::limits::{self, quoted};

impl Turn<'_> {
    pub(super) fn inbox(&self, key: AgentKey) -> Option<&Inbox> {
        let agent = self.state.agents.get(key)?;
        if self.is_recorded(agent) {
            Some(&agent.inbox)
        } else {
            Some(&self.live.look(key)?.inbox)
        }
    }

    /// The message that does not wait: the agent is at it, or has failed at it and what becomes of that is not decided.
    fn held(&self, key: AgentKey) -> Option<Message> {
        let judged = || {
            let agent = self.state.agents.get(key).filter(|agent| agent.is_judged())?;
            agent.failed.as_ref()?.message
        };
        let held = self.live.look(key)?.busy.or_else(judged)?;
        self.inbox(key)?.get(held).map(|mail| mail.message)
    }

    fn waiting(&self, key: AgentKey) -> usize {
        let all = self.inbox(key).map_or(0, Inbox::len);
        all - usize::from(self.held(key).is_some())
    }

    pub(super) fn send(&mut self, key: AgentKey, payload: &str) -> Result<Reply> {
        limits::MESSAGE.check(payload.len())?;
        let agent = self.agent(key)?;
        if !agent.takes_messages() {
            return Err(self.not_running(key, "spawn it before it is sent messages"));
        }
        let (max, overflow) = (agent.settings.inbox as usize, agent.settings.overflow);
        // Its own desk keeps the numbers of messages that are not recorded.
        let next = match self.inbox(key) {
            Some(inbox) => inbox.next(),
            None => Inbox::default().next(),
        };
        let Some(message) = next else {
            return Err(OrchestratorError::new(
                ErrorCode::LimitExceeded,
                format!(
                    "the agent {} was sent as many messages as there are numbers for them; add it anew",
                    quoted(self.state.agents.name(key))
                ),
            ));
        };
        if self.waiting(key) >= max {
            match overflow {
                Overflow::Wait => {
                    self.live.desk(key).awaited = true;
                    return Ok(Reply::Full);
                }
                Overflow::Refuse => {
                    return Err(OrchestratorError::new(
                        ErrorCode::InboxFull,
                        format!(
                            "{max} messages wait for the agent {}, and at most {max} may; send it when some are answered",
                            quoted(self.state.agents.name(key))
                        ),
                    ));
                }
                Overflow::DropOldest => {
                    let held = self.held(key);
                    let oldest = self
                        .inbox(key)
                        .and_then(|inbox| inbox.messages().find(|message| Some(*message) != held));
                    if let Some(oldest) = oldest {
                        self.drop_message(key, oldest, DropReason::Overflow);
                    }
                }
            }
        }
        self.tell(key, AgentFact::Sent { message, payload });
        self.live.todo.push_back(Todo::Deliver(key));
        Ok(Reply::Message(message))
    }

    /// Gives an agent its next message, if it has time; ends it, if it has answered all and takes no more.
    pub(super) fn deliver(&mut self, key: AgentKey) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        if agent.phase != Phase::Running || agent.goal.is_some() {
            return;
        }
        let (timeout, incarnation, closing) =
            (agent.settings.message_timeout, agent.incarnation, agent.closing);
        // What it failed at is given to it again so often; each other time the process ended.
        let most = limits::CRASHES.max + agent.settings.retry_message as usize;
        if self.live.desk(key).busy.is_some() {
            return;
        }
        if std::mem::take(&mut self.live.desk(key).quits) {
            return self.exit(key);
        }
        while let Some(mail) = self.inbox(key).and_then(Inbox::first) {
            let (message, deliveries) = (mail.message, mail.deliveries);
            if deliveries as usize >= most {
                self.bury(
                    key,
                    message,
                    "the process ended each time while the agent was at it",
                );
                self.drop_message(key, message, DropReason::Poisoned);
                continue;
            }
            self.tell(key, AgentFact::Prompted { message });
            self.live.desk(key).busy = Some(message);
            self.order_about(AgentEffect::Prompt {
                agent: key,
                incarnation,
                message,
            });
            if let Some(timeout) = timeout {
                self.arm(key, AgentTimer::Hold, timeout);
            }
            self.make_room(key);
            return;
        }
        if closing {
            self.take_down(
                key,
                AgentEnd::Completed,
                AgentEnd::Completed,
                "it has answered all",
            );
        }
    }

    /// Ends a message without a reply.
    pub(super) fn drop_message(&mut self, key: AgentKey, message: Message, why: DropReason) {
        // It may have been taken back meanwhile.
        if self.inbox(key).and_then(|inbox| inbox.get(message)).is_none() {
            return;
        }
        self.tell(key, AgentFact::Dropped { message, why });
        self.order_about(AgentEffect::Settle {
            agent: key,
            message,
            dropped: Some(why),
        });
        self.make_room(key);
    }

    /// Keeps a message that could not be answered, if it says anything.
    pub(super) fn bury(&mut self, key: AgentKey, message: Message, error: &str) {
        let mail = self.inbox(key).and_then(|inbox| inbox.get(message)).cloned();
        if let Some(mail) = mail.filter(|mail| !mail.payload.is_empty()) {
            self.tell(
                key,
                AgentFact::DeadLetter {
                    message,
                    payload: &mail.payload,
                    error,
                    deliveries: mail.deliveries,
                },
            );
        }
    }

    /// Tells those who wait for room, if there is some.
    pub(super) fn make_room(&mut self, key: AgentKey) {
        if !self.live.desk(key).awaited {
            return;
        }
        let max = self
            .state
            .agents
            .get(key)
            .map_or(0, |agent| agent.settings.inbox as usize);
        if self.waiting(key) < max {
            self.live.desk(key).awaited = false;
            self.order_about(AgentEffect::Room { agent: key });
        }
    }

    pub(super) fn withdraw(&mut self, key: AgentKey, message: Message) -> Result<Reply> {
        let incarnation = self.agent(key)?.incarnation;
        if self.inbox(key).and_then(|inbox| inbox.get(message)).is_none() {
            return Ok(Reply::Nothing);
        }
        self.drop_message(key, message, DropReason::Withdrawn);
        if self.live.desk(key).busy == Some(message) {
            self.live.disarm(key, AgentTimer::Hold);
            self.order_about(AgentEffect::Abort {
                agent: key,
                incarnation,
                message,
            });
        }
        Ok(Reply::Done)
    }

    /// Whether what is reported of a message counts. If not, the agent has time for the next one.
    pub(super) fn counts(
        &mut self,
        key: AgentKey,
        incarnation: Incarnation,
        message: Message,
    ) -> Result<bool> {
        let agent = self.agent(key)?;
        let current = incarnation == agent.incarnation;
        let live = agent.is_live();
        let at_it = current && self.live.desk(key).busy == Some(message);
        let known = self.inbox(key).and_then(|inbox| inbox.get(message)).is_some();
        if live && at_it && known {
            return Ok(true);
        }
        if at_it {
            self.live.desk(key).busy = None;
            self.live.todo.push_back(Todo::Deliver(key));
        }
        self.too_late(key, incarnation);
        Ok(false)
    }

    pub(super) fn answer(
        &mut self,
        key: AgentKey,
        incarnation: Incarnation,
        message: Message,
        reply: &str,
    ) -> Result<Reply> {
        limits::REPLY.check(reply.len())?;
        if !self.counts(key, incarnation, message)? {
            return Ok(Reply::Late);
        }
        self.tell(key, AgentFact::Answered { message, reply });
        if self.state.agents.get(key).is_some_and(|agent| agent.streak > 0) {
            self.tell(key, AgentFact::Steady);
        }
        self.order_about(AgentEffect::Settle {
            agent: key,
            message,
            dropped: None,
        });
        self.has_time(key);
        Ok(Reply::Done)
    }

    /// The agent is at no message any more.
    pub(super) fn has_time(&mut self, key: AgentKey) {
        self.live.desk(key).busy = None;
        self.live.disarm(key, AgentTimer::Hold);
        self.make_room(key);
        self.live.todo.push_back(Todo::Deliver(key));
    }

    /// Drops all messages of an agent that ends; the one it is at only when it is called off.
    pub(super) fn empty_inbox(&mut self, key: AgentKey, end: AgentEnd) {
        let busy = self.live.look(key).and_then(|desk| desk.busy);
        let incarnation = self.state.agents.get(key).map(|agent| agent.incarnation);
        let why = match end {
            AgentEnd::Cancelled => DropReason::Cancelled,
            AgentEnd::Completed | AgentEnd::Failed => DropReason::Stopped,
        };
        let messages: Vec<Message> = self
            .inbox(key)
            .map_or_else(Vec::new, |inbox| inbox.messages().collect());
        // Who waits for room is told after all of them, and refused on coming back.
        let awaited = std::mem::take(&mut self.live.desk(key).awaited);
        for message in messages {
            if busy != Some(message) {
                self.drop_message(key, message, why);
            } else if end == AgentEnd::Cancelled {
                self.drop_message(key, message, why);
                self.live.disarm(key, AgentTimer::Hold);
                if let Some(incarnation) = incarnation {
                    self.order_about(AgentEffect::Abort {
                        agent: key,
                        incarnation,
                        message,
                    });
                }
            }
        }
        if awaited {
            self.order_about(AgentEffect::Room { agent: key });
        }
    }

    /// Whether a message may be given to the agent once more.
    pub(super) fn may_try_again(&self, key: AgentKey, message: Message) -> bool {
        let retries = self
            .state
            .agents
            .get(key)
            .map_or(0, |agent: &Agent| agent.settings.retry_message);
        self.inbox(key)
            .and_then(|inbox| inbox.get(message))
            .is_some_and(|mail| mail.deliveries <= retries)
    }
}
