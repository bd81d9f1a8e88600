import type { Attempt } from "./attempt.js";
import { OrchestratorError } from "./errors.js";
import type { Subscriptions } from "./subscriptions.js";
import type { OrchestratorEvent, TaskOutcome, TaskResult } from "./types.js";

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
  readonly #attempt: Attempt;
  readonly #subscriptions: Subscriptions | undefined;
  readonly #from: number;

  /** @internal */
  constructor(taskId: string, attempt: Attempt, subscriptions?: Subscriptions, from = 0) {
    this.taskId = taskId;
    this.#attempt = attempt;
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
    return this.#attempt.promise.then(onOutcome, onError);
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<TaskOutcome | B> {
    return this.#attempt.promise.catch(onError);
  }

  finally(callback?: (() => void) | null): Promise<TaskOutcome> {
    return this.#attempt.promise.finally(callback);
  }

  /** The result of a completed task. Rejects with `TASK_FAILED` or `TASK_CANCELLED` otherwise. */
  async unwrap(): Promise<TaskResult> {
    const outcome = await this.#attempt.promise;
    if (outcome.status === "completed" && outcome.result !== undefined) return outcome.result;
    const code = outcome.status === "cancelled" ? "TASK_CANCELLED" : "TASK_FAILED";
    throw new OrchestratorError(code, outcome.error ?? outcome.summary, { cause: outcome.cause });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<OrchestratorEvent> {
    if (this.#subscriptions === undefined) {
      await this.#attempt.promise;
      return;
    }
    const events = this.#subscriptions.events({ taskId: this.taskId, from: this.#from }, () => this.#attempt.ended);
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
