/** Looks at the past: the state after any event that is still kept, and what changed between two. */
import type { AgentNode, DeadLetters } from "./agent-types.js";
import { AgentView } from "./agent-view.js";
import { still } from "./clock.js";
import { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { Names } from "./names.js";
import { openingPast } from "./opening.js";
import type { ListQuery, OrchestratedTask, StateDiff, TaskChange, TaskCounts, TaskPage } from "./types.js";
import { View } from "./view.js";

/** Nothing happens in the past. */
const nobody = { order: (): void => {}, wake: (): void => {} };

/**
 * The state after an event of the past; {@link AgentOrchestrator.at} gives it. It never changes. It holds memory of the
 * WebAssembly until it is disposed of, or collected.
 */
export class PastState implements Disposable {
  /** Position of the event after which this was the state. */
  readonly seq: number;
  /** The time of that event, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly #core: Core;
  readonly #view: View;
  readonly #agents: AgentView;

  /** @internal */
  constructor(core: Core, seq: number) {
    this.#core = core;
    this.#view = new View(core, new Names(core));
    this.#agents = new AgentView(core);
    this.seq = seq;
    this.at = core.read((glue) => glue.at());
  }

  /** A task as it was. */
  getTask(taskId: string): OrchestratedTask | undefined {
    return this.#view.getTask(taskId);
  }

  /** Tasks that met all conditions, a page at a time. */
  listTasks(query: ListQuery = {}): TaskPage {
    return this.#view.listTasks(query);
  }

  /** Tasks that a text meant, best first. */
  searchTasks(text: string, options?: { limit?: number | undefined }): readonly OrchestratedTask[] {
    return this.#view.searchTasks(text, options);
  }

  /** How many tasks stood in each status. */
  countTasks(): TaskCounts {
    return this.#view.countTasks();
  }

  /** The task that the user was at. */
  get currentTask(): OrchestratedTask | undefined {
    return this.#view.currentTask;
  }

  /** The task that a scope was at. */
  currentTaskIn(scope: string): OrchestratedTask | undefined {
    return this.#view.currentTaskIn(scope);
  }

  /** What {@link AgentOrchestrator.taskContext} gave. */
  taskContext(taskId?: string): string {
    return this.#view.taskContext(taskId);
  }

  /** All agents that had none above them, with those below each. What an agent was at is not known of the past. */
  tree(): readonly AgentNode[] {
    return this.#agents.tree();
  }

  /** The messages that agents could not answer. */
  deadLetters(): DeadLetters {
    return this.#agents.deadLetters();
  }

  /** What {@link AgentOrchestrator.stateHash} gave. */
  stateHash(): string {
    return this.#view.stateHash();
  }

  /** Gives the memory back. More calls do no harm. */
  dispose(): void {
    this.#core.close(new OrchestratorError("DISPOSED", "this state of the past is disposed of"));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The state after an event, for whoever closes it again.
 * @internal
 */
export const past = (frames: readonly Uint8Array[], seq: number): Core => new Core(openingPast(frames, seq), still, nobody, false);

/** Kinds of differences, as in `src/wasm/core.rs`. */
const CREATED = 0, DELETED = 1;

/** What changed from one state to another one. */
export function difference(frames: readonly Uint8Array[], from: number, to: number): StateDiff {
  const done = new OrchestratorError("DISPOSED", "the states are compared");
  const before = past(frames, from);
  try {
    const after = past(frames, to);
    try {
      return compare(before, after, from, to);
    } finally {
      after.close(done);
    }
  } finally {
    before.close(done);
  }
}

function compare(before: Core, after: Core, from: number, to: number): StateDiff {
  before.read((was) => after.read((is) => was.diff(is)));
  before.unpack();
  // Copied: to read a task is to overwrite them.
  const words = before.numbers.slice(before.begin, before.end);
  const [old, new_] = [new View(before, new Names(before)), new View(after, new Names(after))];
  const created: OrchestratedTask[] = [];
  const deleted: OrchestratedTask[] = [];
  const changed: TaskChange[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const key = words[at + 1]!;
    if (words[at] === CREATED) created.push(new_.task(key));
    else if (words[at] === DELETED) deleted.push(old.task(key));
    else changed.push(...change(old.task(key), new_.task(key)));
  }
  return Object.freeze({ from, to, created: Object.freeze(created), deleted: Object.freeze(deleted), changed: Object.freeze(changed) });
}

function change(before: OrchestratedTask, after: OrchestratedTask): TaskChange[] {
  const names = Object.keys(after) as (keyof OrchestratedTask)[];
  const fields = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
  return fields.length === 0 ? [] : [Object.freeze({ taskId: after.id, fields: Object.freeze(fields), before, after })];
}
