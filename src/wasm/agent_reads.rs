//! What can be asked about supervised agents.

use wasm_bindgen::prelude::wasm_bindgen;

use super::agent_json;
use super::core::Core;
use super::input::Strings;
use crate::kernel::{Agent, AgentKey, Message};
use crate::supervision::tree;

const NONE: i32 = -1;

#[wasm_bindgen]
impl Core {
    /// The key of the agent with the name in the input buffer, or -1.
    #[wasm_bindgen(js_name = findAgent)]
    pub fn find_agent(&self, name: u32) -> i32 {
        let inner = self.inner.borrow();
        let found = Strings::new(&inner.input)
            .next(name)
            .ok()
            .and_then(|name| inner.engine.kernel().find_agent(name));
        found.map_or(NONE, |key| key.get() as i32)
    }

    /// The name of an agent, also of one that was removed.
    #[wasm_bindgen(js_name = agentName)]
    pub fn agent_name(&self, agent: u32) -> String {
        let inner = self.inner.borrow();
        inner.engine.kernel().agent_name(AgentKey::new(agent)).to_owned()
    }

    /// Keys of the agents right below one, in the order in which they were added.
    #[wasm_bindgen(js_name = agentChildren)]
    pub fn agent_children(&self, agent: u32) -> Vec<u32> {
        let children = self.of_agent(agent, |agent| {
            agent.children().iter().map(|child| child.get()).collect()
        });
        children.unwrap_or_default()
    }

    /// The key of the agent above one, or -1.
    #[wasm_bindgen(js_name = agentParent)]
    pub fn agent_parent(&self, agent: u32) -> i32 {
        let parent = self.of_agent(agent, Agent::parent).flatten();
        parent.map_or(NONE, |parent| parent.get() as i32)
    }

    /// Keys of all agents, in the order in which they were added.
    #[wasm_bindgen(js_name = agentKeys)]
    pub fn agent_keys(&self) -> Vec<u32> {
        let inner = self.inner.borrow();
        inner.engine.kernel().agents().map(|(key, _)| key.get()).collect()
    }

    /// The number of the status of an agent, or -1.
    #[wasm_bindgen(js_name = agentStatus)]
    pub fn agent_status(&self, agent: u32) -> i32 {
        self.of_agent(agent, |agent| agent.status() as i32)
            .unwrap_or(NONE)
    }

    /// How often an agent was begun anew since it was spawned.
    #[wasm_bindgen(js_name = agentRestarts)]
    pub fn agent_restarts(&self, agent: u32) -> u32 {
        self.of_agent(agent, Agent::restarts).unwrap_or_default()
    }

    /// What must be said of messages to an agent: 1 what they say, 3 the replies, too.
    #[wasm_bindgen(js_name = agentKeeps)]
    pub fn agent_keeps(&self, agent: u32) -> u32 {
        let inner = self.inner.borrow();
        let kernel = inner.engine.kernel();
        kernel.agent(AgentKey::new(agent)).map_or(0, |agent| {
            u32::from(kernel.keeps_payload(agent)) | u32::from(kernel.records(agent)) << 1
        })
    }

    /// What a message says that was not answered yet, as JSON, if the kernel keeps it.
    #[wasm_bindgen(js_name = messagePayload)]
    pub fn message_payload(&self, agent: u32, message: u32) -> Option<String> {
        let inner = self.inner.borrow();
        let payload = inner
            .engine
            .kernel()
            .payload(AgentKey::new(agent), Message::new(message));
        payload.map(str::to_owned)
    }

    /// What an agent wants back when it begins anew, as JSON.
    #[wasm_bindgen(js_name = agentState)]
    pub fn agent_state(&self, agent: u32) -> Option<String> {
        self.of_agent(agent, |agent| agent.kept().map(str::to_owned))
            .flatten()
    }

    /// Why an agent last failed, as JSON.
    #[wasm_bindgen(js_name = agentFailure)]
    pub fn agent_failure(&self, agent: u32) -> Option<String> {
        self.of_agent(agent, agent_json::failure).flatten()
    }

    /// All agents as JSON.
    #[wasm_bindgen(js_name = agentTree)]
    pub fn agent_tree(&self) -> String {
        agent_json::nodes(&tree(self.inner.borrow().engine.kernel()))
    }

    /// The messages that nobody could answer, as JSON.
    #[wasm_bindgen(js_name = deadLetters)]
    pub fn dead_letters(&self) -> String {
        agent_json::dead_letters(self.inner.borrow().engine.kernel())
    }
}
