/** Reads what `src/wasm/events.rs` and `src/wasm/snapshot.rs` pack: numbers in one array, all texts in one string. */
import type { Core } from "./core.js";
import type { Names } from "./names.js";
import type { JsonObject, OrchestratedTask, OrchestratorEvent, TaskFailure, TaskResult, TaskStatus, TaskStep, TaskWait } from "./types.js";

export const STATUSES = ["pending", "blocked", "running", "paused", "completed", "failed", "cancelled"] as const satisfies readonly TaskStatus[];
/** Numbers from here on are of statuses that only a restart leaves. */
export const TERMINAL = 4;
const WAITS = [undefined, "capacity", "provider", "dependencies", "time", "retry", "interrupted"] as const satisfies readonly (TaskWait | undefined)[];
const ABOUT = ["name", "provider", "userStatus", "current"] as const;
const REPORTS = ["output", "progress", "step", "result", "failure"] as const;
const FAILURES = ["provider", "timeout", "dependency", "interrupted"] as const satisfies readonly TaskFailure[];
const NONE = 0xffffffff;
const OWN_ID = 1 << 8;

export const NO_STRINGS: readonly string[] = Object.freeze([]);
const NO_STEPS: readonly TaskStep[] = Object.freeze([]);
const NO_METADATA: JsonObject = Object.freeze({});

/** Reads one batch from its beginning to its end. */
class Reader {
  private readonly core: Core;
  private at: number;
  private position = 0;
  private text: string | undefined;

  constructor(core: Core) {
    core.unpack();
    this.core = core;
    this.at = core.begin;
  }

  get more(): boolean {
    return this.at < this.core.end;
  }

  number(): number {
    return this.core.numbers[this.at++]!;
  }

  wide(): number {
    const { numbers } = this.core;
    const low = numbers[this.at]!;
    const high = numbers[this.at + 1]!;
    this.at += 2;
    return high * 4294967296 + low;
  }

  string(): string {
    const length = this.number();
    if (length === 0) return "";
    // Once for the whole batch, and not at all if every text of it is known.
    this.text ??= this.core.text();
    const begin = this.position;
    this.position = begin + length;
    return this.text.slice(begin, begin + length);
  }

  /** A string of the event with this position, which may be one that went in just now. */
  echoed(seq: number): string {
    const length = this.core.numbers[this.at]!;
    const known = this.core.echo.find(seq, length);
    if (known === undefined) return this.string();
    this.at += 1;
    this.position += length;
    return known;
  }

  lines(): readonly string[] {
    return split(this.string());
  }
}

function split(text: string): readonly string[] {
  return text === "" ? NO_STRINGS : Object.freeze(text.includes("\n") ? text.split("\n") : [text]);
}

/** Freezes a JSON value to its leaves. */
export function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezeDeep(inner);
  }
  return value;
}

let latest: TaskResult = plainResult(true, "");

function plainResult(success: boolean, summary: string): TaskResult {
  return Object.freeze({ success, summary, error: undefined, filesCreated: NO_STRINGS, filesModified: NO_STRINGS });
}

/** The result that a summary and the rest of it as JSON stand for. */
export function result(success: boolean, summary: string, detail: string): TaskResult {
  if (detail === "") {
    // An outcome and its event come one after the other, and can share what nobody can change.
    if (summary !== latest.summary || success !== latest.success) latest = plainResult(success, summary);
    return latest;
  }
  const extra = JSON.parse(detail) as Partial<TaskResult>;
  return freezeDeep({
    ...extra,
    success,
    summary,
    error: extra.error,
    filesCreated: extra.filesCreated ?? NO_STRINGS,
    filesModified: extra.filesModified ?? NO_STRINGS,
  });
}

/** Reads the events of the last `drain` or `replay`. */
export function readEvents(core: Core, names: Names, firstSeq: number): OrchestratorEvent[] {
  const reader = new Reader(core);
  const events: OrchestratorEvent[] = [];
  let seq = firstSeq;
  while (reader.more) events.push(readEvent(reader, names, seq++));
  return events;
}

function readEvent(reader: Reader, names: Names, seq: number): OrchestratorEvent {
  const head = reader.number();
  const key = reader.number();
  const taskId = key === NONE ? "" : head & OWN_ID ? names.ownTaskId(key) : names.taskId(key);
  const at = reader.wide();
  switch (head & 255) {
    case 0:
      return Object.freeze({ type: "journal:opened", seq, at, format: reader.number() });
    case 1:
      return Object.freeze({ type: "provider:registered", seq, at, providerId: reader.string(), label: reader.string() });
    case 2:
      return Object.freeze({ type: "provider:unregistered", seq, at, providerId: reader.string() });
    case 3: {
      const providerId = names.providerId(reader.number());
      const parent = reader.number();
      const parentId = parent === NONE ? undefined : names.ownTaskId(parent);
      return Object.freeze({ type: "task:created", seq, at, taskId, name: reader.echoed(seq), providerId, parentId });
    }
    case 4: {
      const attempt = reader.number();
      const waitingFor = WAITS[reader.number() + 1]!;
      return Object.freeze({ type: "task:queued", seq, at, taskId, attempt, waitingFor });
    }
    case 5:
      return Object.freeze({
        type: "task:started", seq, at, taskId, attempt: reader.number(), providerId: names.providerId(reader.number()),
      });
    case 6:
      return Object.freeze({ type: "task:progress", seq, at, taskId, progress: reader.number() });
    case 7:
      return Object.freeze({ type: "task:output", seq, at, taskId, lines: split(reader.echoed(seq)) });
    case 8: {
      const id = `s${reader.number() + 1}`;
      return Object.freeze({ type: "task:step", seq, at, taskId, step: readStep(reader, id) });
    }
    case 9: {
      const about = ABOUT[reader.number()]!;
      const message = reader.string();
      const scope = reader.string();
      return Object.freeze({ type: "task:message", seq, at, taskId, about, message, ...(scope !== "" && { scope }) });
    }
    case 10:
      return Object.freeze({ type: "task:paused", seq, at, taskId });
    case 11:
      return Object.freeze({ type: "task:resumed", seq, at, taskId });
    case 12: {
      const attempt = reader.number();
      const summary = reader.echoed(seq);
      return Object.freeze({
        type: "task:completed", seq, at, taskId, attempt, success: true, summary, result: result(true, summary, reader.string()),
      });
    }
    case 13: {
      const attempt = reader.number();
      const failure = FAILURES[reader.number()]!;
      const error = reader.string();
      const answered = reader.number() === 1;
      const summary = reader.string();
      const detail = reader.string();
      return Object.freeze({
        type: "task:failed", seq, at, taskId, attempt, success: false,
        summary: answered ? summary : error, failure, error, result: answered ? result(false, summary, detail) : undefined,
      });
    }
    case 14:
      return Object.freeze({ type: "task:cancelled", seq, at, taskId, attempt: reader.number(), reason: reader.string() });
    case 15:
      return Object.freeze({ type: "task:late", seq, at, taskId, attempt: reader.number(), report: REPORTS[reader.number()]! });
    case 17:
      return Object.freeze({ type: "task:blocked", seq, at, taskId, attempt: reader.number(), waitingFor: "dependencies" });
    case 18: {
      const attempt = reader.number();
      const failure = FAILURES[reader.number()]!;
      const error = reader.string();
      return Object.freeze({ type: "task:retrying", seq, at, taskId, attempt, failure, error, retryAt: reader.wide() });
    }
    case 19:
      return Object.freeze({ type: "task:interrupted", seq, at, taskId, attempt: reader.number() });
    case 20: {
      const cut = reader.wide();
      return Object.freeze({ type: "journal:recovered", seq, at, cut, interrupted: reader.number() });
    }
    case 21: {
      const group = reader.string();
      const max = reader.number();
      return Object.freeze({ type: "group:limited", seq, at, group, maxConcurrency: max === 0 ? undefined : max });
    }
    case 22:
      // There are many kinds of these, and few of each.
      return freezeDeep({ ...(JSON.parse(reader.string()) as object), seq, at } as OrchestratorEvent);
    default:
      return Object.freeze({ type: "task:deleted", seq, at, taskId });
  }
}

function readStep(reader: Reader, id: string): TaskStep {
  const status = STATUSES[reader.number()]!;
  const description = reader.string();
  const output = reader.string();
  return Object.freeze({ id, description, status, output: output === "" ? undefined : output });
}

/** Reads the one task of the last `snapshot`. If it was brief, the texts are those that are known, or empty. */
export function readTask(core: Core, names: Names): OrchestratedTask {
  return readSnapshot(new Reader(core), names);
}

/** Reads the tasks of the last `list`. */
export function readTasks(core: Core, names: Names): OrchestratedTask[] {
  const reader = new Reader(core);
  const tasks: OrchestratedTask[] = [];
  while (reader.more) tasks.push(readSnapshot(reader, names));
  return tasks;
}

/** Bits of a snapshot's second number, as in `src/wasm/snapshot.rs`. */
const STARTED = 1, COMPLETED = 2, RESULT = 4, ERROR = 8, OWN = 16, SUB_AGENT = 32, ROOM = 64, WORLD = 128, PARENT = 256, OUTPUT = 512, TEXTS = 1024, EXTRAS = 2048, PLAN = 4096;

/** Bits of a plan: what of the rest is there. */
const GROUP = 1, DEADLINE = 2, START_AT = 4, RETRY_AT = 8, OUTLIVES = 16;

/** When a task may run; most may at any time. */
interface Planned {
  readonly dependsOn: readonly string[];
  readonly priority: number;
  readonly group: string | undefined;
  readonly deadline: number | undefined;
  readonly startAt: number | undefined;
  readonly retryAt: number | undefined;
  readonly outlivesParent: boolean;
}

/** What most tasks do not have. */
interface Extras {
  readonly ownId: string | undefined;
  readonly userStatusUpdatedAt: number | undefined;
  readonly tags: readonly string[];
  readonly metadata: JsonObject;
  readonly plan: Planned;
  readonly detail: string;
  readonly subAgentType: string | undefined;
  readonly roomId: string | undefined;
  readonly worldId: string | undefined;
  readonly parentId: string | undefined;
  readonly steps: readonly TaskStep[];
}

const NO_PLAN: Planned = {
  dependsOn: NO_STRINGS, priority: 0, group: undefined, deadline: undefined, startAt: undefined, retryAt: undefined, outlivesParent: false,
};
const NO_EXTRAS: Extras = {
  ownId: undefined, userStatusUpdatedAt: undefined, tags: NO_STRINGS, metadata: NO_METADATA, detail: "", subAgentType: undefined,
  roomId: undefined, worldId: undefined, parentId: undefined, steps: NO_STEPS, plan: NO_PLAN,
};

function readSnapshot(reader: Reader, names: Names): OrchestratedTask {
  const key = reader.number();
  const flags = reader.number();
  const packed = reader.number();
  const attempt = reader.number();
  const provider = reader.number();
  const directory = reader.number();
  const createdAt = reader.wide();
  const updatedAt = reader.wide();
  const startedAt = flags & STARTED ? reader.wide() : undefined;
  const completedAt = flags & COMPLETED ? reader.wide() : undefined;
  const name = flags & TEXTS ? reader.string() : names.name(key);
  const description = flags & TEXTS ? reader.string() : names.description(key);
  const outputDropped = flags & OUTPUT ? reader.number() : 0;
  const output = flags & OUTPUT ? reader.lines() : NO_STRINGS;
  const summary = flags & RESULT ? reader.string() : undefined;
  const error = flags & ERROR ? reader.string() : undefined;
  const extras = flags & EXTRAS ? readExtras(reader, flags) : NO_EXTRAS;
  const { plan } = extras;
  const status = STATUSES[packed & 15]!;
  const answer = summary === undefined ? undefined : result(status === "completed", summary, extras.detail);
  const providerId = names.providerId(provider);
  return Object.freeze({
    id: extras.ownId ?? names.taskId(key),
    name,
    description,
    status,
    userStatus: (packed >> 4) & 15 ? "done" : "open",
    waitingFor: WAITS[(packed >> 8) & 255],
    progress: packed >> 16,
    attempt,
    providerId,
    providerLabel: names.providerLabel(provider),
    subAgentType: extras.subAgentType ?? providerId,
    workingDirectory: names.directory(directory),
    roomId: extras.roomId,
    worldId: extras.worldId,
    parentId: extras.parentId,
    tags: extras.tags,
    steps: extras.steps,
    output,
    outputDropped,
    result: answer,
    error,
    filesCreated: answer === undefined ? NO_STRINGS : answer.filesCreated,
    filesModified: answer === undefined ? NO_STRINGS : answer.filesModified,
    createdAt,
    updatedAt,
    startedAt,
    completedAt,
    userStatusUpdatedAt: extras.userStatusUpdatedAt ?? createdAt,
    dependsOn: plan.dependsOn,
    priority: plan.priority,
    group: plan.group,
    deadline: plan.deadline,
    startAt: plan.startAt,
    retryAt: plan.retryAt,
    outlivesParent: plan.outlivesParent,
    metadata: extras.metadata,
  });
}

function readExtras(reader: Reader, flags: number): Extras {
  const stepCount = reader.number();
  const userStatusUpdatedAt = reader.wide();
  const tags = reader.lines();
  const metadata = reader.string();
  const detail = reader.string();
  const subAgentType = flags & SUB_AGENT ? reader.string() : undefined;
  const roomId = flags & ROOM ? reader.string() : undefined;
  const worldId = flags & WORLD ? reader.string() : undefined;
  const ownId = flags & OWN ? reader.string() : undefined;
  const parentId = flags & PARENT ? reader.string() : undefined;
  return {
    ownId, userStatusUpdatedAt, tags, detail, subAgentType, roomId, worldId, parentId,
    metadata: metadata === "" ? NO_METADATA : freezeDeep(JSON.parse(metadata) as JsonObject),
    steps: stepCount === 0 ? NO_STEPS : readSteps(reader, stepCount),
    plan: flags & PLAN ? readPlan(reader) : NO_PLAN,
  };
}

function readPlan(reader: Reader): Planned {
  const dependsOn = reader.lines();
  const priority = reader.number() - 1000;
  const bits = reader.number();
  return {
    dependsOn, priority,
    group: bits & GROUP ? reader.string() : undefined,
    deadline: bits & DEADLINE ? reader.wide() : undefined,
    startAt: bits & START_AT ? reader.wide() : undefined,
    retryAt: bits & RETRY_AT ? reader.wide() : undefined,
    outlivesParent: (bits & OUTLIVES) !== 0,
  };
}

function readSteps(reader: Reader, count: number): readonly TaskStep[] {
  return Object.freeze(Array.from({ length: count }, (_, index) => readStep(reader, `s${index + 1}`)));
}
