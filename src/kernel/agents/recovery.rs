//! What becomes of agents that were read from a journal: no factory is here, ends that were under way end, and what ran
//! is to run again once its factory is here.

use super::agent::{Agent, Phase};
use super::fact::{AgentEnd, AgentFact, Goal};
use super::live::{AgentTimer, Live};
use crate::kernel::Turn;
use crate::kernel::id::AgentKey;

impl Turn<'_> {
    pub(in crate::kernel) fn recover_agents(&mut self) {
        *self.live = Live::default();
        let keys: Vec<AgentKey> = self.state.agents.iter().map(|(key, _)| key).collect();
        for key in &keys {
            self.end_with_parent(*key);
        }
        for key in keys.into_iter().rev() {
            self.recover_agent(key);
        }
    }

    /// The journal may end before all below one that was to end were told, too.
    fn end_with_parent(&mut self, key: AgentKey) {
        let agents = &self.state.agents;
        let Some(agent) = agents.get(key).filter(|agent| agent.is_up()) else {
            return;
        };
        let Some(parent) = agent.parent.and_then(|parent| agents.get(parent)) else {
            return;
        };
        let end = match (parent.phase, parent.goal) {
            (_, Some(Goal::End(end))) | (Phase::Ended(end), _) => end,
            (Phase::Registered, _) => AgentEnd::Cancelled,
            _ => return,
        };
        let end = match end {
            AgentEnd::Completed => AgentEnd::Completed,
            AgentEnd::Failed | AgentEnd::Cancelled => AgentEnd::Cancelled,
        };
        let reason = "the one above it ended";
        self.tell(
            key,
            AgentFact::Stopping {
                goal: Goal::End(end),
                reason,
            },
        );
    }

    fn recover_agent(&mut self, key: AgentKey) {
        let Some(agent) = self.state.agents.get(key) else {
            return;
        };
        let (phase, goal) = (agent.phase, agent.goal);
        self.remember_restarts(key);
        let failed = self
            .failed_at(key)
            .filter(|_| matches!(phase, Phase::Judged { .. }));
        let ends = matches!(goal, Some(Goal::End(_)));
        if let Some(failed) = failed.filter(|failed| ends || !self.may_try_again(key, *failed)) {
            self.give_up(key, failed);
        }
        let due = match (phase, goal) {
            (_, Some(Goal::End(end))) => {
                self.empty_inbox(key, end);
                return self.tell(key, AgentFact::Stopped { end, overdue: false });
            }
            (Phase::Registered | Phase::Ended(_), _) => return,
            (Phase::Waiting { due }, None) => due,
            (_, goal) => {
                let due = match goal {
                    Some(Goal::Restart { due }) => due,
                    _ => None,
                };
                self.tell(key, AgentFact::Waiting { due });
                due
            }
        };
        if let Some(due) = due {
            self.arm(key, AgentTimer::Restart, due.saturating_sub(self.at));
        }
    }

    /// The journal says when an agent was restarted by a clock that jumps: what lies between then and now counts.
    fn remember_restarts(&mut self, key: AgentKey) {
        let steady = self.timers.steady(self.now);
        let ago = |when: u64| self.at.saturating_sub(when);
        let recent = self.state.agents.get(key).map(|agent: &Agent| {
            let moments = agent.recent.iter().map(|when| steady.saturating_sub(ago(*when)));
            moments.collect()
        });
        if let Some(recent) = recent {
            self.live.desk(key).restarted = recent;
        }
    }
}
