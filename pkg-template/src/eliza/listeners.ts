/** Listeners of the service: events by the names and in the form that hosts of elizaOS know. */
import type { OrchestratorEvent } from "../api.js";

/** What has happened to a task. */
export interface TaskEvent {
  readonly type: OrchestratorEvent["type"];
  readonly taskId: string;
  readonly seq: number;
  readonly at: number;
  /** What the event says beside that. */
  readonly data: { readonly [name: string]: unknown };
}
export type TaskEventListener = (event: TaskEvent) => void;

/** The type that stands for all. */
const ALL = "task";

export class Listeners {
  readonly #of = new Map<string, Set<TaskEventListener>>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  add(type: string, listener: TaskEventListener): void {
    const listeners = this.#of.get(type) ?? new Set();
    this.#of.set(type, listeners.add(listener));
  }

  remove(type: string, listener: TaskEventListener): void {
    this.#of.get(type)?.delete(listener);
  }

  clear(): void {
    this.#of.clear();
  }

  tell(event: Extract<OrchestratorEvent, { taskId: string }>): void {
    const { type, taskId, seq, at, ...data } = event;
    const told: TaskEvent = { type, taskId, seq, at, data: "lines" in data ? { ...data, output: data.lines } : data };
    for (const name of [type, ALL]) {
      for (const listener of [...(this.#of.get(name) ?? [])]) {
        try {
          listener(told);
        } catch (error) {
          this.#failed(error);
        }
      }
    }
  }
}
