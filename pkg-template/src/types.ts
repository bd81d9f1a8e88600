/**
 * The public vocabulary of the package: what goes in, what comes out. Everything that comes out is a plain frozen
 * object; nothing here is a live handle except {@link TaskRun} and {@link TaskContext}.
 */
import type { SupervisorPolicy } from "./agent-types.js";
import type { Journal } from "./journal-types.js";

/** A value that survives `JSON.parse(JSON.stringify(value))`. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Where a task stands. `blocked` was started and waits for tasks that it depends on. `completed`, `failed` and
 * `cancelled` are terminal; only `restartTask` leaves them.
 */
export type TaskStatus = "pending" | "blocked" | "running" | "paused" | "completed" | "failed" | "cancelled";
/** What the user thinks of a task; independent of {@link TaskStatus}. */
export type TaskUserStatus = "open" | "done";
/**
 * What a started task still waits for: a free slot, its provider to be registered, the tasks it depends on, its time to
 * start, its next attempt, or, after a crash, to be resumed.
 */
export type TaskWait = "capacity" | "provider" | "dependencies" | "time" | "retry" | "interrupted";
/** What a failure comes from: the provider, a time-out or deadline, a task that was needed first, or a crash. */
export type TaskFailure = "provider" | "timeout" | "dependency" | "interrupted";
/** What becomes of a task that was running when the orchestrator stopped without a goodbye. */
export type OnInterrupt = "pause" | "retry" | "fail";

/** One step of a task's plan. */
export interface TaskStep {
  /** Unique within the task: `s1`, `s2`, ... */
  readonly id: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly output?: string | undefined;
}

/** What a provider made of a task. Keys that are not listed here are kept as they came. */
export interface TaskResult {
  readonly success: boolean;
  readonly summary: string;
  readonly error?: string | undefined;
  readonly filesCreated: readonly string[];
  readonly filesModified: readonly string[];
  readonly [extra: string]: JsonValue | undefined;
}

/** A snapshot of a task: frozen, complete, and never updated. Ask again for a newer one. */
export interface OrchestratedTask {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly userStatus: TaskUserStatus;
  /** Set while a started task has not begun to run. */
  readonly waitingFor: TaskWait | undefined;
  /** 0 to 100. */
  readonly progress: number;
  /** Number of the current (or last) run of this task; 0 before the first. */
  readonly attempt: number;
  readonly providerId: string;
  readonly providerLabel: string;
  readonly subAgentType: string;
  readonly workingDirectory: string;
  readonly roomId: string | undefined;
  readonly worldId: string | undefined;
  readonly parentId: string | undefined;
  readonly tags: readonly string[];
  readonly steps: readonly TaskStep[];
  /** The last lines of output; see {@link OrchestratedTask.outputDropped}. */
  readonly output: readonly string[];
  /** How many older lines were dropped to keep `output` within its limit. */
  readonly outputDropped: number;
  readonly result: TaskResult | undefined;
  readonly error: string | undefined;
  readonly filesCreated: readonly string[];
  readonly filesModified: readonly string[];
  /** Milliseconds since the Unix epoch, as are all times. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** First time the task ran. */
  readonly startedAt: number | undefined;
  readonly completedAt: number | undefined;
  readonly userStatusUpdatedAt: number;
  /** Ids of tasks that must be completed before it runs. */
  readonly dependsOn: readonly string[];
  /** Higher ones run first, within their group. */
  readonly priority: number;
  readonly group: string | undefined;
  /** When it must have ended. */
  readonly deadline: number | undefined;
  /** Before when it does not run. */
  readonly startAt: number | undefined;
  /** When the next attempt is due, after a failed one. */
  readonly retryAt: number | undefined;
  /** Whether it goes on when the task above it ends. */
  readonly outlivesParent: boolean;
  readonly metadata: JsonObject;
}

/**
 * How failed attempts are repeated. The n-th retry comes after `delay * factor ** (n - 1)`, at most `maxDelay`; up to
 * the share `jitter` of it is left out at random, so that tasks which failed together do not come back together.
 */
export interface RetryPolicy {
  /** How many attempts there may be in all, the first included; 1 to 1000. */
  maxAttempts: number;
  /** Milliseconds before the second attempt. Default 1000. */
  delay?: number | undefined;
  /** The longest wait between two attempts, in milliseconds. Default 60,000. */
  maxDelay?: number | undefined;
  /** By how much each wait is longer than the one before, 1 to 100. Default 2. */
  factor?: number | undefined;
  /** 0 to 1. Default 0.5. */
  jitter?: number | undefined;
}

/** How long things may take, in milliseconds. What is absent may take any time. */
export interface TaskTimeouts {
  /** One attempt, while it is not paused. */
  attempt?: number | undefined;
  /** Without output, progress or a step of the provider, while it is not paused. */
  idle?: number | undefined;
  /** All attempts together with the waits between them, from the first run on. */
  total?: number | undefined;
}

/** What {@link AgentOrchestrator.createTask} takes. */
export interface CreateTask {
  /** Shown to people; must have a visible character. */
  name: string;
  /** What is to be done, for the provider. Defaults to the name. */
  description?: string | undefined;
  /** Your own id: letters, digits, `_`, `-`, at most 128. One is made when absent. */
  id?: string | undefined;
  /** Defaults to the orchestrator's `defaultProviderId`. */
  providerId?: string | undefined;
  /** Defaults to the provider's id. */
  subAgentType?: string | undefined;
  /** Defaults to the orchestrator's `workingDirectory`. */
  workingDirectory?: string | undefined;
  roomId?: string | undefined;
  worldId?: string | undefined;
  /** The task above. When that one ends, is cancelled or deleted, the same becomes of this one, unless it `outlivesParent`. */
  parentId?: string | undefined;
  tags?: readonly string[] | undefined;
  /** Descriptions of the steps planned so far. */
  steps?: readonly string[] | undefined;
  /** Yours; returned unchanged. */
  metadata?: { readonly [key: string]: unknown } | undefined;
  /** `now` starts it at once. Default `manual`: somebody calls `startTask`. */
  start?: "now" | "manual" | undefined;
  /** Ids of tasks that must be completed before it runs; until then it is `blocked`. */
  dependsOn?: readonly string[] | undefined;
  /** What becomes of it when one of those fails, is cancelled or is deleted. Default `block`: it waits for a restart of that one. */
  onDependencyFailure?: "block" | "fail" | undefined;
  /** -1000 to 1000; higher ones run first, within their group. Default 0. */
  priority?: number | undefined;
  /** The group whose limit and turn it shares. Groups take turns, however many tasks each has waiting. */
  group?: string | undefined;
  /** How failed attempts are repeated; not at all when absent. */
  retry?: RetryPolicy | undefined;
  /** How long it may take; a number of milliseconds is for each attempt. */
  timeout?: number | TaskTimeouts | undefined;
  /** When it must have ended, as a `Date` or in milliseconds since 1970; else it fails. */
  deadline?: Date | number | undefined;
  /** Before when it does not run. */
  startAt?: Date | number | undefined;
  /** What becomes of it after a crash. Default: the orchestrator's `onInterrupt`. */
  onInterrupt?: OnInterrupt | undefined;
  /** Whether it goes on when the task above it ends. */
  outlivesParent?: boolean | undefined;
  /** Names this order: given again it is the same task, and another order of this name is refused with `CONFLICT`. */
  idempotencyKey?: string | undefined;
}

/** How a run of a task ended. */
export interface TaskOutcome {
  readonly taskId: string;
  readonly attempt: number;
  readonly status: "completed" | "failed" | "cancelled";
  readonly success: boolean;
  readonly summary: string;
  readonly result: TaskResult | undefined;
  /** Why it failed or was cancelled. */
  readonly error: string | undefined;
  /** What the provider threw, when it threw. Not stored. */
  readonly cause: unknown;
}

/** What a provider sees of the attempt it is running. */
export interface TaskContext {
  readonly taskId: string;
  readonly attempt: number;
  readonly workingDirectory: string;
  readonly roomId: string | undefined;
  readonly worldId: string | undefined;
  /** Aborted when the attempt is called off: cancelled, deleted, out of time, or the orchestrator at its end. */
  readonly signal: AbortSignal;
  /** True once this attempt is no longer the one that counts. */
  isCancelled(): boolean;
  isPaused(): boolean;
  /** Settles at once when the task is not paused; rejects with the signal's reason when it is cancelled meanwhile. */
  untilResumed(): Promise<void>;
  /**
   * Adds the non-blank lines of `text` to the task's output.
   * @returns false when this attempt no longer counts and nothing was added.
   */
  appendOutput(text: string): boolean;
  /**
   * Sets the progress; rounded, and clamped to 0..100.
   * @returns false when this attempt no longer counts.
   */
  updateProgress(percent: number): boolean;
  /** Adds a step, `pending` at first. */
  addStep(description: string): TaskStep;
  /**
   * Moves a step; progress follows the share of completed steps.
   * @returns false when this attempt no longer counts.
   */
  updateStep(stepId: string, status: TaskStatus, output?: string): boolean;
}

/** What a provider may return, or resolve to. Nothing at all means success. `retryable: false` says that no further attempt would do better. */
export type ProviderResult =
  | string
  | void
  | { success: boolean; summary?: string; error?: string; retryable?: boolean; filesCreated?: readonly string[]; filesModified?: readonly string[]; [extra: string]: unknown };

/** Something that can carry out tasks. */
export interface AgentProvider {
  /** Letters, digits, `_`, `-`, at most 128. */
  readonly id: string;
  /** Shown to people; defaults to the id. */
  readonly label?: string | undefined;
  readonly description?: string | undefined;
  /** How many of its tasks may run at once; no limit of its own when absent. */
  readonly maxConcurrency?: number | undefined;
  /**
   * Carries out one attempt of a task. May return a value, a promise, or an (async) iterable of output lines whose
   * return value is the result. Throwing fails the attempt, for good if what is thrown has `retryable: false`.
   */
  executeTask(
    task: OrchestratedTask,
    context: TaskContext,
  ): ProviderResult | Promise<ProviderResult> | AsyncIterable<string> | AsyncGenerator<string, ProviderResult> | Iterator<string, ProviderResult> & Iterable<string>;
}

/** The time and timers of a host. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since whenever, by a clock that is never set; when it and `now` drift apart, `now` was. Without it, `now` never is. */
  steady?: (() => number) | undefined;
  /** Calls back after so many milliseconds, fewer than 2^31; gives what `clearTimeout` takes. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Options of {@link AgentOrchestrator.open}. */
export interface OpenOptions {
  providers?: readonly AgentProvider[] | undefined;
  /** Used by tasks that name no provider. Defaults to the only provider when there is just one. */
  defaultProviderId?: string | undefined;
  /** A display string for providers; never looked up on disk. A function is asked at every create. Defaults to "". */
  workingDirectory?: string | (() => string) | undefined;
  /** How many tasks may run at once. Default 64. */
  maxConcurrency?: number | undefined;
  /** How many tasks are kept before `createTask` refuses with `LIMIT_EXCEEDED`. Default 1,000,000. */
  maxTasks?: number | undefined;
  /** How many lines of output a task keeps. Default 500. */
  maxOutputLines?: number | undefined;
  /** How many bytes of events are kept for replay. Default 16 MiB. */
  eventLogBytes?: number | undefined;
  /**
   * Where everything is kept, so that nothing is lost when the process ends. Acknowledged means kept: promises of calls
   * are fulfilled, providers called and events handed out only then. Without one, everything is in memory.
   */
  journal?: Journal | undefined;
  /** What becomes of tasks that were running when the process ended without `dispose`, if they do not say. Default `pause`. */
  onInterrupt?: OnInterrupt | undefined;
  /** How many started tasks may wait for their turn before a start is refused with `QUEUE_FULL`. Default 1,000,000. */
  maxQueued?: number | undefined;
  /** Limits of groups by their names; `""` is that of all tasks without a group. See {@link AgentOrchestrator.limitGroup}. */
  groups?: { readonly [name: string]: { maxConcurrency?: number | undefined } } | undefined;
  /** Keeps all events in the journal, also those before a snapshot, so that every state there ever was can be looked at. */
  keepHistory?: boolean | undefined;
  /** After how many bytes of events a snapshot is taken, so that the journal stays short; 0 for never, also not by their number. Default 4 MiB. */
  snapshotBytes?: number | undefined;
  /** After how many events a snapshot is taken, if that comes earlier; 0 for by size alone. Default 50,000. */
  snapshotEvents?: number | undefined;
  /** How many bytes may wait to be written before new work is refused with `OVERLOADED`. Default 64 MiB. */
  maxUnwrittenBytes?: number | undefined;
  /** Decides about agents that fail and have no policy above them. Without one, those that may do better are restarted, and others end. */
  supervisor?: SupervisorPolicy | undefined;
  /** How many restarts are within the limits of agents that do not say. Default 3. */
  maxRestarts?: number | undefined;
  /** How many messages may wait in the inbox of agents that do not say. Default 32. */
  inboxCapacity?: number | undefined;
  /** The time and timers, for hosts with their own and for tests. */
  clock?: Clock | undefined;
  /** Short for a `clock` that differs in nothing else: milliseconds since the Unix epoch. Default `Date.now`. */
  now?: (() => number) | undefined;
  /** Makes ids repeatable. Random when absent. */
  seed?: number | undefined;
  /** Told of errors thrown by listeners. Default `console.error`. */
  onError?: ((error: unknown, where: string) => void) | undefined;
}

/** Which tasks {@link AgentOrchestrator.listTasks} gives, in which order, how many. */
export interface ListQuery {
  status?: TaskStatus | readonly TaskStatus[] | undefined;
  userStatus?: TaskUserStatus | undefined;
  providerId?: string | undefined;
  tag?: string | undefined;
  /** A task id; `null` for tasks without a parent. */
  parent?: string | null | undefined;
  roomId?: string | undefined;
  worldId?: string | undefined;
  /** As in {@link AgentOrchestrator.searchTasks}; the best match comes first unless `sort` says otherwise. */
  text?: string | undefined;
  /** Default `-createdAt`, newest first; `createdAt`, `-updatedAt`, `updatedAt`, `name`, `-name` beside it. */
  sort?: "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt" | "name" | "-name" | undefined;
  /** 1 to 1000; default 20. */
  limit?: number | undefined;
  /** `nextCursor` of the page before; goes with the same query. */
  cursor?: string | undefined;
  /** Whether to count all tasks that meet the conditions, on whatever page they are. */
  total?: boolean | undefined;
}

/** One page of {@link AgentOrchestrator.listTasks}. */
export interface TaskPage {
  readonly tasks: readonly OrchestratedTask[];
  /** Hand it back as `cursor` for the next page; absent on the last. */
  readonly nextCursor: string | undefined;
  /** How many tasks meet the conditions; there if the query asks for `total`. */
  readonly total?: number;
}

/** How many tasks stand in each status. */
export type TaskCounts = { readonly [S in TaskStatus]: number } & { readonly total: number };

/** A task that is another one than it was. */
export interface TaskChange {
  readonly taskId: string;
  /** Names of what differs. */
  readonly fields: readonly (keyof OrchestratedTask)[];
  readonly before: OrchestratedTask;
  readonly after: OrchestratedTask;
}
/** What changed between two positions. */
export interface StateDiff {
  readonly from: number;
  readonly to: number;
  /** Tasks that are only in the second state. */
  readonly created: readonly OrchestratedTask[];
  /** Tasks that are only in the first state. */
  readonly deleted: readonly OrchestratedTask[];
  readonly changed: readonly TaskChange[];
}
/** What a check of the journal found. */
export interface Verification {
  /** Position of the last event that was checked. */
  readonly seq: number;
  /** How many events were folded. */
  readonly events: number;
  /** The hash of the state that they lead to, which is that of the orchestrator. */
  readonly stateHash: string;
  readonly journalHash: string;
}

/** Options of calls that start something. */
export interface StartOptions {
  /** Cancels the task when aborted. Already aborted: the call rejects with `ABORTED` and nothing starts. */
  signal?: AbortSignal | undefined;
}
/** Options of {@link AgentOrchestrator.cancelTask}. */
export interface CancelOptions {
  /** Kept as the task's `error` and given to `signal.reason`. Default "Cancelled by user". */
  reason?: string | undefined;
}

export type {
  AgentContext, AgentFactory, AgentFailure, AgentFault, AgentMessage, AgentNode, AgentOptions, AgentOutcome, AgentStart, AgentStatus, DeadLetter,
  DeadLetters, DropReason, Overflow, RestartType, Strategy, SupervisedAgent, SupervisorAction, SupervisorPolicy,
} from "./agent-types.js";
export type { AgentEvent, EventListener, EventType, EventsOptions, OrchestratorEvent, SubscribeOptions } from "./event-types.js";
export type { OrchestratorApi } from "./orchestrator-types.js";
