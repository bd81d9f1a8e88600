//! What can be asked of a kernel about agents.

use std::collections::VecDeque;

use super::agent::Agent;
use super::table::DeadLetter;
use crate::kernel::Kernel;
use crate::kernel::id::{AgentKey, Message};

impl Kernel {
    /// The key of the agent with this name.
    #[must_use]
    pub fn find_agent(&self, name: &str) -> Option<AgentKey> {
        self.state.agents.find(name)
    }

    /// An agent.
    #[must_use]
    pub fn agent(&self, key: AgentKey) -> Option<&Agent> {
        self.state.agents.get(key)
    }

    /// The name of an agent, also of one that was removed.
    #[must_use]
    pub fn agent_name(&self, key: AgentKey) -> &str {
        self.state.agents.name(key)
    }

    /// All agents, in the order in which they were added.
    pub fn agents(&self) -> impl DoubleEndedIterator<Item = (AgentKey, &Agent)> {
        self.state.agents.iter()
    }

    /// The message that an agent is at.
    #[must_use]
    pub fn prompted(&self, agent: AgentKey) -> Option<Message> {
        self.live.busy(agent)
    }

    /// How often [`AgentEffect::Ended`] was ordered of an agent since it is here, also where that is not polled yet.
    pub(crate) fn ends(&self, agent: AgentKey) -> u32 {
        self.live.ends(agent)
    }

    /// How many messages an agent has not answered yet, with the one that it is at.
    #[must_use]
    pub fn unanswered(&self, key: AgentKey) -> usize {
        self.agent(key)
            .map_or(0, |agent| agent.inbox.len() + self.live.unrecorded(key))
    }

    /// Whether a message to an agent was neither answered nor dropped.
    #[must_use]
    pub fn knows_message(&self, key: AgentKey, message: Message) -> bool {
        let recorded = self.agent(key).and_then(|agent| agent.inbox.get(message));
        recorded.or_else(|| self.live.mail(key, message)).is_some()
    }

    /// What a message says that was not answered yet, as JSON, if the kernel keeps it.
    #[must_use]
    pub fn payload(&self, key: AgentKey, message: Message) -> Option<&str> {
        let recorded = self.agent(key)?.inbox.get(message);
        let mail = recorded.or_else(|| self.live.mail(key, message))?;
        Some(&*mail.payload).filter(|payload| !payload.is_empty())
    }

    /// Whether the messages of an agent are in the journal, and their replies.
    #[must_use]
    pub fn records(&self, agent: &Agent) -> bool {
        agent.settings.recorded.unwrap_or(self.config.record_messages)
    }

    /// Whether a message to an agent must say what it says: it may be given to the agent again.
    #[must_use]
    pub fn keeps_payload(&self, agent: &Agent) -> bool {
        agent.settings.retry_message > 0 || self.records(agent)
    }

    /// Messages that could not be answered, oldest first, and how many older ones were dropped.
    #[must_use]
    pub const fn dead_letters(&self) -> (&VecDeque<DeadLetter>, u64) {
        self.state.agents.dead_letters()
    }
}
