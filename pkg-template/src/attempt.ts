import type { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import type { TaskOutcome } from "./types.js";

const PAUSED = 3;
const COUNTS = 16;

/** How a provider said that its attempt ended. */
export interface Answer {
  readonly success: boolean;
  readonly summary: string;
  readonly error: string | undefined;
  /** Whether another attempt may do better, if this was no success. */
  readonly retryable: boolean;
  /** All else, as JSON; empty when there is nothing else. */
  readonly detail: string;
}

/** What hardly any attempt has. */
interface Kin {
  /** For one that follows a failed one: the first of these attempts, for which everybody waits. */
  readonly first: Attempt | undefined;
  /** An earlier run of the same task that has ended, while that is not durable yet. */
  older: Attempt | undefined;
}

/**
 * One attempt of a task, for its provider and for those who wait for it. There may be thousands of them in a queue, so
 * it is one object, and makes its promise and its signal when first asked. With retries, those who wait go on waiting
 * for the first one, while each further attempt has an object for its provider.
 */
export class Attempt {
  /** How the provider said it ended. */
  answer: Answer | undefined;
  /** What the provider threw. */
  cause: unknown;
  /** Why it no longer counts. */
  reason: OrchestratorError | undefined;
  private made: Promise<TaskOutcome> | undefined;
  private resolve: ((outcome: TaskOutcome | Promise<never>) => void) | undefined;
  private outcome: TaskOutcome | undefined;
  private error: OrchestratorError | undefined;
  private callbacks: (() => void)[] | undefined;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] | undefined;
  private controller: AbortController | undefined;
  private kin: Kin | undefined;

  constructor(
    readonly core: Core,
    readonly key: number,
    /** 0 before the first one of its task. */
    public number: number,
    public taskId: string,
  ) {}

  // ----- for the driver -----

  /** The one that everybody waits for. */
  get run(): Attempt {
    return this.kin?.first ?? this;
  }

  get older(): Attempt | undefined {
    return this.kin?.older;
  }

  set older(older: Attempt | undefined) {
    if (this.kin !== undefined) this.kin.older = older;
    else if (older !== undefined) this.kin = { first: undefined, older };
  }

  /** The next attempt of the same run. */
  next(number: number): Attempt {
    const next = new Attempt(this.core, this.key, number, this.taskId);
    next.kin = { first: this.run, older: this.older };
    return next;
  }

  /** Why its provider is called off, if nobody called it off: its time is over. */
  get overdue(): OrchestratorError {
    return new OrchestratorError("TASK_FAILED", this.run.outcome?.error ?? "the attempt took too long");
  }

  // ----- for those who wait -----

  get ended(): boolean {
    return this.outcome !== undefined || this.error !== undefined;
  }

  settle(outcome: TaskOutcome): void {
    this.outcome = outcome;
    this.resolve?.(outcome);
    if (this.callbacks !== undefined) this.tell();
  }

  fail(error: OrchestratorError): void {
    this.error = error;
    this.resolve?.(this.refused(error));
    if (this.callbacks !== undefined) this.tell();
  }

  /** Called once it has ended, whichever way. */
  onEnd(callback: () => void): void {
    if (this.ended) callback();
    else (this.callbacks ??= []).push(callback);
  }

  get promise(): Promise<TaskOutcome> {
    return (this.made ??= this.make());
  }

  private make(): Promise<TaskOutcome> {
    if (this.outcome !== undefined) return Promise.resolve(this.outcome);
    if (this.error !== undefined) return this.refused(this.error);
    return new Promise<TaskOutcome>((resolve) => {
      // `reject` is not kept: it is as large as half of this object, and hardly ever called.
      this.resolve = resolve;
    });
  }

  /** Whoever waits sees the error through the promise; that nobody waits is no fault. */
  private refused(error: OrchestratorError): Promise<never> {
    const refused = Promise.reject<never>(error);
    refused.catch(() => {});
    this.made?.catch(() => {});
    return refused;
  }

  private tell(): void {
    const callbacks = this.callbacks!;
    this.callbacks = undefined;
    for (const callback of callbacks) callback();
  }

  // ----- for the provider -----

  /** Made when first read: most providers never look, and a signal costs more than all the rest. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get counts(): boolean {
    const standing = this.standing;
    return standing >= 0 && (standing & COUNTS) !== 0;
  }

  get paused(): boolean {
    const standing = this.standing;
    return standing >= 0 && (standing & COUNTS) !== 0 && (standing & 15) === PAUSED;
  }

  private get standing(): number {
    if (this.reason !== undefined || this.core.gone !== undefined) return -1;
    return this.core.read((glue) => glue.standing(this.key, this.number));
  }

  abort(reason: OrchestratorError): void {
    this.reason ??= reason;
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting !== undefined) for (const waiter of waiting) waiter.reject(this.reason);
    this.controller?.abort(this.reason);
  }

  release(): void {
    if (this.waiting === undefined || this.paused) return;
    const waiting = this.waiting;
    this.waiting = undefined;
    for (const waiter of waiting) waiter.resolve();
  }

  untilResumed(): Promise<void> {
    if (!this.paused && this.counts) return Promise.resolve();
    const resumed = new Promise<void>((resolve, reject) => {
      if (this.paused) (this.waiting ??= []).push({ resolve, reject });
      else reject(this.reason ?? new OrchestratorError("TASK_CANCELLED", "this attempt no longer counts"));
    });
    // A provider that does not look at it is not at fault.
    resumed.catch(() => {});
    return resumed;
  }
}
