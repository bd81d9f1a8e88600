/** What the world was told, over all crashes: what an orchestrator said once must stay true. */
import type { CreateTask, OrchestratedTask, OrchestratorEvent, TaskOutcome } from "../api.js";
import { Violation } from "./violation.js";

const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/** Whether a task has ended. */
export const hasEnded = ({ status }: { readonly status: string }): boolean => TERMINAL.includes(status);

interface Fact {
  parentId: string | undefined;
  /** The highest attempt that was told of. */
  attempt: number;
  /** How that one ended. */
  ended: string | undefined;
  /** What those who waited heard last, which may be before the events that lead to it. */
  heard: { readonly attempt: number; readonly status: string } | undefined;
}

/** Tells tasks and attempts apart. */
const nameOf = (taskId: string, attempt: number): string => `attempt ${attempt} of task ${taskId}`;

export class Facts {
  readonly #tasks = new Map<string, Fact>();
  /** Of each task, the last attempt that a provider was called for. */
  readonly #called = new Map<string, number>();
  /** Tasks that were to be created, in that order. */
  readonly #ids = new Set<string>();
  /** Parents of tasks that nobody may have been told of. */
  readonly #parents = new Map<string, string>();
  /** Tasks that were to be deleted. Of them and those below nothing needs to be true any more. */
  readonly #deleting = new Set<string>();
  /** How many restarts were asked for of which nothing was seen: they may come or not. */
  readonly #restarts = new Map<string, number>();
  /** Position of the last event that was told of. */
  #seq = 0;
  events = 0;

  /** Ids of the tasks that were created, or were to be, without those that were deleted. */
  get ids(): readonly string[] {
    return [...this.#ids];
  }

  // ----- what is asked for -----

  create({ id, parentId }: Partial<CreateTask>): void {
    if (typeof id !== "string") return;
    this.#ids.add(id);
    if (typeof parentId === "string") this.#parents.set(id, parentId);
  }

  delete(taskId: string): void {
    this.#ids.delete(taskId);
    this.#deleting.add(taskId);
  }

  restart(taskId: string): void {
    this.#restarts.set(taskId, this.#restartsOf(taskId) + 1);
  }

  /** A restart was refused, so it will not come. */
  noRestart(taskId: string): void {
    this.#restarts.set(taskId, Math.max(0, this.#restartsOf(taskId) - 1));
  }

  #restartsOf(taskId: string): number {
    return this.#restarts.get(taskId) ?? 0;
  }

  // ----- what is told -----

  /** A promise says that the task is there. */
  acknowledge({ id, parentId }: OrchestratedTask): void {
    this.#ids.add(id);
    this.#fact(id, parentId);
  }

  outcome({ taskId, attempt, status }: TaskOutcome): void {
    const fact = this.#tasks.get(taskId);
    if (fact === undefined || this.#isDeleting(taskId) || attempt < (fact.heard?.attempt ?? 0)) return;
    for (const end of [fact.heard, { attempt: fact.attempt, status: fact.ended ?? status }]) {
      if (end?.attempt === attempt) this.#agree(taskId, attempt, end.status, status);
    }
    fact.heard = { attempt, status };
  }

  /** An event; `first` if it is the first one of its orchestrator. */
  event(event: OrchestratorEvent, first: boolean): void {
    if (event.type === "journal:failed") return;
    if (event.type === "subscriber:lagged") throw new Violation("gaps", `${event.dropped} events before ${event.seq} were dropped`);
    if (first ? event.seq <= this.#seq : event.seq !== this.#seq + 1) {
      throw new Violation("gaps", `the event at ${event.seq} (${event.type}) came after the one at ${this.#seq}`);
    }
    this.#seq = event.seq;
    this.events += 1;
    this.#fold(event);
  }

  #fold(event: OrchestratorEvent): void {
    if (!("taskId" in event)) return;
    const { taskId } = event;
    if (event.type === "task:deleted") {
      this.#tasks.delete(taskId);
      this.#called.delete(taskId);
      this.#ids.delete(taskId);
      return;
    }
    if (event.type === "task:created") {
      this.#ids.add(taskId);
      this.#fact(taskId, event.parentId);
      return;
    }
    if (!("attempt" in event) || event.type === "task:late" || this.#isDeleting(taskId)) return;
    const fact = this.#fact(taskId, undefined);
    const { attempt, type } = event;
    if (attempt < fact.attempt) throw new Violation("attempts", `${type} of ${nameOf(taskId, attempt)} came after attempt ${fact.attempt}`);
    if (type === "task:completed" || type === "task:failed" || type === "task:cancelled") {
      const status = type.slice("task:".length);
      if (attempt === fact.attempt && fact.ended !== undefined) this.#agree(taskId, attempt, fact.ended, status);
      if (attempt === fact.heard?.attempt) this.#agree(taskId, attempt, fact.heard.status, status);
      [fact.attempt, fact.ended] = [attempt, status];
    } else if (attempt > fact.attempt) {
      if (fact.ended !== undefined) {
        const what = `${nameOf(taskId, fact.attempt)} was ${fact.ended}, and then came ${type} of attempt ${attempt}`;
        if (this.#restartsOf(taskId) === 0) throw new Violation("again", what);
        this.noRestart(taskId);
      }
      [fact.attempt, fact.ended] = [attempt, undefined];
    }
  }

  /** An attempt ends in one way. */
  #agree(taskId: string, attempt: number, before: string, now: string): void {
    if (before !== now) throw new Violation("again", `${nameOf(taskId, attempt)} was ${before}, and then ${now}`);
  }

  /** A provider is called. */
  call(taskId: string, attempt: number): void {
    if (this.#isDeleting(taskId)) return;
    const before = this.#called.get(taskId) ?? 0;
    if (attempt <= before) throw new Violation("attempts", `${nameOf(taskId, attempt)} runs after attempt ${before} did`);
    this.#called.set(taskId, attempt);
    const fact = this.#tasks.get(taskId);
    if (fact?.ended !== undefined && this.#restartsOf(taskId) === 0) {
      throw new Violation("again", `${nameOf(taskId, fact.attempt)} was ${fact.ended}, and attempt ${attempt} runs`);
    }
  }

  // ----- what must still be true -----

  /** Compares with what an orchestrator knows that was opened again. */
  compare(seq: number, taskOf: (id: string) => OrchestratedTask | undefined): void {
    if (seq < this.#seq) throw new Violation("acknowledged", `events up to ${this.#seq} were told of, and after opening again there are ${seq}`);
    for (const [id, fact] of this.#tasks) {
      if (this.#isDeleting(id)) continue;
      const task = taskOf(id);
      if (task === undefined) throw new Violation("acknowledged", `task ${id} was acknowledged, and after opening again it is gone`);
      for (const { attempt, status } of [{ attempt: fact.attempt, status: fact.ended }, ...(fact.heard === undefined ? [] : [fact.heard])]) {
        if (task.attempt < attempt) {
          throw new Violation("acknowledged", `${nameOf(id, attempt)} was told of, and after opening again the last one is ${task.attempt}`);
        }
        if (status !== undefined && task.attempt === attempt && task.status !== status && this.#restartsOf(id) === 0) {
          throw new Violation("acknowledged", `${nameOf(id, attempt)} was ${status}, and after opening again the task is ${task.status}`);
        }
      }
    }
  }

  #fact(id: string, parentId: string | undefined): Fact {
    let fact = this.#tasks.get(id);
    if (fact === undefined) {
      fact = { parentId, attempt: 0, ended: undefined, heard: undefined };
      this.#tasks.set(id, fact);
    }
    return fact;
  }

  /** Whether this task, or one above it, was to be deleted. */
  #isDeleting(id: string): boolean {
    if (this.#deleting.size === 0) return false;
    // What was only asked for may be refused, and go round in circles.
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = this.#tasks.get(at)?.parentId ?? this.#parents.get(at)) {
      if (this.#deleting.has(at)) return true;
      seen.add(at);
    }
    return false;
  }
}
