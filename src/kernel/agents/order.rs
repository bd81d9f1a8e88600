//! The order in which agents go down and come up: those below first on the way down, last on the way up; siblings
//! after each other, the last one first on the way down.

use super::agent::{Agent, Phase};
use super::effect::AgentEffect;
use super::fact::{AgentEnd, AgentFact, DropReason, Goal};
use super::live::{AgentTimer, Todo};
use super::spec::Strategy;
use crate::kernel::Turn;
use crate::kernel::command::Reply;
use crate::kernel::error::Result;
use crate::kernel::id::{AgentKey, Incarnation};

impl Turn<'_> {
    /// Brings an agent to this end, and all below it to that one.
    pub(super) fn take_down(&mut self, key: AgentKey, end: AgentEnd, below: AgentEnd, reason: &str) {
        for member in self.state.agents.tree(key) {
            let failed =
                end == AgentEnd::Failed && self.state.agents.get(member).is_some_and(Agent::is_judged);
            let end = if member == key || failed { end } else { below };
            self.leave(member, Goal::End(end), reason);
        }
    }

    /// Says that an agent is to go down.
    pub(super) fn leave(&mut self, key: AgentKey, goal: Goal, reason: &str) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        if agent.is_down() {
            return;
        }
        let pending = match (agent.goal, agent.phase) {
            (Some(Goal::Restart { due }), _) | (None, Phase::Waiting { due }) => due,
            _ => None,
        };
        let judged = agent.is_judged();
        let asked = goal;
        let goal = match (agent.goal, asked) {
            // Who called it off wants it sooner than who asked it to stop.
            (Some(Goal::End(AgentEnd::Completed)), Goal::End(AgentEnd::Cancelled)) => goal,
            (Some(Goal::End(_)), Goal::End(AgentEnd::Cancelled)) => {
                return self.empty_inbox(key, AgentEnd::Cancelled);
            }
            (Some(Goal::End(_)), _) => return,
            // With its parent it begins as soon as that runs; else the longest wait counts.
            (_, Goal::Restart { due }) => Goal::Restart {
                due: due.map(|due| pending.map_or(due, |pending| pending.max(due))),
            },
            _ => goal,
        };
        if agent.goal != Some(goal) {
            self.tell(key, AgentFact::Stopping { goal, reason });
        }
        let armed = self.live.disarm(key, AgentTimer::Restart);
        match asked {
            Goal::Restart { due } => {
                let steady = self.timers.steady(self.now);
                let wait = due.map(|due| steady.saturating_add(due.saturating_sub(self.at)));
                let desk = self.live.desk(key);
                desk.due = wait.max(wait.and(armed.max(desk.due)));
            }
            Goal::End(end) => {
                if let Some(message) = self.failed_at(key).filter(|_| judged) {
                    self.give_up(key, message);
                }
                self.empty_inbox(key, end);
            }
        }
        self.refresh(key);
        self.live.leaving.push_back(key);
    }

    /// Whether the children of this agent go down and come up one after the other.
    fn in_order(&self, parent: AgentKey) -> bool {
        self.state
            .agents
            .get(parent)
            .is_some_and(|parent| parent.settings.strategy != Strategy::OneForOne || parent.goal.is_some())
    }

    /// Lets an agent go that is to go down, if its turn has come.
    pub(super) fn bring_down(&mut self, key: AgentKey) {
        let Some(agent) = self.state.agents.get(key).filter(|agent| agent.goal.is_some()) else {
            return;
        };
        let (live, parent, incarnation, grace) = (
            agent.is_live(),
            agent.parent,
            agent.incarnation,
            agent.settings.grace,
        );
        if !self.live.desk(key).down.is_empty() {
            return;
        }
        if let Some(parent) = parent.filter(|parent| self.in_order(*parent))
            && self.live.desk(parent).down.last() != Some(&key)
        {
            return;
        }
        if !live {
            self.went_down(key, false);
        } else if !self.live.desk(key).halting {
            self.live.desk(key).halting = true;
            self.order_about(AgentEffect::Halt {
                agent: key,
                incarnation,
            });
            self.arm(key, AgentTimer::Grace, grace);
        }
    }

    pub(super) fn halted(&mut self, key: AgentKey, incarnation: Incarnation) -> Result<Reply> {
        if self.is_over(key, incarnation)? || !self.live.desk(key).halting {
            return Ok(Reply::Late);
        }
        self.went_down(key, false);
        Ok(Reply::Done)
    }

    /// An agent that was to go down is gone, or has to be dropped.
    pub(super) fn went_down(&mut self, key: AgentKey, overdue: bool) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let Some(goal) = agent.goal else { return };
        let incarnation = agent.incarnation;
        let judged = agent.is_judged();
        if overdue || judged {
            self.order_about(AgentEffect::Discard {
                agent: key,
                incarnation,
            });
        }
        for timer in [AgentTimer::Grace, AgentTimer::Hold, AgentTimer::Restart] {
            self.live.disarm(key, timer);
        }
        let desk = self.live.desk(key);
        let (held, wait) = (desk.busy.take(), desk.due.take());
        (desk.halting, desk.rested, desk.quits) = (false, false, false);
        let held = held.filter(|held| self.inbox(key).is_some_and(|inbox| inbox.get(*held).is_some()));
        match goal {
            Goal::Restart { due } => {
                if let Some(failed) = self
                    .failed_at(key)
                    .filter(|failed| judged && !self.may_try_again(key, *failed))
                {
                    self.give_up(key, failed);
                }
                if let Some(held) = held.filter(|held| !self.may_try_again(key, *held)) {
                    self.drop_message(key, held, DropReason::Restarted);
                }
                self.tell(key, AgentFact::Waiting { due });
                match wait {
                    // At once: those beside it may look now whether it is their turn.
                    Some(wait) if wait <= self.timers.steady(self.now) => {
                        self.live.desk(key).rested = true;
                    }
                    Some(wait) => self.live.arm(key, AgentTimer::Restart, wait),
                    None => {}
                }
            }
            Goal::End(end) => {
                self.empty_inbox(key, end);
                self.tell(key, AgentFact::Stopped { end, overdue });
                let ends = &mut self.live.desk(key).ends;
                *ends = ends.wrapping_add(1);
                self.order_about(AgentEffect::Ended { agent: key });
            }
        }
        self.refresh(key);
        self.live.todo.push_back(Todo::Up(key));
    }

    /// Starts an agent that is to start, if its turn has come.
    pub(super) fn bring_up(&mut self, key: AgentKey) {
        self.refresh(key);
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let Phase::Waiting { due } = agent.phase else {
            return;
        };
        let rested = due.is_none() || self.live.look(key).is_some_and(|desk| desk.rested);
        if agent.goal.is_some() || !agent.attached || !rested {
            return;
        }
        let incarnation = Incarnation(agent.incarnation.0.saturating_add(1));
        let (timeout, again) = (agent.settings.message_timeout, agent.starts > 0);
        if let Some(parent) = agent.parent {
            let open = |parent: &Agent| parent.phase == Phase::Running && parent.goal.is_none();
            if !self.state.agents.get(parent).is_some_and(open) {
                return;
            }
            let in_order = self.in_order(parent);
            let desk = self.live.desk(parent);
            if desk.up.first() != Some(&key) || in_order && !desk.down.is_empty() {
                return;
            }
        }
        self.tell(key, AgentFact::Starting { incarnation, again });
        self.order_about(AgentEffect::Start {
            agent: key,
            incarnation,
        });
        if let Some(timeout) = timeout {
            self.arm(key, AgentTimer::Hold, timeout);
        }
    }

    pub(super) fn ready_agent(&mut self, key: AgentKey, incarnation: Incarnation) -> Result<Reply> {
        if self.is_over(key, incarnation)? || self.agent(key)?.phase != Phase::Starting {
            return Ok(Reply::Late);
        }
        self.tell(key, AgentFact::Ready { incarnation });
        self.live.disarm(key, AgentTimer::Hold);
        self.live.desk(key).rested = false;
        self.refresh(key);
        self.live.todo.push_back(Todo::Deliver(key));
        self.start_below(key);
        Ok(Reply::Done)
    }

    /// Looks whether the first of those below an agent can start.
    pub(super) fn start_below(&mut self, key: AgentKey) {
        let first = self.live.desk(key).up.first().copied();
        self.live.todo.extend(first.map(Todo::Up));
    }

    /// Enters an agent among those that go down or come up beside it; when it leaves them, it is the next one's turn.
    pub(super) fn refresh(&mut self, key: AgentKey) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let Some(parent) = agent.parent else { return };
        let rested = |due: Option<_>| due.is_none() || self.live.look(key).is_some_and(|desk| desk.rested);
        let comes_up = agent.goal.is_none()
            && match agent.phase {
                Phase::Waiting { due } => agent.attached && rested(due),
                Phase::Starting => true,
                _ => false,
            };
        let goes_down = agent.goal.is_some();
        let desk = self.live.desk(parent);
        let mut moved = false;
        for (set, belongs) in [(&mut desk.up, comes_up), (&mut desk.down, goes_down)] {
            if belongs {
                set.insert(key);
            } else {
                moved |= set.remove(&key);
            }
        }
        if !moved {
            return;
        }
        let (down, up) = (desk.down.last().copied(), desk.up.first().copied());
        self.live.leaving.extend(down);
        self.live.leaving.push_back(parent);
        self.live.todo.extend(up.map(Todo::Up));
    }
}
