import { Attempt, Context } from "./context.js";
import { Core } from "./core.js";
import { OrchestratorError, describe } from "./errors.js";
import * as input from "./input.js";
import { execute, readProvider, type Registered } from "./provider.js";
import { Settlement, TaskRun } from "./run.js";
import { Subscriptions } from "./subscriptions.js";
import type {
  AgentProvider, CancelOptions, CreateTask, EventListener, EventType, EventsOptions, ListQuery, OpenOptions, OrchestratedTask,
  OrchestratorApi, OrchestratorEvent, StartOptions, SubscribeOptions, TaskCounts, TaskOutcome, TaskPage, TaskStatus, TaskStep,
  TaskUserStatus,
} from "./types.js";
import { readTask, readTasks, result, STATUSES, type Names } from "./wire.js";

/** Orders of the kernel, as in `src/wasm/core.rs`. */
const RUN = 0, ABORT = 1, HOLD = 2, RELEASE = 3;

/** Costs a tenth of what `queueMicrotask` does in Node. */
const SOON = Promise.resolve();
const COMPLETED = 3;
/** How many names and ids are remembered for tasks that were used of late. */
const REMEMBERED = 16_384;
const DIGITS = Array.from({ length: 1024 }, (_, n) => (n + 1024).toString(32).slice(1));

/**
 * One control plane: tasks, the providers that carry them out, and everything that happens to them.
 *
 * @example
 * ```ts
 * const orchestrator = await AgentOrchestrator.open({
 *   providers: [{ id: "greeter", executeTask: (task) => `Hello, ${task.description}` }],
 * });
 * const outcome = await orchestrator.runTask({ name: "Greet", description: "world" });
 * console.log(outcome.summary); // Hello, world
 * await orchestrator.dispose();
 * ```
 */
export class AgentOrchestrator implements OrchestratorApi, AsyncDisposable {
  readonly #core: Core;
  readonly #subscriptions: Subscriptions;
  readonly #providers = new Map<number, Registered>();
  /** Also those that were unregistered. */
  readonly #known: Registered[] = [];
  readonly #attempts = new Map<number, Attempt>();
  readonly #orders: { kind: number; attempt: Attempt; provider: number }[] = [];
  readonly #onError: (error: unknown, where: string) => void;
  readonly #names: Names;
  readonly #ownIds = new Map<number, string>();
  readonly #texts = new Map<number, { name: string; description: string }>();
  readonly #directories: string[] = [];
  #directory: () => string;
  #lastDirectory = "";
  #prefix = "";
  #highDigits = -1;
  #highPrefix = "";
  #pumping = false;
  readonly #pumpSoon = (): void => this.#pump();

  /** Opens an orchestrator. In browsers, `await init()` first. */
  static async open(options: OpenOptions = {}): Promise<AgentOrchestrator> {
    return input.reading("the options", () => new AgentOrchestrator(options));
  }

  private constructor(options: OpenOptions) {
    input.object("the options", options);
    const { providers, defaultProviderId, workingDirectory, maxConcurrency, maxTasks, maxOutputLines, eventLogBytes, now, seed, onError } = options;
    for (const [name, value] of Object.entries({ now, onError })) {
      if (value !== undefined && typeof value !== "function") throw input.invalid(`${name} must be a function, not ${input.kindOf(value)}`);
    }
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) throw input.invalid("seed must be a whole number of at least 0");
    if (providers !== undefined && !Array.isArray(providers)) throw input.invalid(`providers must be an array, not ${input.kindOf(providers)}`);
    this.#onError = onError ?? ((error, where) => console.error(`agent-orchestrator: error in ${where}:`, error));
    const clock = now ?? Date.now;
    this.#core = new Core(
      {
        maxConcurrency: input.count("maxConcurrency", maxConcurrency),
        maxTasks: input.count("maxTasks", maxTasks),
        maxOutputLines: input.count("maxOutputLines", maxOutputLines),
        eventLogBytes: input.count("eventLogBytes", eventLogBytes),
        seed,
      },
      () => clock(),
      (kind, task, attempt, provider) => this.#order(kind, task, attempt, provider),
      () => this.#wake(),
    );
    this.#prefix = this.#core.read((glue) => glue.idPrefix());
    this.#names = {
      taskId: (key) => this.#taskId(key),
      ownTaskId: (key) => this.#ownTaskId(key),
      providerId: (key) => this.#known[key]?.id ?? "",
      providerLabel: (key) => this.#known[key]?.label ?? "",
      directory: (number) => (this.#directories[number] ??= this.#core.read((glue) => glue.text(number))),
    };
    this.#directory = directoryOf(workingDirectory);
    this.#subscriptions = new Subscriptions(this.#core, this.#names, (error, where) => this.#complain(error, where), () => this.#wake());
    try {
      for (const provider of providers ?? []) this.registerProvider(provider);
      const fallback = input.optionalString("defaultProviderId", defaultProviderId);
      if (fallback !== undefined && ![...this.#providers.values()].some((provider) => provider.id === fallback)) {
        const known = [...this.#providers.values()].map((provider) => provider.id).join(", ") || "none";
        throw new OrchestratorError("PROVIDER_NOT_FOUND", `the default provider ${JSON.stringify(fallback)} is not among the providers: ${known}`);
      }
      this.#core.read((glue) => glue.setDefaultProvider(fallback));
    } catch (error) {
      this.#core.close(new OrchestratorError("DISPOSED", "the orchestrator was not opened"));
      throw error;
    }
  }

  // ----- tasks -----

  /** Creates a task; it waits to be started. The first one becomes the current task. */
  async createTask(task: CreateTask): Promise<OrchestratedTask> {
    return this.#task(this.#create(task));
  }

  /** Creates several tasks, or none if one of them is refused. */
  async createTasks(tasks: readonly CreateTask[]): Promise<readonly OrchestratedTask[]> {
    const specs = input.reading("the tasks", () => {
      if (!Array.isArray(tasks)) throw input.invalid(`the tasks must be an array, not ${input.kindOf(tasks)}`);
      return Array.from(tasks as readonly CreateTask[], (task) => input.taskSpec(task));
    });
    if (specs.length === 0) return Object.freeze([]);
    const first = this.#createSpecs(specs);
    return Object.freeze(specs.map((_, index) => this.#task(first + index)));
  }

  /**
   * Starts a task, or joins the attempt that is under way. While no slot is free it stays `pending` and
   * `waitingFor` says so.
   */
  startTask(taskId: string, options?: StartOptions): TaskRun {
    return this.#run(options, () => ({ id: taskId, key: this.#key(taskId) }), (glue, now, key) => glue.start(now, key));
  }

  /** Creates a task and starts it. */
  runTask(task: CreateTask, options?: StartOptions): TaskRun {
    const create = (): { id: string; key: number } => {
      const key = this.#create(task);
      return { id: this.#names.ownTaskId(key), key };
    };
    return this.#run(options, create, (glue, now, key) => glue.start(now, key));
  }

  /** Begins a new attempt of a task that has ended. Its output stays; result, error, steps and progress begin anew. */
  restartTask(taskId: string, options?: StartOptions): TaskRun {
    return this.#run(options, () => ({ id: taskId, key: this.#key(taskId) }), (glue, now, key) => glue.restart(now, key));
  }

  /** The outcome of a task: at once if it has ended, else when it does. The signal ends the waiting, not the task. */
  async waitForTask(taskId: string, options?: { signal?: AbortSignal | undefined }): Promise<TaskOutcome> {
    const signal = input.reading("the options", () => input.signalOf(options));
    if (signal?.aborted === true) throw aborted(signal);
    const key = this.#key(taskId);
    if (STATUSES.indexOf(this.#task(key).status) >= 3) return this.#outcome(key, this.#lastAttempt(key), undefined);
    const { settlement } = this.#attempt(key, this.#lastAttempt(key));
    if (signal === undefined) return settlement.promise;
    return new Promise((resolve, reject) => {
      settlement.onEnd(input.onAbort(signal, () => reject(aborted(signal))));
      settlement.promise.then(resolve, reject);
    });
  }

  /** Asks a task to hold. A provider that does not look finishes all the same. */
  async pauseTask(taskId: string): Promise<OrchestratedTask> {
    return this.#change(taskId, (glue, now, key) => glue.pause(now, key));
  }

  /** Lets a paused task go on. */
  async resumeTask(taskId: string): Promise<OrchestratedTask> {
    return this.#change(taskId, (glue, now, key) => glue.resume(now, key));
  }

  /** Calls a task off, and all tasks below it: at once, whatever their providers do. */
  async cancelTask(taskId: string, options?: CancelOptions): Promise<OrchestratedTask> {
    const reason = input.reading("the options", () => {
      if (options === undefined) return undefined;
      return input.optionalString("reason", (input.object("the options", options) as CancelOptions).reason);
    });
    const key = this.#key(taskId);
    this.#cancel(key, reason);
    return this.#task(key);
  }

  /** Removes a task and all tasks below it, cancelling what has not ended. */
  async deleteTask(taskId: string): Promise<void> {
    const key = this.#key(taskId);
    this.#core.command((glue, now) => glue.delete(now, key));
    this.#texts.clear();
    this.#ownIds.clear();
  }

  /** Gives a task another name. */
  async renameTask(taskId: string, name: string): Promise<OrchestratedTask> {
    const text = input.string("the name", name);
    return this.#change(taskId, (glue, now, key) => {
      this.#texts.delete(key);
      return glue.rename(now, key, this.#core.strings().put(text));
    });
  }

  /** Gives a task to another provider; not while an attempt is open. */
  async reassignTask(taskId: string, providerId: string): Promise<OrchestratedTask> {
    const provider = input.string("the provider's id", providerId);
    return this.#change(taskId, (glue, now, key) => glue.reassign(now, key, this.#core.strings().put(provider)));
  }

  /** Sets what the user thinks of a task. */
  async setUserStatus(taskId: string, status: TaskUserStatus): Promise<OrchestratedTask> {
    const done = input.userStatus(status) === "done";
    return this.#change(taskId, (glue, now, key) => glue.mark(now, key, done));
  }

  /** Appends the non-blank lines of a text to a task's output. */
  async appendOutput(taskId: string, text: string): Promise<void> {
    if (typeof text !== "string") throw input.invalid(`output must be a string, not ${input.kindOf(text)}`);
    const key = this.#key(taskId);
    this.#core.command((glue, now) => glue.output(now, key, 0, this.#core.strings().put(text)));
  }

  /** Sets a task's progress: rounded, and clamped to 0..100. */
  async updateProgress(taskId: string, percent: number): Promise<void> {
    if (typeof percent !== "number") throw input.invalid(`progress must be a number, not ${input.kindOf(percent)}`);
    const key = this.#key(taskId);
    this.#core.command((glue, now) => glue.progress(now, key, 0, percent));
  }

  /** Adds a step to a task's plan. */
  async addStep(taskId: string, description: string): Promise<TaskStep> {
    const text = input.string("a step's description", description);
    const key = this.#key(taskId);
    const step = this.#core.command((glue, now) => glue.addStep(now, key, 0, this.#core.strings().put(text)));
    return Object.freeze({ id: `s${step + 1}`, description: text, status: "pending", output: undefined });
  }

  /** Moves a step; the task's progress follows the share of completed steps. */
  async updateStep(taskId: string, stepId: string, status: TaskStatus, output?: string): Promise<void> {
    const to = input.status(status);
    const [id, text] = [input.string("the step's id", stepId), input.optionalString("the step's output", output)];
    const key = this.#key(taskId);
    this.#core.command((glue, now) => {
      this.#core.strings();
      const [idLength, textLength] = [this.#core.put(id), this.#core.putOptional(text)];
      return glue.updateStep(now, key, 0, idLength, to, textLength);
    });
  }

  // ----- finding -----

  /** A task as it is now. */
  getTask(taskId: string): OrchestratedTask | undefined {
    const key = this.#find(input.string("the task's id", taskId));
    return key < 0 ? undefined : this.#task(key);
  }

  /** Tasks that meet all conditions, a page at a time. */
  listTasks(query: ListQuery = {}): TaskPage {
    const wanted = input.reading("the query", () => input.listQuery(query));
    const core = this.#core;
    const count = core.read((glue) => {
      const found = glue.list(wanted);
      if (found < 0) throw core.refusal(glue);
      return found;
    });
    const tasks = count === 0 ? [] : readTasks(core, this.#names);
    return Object.freeze({ tasks: Object.freeze(tasks), nextCursor: core.read((glue) => glue.nextCursor()) });
  }

  /** Tasks that a text means, best first: an id or its beginning, else words of name, tags or description. */
  searchTasks(text: string, options?: { limit?: number | undefined }): readonly OrchestratedTask[] {
    return this.listTasks({ text, limit: options?.limit }).tasks;
  }

  /** How many tasks stand in each status. */
  countTasks(): TaskCounts {
    const counts = STATUSES.map((_, number) => this.#core.read((glue) => glue.count(number)));
    const [pending, running, paused, completed, failed, cancelled] = counts as [number, number, number, number, number, number];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Object.freeze({ pending, running, paused, completed, failed, cancelled, total });
  }

  /** The task that a user is at. */
  get currentTask(): OrchestratedTask | undefined {
    const key = this.#core.read((glue) => glue.current());
    return key < 0 ? undefined : this.#task(key);
  }

  /** Makes the task with this id, or the one that a search text means, the current one; none for `null`. */
  async switchTask(idOrText: string | null): Promise<OrchestratedTask | undefined> {
    if (idOrText === null) {
      this.#core.command((glue, now) => glue.select(now, -1));
      return undefined;
    }
    const text = input.string("the id or text", idOrText);
    const key = this.#core.read((glue) => {
      const found = glue.resolve(text);
      if (found < 0) throw this.#core.refusal(glue);
      return found;
    });
    this.#core.command((glue, now) => glue.select(now, key));
    return this.#task(key);
  }

  /** The current task (or else the newest) as text for a model's prompt. */
  taskContext(): string {
    return this.#core.read((glue) => glue.taskContext());
  }

  // ----- providers -----

  /**
   * Makes a provider available; gives the function that ends that. Tasks that it runs go on; those that wait for it
   * keep waiting until a provider with the same id is registered.
   */
  registerProvider(provider: AgentProvider): () => void {
    const read = readProvider(provider);
    const key = this.#core.command((glue, now) => glue.registerProvider(now, read.id, read.label, read.description, read.maxConcurrency));
    this.#providers.set(key, read);
    this.#known[key] = read;
    return () => {
      if (this.#providers.get(key) !== read || this.disposed) return;
      this.#providers.delete(key);
      this.#core.command((glue, now) => glue.unregisterProvider(now, key));
    };
  }

  /** The providers that can be used now. */
  get providers(): readonly { readonly id: string; readonly label: string; readonly description: string | undefined }[] {
    return Object.freeze(Array.from(this.#providers.values(), ({ id, label, description }) => Object.freeze({ id, label, description })));
  }

  // ----- events -----

  /** Calls a function with each event, after the call that caused it, in order. Gives the function that ends it. */
  subscribe<T extends EventType = EventType>(listener: EventListener<T>, options?: SubscribeOptions<T>): () => void {
    return input.reading("the options", () => this.#subscriptions.subscribe(listener, options as SubscribeOptions | undefined));
  }

  /** Events to iterate over: from now on, or from any position that is still kept. */
  events<T extends EventType = EventType>(options?: EventsOptions<T>): AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>> {
    const events = input.reading("the options", () => this.#subscriptions.events(options as EventsOptions | undefined));
    // The subscription lets only these types through.
    return events as AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>>;
  }

  /** A hash over every event since the first. Equal runs have equal hashes, on every host. */
  journalHash(): string {
    return this.#core.read((glue) => glue.journalHash());
  }

  /** A hash over the whole state. */
  stateHash(): string {
    return this.#core.read((glue) => glue.stateHash());
  }

  // ----- the end -----

  /** Whether it was disposed of. */
  get disposed(): boolean {
    return this.#core.gone !== undefined;
  }

  /**
   * Ends everything: providers' signals are aborted, runs that were waited for reject with `DISPOSED`, iterators end,
   * and the memory is freed. Safe at any time, also from a listener or a provider, and more than once.
   */
  async dispose(): Promise<void> {
    if (this.disposed) return;
    const error = new OrchestratorError("DISPOSED", "the orchestrator is disposed of");
    this.#subscriptions.close();
    this.#core.close(error);
    const attempts = [...this.#attempts.values()];
    // Some were called off a moment ago, and not told yet.
    const told = new Set([...attempts, ...this.#orders.map(({ attempt }) => attempt)]);
    this.#attempts.clear();
    this.#orders.length = 0;
    for (const attempt of attempts) attempt.settlement.fail(error);
    for (const attempt of told) this.#abort(attempt, error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  // ----- inside -----

  #change(taskId: string, use: (glue: Glue, now: number, key: number) => number): OrchestratedTask {
    const key = this.#key(taskId);
    this.#core.command((glue, now) => use(glue, now, key));
    return this.#task(key);
  }

  #cancel(key: number, reason: string = "Cancelled by user"): void {
    this.#core.command((glue, now) => glue.cancel(now, key, this.#core.strings().put(reason)));
  }

  #create(task: CreateTask): number {
    const spec = input.reading("the task", () => input.taskSpec(task));
    if (!spec.plain) return this.#createSpecs([spec]);
    this.#useDirectory();
    const { name, description, providerId } = spec;
    const core = this.#core.strings();
    const [nameLength, descriptionLength, providerLength] = [core.put(name), core.putOptional(description), core.putOptional(providerId)];
    const key = this.#core.command((glue, now) => glue.create(now, nameLength, descriptionLength, providerLength));
    if (this.#texts.size >= REMEMBERED) this.#texts.clear();
    this.#texts.set(key, { name, description: description ?? name });
    return key;
  }

  #createSpecs(specs: readonly input.TaskSpec[]): number {
    const fallback = this.#currentDirectory();
    const filled = specs.map(({ plain: _, ...spec }) => ({
      ...spec,
      description: spec.description ?? spec.name,
      workingDirectory: spec.workingDirectory ?? fallback,
    }));
    return this.#core.command((glue, now) => glue.createMany(now, filled));
  }

  #currentDirectory(): string {
    return input.reading("the working directory", () => input.string("the working directory", this.#directory()));
  }

  #useDirectory(): void {
    const directory = this.#currentDirectory();
    if (directory === this.#lastDirectory) return;
    this.#core.read((glue) => glue.setWorkingDirectory(directory));
    this.#lastDirectory = directory;
  }

  #find(id: string): number {
    const length = this.#core.strings().put(id);
    return this.#core.read((glue) => glue.find(length));
  }

  #key(id: string): number {
    const key = this.#find(input.string("the task's id", id));
    if (key < 0) throw new OrchestratorError("TASK_NOT_FOUND", `there is no task ${JSON.stringify(id.length > 140 ? `${id.slice(0, 140)}…` : id)}`);
    return key;
  }

  #task(key: number): OrchestratedTask {
    const texts = this.#texts.get(key);
    const found = this.#core.read((glue) => glue.snapshot(key, texts !== undefined));
    if (!found) throw new OrchestratorError("TASK_NOT_FOUND", "the task is deleted");
    return readTask(this.#core, this.#names, texts?.name, texts?.description);
  }

  #lastAttempt(key: number): number {
    return this.#core.read((glue) => glue.attempt(key));
  }

  /** The id that the kernel makes from a key: the prefix, and the key as seven digits. */
  #taskId(key: number): string {
    const high = key >>> 10;
    if (high !== this.#highDigits) {
      this.#highDigits = high;
      this.#highPrefix = this.#prefix + (high + 0x2000000).toString(32).slice(1);
    }
    return this.#highPrefix + DIGITS[key & 1023]!;
  }

  #ownTaskId(key: number): string {
    let id = this.#ownIds.get(key);
    if (id === undefined) {
      id = this.#core.read((glue) => glue.taskId(key));
      if (this.#ownIds.size >= REMEMBERED) this.#ownIds.clear();
      this.#ownIds.set(key, id);
    }
    return id;
  }

  #attempt(key: number, number: number): Attempt {
    let attempt = this.#attempts.get(key);
    if (attempt === undefined || attempt.number !== number) {
      const settlement = attempt?.number === 0 ? attempt.settlement : new Settlement();
      attempt = new Attempt(this.#core, key, number, settlement);
      this.#attempts.set(key, attempt);
    }
    return attempt;
  }

  #run(
    options: StartOptions | undefined,
    find: () => { id: string; key: number },
    begin: (glue: Glue, now: number, key: number) => number,
  ): TaskRun {
    let id = "";
    let deafen: (() => void) | undefined;
    let cancel: (() => void) | undefined;
    try {
      const signal = options === undefined ? undefined : input.reading("the options", () => input.signalOf(options));
      if (signal?.aborted === true) throw aborted(signal);
      // Before anything is started: a signal that cannot be listened to is refused.
      if (signal !== undefined) deafen = input.onAbort(signal, () => cancel?.());
      const from = this.#core.nextSeq;
      const found = find();
      id = found.id;
      const key = found.key;
      const { settlement } = this.#attempt(key, this.#core.command((glue, now) => begin(glue, now, key)));
      if (signal !== undefined && deafen !== undefined) {
        cancel = () => this.#cancelFor(signal, key, settlement);
        settlement.onEnd(deafen);
      }
      return new TaskRun(id, settlement, () => this.#subscriptions.events({ taskId: id, from }, () => settlement.ended));
    } catch (error) {
      deafen?.();
      const settlement = new Settlement();
      settlement.fail(OrchestratorError.isInstance(error) ? error : input.invalid(describe(error), error));
      return new TaskRun(typeof id === "string" ? id : "", settlement);
    }
  }

  #cancelFor(signal: AbortSignal, key: number, settlement: Settlement): void {
    if (settlement.ended || this.disposed) return;
    try {
      this.#cancel(key, signal.reason === undefined ? "Aborted" : describe(signal.reason));
    } catch (error) {
      this.#complain(error, "a cancel by a signal");
    }
  }

  /** Takes an order of the kernel. Those who wait are told at once; what calls into foreign code waits for the pump. */
  #order(kind: number, task: number, number: number, provider: number): void {
    if (kind === RUN) {
      this.#orders.push({ kind, attempt: this.#attempt(task, number), provider });
      return;
    }
    const attempt = this.#attempts.get(task);
    if (attempt === undefined || attempt.number !== number) return;
    if (kind === ABORT || kind === HOLD || kind === RELEASE) {
      this.#orders.push({ kind, attempt, provider });
      return;
    }
    this.#attempts.delete(task);
    const outcome = this.#outcome(task, number, attempt);
    if (outcome.status === "cancelled") attempt.reason = new OrchestratorError("TASK_CANCELLED", outcome.error ?? "Cancelled");
    attempt.settlement.settle(outcome);
  }

  #outcome(key: number, number: number, attempt: Attempt | undefined): TaskOutcome {
    const cause = attempt?.cause;
    const answered = attempt?.answer;
    // The common case, which needs no look at the rest of the task.
    if (answered?.success === true && this.#core.read((glue) => glue.standing(key, 0)) === COMPLETED) {
      const { summary, detail } = answered;
      return Object.freeze({
        taskId: attempt!.taskId, attempt: number, status: "completed", success: true, summary,
        result: result(true, summary, detail), error: undefined, cause,
      });
    }
    const found = this.#core.read((glue) => glue.snapshot(key, true));
    if (!found) {
      const error = "Task deleted";
      return Object.freeze({ taskId: this.#names.ownTaskId(key), attempt: number, status: "cancelled", success: false, summary: error, result: undefined, error, cause });
    }
    const { id, status, result: answer, error } = readTask(this.#core, this.#names, "", "");
    // Only asked of tasks that have ended.
    const ended = status as TaskOutcome["status"];
    return Object.freeze({
      taskId: id, attempt: number, status: ended, success: ended === "completed",
      summary: answer?.summary ?? error ?? "", result: answer, error, cause,
    });
  }

  #wake(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void SOON.then(this.#pumpSoon);
  }

  /** Once per microtask: hands out events, then carries out orders, until nothing is left. */
  #pump(): void {
    try {
      do {
        this.#subscriptions.flush();
        const orders = this.#orders.splice(0);
        if (orders.length === 0) break;
        for (const { kind, attempt, provider } of orders) this.#carryOut(kind, attempt, provider);
      } while (!this.disposed);
    } catch (error) {
      if (!this.disposed) this.#complain(error, "the orchestrator");
    } finally {
      this.#pumping = false;
      if (this.#core.gone?.code === "POISONED") this.#fallSilent(this.#core.gone);
    }
  }

  #carryOut(kind: number, attempt: Attempt, provider: number): void {
    if (this.disposed) return;
    if (kind === ABORT) {
      this.#abort(attempt, attempt.reason!);
    } else if (kind === RELEASE) {
      attempt.release();
    } else if (kind === RUN && attempt.counts) {
      const registered = this.#known[provider]!;
      const task = this.#task(attempt.key);
      attempt.taskId = task.id;
      execute(registered, attempt, task, new Context(attempt, task));
    }
  }

  /** Listeners of a signal are foreign code. */
  #abort(attempt: Attempt, reason: OrchestratorError): void {
    try {
      attempt.abort(reason);
    } catch (error) {
      this.#complain(error, "a listener of a signal");
    }
  }

  #fallSilent(error: OrchestratorError): void {
    this.#subscriptions.close();
    const attempts = [...this.#attempts.values()];
    this.#attempts.clear();
    for (const attempt of attempts) {
      attempt.settlement.fail(error);
      this.#abort(attempt, error);
    }
  }

  #complain(error: unknown, where: string): void {
    try {
      this.#onError(error, where);
    } catch {
      // There is nobody left to tell.
    }
  }
}

type Glue = Parameters<Parameters<Core["command"]>[0]>[0];

function directoryOf(given: unknown): () => string {
  if (typeof given === "function") return given as () => string;
  const fixed = input.optionalString("workingDirectory", given) ?? "";
  return () => fixed;
}

function aborted(signal: AbortSignal): OrchestratorError {
  return new OrchestratorError("ABORTED", `the signal was aborted: ${describe(signal.reason)}`, { cause: signal.reason });
}
