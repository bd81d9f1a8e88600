/** All that the package is, whatever loads it. */
/** @internal */
export { start as _start, startAsync as _startAsync } from "./core.js";
/** @internal */
export { loaded as _loaded } from "./core.js";
/** @internal */
export { ExampleFrames as _ExampleFrames } from "./glue/agent_orchestrator.js";
/** @internal */
export { describe as _describe } from "./errors.js";
/** @internal */
export { invalid as _invalid, kindOf as _kindOf, object as _object, signalOf as _signalOf, string as _string } from "./input.js";
/** @internal */
export { FileStore as _FileStore, type Disk as _Disk } from "./stores.js";
export { OrchestratorError, type ErrorCode } from "./errors.js";
export type { Journal, StoredJournal } from "./journal-types.js";
export { AgentOrchestrator } from "./orchestrator.js";
export { TaskRun } from "./run.js";
export type {
  AgentProvider, CancelOptions, CreateTask, EventListener, EventType, EventsOptions, JsonObject, JsonValue, ListQuery, OpenOptions,
  OrchestratedTask, OrchestratorApi, OrchestratorEvent, ProviderResult, StartOptions, SubscribeOptions, TaskContext, TaskCounts,
  TaskOutcome, TaskPage, TaskResult, TaskStatus, TaskStep, TaskUserStatus, TaskWait,
} from "./types.js";
