//! How an agent ended.

use serde::Serialize;

use super::message::AgentResult;
use crate::kernel::{AgentKey, AgentStatus, Kernel};

/// How an agent ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentOutcome {
    /// Its name.
    pub agent: String,
    /// `completed`, `failed` or `cancelled`.
    pub status: AgentStatus,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was begun anew since it was spawned.
    pub restarts: u32,
    /// What it answered last, if it has answered anything in this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_result: Option<AgentResult>,
}

impl AgentOutcome {
    /// How an agent has ended, if it has.
    pub(super) fn of(kernel: &Kernel, key: AgentKey, last: Option<&AgentResult>) -> Option<Self> {
        let agent = kernel.agent(key).filter(|agent| agent.status().is_terminal())?;
        let status = agent.status();
        let error = agent.last_error().filter(|_| status == AgentStatus::Failed);
        Some(Self {
            agent: agent.name().to_owned(),
            status,
            error: error.map(str::to_owned),
            restarts: agent.restarts(),
            last_result: last.cloned(),
        })
    }
}
