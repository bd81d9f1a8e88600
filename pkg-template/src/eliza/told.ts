/**
 * Results that somebody else than the provider tells. A task has one only through an attempt, so such a result ends the
 * attempt that is open, or is what the next one answers at once instead of asking the provider.
 */
import type { ProviderResult, TaskContext, _Registered as Registered } from "../api.js";
import type { ElizaTaskContext } from "./options.js";
import { elizaTask } from "./task.js";
import type { AgentProvider, OrchestratedTask } from "../api.js";

type Result = Exclude<ProviderResult, string | void>;

export class Told {
  /** Ends the attempt that is open, for each task that has one. */
  readonly #open = new Map<string, (result: Result) => void>();
  readonly #next = new Map<string, Result>();

  /** Ends the attempt of a task; false if it has none that can be ended so. */
  end(taskId: string, result: Result): boolean {
    const end = this.#open.get(taskId);
    end?.(result);
    return end !== undefined;
  }

  /** What the next attempt of a task answers; nothing to ask the provider after all. */
  expect(taskId: string, result: Result | undefined): void {
    if (result === undefined) this.#next.delete(taskId);
    else this.#next.set(taskId, result);
  }

  /** The provider as the orchestrator sees it: it is given tasks in elizaOS's form, and results can be told in its place. */
  provider({ id, label, description, maxConcurrency, provider, executeTask }: Registered, runtimeAgentId: string): AgentProvider {
    const run = (task: OrchestratedTask, context: TaskContext): ReturnType<AgentProvider["executeTask"]> => {
      const result = this.#next.get(task.id);
      this.#next.delete(task.id);
      if (result !== undefined) return result;
      const seen: ElizaTaskContext = Object.assign(context, { runtimeAgentId });
      const answer: unknown = Reflect.apply(executeTask, provider, [elizaTask(task), seen]);
      return isThenable(answer) ? this.#either(task.id, answer) : (answer as ProviderResult);
    };
    return { id, label, description, maxConcurrency, executeTask: run };
  }

  #either(taskId: string, answer: PromiseLike<ProviderResult>): Promise<ProviderResult> {
    return new Promise((resolve, reject) => {
      const end = resolve as (result: Result) => void;
      this.#open.set(taskId, end);
      const over = (): void => {
        if (this.#open.get(taskId) === end) this.#open.delete(taskId);
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
