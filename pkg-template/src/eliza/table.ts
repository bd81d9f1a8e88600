/**
 * Tasks in the runtime's own table, for whoever looks there. The journal is what counts; the table follows it. A row is
 * always written whole, from the task as it stands at that moment, so no update is lost and none is overtaken.
 */
import { field, type ElizaRuntime } from "./runtime-types.js";
import type { ElizaTask } from "./task.js";

/** The tasks that the table follows. */
export interface TableSource {
  /** The task as it is now; nothing when it is deleted. */
  read(id: string): ElizaTask | undefined;
  /** The ids of all tasks. */
  ids(): Iterable<string>;
  /** Told when the table fails, once until it works again. */
  failed(error: unknown): void;
}

type Row = Readonly<Record<string, unknown>>;
type Table = ElizaRuntime & Required<Pick<ElizaRuntime, "getTasks" | "createTask" | "updateTask" | "deleteTask">>;

/** By this our rows are told from those of others with the same tags. */
const MARK = { managedBy: "agent-orchestrator-wasm" };
/** Tables of SQL take no other ids. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const UNFINISHED = new Set<unknown>(["pending", "blocked", "running", "paused"]);
/** How long changes are gathered before they are written, in milliseconds. */
const GATHER = 50;
/** After so many failures in a row nothing else is tried until later. */
const ENOUGH = 3;
/** The longest wait before it is tried again, in milliseconds. */
const LONGEST = 30_000;

/** Whether a runtime has a task table. */
export const hasTable = (runtime: ElizaRuntime): runtime is Table =>
  (["getTasks", "createTask", "updateTask", "deleteTask"] as const).every((method) => typeof runtime[method] === "function");

/** As the table will give it back: no absent fields, and no zero characters, which SQL refuses in texts. */
const storable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? part.replaceAll("\0", "\ufffd") : part)));

/** Whether two values have the same JSON, in whatever order their keys are. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(field(a, key), field(b, key)));
}

const metadataOf = (row: unknown): object => Object(field(row, "metadata")) as object;

export class TaskTable {
  readonly #table: Table;
  readonly #source: TableSource;
  /** Ids of tasks whose rows may be behind. */
  readonly #behind = new Set<string>();
  /** The rows that are there: as they were found, until looked at. Nothing while that is not known. */
  #rows: Map<string, unknown> | undefined;
  #started = false;
  /** How many rounds in a row had a failure. */
  #failures = 0;
  /** Whether nothing at all could be written. */
  #down = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(table: Table, source: TableSource) {
    this.#table = table;
    this.#source = source;
  }

  /** Brings all rows up to date. */
  start(): void {
    for (const id of this.#source.ids()) this.#behind.add(id);
    this.#later(0);
  }

  /** A task has changed, or is gone. */
  changed(id: string): void {
    this.#behind.add(id);
    if (!this.#down) this.#later(GATHER);
  }

  /** Writes what is behind now. Ready when that was tried; never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work.then(() => this.#round());
    return this.#work;
  }

  /** Writes what is behind, for the last time, and for no longer than this many milliseconds. */
  async close(limit: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([this.flush(), new Promise((resolve) => (timer = setTimeout(resolve, limit)))]);
    clearTimeout(timer);
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(delay: number): void {
    const due = Date.now() + delay;
    if (this.#closed || (this.#timer !== undefined && this.#due <= due)) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.flush(), delay);
  }

  /** Tries each row that is behind once, one after the other. */
  async #round(): Promise<void> {
    let [written, failures] = [0, 0];
    for (const id of [...this.#behind]) {
      if (this.#closed || failures === ENOUGH) break;
      this.#behind.delete(id);
      try {
        await this.#write(id, (this.#rows ??= await this.#load()));
        written += 1;
      } catch (error) {
        // At the end of the line: one row that is refused for ever must not keep others out.
        this.#behind.add(id);
        // Whether it was written all the same is not known.
        this.#rows = undefined;
        failures += 1;
        if (this.#failures === 0 && failures === 1) this.#source.failed(error);
      }
    }
    this.#failures = failures === 0 ? 0 : this.#failures + 1;
    this.#down = failures > 0 && written === 0;
    if (failures > 0) this.#later(Math.min(LONGEST, 500 * 2 ** Math.min(this.#failures, 10)));
    else if (this.#behind.size > 0) this.#later(GATHER);
  }

  async #load(): Promise<Map<string, unknown>> {
    const { agentId } = this.#table;
    const found = await this.#table.getTasks({ tags: ["orchestrator"], agentIds: [agentId] });
    const ours = (Array.isArray(found) ? (found as unknown[]) : []).filter((row) => field(metadataOf(row), "managedBy") === MARK.managedBy);
    const rows = new Map(ours.map((row) => [String(field(row, "id")), row]));
    if (!this.#started) {
      for (const [id, row] of rows) {
        if (this.#source.read(id) === undefined && UNFINISHED.has(field(metadataOf(row), "status"))) await this.#abandon(id, row);
      }
      this.#started = true;
    }
    return rows;
  }

  /** A row that says it goes on, of a task that the journal does not know. */
  async #abandon(id: string, row: unknown): Promise<void> {
    const end = { status: "failed", error: "It is not known any more what became of it.", completedAt: Date.now() };
    await this.#table.updateTask(id, { metadata: { ...metadataOf(row), ...end } });
  }

  async #write(id: string, rows: Map<string, unknown>): Promise<void> {
    const task = this.#source.read(id);
    if (task === undefined) {
      if (rows.has(id)) await this.#table.deleteTask(id);
      rows.delete(id);
    } else if (UUID.test(id)) {
      const row = this.#rowOf(task);
      const there = rows.get(id);
      const fresh = ["name", "description", "tags", "metadata"].every((name) => same(row[name], field(there, name)));
      if (rows.has(id) && !fresh) await this.#table.updateTask(id, row);
      else if (!rows.has(id)) await this.#table.createTask(row);
      rows.set(id, undefined);
    }
  }

  #rowOf(task: ElizaTask): Row {
    const { id, name, description, roomId, worldId, entityId, tags, metadata } = task;
    const { agentId } = this.#table;
    return storable({ id, name, description, roomId, worldId: worldId ?? agentId, entityId, agentId, tags, metadata: { ...metadata, ...MARK } }) as Row;
  }
}
