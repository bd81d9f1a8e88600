/** Makes happen what the kernel orders: calls providers, tells those who wait, hands out events. Decides nothing. */
import { Agents, FIRST_AGENT_ORDER } from "./agents.js";
import { Attempt } from "./attempt.js";
import { Context } from "./context.js";
import { Alarm } from "./alarm.js";
import { ACTIVE, Core, GONE, type Host } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { Keeper } from "./keeper.js";
import { Names } from "./names.js";
import type { Opening } from "./opening.js";
import type { Settings } from "./options.js";
import { execute, type Registered } from "./provider.js";
import type { HandleHost } from "./agent-handle.js";
import { Subscriptions, type EventsHost } from "./subscriptions.js";
import type { OrchestratedTask, OrchestratorEvent, TaskOutcome } from "./types.js";
import { View } from "./view.js";
import { readEvents, readTask, result, STATUSES, TERMINAL } from "./wire.js";

/** Orders of the kernel, as in `src/wasm/core.rs`. */
const RUN = 0, ABORT = 1, HOLD = 2, RELEASE = 3;
const COMPLETED = STATUSES.indexOf("completed");
/** How many events are read at a time when the end of an attempt is looked up. */
const REPLAYED = 256;

/** Costs a tenth of what `queueMicrotask` does in Node. */
const SOON = Promise.resolve();

interface Order {
  readonly kind: number;
  readonly attempt: Attempt;
  readonly provider: number;
}

/** How an attempt ended, as an event says it. */
type Ending = Extract<OrchestratorEvent, { type: "task:completed" | "task:failed" | "task:cancelled" }>;

export class Driver implements Host, EventsHost, HandleHost {
  readonly core: Core;
  readonly names: Names;
  readonly view: View;
  readonly subscriptions: Subscriptions;
  readonly agents: Agents;
  /** Absent without a journal. */
  readonly keeper: Keeper | undefined;
  /** Those that can be used. */
  readonly providers = new Map<number, Registered>();
  /** Also those that were unregistered. */
  readonly #known: Registered[] = [];
  /** Those under way, by the keys of their tasks. */
  readonly #attempts: (Attempt | undefined)[] = [];
  readonly #onError: (error: unknown, where: string) => void;
  readonly #alarm: Alarm;
  #closing: Promise<void> | undefined;
  #orders: Order[] = [];
  #awake = false;
  readonly #pumpSoon = (): void => this.#pump();

  constructor(open: Opening, settings: Settings) {
    this.#onError = settings.onError;
    const { journal, time, core: { keepHistory } } = settings;
    this.core = new Core(open, time, this, journal !== undefined);
    this.names = new Names(this.core);
    this.view = new View(this.core, this.names);
    this.subscriptions = new Subscriptions(this.core, this.names, this);
    this.agents = new Agents(this.core, settings.supervisor, this);
    this.#alarm = new Alarm(this.core, this);
    if (journal === undefined) return;
    this.keeper = new Keeper(this.core, journal, !keepHistory, this);
    // It begins with events that are to be kept, and perhaps with something that is due.
    this.wake();
  }

  register(key: number, provider: Registered): void {
    this.providers.set(key, provider);
    this.#known[key] = provider;
    this.names.provider(key, provider.id, provider.label);
  }

  /** The task as it is now. */
  task(key: number): OrchestratedTask {
    return this.view.task(key);
  }

  /** What is known of the attempt of a task that is under way, for those who wait for it. */
  attempt(key: number, number: number): Attempt {
    const known = this.#attempts[key];
    if (known === undefined) return this.#add(key, number);
    // Somebody waited before it began. If it is another number, a failed attempt is to be repeated.
    if (known.number === 0) known.number = number;
    return known.run;
  }

  /** The same for one that has just begun anew; that the one before has ended may not be durable yet. */
  attemptAnew(key: number, number: number): Attempt {
    const older = this.#attempts[key];
    const attempt = this.#add(key, number);
    attempt.older = older;
    return attempt;
  }

  #add(key: number, number: number): Attempt {
    // An array with large holes would become a table, which is slow.
    while (this.#attempts.length < key) this.#attempts.push(undefined);
    return (this.#attempts[key] = new Attempt(this.core, key, number, ""));
  }

  /** Those who wait are told at once; what calls into foreign code waits for the pump. */
  order(kind: number, task: number, number: number, detail: number): void {
    if (kind >= FIRST_AGENT_ORDER) return this.agents.order(kind, task, number, detail);
    if (kind === RUN) {
      const attempt = this.#toRun(task, number);
      if (attempt !== undefined) this.#orders.push({ kind, attempt, provider: detail });
      return;
    }
    let attempt = this.#attempts[task];
    if (kind === ABORT || kind === HOLD || kind === RELEASE) {
      while (attempt !== undefined && attempt.number !== number) attempt = attempt.older;
      if (attempt !== undefined) this.#orders.push({ kind, attempt, provider: 0 });
      return;
    }
    this.#settle(task, number, detail);
  }

  /** The attempt to run: one that is known, or the next one of a run. None, if the task has begun anew since. */
  #toRun(key: number, number: number): Attempt | undefined {
    const known = this.#attempts[key];
    if (known === undefined) return this.#add(key, number);
    if (known.number === 0) known.number = number;
    for (let older: Attempt | undefined = known; older !== undefined; older = older.older) if (older.number === number) return older;
    return known.number < number ? (this.#attempts[key] = known.next(number)) : undefined;
  }

  /** Ends all runs of a task that began with this attempt or before. */
  #settle(key: number, number: number, status: number): void {
    let newer: Attempt | undefined;
    let attempt = this.#attempts[key];
    while (attempt !== undefined && attempt.run.number > number) {
      newer = attempt;
      attempt = attempt.older;
    }
    if (attempt === undefined) return;
    if (newer === undefined) this.#attempts[key] = undefined;
    else newer.older = undefined;
    // The status is that of the last one, and a wait that ended may have had its next number already.
    const outcome = this.outcome(key, number, attempt, newer === undefined && attempt.number === number ? status : undefined);
    for (let ended: Attempt | undefined = attempt; ended !== undefined; ended = ended.older) {
      if (outcome.status === "cancelled") ended.reason ??= new OrchestratorError("TASK_CANCELLED", outcome.error ?? "Cancelled");
      ended.run.settle(outcome);
    }
  }

  /** How an attempt ended; `status` is what the task's had become, if the kernel said so. */
  outcome(key: number, number: number, attempt?: Attempt, status?: number): TaskOutcome {
    const cause = attempt?.cause;
    // The common case, which needs no look at the task.
    if (status === COMPLETED && attempt?.answer !== undefined) {
      const { summary, detail } = attempt.answer;
      return Object.freeze({
        taskId: attempt.taskId, attempt: number, status: "completed", success: true, summary,
        result: result(true, summary, detail), error: undefined, cause,
      });
    }
    const found = this.core.snapshot(key, true);
    const task = found === GONE ? undefined : readTask(this.core, this.names);
    // With a journal the task may have gone on before its end was durable.
    if (this.core.kept && !(task !== undefined && task.attempt === number && STATUSES.indexOf(task.status) >= TERMINAL)) {
      const ending = this.#ending(key, number);
      if (ending !== undefined && !(task === undefined && ending.type === "task:cancelled")) return outcomeOf(ending, cause);
    }
    if (task === undefined) {
      const error = "Task deleted";
      return Object.freeze({
        taskId: this.names.ownTaskId(key), attempt: number, status: "cancelled", success: false, summary: error, result: undefined, error, cause,
      });
    }
    const { id, status: ended, result: answer, error } = task;
    return Object.freeze({
      // Only asked of tasks that have ended.
      taskId: id, attempt: number, status: ended as TaskOutcome["status"], success: ended === "completed",
      summary: answer?.summary ?? error ?? "", result: answer, error, cause,
    });
  }

  /** Something has happened, or somebody wants to hear of it. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    void SOON.then(this.#pumpSoon);
  }

  complain(error: unknown, where: string): void {
    try {
      this.#onError(error, where);
    } catch {
      // There is nobody left to tell.
    }
  }

  // ----- for handles of agents -----

  get gone(): boolean {
    return this.core.gone !== undefined;
  }

  durable(): Promise<void> | undefined {
    return this.keeper?.durable();
  }

  eventsOf(agent: string, from: number, over: () => boolean): AsyncIterableIterator<OrchestratorEvent> {
    return this.subscriptions.events({ agent, from }, over);
  }

  /** What the events that have just become durable say of the end of an attempt. */
  #ending(key: number, number: number): Ending | undefined {
    const taskId = this.names.ownTaskId(key);
    const { durable, durableBefore } = this.core;
    for (let from = durableBefore; from < durable; ) {
      const first = this.core.read((glue) => glue.replay(from, REPLAYED));
      const events = readEvents(this.core, this.names, first);
      if (events.length === 0) return undefined;
      for (const event of events) {
        const ends = event.type === "task:completed" || event.type === "task:failed" || event.type === "task:cancelled";
        if (ends && event.taskId === taskId && event.attempt === number) return event;
      }
      from = first + events.length;
    }
    return undefined;
  }

  /** Nothing will be durable any more: providers are called off, and those who wait are told why. */
  giveUp(error: OrchestratorError): void {
    this.#alarm.stop();
    this.subscriptions.fail(error);
    this.#endAttempts(error);
    this.agents.fail(error);
  }

  /** Ends everything that is under way; what waits for it is told why. Ready when the journal is closed, if there is one. */
  close(error: OrchestratorError): Promise<void> | undefined {
    if (this.#closing !== undefined) return this.#closing;
    this.#alarm.stop();
    this.subscriptions.close();
    if (this.keeper === undefined) this.core.close(error);
    else if (this.core.gone === undefined) this.core.retire(error);
    this.#endAttempts(error);
    this.agents.fail(error);
    return (this.#closing = this.keeper?.finish());
  }

  #endAttempts(error: OrchestratorError): void {
    const attempts: Attempt[] = [];
    for (const newest of this.#attempts) for (let attempt = newest; attempt !== undefined; attempt = attempt.older) attempts.push(attempt);
    // Some were called off a moment ago, and not told yet.
    const told = new Set([...attempts, ...this.#orders.map(({ attempt }) => attempt)]);
    this.#attempts.length = 0;
    this.#orders = [];
    for (const { run } of attempts) run.fail(error);
    for (const attempt of told) this.#abort(attempt, error);
  }

  /**
   * Once per microtask: hands out events, then carries out orders, and hands out what came of those. Orders that came of
   * them have the next microtask.
   */
  #pump(): void {
    try {
      this.subscriptions.flush();
      const orders = this.#orders;
      if (orders.length > 0 || this.agents.pending) {
        this.#orders = [];
        for (const order of orders) this.#carryOut(order);
        this.agents.carryOut();
        this.subscriptions.flush();
      }
      if (this.core.gone === undefined) {
        this.keeper?.kick();
        this.#alarm.set();
      }
    } catch (error) {
      if (this.core.gone === undefined) this.complain(error, "the orchestrator");
    }
    this.#awake = false;
    const { gone } = this.core;
    if (gone === undefined) {
      if (this.#orders.length > 0 || this.agents.pending || this.subscriptions.pending) this.wake();
    } else if (gone.code === "POISONED") {
      void this.close(gone);
    }
  }

  #carryOut({ kind, attempt, provider }: Order): void {
    if (this.core.gone !== undefined) return;
    if (kind === ABORT) {
      this.#abort(attempt, attempt.reason ?? attempt.overdue);
    } else if (kind === RELEASE) {
      attempt.release();
    } else if (kind === RUN) {
      this.#run(attempt, provider);
    }
  }

  #run(attempt: Attempt, provider: number): void {
    const { key } = attempt;
    const { core, names } = this;
    // It may have been called off since.
    if (core.snapshot(key, names.knows(key)) !== ACTIVE) return;
    const task = readTask(core, names);
    if (task.attempt !== attempt.number) return;
    attempt.taskId = task.id;
    execute(this.#known[provider]!, attempt, task, new Context(attempt, task));
  }

  /** Listeners of a signal are foreign code. */
  #abort(attempt: Attempt, reason: OrchestratorError): void {
    try {
      attempt.abort(reason);
    } catch (error) {
      this.complain(error, "a listener of a signal");
    }
  }
}

function outcomeOf(event: Ending, cause: unknown): TaskOutcome {
  const { taskId, attempt } = event;
  switch (event.type) {
    case "task:completed": {
      const { summary, result: answer } = event;
      return Object.freeze({ taskId, attempt, status: "completed", success: true, summary, result: answer, error: undefined, cause });
    }
    case "task:failed": {
      const { summary, result: answer, error } = event;
      return Object.freeze({ taskId, attempt, status: "failed", success: false, summary, result: answer, error, cause });
    }
    case "task:cancelled": {
      const { reason } = event;
      return Object.freeze({ taskId, attempt, status: "cancelled", success: false, summary: reason, result: undefined, error: reason, cause });
    }
  }
}
