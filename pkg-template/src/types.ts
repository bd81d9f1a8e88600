/**
 * The public vocabulary of the package: what goes in, what comes out. Everything that comes out is a plain frozen
 * object; nothing here is a live handle except {@link TaskRun} and {@link TaskContext}.
 */
import type { OrchestratorError } from "./errors.js";
import type { TaskRun } from "./run.js";

/** A value that survives `JSON.parse(JSON.stringify(value))`. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Where a task stands. `completed`, `failed` and `cancelled` are terminal; only `restartTask` leaves them. */
export type TaskStatus = "pending" | "running" | "paused" | "completed" | "failed" | "cancelled";
/** What the user thinks of a task; independent of {@link TaskStatus}. */
export type TaskUserStatus = "open" | "done";
/** What a started task still waits for: a free slot, or its provider to be registered again. */
export type TaskWait = "capacity" | "provider";

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
  readonly metadata: JsonObject;
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
  /** Cancelling or deleting a task does the same to the tasks below it. */
  parentId?: string | undefined;
  tags?: readonly string[] | undefined;
  /** Descriptions of the steps planned so far. */
  steps?: readonly string[] | undefined;
  /** Yours; returned unchanged. */
  metadata?: { readonly [key: string]: unknown } | undefined;
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
  /** Aborted when the task is cancelled or deleted, or the orchestrator disposed of. */
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

/** What a provider may return, or resolve to. Nothing at all means success. */
export type ProviderResult =
  | string
  | void
  | { success: boolean; summary?: string; error?: string; filesCreated?: readonly string[]; filesModified?: readonly string[]; [extra: string]: unknown };

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
   * return value is the result. Throwing fails the task.
   */
  executeTask(
    task: OrchestratedTask,
    context: TaskContext,
  ): ProviderResult | Promise<ProviderResult> | AsyncIterable<string> | AsyncGenerator<string, ProviderResult> | Iterator<string, ProviderResult> & Iterable<string>;
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
  /** The clock, in milliseconds since the Unix epoch. Default `Date.now`. */
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
  /** As in {@link AgentOrchestrator.searchTasks}; the best match comes first unless `sort` says otherwise. */
  text?: string | undefined;
  /** Default `-createdAt`, newest first; `createdAt`, `-updatedAt`, `updatedAt`, `name`, `-name` beside it. */
  sort?: "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt" | "name" | "-name" | undefined;
  /** 1 to 1000; default 20. */
  limit?: number | undefined;
  /** `nextCursor` of the page before; goes with the same query. */
  cursor?: string | undefined;
}

/** One page of {@link AgentOrchestrator.listTasks}. */
export interface TaskPage {
  readonly tasks: readonly OrchestratedTask[];
  /** Hand it back as `cursor` for the next page; absent on the last. */
  readonly nextCursor: string | undefined;
}

/** How many tasks stand in each status. */
export type TaskCounts = { readonly [S in TaskStatus]: number } & { readonly total: number };

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

/** Everything that can happen. One event for one fact. */
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
  | (OfAttempt<"task:failed"> & { readonly success: false; readonly summary: string; readonly error: string; readonly result: TaskResult | undefined })
  | (OfAttempt<"task:cancelled"> & { readonly reason: string })
  | (OfAttempt<"task:late"> & { readonly report: "output" | "progress" | "step" | "result" | "failure" })
  | OfTask<"task:deleted">
  | (Base<"subscriber:lagged"> & { readonly dropped: number });

/** The `type` of an event. */
export type EventType = OrchestratorEvent["type"];
/** Called with each event. */
export type EventListener<T extends EventType = EventType> = (event: Extract<OrchestratorEvent, { type: T }>) => void;

/** Options of {@link AgentOrchestrator.subscribe}. */
export interface SubscribeOptions<T extends EventType = EventType> {
  /** Only these. `subscriber:lagged` always comes through. */
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

/**
 * The orchestrator's methods; {@link AgentOrchestrator} implements them.
 * Methods that change something return a promise and never throw: what is wrong with a call rejects it.
 */
export interface OrchestratorApi {
  createTask(task: CreateTask): Promise<OrchestratedTask>;
  createTasks(tasks: readonly CreateTask[]): Promise<readonly OrchestratedTask[]>;
  startTask(taskId: string, options?: StartOptions): TaskRun;
  runTask(task: CreateTask, options?: StartOptions): TaskRun;
  restartTask(taskId: string, options?: StartOptions): TaskRun;
  waitForTask(taskId: string, options?: { signal?: AbortSignal | undefined }): Promise<TaskOutcome>;
  pauseTask(taskId: string): Promise<OrchestratedTask>;
  resumeTask(taskId: string): Promise<OrchestratedTask>;
  cancelTask(taskId: string, options?: CancelOptions): Promise<OrchestratedTask>;
  deleteTask(taskId: string): Promise<void>;
  renameTask(taskId: string, name: string): Promise<OrchestratedTask>;
  reassignTask(taskId: string, providerId: string): Promise<OrchestratedTask>;
  setUserStatus(taskId: string, status: TaskUserStatus): Promise<OrchestratedTask>;
  appendOutput(taskId: string, text: string): Promise<void>;
  updateProgress(taskId: string, percent: number): Promise<void>;
  addStep(taskId: string, description: string): Promise<TaskStep>;
  updateStep(taskId: string, stepId: string, status: TaskStatus, output?: string): Promise<void>;
  getTask(taskId: string): OrchestratedTask | undefined;
  listTasks(query?: ListQuery): TaskPage;
  searchTasks(text: string, options?: { limit?: number | undefined }): readonly OrchestratedTask[];
  countTasks(): TaskCounts;
  readonly currentTask: OrchestratedTask | undefined;
  switchTask(idOrText: string | null): Promise<OrchestratedTask | undefined>;
  taskContext(): string;
  registerProvider(provider: AgentProvider): () => void;
  readonly providers: readonly { readonly id: string; readonly label: string; readonly description: string | undefined }[];
  subscribe<T extends EventType = EventType>(listener: EventListener<T>, options?: SubscribeOptions<T>): () => void;
  events<T extends EventType = EventType>(options?: EventsOptions<T>): AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>>;
  journalHash(): string;
  stateHash(): string;
  readonly disposed: boolean;
  dispose(): Promise<void>;
}

export type { OrchestratorError, TaskRun };
