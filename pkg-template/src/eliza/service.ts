/** The service: an orchestrator in an elizaOS runtime, with the methods that hosts of elizaOS know. */
import { AgentOrchestrator, OrchestratorError, _describe as describe, _invalid as invalid, _object as object, _string as string } from "../api.js";
import type { OrchestratedTask, OrchestratorApi, OrchestratorEvent, TaskOutcome, TaskResult, TaskStatus, TaskStep, TaskUserStatus } from "../api.js";
import type { Chat, Viewer } from "./chat/index.js";
import { tasksAnywhere } from "./chat/viewer.js";
import { configuredSettings } from "./configuration.js";
import { creationOf, type Wanted } from "./creation.js";
import { journalOf, type DefaultJournal } from "./journal.js";
import { Listeners, type TaskEventListener } from "./listeners.js";
import type { Settings } from "./options.js";
import { interruptedTasks, Offers } from "./recovery.js";
import { viewerOf } from "./roles.js";
import type { ElizaMessage, ElizaRuntime } from "./runtime-types.js";
import { hasTable, TaskTable } from "./table.js";
import { elizaTask, type ElizaTask } from "./task.js";
import { Told } from "./told.js";

/** How long the end waits for the runtime's task table, in milliseconds. */
const PATIENCE = 5000;

/** What a result told from outside has; what is absent is nothing. */
export type ToldResult = Pick<TaskResult, "success"> & Partial<TaskResult>;

/** What a service is made of. */
interface Parts {
  readonly runtime: ElizaRuntime;
  readonly orchestrator: OrchestratorApi;
  readonly settings: Settings;
  readonly told: Told;
  readonly chat: typeof Chat;
  readonly ended: () => void;
}

/** For promises that callers need not wait for: what they reject with is no fault of the process. */
function unhurried<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Keeps the tasks of one agent. Started by the runtime that the plugin is loaded into, and found there with
 * `runtime.getService("CODE_TASK")`. Methods that change something reject with an `OrchestratorError` when that is not
 * possible, and have done nothing then.
 */
export class AgentOrchestratorService {
  static readonly serviceType: string = "CODE_TASK";
  /** Makes the journal of an agent when the options name none. Each host's entry of this package sets its own. */
  static defaultJournal: DefaultJournal | undefined;

  readonly capabilityDescription = "Orchestrates tasks across registered agent providers";
  /** What does the work. All that it can is there for hosts as well. */
  readonly orchestrator: OrchestratorApi;
  /** Reads messages about tasks, and answers. */
  readonly chat: Chat;
  /** @internal */
  readonly settings: Settings;

  readonly #runtime: ElizaRuntime;
  readonly #told: Told;
  readonly #table: TaskTable | undefined;
  readonly #listeners: Listeners;
  readonly #offers = new Offers();
  readonly #ended: () => void;
  #stopped: Promise<void> | undefined;

  /** Starts a service that goes by {@link configureAgentOrchestratorPlugin}. Rejects with `NOT_CONFIGURED`, or with what its journal refuses. */
  static async start(runtime: ElizaRuntime): Promise<AgentOrchestratorService> {
    return startService(runtime, configuredSettings());
  }

  /** @internal */
  constructor({ runtime, orchestrator, settings, told, chat: OwnChat, ended }: Parts) {
    this.#runtime = runtime;
    this.#told = told;
    this.#ended = ended;
    this.orchestrator = orchestrator;
    this.settings = settings;
    this.chat = new OwnChat({ orchestrator, language: settings.language, create: (wanted) => this.create(wanted) });
    this.#listeners = new Listeners((error) => this.#warn("A listener of task events failed", error));
    if (settings.persistTasks && hasTable(runtime)) {
      this.#table = new TaskTable(runtime, {
        read: (id) => this.#read(id),
        ids: () => this.#all().map(({ id }) => id),
        failed: (error) => this.#warn("The task table could not be written, and is tried again", error),
      });
      this.#table.start();
    }
    orchestrator.subscribe((event) => this.#happened(event));
    // Not waited for: a host that is slow to take messages must not keep the agent from starting.
    void this.#offers.make(runtime, orchestrator, this.chat).catch((error: unknown) => this.#warn("What a restart has interrupted could not be offered", error));
  }

  // ----- messages -----

  /** Who sent a message. */
  viewerOf(message: ElizaMessage): Promise<Viewer> {
    return viewerOf(this.#runtime, message, this.settings.isOwner);
  }

  /** What a restart interrupted in a room that could not be told of it yet: to be added to the next reply there. */
  takeOffer(room: string): string | undefined {
    return this.#offers.take(room);
  }

  // ----- tasks -----

  /** Creates a task, without starting it. Its provider is the one named, else the active one, else the default one. */
  async createTask(name: string, description: string, roomId?: string, providerId?: string): Promise<ElizaTask> {
    return elizaTask(await this.create({ name, description, steps: [], roomId, providerId }));
  }

  /** The same, by the name that it had before. */
  createCodeTask(name: string, description: string, roomId?: string, subAgentType?: string): Promise<ElizaTask> {
    return this.createTask(name, description, roomId, subAgentType);
  }

  /** @internal */
  async create(wanted: Wanted): Promise<OrchestratedTask> {
    return this.orchestrator.createTask(await creationOf(this.#runtime, this.settings, wanted, (message, error) => this.#warn(message, error)));
  }

  /** A task as it is now; null when there is none with this id. */
  async getTask(taskId: string): Promise<ElizaTask | null> {
    return this.#read(taskId) ?? null;
  }

  /** All tasks, in the order of their creation. */
  async getTasks(): Promise<ElizaTask[]> {
    return this.#all().map(elizaTask);
  }

  /** The newest tasks first. */
  async getRecentTasks(limit = 20): Promise<ElizaTask[]> {
    return this.orchestrator.listTasks({ limit }).tasks.map(elizaTask);
  }

  /** The tasks with a status, in the order of their creation. */
  async getTasksByStatus(status: TaskStatus): Promise<ElizaTask[]> {
    return this.#all(status).map(elizaTask);
  }

  /** Tasks that a text means, best first; none for an empty one. */
  async searchTasks(query: string): Promise<ElizaTask[]> {
    return string("the query", query).trim() === "" ? [] : this.orchestrator.searchTasks(query, { limit: 1000 }).map(elizaTask);
  }

  /** Gives a task another name. An empty one changes nothing. */
  async renameTask(taskId: string, name: string): Promise<void> {
    const given = string("the name", name).trim();
    if (given !== "") await this.orchestrator.renameTask(taskId, given);
  }

  /** Appends the lines of a text that are not blank. */
  appendOutput(taskId: string, output: string): Promise<void> {
    return this.orchestrator.appendOutput(taskId, output);
  }

  /** Sets the progress; rounded, and clamped to 0..100. What is no number is 0. */
  updateTaskProgress(taskId: string, progress: number): Promise<void> {
    return this.orchestrator.updateProgress(taskId, Number.isFinite(progress) ? progress : 0);
  }

  /** Adds a step to a task's plan. */
  addStep(taskId: string, description: string): Promise<TaskStep> {
    return this.orchestrator.addStep(taskId, description);
  }

  /** Moves a step; the task's progress follows the share of completed steps. */
  updateStep(taskId: string, stepId: string, status: TaskStatus, output?: string): Promise<void> {
    return this.orchestrator.updateStep(taskId, stepId, status, output);
  }

  /** Sets what the user thinks of a task. */
  async setUserStatus(taskId: string, status: TaskUserStatus): Promise<void> {
    await this.orchestrator.setUserStatus(taskId, status);
  }

  /** Gives a task to another provider; not while one is at it. */
  async setTaskSubAgentType(taskId: string, providerId: string): Promise<void> {
    await this.orchestrator.reassignTask(taskId, providerId);
  }

  /** Removes a task and all tasks below it, cancelling what has not ended. */
  async deleteTask(taskId: string): Promise<void> {
    await this.orchestrator.deleteTask(taskId);
  }

  // ----- runs -----

  /**
   * Starts a task, or joins the run that is under way, or lets a paused one go on; ready when it has ended. Rejects when
   * the task cannot be started, never because it failed. A task that has ended is started again by
   * `orchestrator.restartTask`.
   */
  startTaskExecution(taskId: string): Promise<TaskOutcome> {
    return unhurried(this.#start(taskId));
  }

  /** Asks a task to hold. A provider that does not look finishes all the same. */
  async pauseTask(taskId: string): Promise<void> {
    await this.orchestrator.pauseTask(taskId);
  }

  /** Lets a paused task go on: with its provider at it again, if one was. */
  async resumeTask(taskId: string): Promise<void> {
    await this.orchestrator.resumeTask(taskId);
  }

  /** Calls a task off, and all tasks below it: at once, whatever their providers do. */
  async cancelTask(taskId: string): Promise<void> {
    await this.orchestrator.cancelTask(taskId);
  }

  /** Whether a task is cancelled; false also when there is none with this id. */
  isTaskCancelled(taskId: string): boolean {
    return this.orchestrator.getTask(taskId)?.status === "cancelled";
  }

  /** Whether a task is paused; false also when there is none with this id. */
  isTaskPaused(taskId: string): boolean {
    return this.orchestrator.getTask(taskId)?.status === "paused";
  }

  /** Brings a task to a status by what leads there: `running` starts or resumes it. There is no way back to `pending` or `blocked`. */
  async updateTaskStatus(taskId: string, status: TaskStatus): Promise<void> {
    const task = this.#find(taskId);
    if (task.status === status) return;
    switch (status) {
      case "paused": return this.pauseTask(taskId);
      case "cancelled": return this.cancelTask(taskId);
      case "completed": return this.setTaskResult(taskId, { success: true });
      case "failed": return this.setTaskError(taskId, "Failed");
      case "running":
        if (task.status === "paused") await this.orchestrator.resumeTask(taskId);
        // Refused at once, if at all.
        else await Promise.race([this.orchestrator.startTask(taskId), this.orchestrator.flush()]);
        return;
      default:
        throw new OrchestratorError("ILLEGAL_TRANSITION", `a task that is ${task.status} cannot be made ${status}`);
    }
  }

  /** Ends a task with a result, in its provider's place. Refused when it has ended already. */
  async setTaskResult(taskId: string, result: ToldResult): Promise<void> {
    const { filesCreated = [], filesModified = [], summary = "", error, ...rest } = object("the result", result) as ToldResult;
    if (typeof rest.success !== "boolean") throw invalid("a result must have `success`, true or false");
    return this.#end(taskId, { ...rest, summary, filesCreated, filesModified, ...(error === undefined ? {} : { error }) });
  }

  /** Ends a task as failed, in its provider's place. */
  async setTaskError(taskId: string, message: string): Promise<void> {
    const error = string("the error", message);
    return this.#end(taskId, { success: false, summary: error, error, retryable: false });
  }

  // ----- the current task -----

  /** The id of the current task of the service. */
  getCurrentTaskId(): string | null {
    return this.orchestrator.currentTask?.id ?? null;
  }

  /** The current task of the service. */
  async getCurrentTask(): Promise<ElizaTask | null> {
    const task = this.orchestrator.currentTask;
    return task === undefined ? null : elizaTask(task);
  }

  /** Makes a task the current one of the service, or none. Those of rooms and users are set by messages. */
  setCurrentTask(taskId: string | null): Promise<void> {
    const set = async (): Promise<void> => void (await this.orchestrator.switchTask(taskId === null ? null : this.#find(taskId).id));
    return unhurried(set());
  }

  /** The current task, or else the newest, as text for a model's prompt. */
  async getTaskContext(): Promise<string> {
    return this.orchestrator.taskContext();
  }

  // ----- interruptions -----

  /** The tasks that wait to be resumed since the process that ran them ended. */
  get interruptedTasks(): readonly ElizaTask[] {
    return interruptedTasks(this.orchestrator).map(elizaTask);
  }

  /** The same. They were found, and are paused, since the service has started. */
  async detectAndPauseInterruptedTasks(): Promise<readonly ElizaTask[]> {
    return this.interruptedTasks;
  }

  // ----- events, and the end -----

  /** Calls a function with each event of this type, `task` for all of tasks. */
  on(type: string, listener: TaskEventListener): void {
    this.#listeners.add(type, listener);
  }

  /** Ends what {@link on} began. */
  off(type: string, listener: TaskEventListener): void {
    this.#listeners.remove(type, listener);
  }

  /** Waits until everything so far is durable, and tries to bring the runtime's table up to date. */
  async flush(): Promise<void> {
    await this.orchestrator.flush();
    await this.#table?.flush();
  }

  /** Ends the service. Tasks that run are interrupted, and offered at the next start. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#listeners.clear();
    try {
      await this.#table?.close(PATIENCE);
      await this.orchestrator.dispose();
    } finally {
      this.#ended();
    }
  }

  // ----- inside -----

  async #start(taskId: string): Promise<TaskOutcome> {
    if (this.#find(taskId).status === "paused") {
      const { status } = await this.orchestrator.resumeTask(taskId);
      if (status !== "pending") return this.orchestrator.waitForTask(taskId);
    }
    return this.orchestrator.startTask(taskId);
  }

  async #end(taskId: string, result: Parameters<Told["end"]>[1]): Promise<void> {
    const task = this.#find(taskId);
    const under = task.status === "running" || task.status === "paused";
    const ended = under ? this.#told.end(task, result) : undefined;
    if (ended === false) throw new OrchestratorError("ILLEGAL_TRANSITION", "the provider of the task is at work, and gives its result itself");
    if (ended === undefined) this.#told.expect(taskId, result);
    try {
      // A task that runs, and whose provider was not asked yet, answers when it would be.
      await (ended === true || task.status === "running" ? this.orchestrator.waitForTask(taskId) : this.#start(taskId));
    } finally {
      this.#told.expect(taskId, undefined);
    }
  }

  #happened(event: OrchestratorEvent): void {
    if (!("taskId" in event)) return;
    if (event.type === "task:deleted") this.#told.forget(event.taskId);
    this.#table?.changed(event.taskId);
    this.#listeners.tell(event);
  }

  #find(taskId: string): OrchestratedTask {
    const task = this.orchestrator.getTask(taskId);
    if (task === undefined) throw new OrchestratorError("TASK_NOT_FOUND", `there is no task ${JSON.stringify(taskId.slice(0, 140))}`);
    return task;
  }

  #read(taskId: string): ElizaTask | undefined {
    const task = this.orchestrator.getTask(taskId);
    return task === undefined ? undefined : elizaTask(task);
  }

  #all(status?: TaskStatus): OrchestratedTask[] {
    return tasksAnywhere(this.orchestrator, { sort: "createdAt", status });
  }

  #warn(message: string, error: unknown): void {
    this.#runtime.logger?.warn({ src: "agent-orchestrator", agentId: this.#runtime.agentId, error: describe(error) }, message);
  }
}

/** The services that run: one for each runtime, however often it is told to start. */
const running = new WeakMap<ElizaRuntime, Promise<AgentOrchestratorService>>();

/** Opens the orchestrator of an agent, and the service around it. */
export function startService(runtime: ElizaRuntime, settings: Settings): Promise<AgentOrchestratorService> {
  const started = running.get(runtime);
  if (started !== undefined) return started;
  const starting = openService(runtime, settings, () => running.delete(runtime));
  running.set(runtime, starting);
  // What could not start may be tried again.
  starting.catch(() => running.delete(runtime));
  return starting;
}

async function openService(runtime: ElizaRuntime, settings: Settings, ended: () => void): Promise<AgentOrchestratorService> {
  const told = new Told();
  // Loaded when it is wanted: to load a plugin into a page takes half of it.
  const { Chat: chat } = await import("./chat/index.js");
  const orchestrator = await AgentOrchestrator.open({
    providers: settings.providers.map((provider) => told.provider(provider, runtime.agentId)),
    defaultProviderId: settings.defaultProviderId,
    workingDirectory: settings.getWorkingDirectory,
    journal: await journalOf(runtime, settings.journal, AgentOrchestratorService.defaultJournal),
    maxConcurrency: settings.maxConcurrency,
    onError: (error, where) => runtime.logger?.error({ src: "agent-orchestrator", where }, describe(error)),
  });
  return new AgentOrchestratorService({ runtime, orchestrator, settings, told, chat, ended });
}
