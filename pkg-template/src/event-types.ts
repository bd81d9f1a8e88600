/** The vocabulary of what happens, and of listening to it. */
import type { AgentFailure, AgentMessage, AgentStatus, DropReason } from "./agent-types.js";
import type { ErrorCode } from "./errors.js";
import type { JsonValue, TaskFailure, TaskResult, TaskStep, TaskWait } from "./types.js";

interface Base<T extends string> {
  readonly type: T;
  /** Position in the journal; the first event is 1, and there are no gaps. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch; never runs backwards. */
  readonly at: number;
}
interface OfTask<T extends string> extends Base<T> {
  readonly taskId: string;
}
interface OfAttempt<T extends string> extends OfTask<T> {
  readonly attempt: number;
}

interface OfAgent<T extends string> extends Base<T> {
  /** The name of the agent. */
  readonly agent: string;
}
interface OfStart<T extends string> extends OfAgent<T> {
  /** The number of the start of the agent. */
  readonly incarnation: number;
}
interface OfMessage<T extends string> extends OfAgent<T> {
  /** The number of the message, for this agent. */
  readonly messageId: number;
}

/** What happens to agents. */
export type AgentEvent =
  | (OfAgent<"agent:added"> & { readonly parent?: string | undefined })
  | (OfAgent<"agent:waiting"> & { readonly dueAt?: number | undefined })
  | OfStart<"agent:spawned">
  | OfStart<"agent:restarted">
  | OfStart<"agent:ready">
  | (OfStart<"agent:failed"> & {
      readonly failure: AgentFailure; readonly error: string; readonly retryable: boolean; readonly messageId?: number | undefined;
    })
  | OfAgent<"agent:resumed">
  | (OfAgent<"agent:escalated"> & { readonly origin: string; readonly to?: string | undefined })
  | (OfAgent<"agent:restarting"> & { readonly restarts: number; readonly dueAt: number })
  | (OfAgent<"agent:stopping"> & { readonly restart: boolean; readonly reason: string })
  | (OfAgent<"agent:stopped"> & { readonly status: Extract<AgentStatus, "completed" | "failed" | "cancelled">; readonly overdue: boolean })
  | OfAgent<"agent:closing">
  | OfAgent<"agent:steady">
  | (OfMessage<"agent:message"> & { readonly messages: readonly AgentMessage[] })
  | OfMessage<"agent:prompted">
  | (OfMessage<"agent:replied"> & { readonly reply: JsonValue })
  | (OfMessage<"agent:dropped"> & { readonly reason: DropReason })
  | (OfMessage<"agent:dead-letter"> & { readonly messages: readonly AgentMessage[]; readonly error: string; readonly deliveries: number })
  | (OfAgent<"agent:state"> & { readonly state: JsonValue })
  | OfStart<"agent:late">
  | OfAgent<"agent:removed">;

/** Everything that can happen. One event for one fact. `journal:failed` and `subscriber:lagged` are not part of the journal. */
export type OrchestratorEvent =
  | (Base<"journal:opened"> & { readonly format: number })
  | (Base<"provider:registered"> & { readonly providerId: string; readonly label: string })
  | (Base<"provider:unregistered"> & { readonly providerId: string })
  | (OfTask<"task:created"> & { readonly name: string; readonly providerId: string; readonly parentId: string | undefined })
  | (OfAttempt<"task:queued"> & { readonly waitingFor: TaskWait })
  | (OfAttempt<"task:started"> & { readonly providerId: string })
  | (OfTask<"task:progress"> & { readonly progress: number })
  | (OfTask<"task:output"> & { readonly lines: readonly string[] })
  | (OfTask<"task:step"> & { readonly step: TaskStep })
  | (OfTask<"task:message"> & { readonly about: "name" | "provider" | "userStatus" | "current"; readonly message: string; readonly scope?: string })
  | OfTask<"task:paused">
  | OfTask<"task:resumed">
  | (OfAttempt<"task:completed"> & { readonly success: true; readonly summary: string; readonly result: TaskResult })
  | (OfAttempt<"task:failed"> & {
      readonly success: false; readonly summary: string; readonly failure: TaskFailure; readonly error: string; readonly result: TaskResult | undefined;
    })
  | (OfAttempt<"task:cancelled"> & { readonly reason: string })
  | (OfAttempt<"task:late"> & { readonly report: "output" | "progress" | "step" | "result" | "failure" })
  | OfTask<"task:deleted">
  | (OfAttempt<"task:blocked"> & { readonly waitingFor: TaskWait })
  | (OfAttempt<"task:retrying"> & { readonly failure: TaskFailure; readonly error: string; readonly retryAt: number })
  | OfAttempt<"task:interrupted">
  | (Base<"journal:recovered"> & { readonly cut: number; readonly interrupted: number })
  | (Base<"group:limited"> & { readonly group: string; readonly maxConcurrency: number | undefined })
  | AgentEvent
  | (Base<"journal:failed"> & { readonly code: ErrorCode; readonly message: string })
  | (Base<"subscriber:lagged"> & { readonly dropped: number });

/** The `type` of an event. */
export type EventType = OrchestratorEvent["type"];
/** Called with each event. */
export type EventListener<T extends EventType = EventType> = (event: Extract<OrchestratorEvent, { type: T }>) => void;

/** Options of {@link AgentOrchestrator.subscribe}. */
export interface SubscribeOptions<T extends EventType = EventType> {
  /** Only these. `subscriber:lagged` and `journal:failed` always come through. */
  types?: readonly T[] | undefined;
  /** Only events of this task. */
  taskId?: string | undefined;
  /** Only events of the agent with this name. */
  agent?: string | undefined;
  /** First seq wanted: 0 or 1 replays all that is kept. Default: from now on. */
  from?: number | undefined;
  /** Ends the subscription. */
  signal?: AbortSignal | undefined;
}
/** Options of {@link AgentOrchestrator.events}. */
export interface EventsOptions<T extends EventType = EventType> extends SubscribeOptions<T> {
  /** How many events may wait for a slow reader before the oldest are dropped and `subscriber:lagged` says so. Default 1024. */
  buffer?: number | undefined;
}
