/** The vocabulary of what happens, and of listening to it. */
import type { ErrorCode } from "./errors.js";
import type { TaskFailure, TaskResult, TaskStep, TaskWait } from "./types.js";

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
  | (OfTask<"task:message"> & { readonly about: "name" | "provider" | "userStatus" | "current"; readonly message: string })
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
