/** The seven actions, as a planner sees them. */

/** The name of an action. */
export type ActionName = "CREATE_TASK" | "LIST_TASKS" | "SWITCH_TASK" | "SEARCH_TASKS" | "PAUSE_TASK" | "RESUME_TASK" | "CANCEL_TASK";
