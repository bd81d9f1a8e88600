/** All that the package is, whatever loads it. */
/** @internal */
export { start as _start, startAsync as _startAsync } from "./core.js";
export { OrchestratorError, type ErrorCode } from "./errors.js";
export { AgentOrchestrator } from "./orchestrator.js";
export { TaskRun } from "./run.js";
export type {
  AgentProvider, CancelOptions, CreateTask, EventListener, EventType, EventsOptions, JsonObject, JsonValue, ListQuery, OpenOptions,
  OrchestratedTask, OrchestratorApi, OrchestratorEvent, ProviderResult, StartOptions, SubscribeOptions, TaskContext, TaskCounts,
  TaskOutcome, TaskPage, TaskResult, TaskStatus, TaskStep, TaskUserStatus, TaskWait,
} from "./types.js";
