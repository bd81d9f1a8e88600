/** The methods of an orchestrator, for those who wrap or replace one. */
import type { EventListener, EventType, EventsOptions, OrchestratorEvent, SubscribeOptions } from "./event-types.js";
import type { AgentHandle } from "./agent-handle.js";
import type { PastState } from "./past.js";
import type { TaskRun } from "./run.js";
import type {
  AgentFactory, AgentNode, AgentOptions, AgentProvider, CancelOptions, CreateTask, DeadLetters, ListQuery, OpenOptions, OrchestratedTask, StartOptions, StateDiff,
  TaskCounts, TaskOutcome, TaskPage, TaskStatus, TaskStep, TaskUserStatus, Verification,
} from "./types.js";

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
  currentTaskIn(scope: string): OrchestratedTask | undefined;
  switchTask(idOrText: string | null, options?: { scope?: string | undefined }): Promise<OrchestratedTask | undefined>;
  taskContext(taskId?: string): string;
  registerProvider(provider: AgentProvider): () => void;
  limitGroup(group: string, maxConcurrency: number | undefined): Promise<void>;
  readonly providers: readonly { readonly id: string; readonly label: string; readonly description: string | undefined }[];
  addAgent(name: string, factory: AgentFactory, options?: AgentOptions): void;
  addChild(name: string, parent: string, factory: AgentFactory, options?: AgentOptions): void;
  spawn(name: string): AgentHandle;
  agent(name: string): AgentHandle | undefined;
  removeAgent(name: string): Promise<void>;
  parentOf(name: string): string | undefined;
  childrenOf(name: string): readonly string[] | undefined;
  names(): readonly string[];
  contains(name: string): boolean;
  tree(): readonly AgentNode[];
  deadLetters(): DeadLetters;
  subscribe<T extends EventType = EventType>(listener: EventListener<T>, options?: SubscribeOptions<T>): () => void;
  events<T extends EventType = EventType>(options?: EventsOptions<T>): AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>>;
  journalHash(): string;
  stateHash(): string;
  flush(): Promise<void>;
  at(seq: number): Promise<PastState>;
  diff(from: number, to: number): Promise<StateDiff>;
  fork(seq: number, options?: OpenOptions): Promise<OrchestratorApi>;
  verify(): Promise<Verification>;
  exportJournal(options?: { history?: boolean | undefined }): Promise<Uint8Array>;
  compact(): Promise<void>;
  readonly disposed: boolean;
  dispose(): Promise<void>;
}
