import { AgentHandle } from "./agent-handle.js";
import { readAgent } from "./agent-options.js";
import { Attempt } from "./attempt.js";
import type { Core, Glue } from "./core.js";
import { Driver } from "./driver.js";
import { OrchestratorError, describe } from "./errors.js";
import { joined, Kept, putInto } from "./import.js";
import * as input from "./input.js";
import type { StoredJournal } from "./journal-types.js";
import { opening, random, verifyFrames } from "./opening.js";
import { readOptions, type Settings } from "./options.js";
import { difference, past, PastState } from "./past.js";
import { planOf, writePlan } from "./plan.js";
import { readProvider, type Registered } from "./provider.js";
import { TaskRun } from "./run.js";
import type {
  AgentFactory, AgentNode, AgentOptions, AgentProvider, CancelOptions, CreateTask, DeadLetters, EventListener, EventType, EventsOptions, ListQuery, OpenOptions, OrchestratedTask,
  OrchestratorApi, OrchestratorEvent, StartOptions, StateDiff, SubscribeOptions, TaskCounts, TaskOutcome, TaskPage, TaskStatus, TaskStep,
  TaskUserStatus, Verification,
} from "./types.js";
import { View } from "./view.js";
import { STATUSES, TERMINAL } from "./wire.js";

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
  readonly #driver: Driver;
  readonly #core: Core;
  readonly #view: View;
  readonly #settings: Settings;
  #lastDirectory = "";

  /**
   * Opens an orchestrator: a new one, or with a journal the one that it tells of. In browsers, `await init()` first.
   * Rejects with what the journal refuses, such as `LOCKED`; it is closed again then.
   */
  static async open(options: OpenOptions = {}): Promise<AgentOrchestrator> {
    const settings = input.reading("the options", () => readOptions(options));
    if (settings.journal !== undefined) return AgentOrchestrator.#recover(settings);
    const opened = new AgentOrchestrator(settings);
    try {
      opened.#furnish();
    } catch (error) {
      opened.#core.close(notOpened());
      throw error;
    }
    return opened;
  }

  /** Opens what a journal has kept. */
  static async #recover(settings: Settings): Promise<AgentOrchestrator> {
    const journal = settings.journal!;
    let opened: AgentOrchestrator | undefined;
    try {
      opened = new AgentOrchestrator(settings, await journal.load(false));
      opened.#furnish();
      await opened.flush();
      return opened;
    } catch (error) {
      // What matters is why it could not be opened.
      if (opened === undefined) await journal.close().catch(() => {});
      else await opened.#driver.close(notOpened());
      throw error;
    }
  }

  private constructor(settings: Settings, stored?: StoredJournal) {
    this.#settings = settings;
    this.#driver = new Driver(opening(settings.core, stored), settings);
    this.#core = this.#driver.core;
    this.#view = this.#driver.view;
  }

  /** Limits, providers: what needs an orchestrator that is open. */
  #furnish(): void {
    const { groups, providers, defaultProviderId } = this.#settings;
    for (const [name, max] of groups) this.#limit(name, max);
    for (const provider of providers) this.#register(provider);
    if (defaultProviderId !== undefined && !providers.some((provider) => provider.id === defaultProviderId)) {
      const known = providers.map((provider) => provider.id).join(", ") || "none";
      throw new OrchestratorError("PROVIDER_NOT_FOUND", `the default provider ${input.quote(defaultProviderId)} is not among the providers: ${known}`);
    }
    this.#core.read((glue) => glue.setDefaultProvider(defaultProviderId));
  }

  // ----- tasks -----

  /** Creates a task, and starts it if it says so. The first one becomes the current task. */
  async createTask(task: CreateTask): Promise<OrchestratedTask> {
    const key = this.#create(task);
    const created = this.#driver.task(key);
    this.#driver.names.created(key, created.id);
    return this.#kept(created);
  }

  /** Creates several tasks, or none if one of them is refused. */
  async createTasks(tasks: readonly CreateTask[]): Promise<readonly OrchestratedTask[]> {
    const specs = input.reading("the tasks", () => {
      if (!Array.isArray(tasks)) throw input.invalid(`the tasks must be an array, not ${input.kindOf(tasks)}`);
      return Array.from(tasks as readonly CreateTask[], (task) => input.taskSpec(task));
    });
    if (specs.length === 0) return Object.freeze([]);
    const first = this.#createSpecs(specs);
    return this.#kept(Object.freeze(specs.map((_, index) => this.#driver.task(first + index))));
  }

  /**
   * Starts a task, or joins the attempt that is under way. While no slot is free it stays `pending` and
   * `waitingFor` says so.
   */
  startTask(taskId: string, options?: StartOptions): TaskRun {
    return this.#run(options, taskId, undefined, false);
  }

  /** Creates a task and starts it. */
  runTask(task: CreateTask, options?: StartOptions): TaskRun {
    return this.#run(options, "", task, false);
  }

  /** Begins a new attempt of a task that has ended. Its output stays; result, error, steps and progress begin anew. */
  restartTask(taskId: string, options?: StartOptions): TaskRun {
    return this.#run(options, taskId, undefined, true);
  }

  /** The outcome of a task: at once if it has ended, else when it does. The signal ends the waiting, not the task. */
  async waitForTask(taskId: string, options?: { signal?: AbortSignal | undefined }): Promise<TaskOutcome> {
    const signal = input.reading("the options", () => input.signalOf(options));
    if (signal?.aborted === true) throw input.aborted(signal);
    const key = this.#key(taskId);
    if (STATUSES.indexOf(this.#driver.task(key).status) >= TERMINAL) return this.#kept(this.#driver.outcome(key, this.#lastAttempt(key)));
    const failure = this.#core.failure();
    if (failure !== undefined) throw failure;
    const attempt = this.#driver.attempt(key, this.#lastAttempt(key));
    if (signal === undefined) return attempt.promise;
    return new Promise((resolve, reject) => {
      attempt.onEnd(input.onAbort(signal, () => reject(input.aborted(signal))));
      attempt.promise.then(resolve, reject);
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
    return this.#kept(this.#driver.task(key));
  }

  /** Removes a task and all tasks below it, cancelling what has not ended. */
  async deleteTask(taskId: string): Promise<void> {
    const key = this.#key(taskId);
    this.#core.command((glue, now) => glue.delete(now, key));
    this.#driver.names.forgetAll();
    await this.#durable();
  }

  /** Gives a task another name. */
  async renameTask(taskId: string, name: string): Promise<OrchestratedTask> {
    const text = input.string("the name", name);
    return this.#change(taskId, (glue, now, key) => {
      this.#driver.names.forget(key);
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
    this.#core.output(key, 0, text);
  }

  /** Sets a task's progress: rounded, and clamped to 0..100. */
  async updateProgress(taskId: string, percent: number): Promise<void> {
    if (typeof percent !== "number") throw input.invalid(`progress must be a number, not ${input.kindOf(percent)}`);
    const key = this.#key(taskId);
    this.#core.progress(key, 0, percent);
  }

  /** Adds a step to a task's plan. */
  async addStep(taskId: string, description: string): Promise<TaskStep> {
    const text = input.string("a step's description", description);
    const key = this.#key(taskId);
    const step = this.#core.command((glue, now) => glue.addStep(now, key, 0, this.#core.strings().put(text)));
    return this.#kept(Object.freeze({ id: `s${step + 1}`, description: text, status: "pending", output: undefined }));
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
    return this.#view.getTask(taskId);
  }

  /** Tasks that meet all conditions, a page at a time. */
  listTasks(query: ListQuery = {}): TaskPage {
    return this.#view.listTasks(query);
  }

  /** Tasks that a text means, best first: an id or its beginning, else words of name, tags or description. */
  searchTasks(text: string, options?: { limit?: number | undefined }): readonly OrchestratedTask[] {
    return this.#view.searchTasks(text, options);
  }

  /** How many tasks stand in each status. */
  countTasks(): TaskCounts {
    return this.#view.countTasks();
  }

  /** The task that a user is at. */
  get currentTask(): OrchestratedTask | undefined {
    return this.#view.currentTask;
  }

  /** The task that a scope is at, such as a room or a user: see {@link AgentOrchestrator.switchTask}. */
  currentTaskIn(scope: string): OrchestratedTask | undefined {
    return this.#view.currentTaskIn(scope);
  }

  /**
   * Makes the task with this id, or the one that a search text means, the current one; none for `null`. With `scope` (a
   * room, a user, any name) it becomes the current task there, and only there: kept in the journal, and forgotten when
   * the task is deleted. No task becomes the current one of a scope by being created.
   */
  async switchTask(idOrText: string | null, options?: { scope?: string | undefined }): Promise<OrchestratedTask | undefined> {
    const scope = input.reading("the options", () => (options === undefined ? undefined : input.optionalString("scope", (input.object("the options", options) as { scope?: unknown }).scope)));
    const text = idOrText === null ? undefined : input.string("the id or text", idOrText);
    const key = this.#core.read((glue) => {
      if (text === undefined) return -1;
      const found = glue.resolve(text);
      if (found < 0) throw this.#core.refusal(glue);
      return found;
    });
    if (scope === undefined) this.#core.command((glue, now) => glue.select(now, key));
    else this.#core.command((glue, now) => glue.selectIn(now, this.#core.strings().put(scope), key));
    return this.#kept(key < 0 ? undefined : this.#driver.task(key));
  }

  /** A task, or else the current one, or else the newest, as text for a model's prompt. */
  taskContext(taskId?: string): string {
    return this.#view.taskContext(taskId);
  }

  // ----- providers -----

  /**
   * Makes a provider available; gives the function that ends that. Tasks that it runs go on; those that wait for it
   * keep waiting until a provider with the same id is registered.
   */
  registerProvider(provider: AgentProvider): () => void {
    return this.#register(readProvider(provider));
  }

  #register(read: Registered): () => void {
    const key = this.#core.command((glue, now) => glue.registerProvider(now, read.id, read.label, read.description, read.maxConcurrency));
    this.#driver.register(key, read);
    return () => {
      if (this.#driver.providers.get(key) !== read || this.disposed) return;
      this.#core.command((glue, now) => glue.unregisterProvider(now, key));
      this.#driver.providers.delete(key);
    };
  }

  /**
   * Says how many tasks of a group may run at once; any number when `undefined`. The group `""` is that of all tasks
   * without one.
   */
  async limitGroup(group: string, maxConcurrency: number | undefined): Promise<void> {
    this.#limit(input.string("the group", group), input.count("maxConcurrency", maxConcurrency));
    await this.#durable();
  }

  /** The providers that can be used now. */
  get providers(): readonly { readonly id: string; readonly label: string; readonly description: string | undefined }[] {
    return Object.freeze(Array.from(this.#driver.providers.values(), ({ id, label, description }) => Object.freeze({ id, label, description })));
  }

  // ----- agents -----

  /**
   * Adds a supervised agent; its factory makes it at every start. After a recovery this gives one that the journal knows
   * its factory again, and one that ran starts by itself. Throws `AGENT_EXISTS`.
   */
  addAgent(name: string, factory: AgentFactory, options?: AgentOptions): void {
    this.#driver.agents.add(readAgent(name, factory, options, this.#settings.agents), undefined);
  }

  /** Adds an agent below another one, which restarts and stops with it. Throws `AGENT_EXISTS`, or `AGENT_NOT_FOUND` for the parent. */
  addChild(name: string, parent: string, factory: AgentFactory, options?: AgentOptions): void {
    const { agents } = this.#driver;
    agents.add(readAgent(name, factory, options, this.#settings.agents), agents.view.key(parent));
  }

  /** Starts an agent and all below it; one that runs already has one more handle then. */
  spawn(name: string): AgentHandle {
    const from = this.#core.nextSeq;
    const key = this.#driver.agents.view.key(name);
    this.#driver.agents.spawn(key);
    return new AgentHandle(this.#driver, this.#driver.agents.cell(key), from);
  }

  /** A handle to an agent, spawned or not. */
  agent(name: string): AgentHandle | undefined {
    const key = this.#driver.agents.view.find(name);
    return key < 0 ? undefined : new AgentHandle(this.#driver, this.#driver.agents.cell(key), this.#core.nextSeq);
  }

  /** Forgets an agent and all below it, which must have ended. */
  async removeAgent(name: string): Promise<void> {
    const { agents } = this.#driver;
    const tell = agents.remove(agents.view.key(name));
    await this.#durable();
    tell();
  }

  /** The name of the agent above an agent. */
  parentOf(name: string): string | undefined {
    return this.#driver.agents.view.parentOf(name);
  }

  /** The names of the agents right below an agent, in the order in which they were added. */
  childrenOf(name: string): readonly string[] | undefined {
    return this.#driver.agents.view.childrenOf(name);
  }

  /** The names of all agents, in the order in which they were added. */
  names(): readonly string[] {
    return this.#driver.agents.view.names();
  }

  /** Whether there is an agent with this name. */
  contains(name: string): boolean {
    return this.#driver.agents.view.contains(name);
  }

  /** All agents that have none above them, with those below each. */
  tree(): readonly AgentNode[] {
    return this.#driver.agents.view.tree();
  }

  /** The messages that agents could not answer. */
  deadLetters(): DeadLetters {
    return this.#driver.agents.view.deadLetters();
  }

  // ----- events -----

  /** Calls a function with each event, after the call that caused it, in order. Gives the function that ends it. */
  subscribe<T extends EventType = EventType>(listener: EventListener<T>, options?: SubscribeOptions<T>): () => void {
    return input.reading("the options", () => this.#driver.subscriptions.subscribe(listener, options as SubscribeOptions | undefined));
  }

  /** Events to iterate over: from now on, or from any position that is still kept. */
  events<T extends EventType = EventType>(options?: EventsOptions<T>): AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>> {
    const events = input.reading("the options", () => this.#driver.subscriptions.events(options as EventsOptions | undefined));
    // The subscription lets only these types through.
    return events as AsyncIterableIterator<Extract<OrchestratorEvent, { type: T }>>;
  }

  /** A hash over every event since the first. Equal runs have equal hashes, on every host. */
  journalHash(): string {
    return this.#core.read((glue) => glue.journalHash());
  }

  /** A hash over the whole state. */
  stateHash(): string {
    return this.#view.stateHash();
  }

  // ----- the journal -----

  /** Waits until everything that has happened so far is durable; at once without a journal. */
  async flush(): Promise<void> {
    void this.#core.nextSeq;
    const failure = this.#core.failure();
    if (failure !== undefined) throw failure;
    await this.#durable();
  }

  /**
   * The state after an event: any event that is still kept. `INVALID_ARGUMENT` for a position that is not reached yet,
   * `HISTORY_GONE` for one that is no longer kept.
   */
  async at(seq: number): Promise<PastState> {
    const position = input.position("seq", seq);
    return new PastState(past(await this.#history(), position), position);
  }

  /** What changed between two positions; refused as {@link at}. */
  async diff(from: number, to: number): Promise<StateDiff> {
    const [first, second] = [input.position("from", from), input.position("to", to)];
    return difference(await this.#history(), first, second);
  }

  /**
   * Opens another orchestrator that goes on by itself from the state after an event; refused as {@link at}. It has the
   * options given here, as for {@link open}; a journal must be empty, else `CONFLICT`. Without one it lives in memory.
   * Attempts that were under way are interrupted.
   */
  async fork(seq: number, options: OpenOptions = {}): Promise<AgentOrchestrator> {
    const position = input.position("seq", seq);
    const settings = input.reading("the options", () => readOptions(options));
    const journal = settings.journal ?? new Kept();
    if (settings.journal !== undefined && settings.journal.journal === this.#settings.journal?.journal) {
      throw new OrchestratorError("CONFLICT", "a fork needs a journal of its own");
    }
    const state = past(await this.#history(), position);
    try {
      const frame = state.read((glue) => glue.fork(settings.core.seed ?? random()));
      await putInto(journal, frame);
    } catch (error) {
      await journal.close().catch(() => {});
      throw error;
    } finally {
      state.close(notOpened());
    }
    return AgentOrchestrator.#recover({ ...settings, journal });
  }

  /** Replays the journal from its first event, or its oldest snapshot, and holds the result against the state; `JOURNAL_DAMAGED` when they differ. */
  async verify(): Promise<Verification> {
    await this.flush();
    const [seq, stateHash, journalHash] = [this.#core.nextSeq - 1, this.stateHash(), this.journalHash()];
    const events = verifyFrames(await this.#history(), seq, stateHash, journalHash);
    return Object.freeze({ seq, events, stateHash, journalHash });
  }

  /**
   * The journal as one file, the same bytes on every host: what is needed to go on, or with `history` everything that is
   * kept. {@link importJournal} reads it. Without a journal it is the state, as a journal that begins with it.
   */
  async exportJournal(options?: { history?: boolean | undefined }): Promise<Uint8Array> {
    const history = input.reading("the options", () => options !== undefined && (input.object("the options", options) as { history?: unknown }).history === true);
    await this.flush();
    const { keeper } = this.#driver;
    if (keeper === undefined) return this.#core.read((glue) => glue.fork(this.#settings.core.seed ?? random()));
    return joined((await keeper.load(history)).frames);
  }

  /** Takes a snapshot, so that the journal gets short. Does nothing without a journal. */
  async compact(): Promise<void> {
    await this.flush();
    await this.#driver.keeper?.compact();
  }

  // ----- the end -----

  /** Whether it was disposed of. */
  get disposed(): boolean {
    return this.#core.gone !== undefined;
  }

  /**
   * Ends everything: providers' signals are aborted, runs that were waited for reject with `DISPOSED`, iterators end,
   * what is not written yet is written, the journal is closed, and the memory is freed. Ready when the journal is
   * closed. Safe at any time, also from a listener or a provider, and more than once.
   */
  async dispose(): Promise<void> {
    const closed = this.#driver.close(this.#core.gone ?? new OrchestratorError("DISPOSED", "the orchestrator is disposed of"));
    if (closed !== undefined) await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  // ----- inside -----

  /** What a call gives, once what it did is durable: at once without a journal, without so much as a promise. */
  #kept<T>(value: T): T | Promise<T> {
    return this.#driver.keeper?.durable()?.then(() => value) ?? value;
  }

  #durable(): Promise<void> | undefined {
    return this.#driver.keeper?.durable();
  }

  /** Everything that is still kept. */
  async #history(): Promise<readonly Uint8Array[]> {
    await this.flush();
    const { keeper } = this.#driver;
    if (keeper === undefined) return this.#core.read((glue) => glue.framesInMemory());
    return (await keeper.load(true)).frames;
  }

  #limit(group: string, max: number | undefined): void {
    this.#core.command((glue, now) => glue.limitGroup(now, this.#core.strings().put(group), max ?? 0));
  }

  #change(taskId: string, use: (glue: Glue, now: number, key: number) => number): OrchestratedTask | Promise<OrchestratedTask> {
    const key = this.#key(taskId);
    this.#core.command((glue, now) => use(glue, now, key));
    return this.#kept(this.#driver.task(key));
  }

  #cancel(key: number, reason: string = "Cancelled by user"): void {
    this.#core.command((glue, now) => glue.cancel(now, key, this.#core.strings().put(reason)));
  }

  /** With `run`, for a task that is started at once. */
  #create(task: CreateTask, run = false): number {
    let spec: input.TaskSpec;
    try {
      spec = input.taskSpec(task);
    } catch (cause) {
      throw input.unreadable("the task", cause);
    }
    // Refused as a whole: a task that may not wait is not made.
    if (run && this.#core.full) return this.#createSpecs([startNow(spec)]);
    if (spec.more !== undefined) return this.#createSpecs([spec]);
    this.#useDirectory();
    const { name, description, providerId } = spec;
    const key = this.#core.create(name, description, providerId);
    this.#driver.names.remember(key, name, description ?? name);
    return key;
  }

  #createSpecs(specs: readonly input.TaskSpec[]): number {
    this.#useDirectory();
    const core = this.#core;
    return core.command((glue, now) => {
      core.strings();
      for (const { name, description, providerId, more = input.NO_MORE } of specs) {
        for (const text of [name, description, more.id, providerId, more.subAgentType, more.workingDirectory]) core.field(text);
        for (const text of [more.roomId, more.worldId, more.parentId, more.metadata]) core.field(text);
        core.fields(more.tags).fields(more.steps);
        writePlan(core, more.plan);
      }
      return glue.createMany(now, specs.length);
    });
  }

  #useDirectory(): void {
    const directory = this.#currentDirectory();
    if (directory === this.#lastDirectory) return;
    this.#core.read((glue) => glue.setWorkingDirectory(directory));
    this.#lastDirectory = directory;
  }

  #currentDirectory(): string {
    const { workingDirectory } = this.#settings;
    if (typeof workingDirectory === "string") return workingDirectory;
    return input.reading("the working directory", () => input.string("the working directory", workingDirectory()));
  }

  #key(id: string): number {
    return this.#view.known(id);
  }

  #lastAttempt(key: number): number {
    return this.#core.read((glue) => glue.attempt(key));
  }

  /** Starts a task: the one with this id, or a new one. */
  #run(options: StartOptions | undefined, taskId: string, task: CreateTask | undefined, again: boolean): TaskRun {
    let id = taskId;
    let deafen: (() => void) | undefined;
    let cancel: (() => void) | undefined;
    try {
      const signal = options === undefined ? undefined : input.reading("the options", () => input.signalOf(options));
      if (signal?.aborted === true) throw input.aborted(signal);
      // Before anything is started: a signal that cannot be listened to is refused.
      if (signal !== undefined) deafen = input.onAbort(signal, () => cancel?.());
      const from = this.#core.nextSeq;
      let key: number;
      if (task === undefined) {
        key = this.#key(id);
      } else {
        key = this.#create(task, true);
        id = this.#driver.names.ownTaskId(key);
      }
      const attempt = again ? this.#driver.attemptAnew(key, this.#core.restart(key)) : this.#driver.attempt(key, this.#core.start(key));
      if (signal !== undefined && deafen !== undefined) {
        cancel = () => this.#cancelFor(signal, key, attempt);
        attempt.onEnd(deafen);
      }
      return new TaskRun(id, attempt, this.#driver.subscriptions, from);
    } catch (error) {
      deafen?.();
      const refused = new Attempt(this.#core, -1, 0, "");
      refused.fail(OrchestratorError.isInstance(error) ? error : input.invalid(describe(error), error));
      return new TaskRun(typeof id === "string" ? id : "", refused);
    }
  }

  #cancelFor(signal: AbortSignal, key: number, attempt: Attempt): void {
    if (attempt.ended || this.disposed) return;
    try {
      this.#cancel(key, signal.reason === undefined ? "Aborted" : describe(signal.reason));
    } catch (error) {
      this.#driver.complain(error, "a cancel by a signal");
    }
  }
}

const notOpened = (): OrchestratorError => new OrchestratorError("DISPOSED", "the orchestrator was not opened");

/** The same task, started as it is made. */
function startNow(spec: input.TaskSpec): input.TaskSpec {
  const { more = input.NO_MORE } = spec;
  return { ...spec, more: { ...more, plan: { ...(more.plan ?? planOf({})), start: true } } };
}
