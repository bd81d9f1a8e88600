/** The seven actions, as a planner sees them. */

/** The name of an action. */
export type ActionName = "CREATE_TASK" | "LIST_TASKS" | "SWITCH_TASK" | "SEARCH_TASKS" | "PAUSE_TASK" | "RESUME_TASK" | "CANCEL_TASK";

/** A parameter of an action, with its JSON schema. */
export interface ActionParameter {
  readonly name: string;
  readonly description: string;
  readonly required: false;
  readonly schema: { readonly type: "string" | "boolean" | "integer" | "array"; readonly items?: { readonly type: "string" }; readonly minimum?: number; readonly maximum?: number };
}

/** An action: what it is called, and what it can be told beside the text. */
export interface Action {
  readonly name: ActionName;
  readonly similes: readonly string[];
  readonly description: string;
  readonly parameters: readonly ActionParameter[];
}

const parameter = (name: string, description: string, schema: ActionParameter["schema"] = { type: "string" }): ActionParameter => ({ name, description, required: false, schema });

const target = [parameter("taskId", "The exact id of the task."), parameter("task", "Which task: its name, words of it, or its number in the last list.")];

/** All actions, in the order in which they are offered. */
export const ACTIONS: readonly Action[] = [
  {
    name: "CREATE_TASK",
    similes: ["START_TASK", "SPAWN_TASK", "NEW_TASK", "BEGIN_TASK"],
    description: "Create an orchestrated background task to be executed by a selected agent provider.",
    parameters: [
      parameter("title", "The name of the task."),
      parameter("description", "What is to be done."),
      parameter("steps", "The steps of the plan.", { type: "array", items: { type: "string" } }),
      parameter("provider", "The id or label of the agent provider."),
      parameter("start", "Whether to start it; default true.", { type: "boolean" }),
    ],
  },
  {
    name: "LIST_TASKS",
    similes: ["SHOW_TASKS", "GET_TASKS", "TASKS", "VIEW_TASKS"],
    description: "List tasks managed by the orchestrator.",
    parameters: [parameter("status", "Only tasks with this status."), parameter("limit", "How many to list; default 20.", { type: "integer", minimum: 1, maximum: 100 })],
  },
  {
    name: "SWITCH_TASK",
    similes: ["SELECT_TASK", "SET_TASK", "CHANGE_TASK", "GO_TO_TASK"],
    description: "Switch the current task context to a different task.",
    parameters: target,
  },
  { name: "SEARCH_TASKS", similes: ["FIND_TASK", "LOOKUP_TASK"], description: "Search tasks by query.", parameters: [parameter("query", "Words to search for.")] },
  { name: "PAUSE_TASK", similes: ["STOP_TASK", "HALT_TASK"], description: "Pause a running task.", parameters: target },
  {
    name: "RESUME_TASK",
    similes: ["CONTINUE_TASK", "RESTART_TASK", "RUN_TASK"],
    description: "Resume a paused task.",
    parameters: [...target, parameter("restart", "Begin a task anew that has ended.", { type: "boolean" })],
  },
  { name: "CANCEL_TASK", similes: ["DELETE_TASK", "REMOVE_TASK", "ABORT_TASK"], description: "Cancel a task.", parameters: target },
];
