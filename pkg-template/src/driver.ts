/** Makes happen what the kernel orders: calls providers, tells those who wait, hands out events. Decides nothing. */
import { Attempt } from "./attempt.js";
import { Context } from "./context.js";
import { ACTIVE, Core, GONE, type CoreOptions, type Host } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { Names } from "./names.js";
import { execute, type Registered } from "./provider.js";
import { Subscriptions, type EventsHost } from "./subscriptions.js";
import type { OrchestratedTask, TaskOutcome } from "./types.js";
import { readTask, result, STATUSES } from "./wire.js";

/** Orders of the kernel, as in `src/wasm/core.rs`. */
const RUN = 0, ABORT = 1, HOLD = 2, RELEASE = 3;
const COMPLETED = STATUSES.indexOf("completed");

/** Costs a tenth of what `queueMicrotask` does in Node. */
const SOON = Promise.resolve();

interface Order {
  readonly kind: number;
  readonly attempt: Attempt;
  readonly provider: number;
}

export class Driver implements Host, EventsHost {
  readonly core: Core;
  readonly names: Names;
  readonly subscriptions: Subscriptions;
  /** Those that can be used. */
  readonly providers = new Map<number, Registered>();
  /** Also those that were unregistered. */
  readonly #known: Registered[] = [];
  /** Those under way, by the keys of their tasks. */
  readonly #attempts: (Attempt | undefined)[] = [];
  readonly #onError: (error: unknown, where: string) => void;
  #orders: Order[] = [];
  #awake = false;
  readonly #pumpSoon = (): void => this.#pump();

  constructor(options: CoreOptions, clock: () => number, onError: (error: unknown, where: string) => void) {
    this.#onError = onError;
    this.core = new Core(options, clock, this);
    this.names = new Names(this.core);
    this.subscriptions = new Subscriptions(this.core, this.names, this);
  }

  register(key: number, provider: Registered): void {
    this.providers.set(key, provider);
    this.#known[key] = provider;
    this.names.provider(key, provider.id, provider.label);
  }

  /** The task as it is now. */
  task(key: number): OrchestratedTask {
    const { core, names } = this;
    if (core.snapshot(key, names.knows(key)) === GONE) throw new OrchestratorError("TASK_NOT_FOUND", "the task is deleted");
    return readTask(core, names);
  }

  /** What is known of an attempt, the last one of its task. */
  attempt(key: number, number: number): Attempt {
    // An array with large holes would become a table, which is slow.
    while (this.#attempts.length < key) this.#attempts.push(undefined);
    const known = this.#attempts[key];
    if (known === undefined || (known.number !== number && known.number !== 0)) return (this.#attempts[key] = new Attempt(this.core, key, number, ""));
    // Somebody waited before it began.
    if (known.number !== number) known.number = number;
    return known;
  }

  /** Those who wait are told at once; what calls into foreign code waits for the pump. */
  order(kind: number, task: number, number: number, detail: number): void {
    if (kind === RUN) {
      this.#orders.push({ kind, attempt: this.attempt(task, number), provider: detail });
      return;
    }
    const attempt = this.#attempts[task];
    if (attempt === undefined || attempt.number !== number) return;
    if (kind === ABORT || kind === HOLD || kind === RELEASE) {
      this.#orders.push({ kind, attempt, provider: 0 });
      return;
    }
    this.#attempts[task] = undefined;
    const outcome = this.outcome(task, number, attempt, detail);
    if (outcome.status === "cancelled") attempt.reason = new OrchestratorError("TASK_CANCELLED", outcome.error ?? "Cancelled");
    attempt.settle(outcome);
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
    if (this.core.snapshot(key, true) === GONE) {
      const error = "Task deleted";
      return Object.freeze({
        taskId: this.names.ownTaskId(key), attempt: number, status: "cancelled", success: false, summary: error, result: undefined, error, cause,
      });
    }
    const { id, status: ended, result: answer, error } = readTask(this.core, this.names);
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

  /** Ends everything that is under way; what waits for it is told why. */
  close(error: OrchestratorError): void {
    this.subscriptions.close();
    this.core.close(error);
    const attempts = this.#attempts.filter((attempt) => attempt !== undefined);
    // Some were called off a moment ago, and not told yet.
    const told = new Set([...attempts, ...this.#orders.map(({ attempt }) => attempt)]);
    this.#attempts.length = 0;
    this.#orders = [];
    for (const attempt of attempts) attempt.fail(error);
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
      if (orders.length > 0) {
        this.#orders = [];
        for (const order of orders) this.#carryOut(order);
        this.subscriptions.flush();
      }
    } catch (error) {
      if (this.core.gone === undefined) this.complain(error, "the orchestrator");
    }
    this.#awake = false;
    const { gone } = this.core;
    if (gone === undefined) {
      if (this.#orders.length > 0 || this.subscriptions.pending) this.wake();
    } else if (gone.code === "POISONED") {
      this.close(gone);
    }
  }

  #carryOut({ kind, attempt, provider }: Order): void {
    if (this.core.gone !== undefined) return;
    if (kind === ABORT) {
      this.#abort(attempt, attempt.reason!);
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
