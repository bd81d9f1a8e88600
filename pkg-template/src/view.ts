/** What can be asked of a state, present or past. */
import type { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import * as input from "./input.js";
import type { Names } from "./names.js";
import type { ListQuery, OrchestratedTask, TaskCounts, TaskPage } from "./types.js";
import { readTask, readTasks, STATUSES } from "./wire.js";

export class View {
  constructor(
    private readonly core: Core,
    private readonly names: Names,
  ) {}

  /** The task with this key. */
  task(key: number): OrchestratedTask {
    const { core, names } = this;
    if (core.snapshot(key, names.knows(key)) === 0) throw new OrchestratorError("TASK_NOT_FOUND", "the task is deleted");
    return readTask(core, names);
  }

  /** The key of the task with this id, or -1. */
  find(id: string): number {
    return this.names.keyOf(id) ?? this.core.find(id);
  }

  /** The key of the task with this id, which must be there. */
  known(id: string): number {
    const key = this.find(input.string("the task's id", id));
    if (key < 0) throw new OrchestratorError("TASK_NOT_FOUND", `there is no task ${input.quote(id)}`);
    return key;
  }

  getTask(taskId: string): OrchestratedTask | undefined {
    const key = this.find(input.string("the task's id", taskId));
    return key < 0 ? undefined : this.task(key);
  }

  listTasks(query: ListQuery): TaskPage {
    const wanted = input.reading("the query", () => input.listQuery(query));
    const { core } = this;
    const count = core.read((glue) => {
      wanted(core);
      const found = glue.list();
      if (found < 0) throw core.refusal(glue);
      return found;
    });
    const tasks = count === 0 ? [] : readTasks(core, this.names);
    const total = core.read((glue) => glue.total());
    return Object.freeze({ tasks: Object.freeze(tasks), nextCursor: core.read((glue) => glue.nextCursor()), ...(total !== undefined && { total }) });
  }

  searchTasks(text: string, options?: { limit?: number | undefined }): readonly OrchestratedTask[] {
    const limit = input.reading("the options", () => (options === undefined ? undefined : (input.object("the options", options) as ListQuery).limit));
    return this.listTasks({ text: input.string("the text", text), limit }).tasks;
  }

  countTasks(): TaskCounts {
    const counts = STATUSES.map((_, number) => this.core.read((glue) => glue.count(number)));
    const [pending, blocked, running, paused, completed, failed, cancelled] = counts as [number, number, number, number, number, number, number];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Object.freeze({ pending, blocked, running, paused, completed, failed, cancelled, total });
  }

  get currentTask(): OrchestratedTask | undefined {
    const key = this.core.read((glue) => glue.current());
    return key < 0 ? undefined : this.task(key);
  }

  currentTaskIn(scope: string): OrchestratedTask | undefined {
    const text = input.string("the scope", scope);
    const key = this.core.read((glue) => glue.currentIn(this.core.strings().put(text)));
    return key < 0 ? undefined : this.task(key);
  }

  taskContext(taskId?: string): string {
    const key = taskId === undefined ? -1 : this.known(taskId);
    return this.core.read((glue) => glue.taskContext(key));
  }

  stateHash(): string {
    return this.core.read((glue) => glue.stateHash());
  }
}
