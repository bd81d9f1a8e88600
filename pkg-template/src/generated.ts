// Written by tests/readme_tables.rs from src/kernel/error.rs and src/orchestrator/event.rs; see there.
import type { EventType } from "./types.js";

/** What went wrong, as a word that never changes its meaning. */
export type ErrorCode =
  /** A value that was passed in has the wrong type or form. */
  | "INVALID_ARGUMENT"
  /** A value or a collection is larger than its limit. */
  | "LIMIT_EXCEEDED"
  /** There is no task with this id. */
  | "TASK_NOT_FOUND"
  /** There is a task with this id already. */
  | "TASK_EXISTS"
  /** Several tasks match, and none better than the others. */
  | "TASK_AMBIGUOUS"
  /** The task has no step with this id. */
  | "STEP_NOT_FOUND"
  /** No provider with this id is registered. */
  | "PROVIDER_NOT_FOUND"
  /** A provider with this id is registered already. */
  | "PROVIDER_EXISTS"
  /** Tasks would wait for each other for ever. */
  | "DEPENDENCY_CYCLE"
  /** As many tasks wait for their turn as may wait. */
  | "QUEUE_FULL"
  /** The task's status does not allow this; see the status table. */
  | "ILLEGAL_TRANSITION"
  /** A provider returned something that is not a result. */
  | "INVALID_RESULT"
  /** The task failed, and the caller asked for its result. */
  | "TASK_FAILED"
  /** The task was cancelled, and the caller asked for its result. */
  | "TASK_CANCELLED"
  /** There is no agent with this name. */
  | "AGENT_NOT_FOUND"
  /** There is an agent with this name already. */
  | "AGENT_EXISTS"
  /** The agent takes no messages: it was not spawned, is stopping, or has ended. */
  | "AGENT_NOT_RUNNING"
  /** The agent could not answer the message. */
  | "AGENT_FAILED"
  /** The agent held the message for too long. */
  | "AGENT_TIMEOUT"
  /** The agent ended, or was begun anew, before it answered the message. */
  | "AGENT_STOPPED"
  /** As many messages wait for the agent as may wait. */
  | "INBOX_FULL"
  /** A newer message took the place of this one in a full inbox. */
  | "MESSAGE_DROPPED"
  /** The signal passed to the call was aborted. */
  | "ABORTED"
  /** The journal cannot keep up; wait for the calls made so far. */
  | "OVERLOADED"
  /** Somebody else has written to this journal, or the same key was used for something else. */
  | "CONFLICT"
  /** Another process or tab owns this journal. */
  | "LOCKED"
  /** The journal could not be read or written; the orchestrator only reads from then on. */
  | "JOURNAL_FAILED"
  /** The journal is damaged in the middle; nothing was changed. */
  | "JOURNAL_DAMAGED"
  /** The journal was written by a newer version. */
  | "JOURNAL_VERSION"
  /** There is no room left for the journal. */
  | "JOURNAL_FULL"
  /** This is a state of the past, which can only be looked at. */
  | "READ_ONLY"
  /** This part of the journal is not kept any more. */
  | "HISTORY_GONE"
  /** The plugin was started before it was configured. */
  | "NOT_CONFIGURED"
  /** The wasm module is not loaded yet: call `await init()` first. */
  | "NOT_INITIALIZED"
  /** The orchestrator was disposed of. */
  | "DISPOSED"
  /** The core stopped at a bug and cannot go on; open a new orchestrator. */
  | "POISONED";

/** Every code. */
export const ERROR_CODES: readonly ErrorCode[] = [
  "INVALID_ARGUMENT",
  "LIMIT_EXCEEDED",
  "TASK_NOT_FOUND",
  "TASK_EXISTS",
  "TASK_AMBIGUOUS",
  "STEP_NOT_FOUND",
  "PROVIDER_NOT_FOUND",
  "PROVIDER_EXISTS",
  "DEPENDENCY_CYCLE",
  "QUEUE_FULL",
  "ILLEGAL_TRANSITION",
  "INVALID_RESULT",
  "TASK_FAILED",
  "TASK_CANCELLED",
  "AGENT_NOT_FOUND",
  "AGENT_EXISTS",
  "AGENT_NOT_RUNNING",
  "AGENT_FAILED",
  "AGENT_TIMEOUT",
  "AGENT_STOPPED",
  "INBOX_FULL",
  "MESSAGE_DROPPED",
  "ABORTED",
  "OVERLOADED",
  "CONFLICT",
  "LOCKED",
  "JOURNAL_FAILED",
  "JOURNAL_DAMAGED",
  "JOURNAL_VERSION",
  "JOURNAL_FULL",
  "READ_ONLY",
  "HISTORY_GONE",
  "NOT_CONFIGURED",
  "NOT_INITIALIZED",
  "DISPOSED",
  "POISONED",
];

/** Every type of event. A type that `types.ts` has and Rust has not, or the other way round, does not compile. */
export const EVENT_TYPES = /* @__PURE__ */ Object.keys({
  "journal:opened": true,
  "provider:registered": true,
  "provider:unregistered": true,
  "task:created": true,
  "task:queued": true,
  "task:started": true,
  "task:progress": true,
  "task:output": true,
  "task:step": true,
  "task:message": true,
  "task:paused": true,
  "task:resumed": true,
  "task:completed": true,
  "task:failed": true,
  "task:cancelled": true,
  "task:late": true,
  "task:deleted": true,
  "task:blocked": true,
  "task:retrying": true,
  "task:interrupted": true,
  "journal:recovered": true,
  "group:limited": true,
  "agent:added": true,
  "agent:waiting": true,
  "agent:spawned": true,
  "agent:restarted": true,
  "agent:ready": true,
  "agent:failed": true,
  "agent:resumed": true,
  "agent:escalated": true,
  "agent:restarting": true,
  "agent:stopping": true,
  "agent:stopped": true,
  "agent:closing": true,
  "agent:steady": true,
  "agent:message": true,
  "agent:prompted": true,
  "agent:replied": true,
  "agent:dropped": true,
  "agent:dead-letter": true,
  "agent:state": true,
  "agent:late": true,
  "agent:removed": true,
  "journal:failed": true,
  "subscriber:lagged": true,
} satisfies Record<EventType, true>) as readonly EventType[];
