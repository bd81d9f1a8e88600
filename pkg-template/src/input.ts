/** Reads what users pass in: each property once, into a copy of our own, checked before anything is done with it. */
import { OrchestratorError, describe, fits } from "./errors.js";
import type { Core } from "./core.js";
import { planOf, type Plan } from "./plan.js";
import type { CreateTask, ListQuery, TaskStatus, TaskUserStatus } from "./types.js";
import { STATUSES } from "./wire.js";

/** Refuses a value, saying what would be right. */
export function invalid(message: string, cause?: unknown): OrchestratorError {
  return new OrchestratorError("INVALID_ARGUMENT", message, cause === undefined ? undefined : { cause });
}

/** What kind of value this is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  const type = typeof value;
  if (type !== "object") return type === "undefined" ? "nothing" : `a ${type}`;
  try {
    return Array.isArray(value) ? "an array" : "an object";
  } catch {
    return "a revoked proxy";
  }
}

/** A text as messages show it. */
export const quote = (text: string): string => JSON.stringify(text.length > 140 ? `${text.slice(0, 140)}…` : text);

/** Runs code of ours that reads code of theirs: getters, proxies and clocks may throw anything. */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(what, cause);
  }
}

/** What a failed attempt to read something of theirs is told as. */
export function unreadable(what: string, cause: unknown): OrchestratorError {
  return OrchestratorError.isInstance(cause) ? cause : invalid(`${what} could not be read: ${describe(cause)}`, cause);
}

export function object(what: string, value: unknown): object {
  if (typeof value === "object" && value !== null) return value;
  throw invalid(`${what} must be an object, not ${kindOf(value)}`);
}

export function string(what: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(`${what} must be a string, not ${kindOf(value)}`);
  fits(what, value);
  if (!value.isWellFormed()) throw invalid(`${what} has half of a surrogate pair, which is not text`);
  return value;
}

export function optionalString(what: string, value: unknown): string | undefined {
  return value === undefined ? undefined : string(what, value);
}

/** A boolean that may be absent. */
export function flag(what: string, value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw invalid(`${what} must be true or false, not ${kindOf(value)}`);
}

export function strings(what: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(`${what} must be an array of strings, not ${kindOf(value)}`);
  return Array.from(value as unknown[], (item, index) => string(`${what}[${index}]`, item));
}

/** A whole number of at least 1 that fits 32 bits. */
export function count(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 0xffffffff) return value;
  throw invalid(`${what} must be a whole number from 1 to 4294967295, not ${typeof value === "number" ? value : kindOf(value)}`);
}

/** The position of an event. Whether there is one is for the core to say. */
export function position(what: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${what} must be the position of an event, a whole number, not ${typeof value === "number" ? value : kindOf(value)}`);
}

export function status(value: unknown): number {
  const number = STATUSES.indexOf(value as TaskStatus);
  if (number >= 0) return number;
  throw invalid(`the status must be one of ${STATUSES.join(", ")}, not ${typeof value === "string" ? quote(value) : kindOf(value)}`);
}

export function userStatus(value: unknown): TaskUserStatus {
  if (value === "open" || value === "done") return value;
  throw invalid(`the user status must be open or done, not ${typeof value === "string" ? quote(value) : kindOf(value)}`);
}

export function signalOf(options: { readonly signal?: AbortSignal | undefined } | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  const signal: unknown = object("the options", options) && options.signal;
  if (signal === undefined) return undefined;
  if (signal !== null && typeof (signal as AbortSignal).addEventListener === "function" && typeof (signal as AbortSignal).aborted === "boolean") {
    return signal as AbortSignal;
  }
  throw invalid(`signal must be an AbortSignal, not ${kindOf(signal)}`);
}

/** What is told when a signal was aborted. */
export function aborted(signal: AbortSignal): OrchestratorError {
  return new OrchestratorError("ABORTED", `the signal was aborted: ${describe(signal.reason)}`, { cause: signal.reason });
}

/** Calls back when a signal is aborted; gives what ends that. A signal may be foreign code, which must not get in the way. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  reading("the signal", () => signal.addEventListener("abort", listener, { once: true }));
  return () => {
    try {
      signal.removeEventListener("abort", listener);
    } catch {
      // It keeps a listener that does nothing any more.
    }
  };
}

/** JSON text of a user's object. */
export function json(what: string, value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${what} must be an object, not ${kindOf(value)}`);
  try {
    return fits(what, (JSON.stringify(value) as string | undefined) ?? "");
  } catch (cause) {
    if (OrchestratorError.isInstance(cause)) throw cause;
    throw invalid(`${what} cannot be kept as JSON: ${describe(cause)}`, cause);
  }
}

/** A task to create, read. */
export interface TaskSpec {
  readonly name: string;
  readonly description: string | undefined;
  readonly providerId: string | undefined;
  /** Most tasks have no more. */
  readonly more: MoreOfTask | undefined;
}

export interface MoreOfTask {
  readonly id: string | undefined;
  readonly subAgentType: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly roomId: string | undefined;
  readonly worldId: string | undefined;
  readonly parentId: string | undefined;
  readonly tags: string[];
  readonly steps: string[];
  readonly metadata: string;
  readonly plan: Plan | undefined;
}

export function taskSpec(input: unknown): TaskSpec {
  const task = object("the task", input) as CreateTask;
  const { id, name, description, providerId, subAgentType, workingDirectory, roomId, worldId, parentId, tags, steps, metadata } = task;
  const { start, group, priority, dependsOn, onDependencyFailure, retry, timeout, deadline, startAt, onInterrupt, outlivesParent, idempotencyKey } = task;
  const unplanned =
    start === undefined && group === undefined && priority === undefined && dependsOn === undefined && onDependencyFailure === undefined &&
    retry === undefined && timeout === undefined && deadline === undefined && startAt === undefined && onInterrupt === undefined &&
    outlivesParent === undefined && idempotencyKey === undefined;
  const plain =
    unplanned && id === undefined && subAgentType === undefined && workingDirectory === undefined && roomId === undefined &&
    worldId === undefined && parentId === undefined && tags === undefined && steps === undefined && metadata === undefined;
  return {
    name: string("name", name),
    description: optionalString("description", description),
    providerId: optionalString("providerId", providerId),
    more: plain ? undefined : {
      id: optionalString("id", id),
      subAgentType: optionalString("subAgentType", subAgentType),
      workingDirectory: optionalString("workingDirectory", workingDirectory),
      roomId: optionalString("roomId", roomId),
      worldId: optionalString("worldId", worldId),
      parentId: optionalString("parentId", parentId),
      tags: strings("tags", tags),
      steps: strings("steps", steps),
      metadata: metadata === undefined ? "" : json("metadata", metadata),
      plan: unplanned ? undefined : planOf({
        start, group, priority, dependsOn, onDependencyFailure, retry, timeout, deadline, startAt, onInterrupt, outlivesParent, idempotencyKey,
      }),
    },
  };
}

/** What most tasks of a list have beyond their names. */
export const NO_MORE: MoreOfTask = {
  id: undefined, subAgentType: undefined, workingDirectory: undefined, roomId: undefined, worldId: undefined, parentId: undefined,
  tags: [], steps: [], metadata: "", plan: undefined,
};

const SORTS = ["createdAt", "-createdAt", "updatedAt", "-updatedAt", "name", "-name"];

/** Reads a query, and writes it as `src/wasm/core.rs` reads it. */
export function listQuery(input: ListQuery): (core: Core) => void {
  const { status: wanted, userStatus: marked, providerId, tag, parent, roomId, worldId, text, sort, limit, cursor, total } = object("the query", input) as ListQuery;
  const statuses = wanted === undefined ? [] : Array.isArray(wanted) ? Array.from(wanted as TaskStatus[]) : [wanted];
  const mask = statuses.reduce<number>((bits, word) => bits | (1 << status(word)), 0);
  const mark = marked === undefined ? 0 : userStatus(marked) === "open" ? 1 : 2;
  const order = sort === undefined ? 0 : SORTS.indexOf(sort) + 1;
  if (sort !== undefined && order === 0) throw invalid(`sort must be one of ${SORTS.join(", ")}`);
  const most = count("limit", limit) ?? 0;
  const counted = flag("total", total);
  const texts = [
    optionalString("providerId", providerId),
    optionalString("tag", tag),
    parent === null ? undefined : optionalString("parent", parent),
    optionalString("roomId", roomId),
    optionalString("worldId", worldId),
    optionalString("text", text),
    optionalString("cursor", cursor),
  ];
  return (core) => {
    core.strings().number(mask).number(mark).number(order).number(most).number(parent === null ? 1 : 0).number(counted ? 1 : 0);
    for (const field of texts) core.field(field);
  };
}
