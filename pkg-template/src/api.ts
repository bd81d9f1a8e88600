/** All that the package is, whatever loads it. */
/** @internal */
export { start as _start, startAsync as _startAsync } from "./module.js";
/** @internal */
export { loaded as _loaded } from "./module.js";
/** @internal */
export { ExampleFrames as _ExampleFrames } from "./glue/agent_orchestrator.js";
/** @internal */
export { describe as _describe } from "./errors.js";
/** @internal */
export { count as _count, invalid as _invalid, kindOf as _kindOf, object as _object, onAbort as _onAbort, signalOf as _signalOf, string as _string } from "./input.js";
/** @internal */
export { readProvider as _readProvider, type Registered as _Registered } from "./provider.js";
/** @internal */
export { FileStore as _FileStore, type Disk as _Disk } from "./stores.js";
export { OrchestratorError, type ErrorCode } from "./errors.js";
export { importJournal } from "./import.js";
export type { Journal, StoredJournal } from "./journal-types.js";
export { AgentHandle } from "./agent-handle.js";
export { AgentOrchestrator } from "./orchestrator.js";
export { PastState } from "./past.js";
export { TaskRun } from "./run.js";
export type {
  AgentContext, AgentEvent, AgentFactory, AgentFailure, AgentFault, AgentMessage, AgentNode, AgentOptions, AgentOutcome, AgentStart, AgentStatus,
  DeadLetter, DeadLetters, DropReason, Overflow, RestartType, Strategy, SupervisedAgent, SupervisorAction, SupervisorPolicy,
} from "./types.js";
export type {
  AgentProvider, CancelOptions, Clock, CreateTask, EventListener, EventType, EventsOptions, JsonObject, JsonValue, ListQuery, OnInterrupt,
  OpenOptions, OrchestratedTask, OrchestratorApi, OrchestratorEvent, ProviderResult, RetryPolicy, StartOptions, StateDiff, SubscribeOptions,
  TaskChange, TaskContext, TaskCounts, TaskFailure, TaskOutcome, TaskPage, TaskResult, TaskStatus, TaskStep, TaskTimeouts, TaskUserStatus,
  TaskWait, Verification,
} from "./types.js";
