/**
 * Results that somebody else than the provider tells. A task has one only through an attempt, so such a result ends the
 * attempt that is open, or is what the next one answers at once instead of asking the provider.
 */
import type { AgentProvider, OrchestratedTask, ProviderResult, TaskContext, _Registered as Registered } from "../api.js";
import type { ElizaTaskContext } from "./options.js";
import { elizaTask } from "./task.js";

type Result = Exclude<ProviderResult, string | void>;

/** An attempt that its provider is at. Without `end` the provider gives lines, and nobody but itself can end that. */
interface Open {
  readonly attempt: number;
  readonly end: ((result: Result) => void) | undefined;
}

export class Told {
  /** The last attempt of each task that a provider was asked for and has not answered. */
  readonly #open = new Map<string, Open>();
  readonly #next = new Map<string, Result>();

  /** Ends the attempt that a task is at. False if that cannot be ended so; nothing if no provider is at it. */
  end({ id, attempt }: OrchestratedTask, result: Result): boolean | undefined {
    const open = this.#open.get(id);
    if (open?.attempt !== attempt) return undefined;
    open.end?.(result);
    return open.end !== undefined;
  }

  /** What the next attempt of a task answers; nothing to ask the provider after all. */
  expect(taskId: string, result: Result | undefined): void {
    if (result === undefined) this.#next.delete(taskId);
    else this.#next.set(taskId, result);
  }

  /** A task is gone. */
  forget(taskId: string): void {
    this.#open.delete(taskId);
  }

  /** The provider as the orchestrator sees it: it is given tasks in elizaOS's form, and results can be told in its place. */
  provider({ id, label, description, maxConcurrency, provider, executeTask }: Registered, runtimeAgentId: string): AgentProvider {
    const run = (task: OrchestratedTask, context: TaskContext): ReturnType<AgentProvider["executeTask"]> => {
      const result = this.#next.get(task.id);
      this.#next.delete(task.id);
      if (result !== undefined) return result;
      const seen: ElizaTaskContext = Object.assign(context, { runtimeAgentId });
      const answer: unknown = Reflect.apply(executeTask, provider, [elizaTask(task), seen]);
      if (isThenable(answer)) return this.#either(task, answer);
      this.#open.set(task.id, { attempt: task.attempt, end: undefined });
      return answer as ProviderResult;
    };
    return { id, label, description, maxConcurrency, executeTask: run };
  }

  #either({ id, attempt }: OrchestratedTask, answer: PromiseLike<ProviderResult>): Promise<ProviderResult> {
    return new Promise((resolve, reject) => {
      const open: Open = { attempt, end: resolve };
      this.#open.set(id, open);
      const over = (): void => {
        if (this.#open.get(id) === open) this.#open.delete(id);
      };
      answer.then(
        (value) => (over(), resolve(value)),
        (error: unknown) => (over(), reject(error)),
      );
    });
  }
}

const isThenable = (value: unknown): value is PromiseLike<ProviderResult> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function" && !(Symbol.asyncIterator in value);
