import { OrchestratorError } from "./errors.js";
import type { Subscriptions } from "./subscriptions.js";
import type { OrchestratorEvent, TaskOutcome, TaskResult } from "./types.js";

/** One attempt as those who wait for it see it. Makes its promise when first asked, so that nobody pays for none. */
export class Settlement {
  private made: Promise<TaskOutcome> | undefined;
  private resolve: ((outcome: TaskOutcome) => void) | undefined;
  private reject: ((error: OrchestratorError) => void) | undefined;
  private outcome: TaskOutcome | undefined;
  private error: OrchestratorError | undefined;
  private callbacks: (() => void)[] | undefined;

  get ended(): boolean {
    return this.outcome !== undefined || this.error !== undefined;
  }

  settle(outcome: TaskOutcome): void {
    this.outcome = outcome;
    this.resolve?.(outcome);
    this.tell();
  }

  fail(error: OrchestratorError): void {
    this.error = error;
    // Whoever waits sees the error through the promise; that nobody waits is no fault.
    this.made?.catch(() => {});
    this.reject?.(error);
    this.tell();
  }

  /** Called once it has ended, whichever way. */
  onEnd(callback: () => void): void {
    if (this.ended) callback();
    else (this.callbacks ??= []).push(callback);
  }

  get promise(): Promise<TaskOutcome> {
    if (this.made === undefined) {
      if (this.outcome !== undefined) {
        this.made = Promise.resolve(this.outcome);
      } else {
        this.made = new Promise((resolve, reject) => {
          this.resolve = resolve;
          this.reject = reject;
        });
        if (this.error !== undefined) this.fail(this.error);
      }
    }
    return this.made;
  }

  private tell(): void {
    const callbacks = this.callbacks;
    this.callbacks = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) callback();
  }
}

/**
 * A run of a task. Await it for the outcome, or iterate over it for the task's events until the outcome is there.
 *
 * Awaiting never rejects because a task failed or was cancelled: see `outcome.status`, or use {@link TaskRun.unwrap}.
 * It rejects when the run was refused (an unknown id, an illegal status, an aborted signal) or the orchestrator was
 * disposed of. Leaving the loop early stops the listening, not the task.
 */
export class TaskRun implements Promise<TaskOutcome>, AsyncIterable<OrchestratorEvent> {
  /** The task's id. */
  readonly taskId: string;
  readonly #settlement: Settlement;
  readonly #subscriptions: Subscriptions | undefined;
  readonly #from: number;

  /** @internal */
  constructor(taskId: string, settlement: Settlement, subscriptions?: Subscriptions, from = 0) {
    this.taskId = taskId;
    this.#settlement = settlement;
    this.#subscriptions = subscriptions;
    this.#from = from;
  }

  get [Symbol.toStringTag](): string {
    return "TaskRun";
  }

  then<A = TaskOutcome, B = never>(
    onOutcome?: ((outcome: TaskOutcome) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settlement.promise.then(onOutcome, onError);
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<TaskOutcome | B> {
    return this.#settlement.promise.catch(onError);
  }

  finally(callback?: (() => void) | null): Promise<TaskOutcome> {
    return this.#settlement.promise.finally(callback);
  }

  /** The result of a completed task. Rejects with `TASK_FAILED` or `TASK_CANCELLED` otherwise. */
  async unwrap(): Promise<TaskResult> {
    const outcome = await this.#settlement.promise;
    if (outcome.status === "completed" && outcome.result !== undefined) return outcome.result;
    const code = outcome.status === "cancelled" ? "TASK_CANCELLED" : "TASK_FAILED";
    throw new OrchestratorError(code, outcome.error ?? outcome.summary, { cause: outcome.cause });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<OrchestratorEvent> {
    if (this.#subscriptions === undefined) {
      await this.#settlement.promise;
      return;
    }
    const events = this.#subscriptions.events({ taskId: this.taskId, from: this.#from }, () => this.#settlement.ended);
    try {
      for (;;) {
        const next = await events.next();
        if (next.done === true) return;
        yield next.value;
        if (ENDINGS.has(next.value.type)) return;
      }
    } finally {
      await events.return?.();
    }
  }
}

const ENDINGS: ReadonlySet<string> = new Set(["task:completed", "task:failed", "task:cancelled", "task:deleted"]);
