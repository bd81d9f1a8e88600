//! The seven actions and the plugin, as a host lists them.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::chat::ChatMessage;
use super::context::{ProviderDef, TASK_CONTEXT_PROVIDER};
use super::intent::read_intent;
use super::language::Language;
use super::replies::Reply;
use super::service::AgentOrchestratorService;

/// Which of the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionName {
    /// `CREATE_TASK`
    CreateTask,
    /// `LIST_TASKS`
    ListTasks,
    /// `SWITCH_TASK`
    SwitchTask,
    /// `SEARCH_TASKS`
    SearchTasks,
    /// `PAUSE_TASK`
    PauseTask,
    /// `RESUME_TASK`
    ResumeTask,
    /// `CANCEL_TASK`
    CancelTask,
}

impl ActionName {
    /// The name that hosts know.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateTask => "CREATE_TASK",
            Self::ListTasks => "LIST_TASKS",
            Self::SwitchTask => "SWITCH_TASK",
            Self::SearchTasks => "SEARCH_TASKS",
            Self::PauseTask => "PAUSE_TASK",
            Self::ResumeTask => "RESUME_TASK",
            Self::CancelTask => "CANCEL_TASK",
        }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ActionName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An action: what a host shows to a planner, and what it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionDef {
    /// Which one.
    pub name: ActionName,
    /// Other names that a planner may use.
    pub similes: &'static [&'static str],
    /// What it does.
    pub description: &'static str,
}

impl ActionDef {
    /// Whether an English text asks for it. For the language of a service, see
    /// [`AgentOrchestratorService::validate`].
    #[must_use]
    pub fn validate(&self, text: &str) -> bool {
        read_intent(&Language::english(), text).is_some_and(|intent| intent.action() == self.name)
    }

    /// Does it, and says what came of it.
    pub async fn handle(
        &self,
        service: &AgentOrchestratorService,
        message: &ChatMessage,
        options: &Value,
    ) -> Reply {
        service.act(self.name, message, options).await
    }
}

/// Creates a task and starts it.
pub const CREATE_TASK: ActionDef = ActionDef {
    name: ActionName::CreateTask,
    similes: &["START_TASK", "SPAWN_TASK", "NEW_TASK", "BEGIN_TASK"],
    description: "Create an orchestrated background task to be executed by a selected agent provider.",
};

/// Lists tasks.
pub const LIST_TASKS: ActionDef = ActionDef {
    name: ActionName::ListTasks,
    similes: &["SHOW_TASKS", "GET_TASKS", "TASKS", "VIEW_TASKS"],
    description: "List tasks managed by the orchestrator.",
};

/// Selects the current task.
pub const SWITCH_TASK: ActionDef = ActionDef {
    name: ActionName::SwitchTask,
    similes: &["SELECT_TASK", "SET_TASK", "CHANGE_TASK", "GO_TO_TASK"],
    description: "Switch the current task context to a different task.",
};

/// Searches tasks.
pub const SEARCH_TASKS: ActionDef = ActionDef {
    name: ActionName::SearchTasks,
    similes: &["FIND_TASK", "LOOKUP_TASK"],
    description: "Search tasks by query.",
};

/// Pauses a task.
pub const PAUSE_TASK: ActionDef = ActionDef {
    name: ActionName::PauseTask,
    similes: &["STOP_TASK", "HALT_TASK"],
    description: "Pause a running task.",
};

/// Lets a task go on, begins it, or begins it again.
pub const RESUME_TASK: ActionDef = ActionDef {
    name: ActionName::ResumeTask,
    similes: &["CONTINUE_TASK", "RESTART_TASK", "RUN_TASK"],
    description: "Resume a paused task.",
};

/// Calls a task off. It stays in the lists.
pub const CANCEL_TASK: ActionDef = ActionDef {
    name: ActionName::CancelTask,
    similes: &["DELETE_TASK", "REMOVE_TASK", "ABORT_TASK"],
    description: "Cancel a task.",
};

/// The seven, in the order in which hosts list them.
pub const ACTIONS: [ActionDef; 7] = [
    CREATE_TASK,
    LIST_TASKS,
    SWITCH_TASK,
    SEARCH_TASKS,
    PAUSE_TASK,
    RESUME_TASK,
    CANCEL_TASK,
];

/// The face as a host registers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// The name.
    pub name: &'static str,
    /// What it is good for.
    pub description: &'static str,
    /// The types of its services.
    pub services: Vec<&'static str>,
    /// What a planner can choose.
    pub actions: Vec<ActionDef>,
    /// What goes into prompts.
    pub providers: Vec<ProviderDef>,
}

/// The face as a host registers it.
#[must_use]
pub fn create_plugin() -> Plugin {
    Plugin {
        name: "agent-orchestrator",
        description: AgentOrchestratorService::CAPABILITY,
        services: vec![AgentOrchestratorService::SERVICE_TYPE],
        actions: ACTIONS.to_vec(),
        providers: vec![TASK_CONTEXT_PROVIDER],
    }
}
