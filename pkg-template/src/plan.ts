/** When a task to create may run, how often and for how long: read from what users pass in, and written for the core. */
import type { Core } from "./core.js";
import { count, flag, invalid, kindOf, object, optionalString, quote, strings } from "./input.js";
import type { CreateTask, OnInterrupt, RetryPolicy, TaskTimeouts } from "./types.js";

/** As `src/wasm/core.rs` reads it. */
export interface Plan {
  readonly start: boolean;
  readonly group: string | undefined;
  readonly priority: number;
  readonly dependsOn: readonly string[];
  readonly failOnDependency: boolean;
  readonly retry: Required<{ readonly [K in keyof RetryPolicy]: number }> | undefined;
  readonly timeouts: readonly (number | undefined)[];
  readonly deadline: number | undefined;
  readonly startAt: number | undefined;
  /** 0 for the orchestrator's. */
  readonly onInterrupt: number;
  readonly outlivesParent: boolean;
  readonly idempotencyKey: string | undefined;
}

/** What of a task to create is its plan. */
export type PlanInput = Pick<
  CreateTask,
  "start" | "group" | "priority" | "dependsOn" | "onDependencyFailure" | "retry" | "timeout" | "deadline" | "startAt" | "onInterrupt" | "outlivesParent" | "idempotencyKey"
>;

const INTERRUPTS: readonly OnInterrupt[] = ["pause", "retry", "fail"];

/** The place of a word among those that are allowed; `without` when it is absent. */
export function word(what: string, value: unknown, words: readonly string[], without: number): number {
  if (value === undefined) return without;
  const place = words.indexOf(value as string);
  if (place >= 0) return place;
  throw invalid(`${what} must be one of ${words.join(", ")}, not ${typeof value === "string" ? quote(value) : kindOf(value)}`);
}

/** 0 for the default; else as in `src/wasm/core.rs`. */
export const onInterruptOf = (value: unknown): number => word("onInterrupt", value, INTERRUPTS, -1) + 1;

export function numberIn(what: string, value: unknown, min: number, max: number, without: number): number {
  if (value === undefined) return without;
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw invalid(`${what} must be a number from ${min} to ${max}, not ${typeof value === "number" ? value : kindOf(value)}`);
}

/** Milliseconds, as a whole number that crosses unchanged. Which spans make sense is for the core to say. */
export function milliseconds(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${what} must be a whole number of milliseconds, not ${typeof value === "number" ? value : kindOf(value)}`);
}

function moment(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const time: unknown = value instanceof Date ? value.getTime() : value;
  if (typeof time === "number" && time >= 0 && time <= Number.MAX_SAFE_INTEGER) return Math.floor(time);
  throw invalid(`${what} must be a Date or milliseconds since 1970, not ${typeof time === "number" ? time : kindOf(time)}`);
}

function priorityOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isInteger(value) && value >= -1000 && value <= 1000) return value;
  throw invalid(`priority must be a whole number from -1000 to 1000, not ${typeof value === "number" ? value : kindOf(value)}`);
}

function retryOf(value: unknown): Plan["retry"] {
  if (value === undefined) return undefined;
  const { maxAttempts, delay, maxDelay, factor, jitter } = object("retry", value) as RetryPolicy;
  const attempts = count("retry.maxAttempts", maxAttempts);
  if (attempts === undefined) throw invalid("retry.maxAttempts must be a number of attempts, the first included");
  return {
    maxAttempts: attempts,
    delay: milliseconds("retry.delay", delay) ?? 1000,
    maxDelay: milliseconds("retry.maxDelay", maxDelay) ?? 60_000,
    factor: numberIn("retry.factor", factor, 1, 100, 2),
    jitter: numberIn("retry.jitter", jitter, 0, 1, 0.5),
  };
}

function timeoutsOf(value: unknown): Plan["timeouts"] {
  if (value === undefined) return [undefined, undefined, undefined];
  if (typeof value === "number") return [milliseconds("timeout", value), undefined, undefined];
  const { attempt, idle, total } = object("timeout", value) as TaskTimeouts;
  return [milliseconds("timeout.attempt", attempt), milliseconds("timeout.idle", idle), milliseconds("timeout.total", total)];
}

/** Reads a plan. */
export function planOf(input: PlanInput): Plan {
  const { start, group, priority, dependsOn, onDependencyFailure, retry, timeout, deadline, startAt, onInterrupt, outlivesParent, idempotencyKey } = input;
  return {
    start: word("start", start, ["manual", "now"], 0) === 1,
    group: optionalString("group", group),
    priority: priorityOf(priority),
    dependsOn: strings("dependsOn", dependsOn),
    failOnDependency: word("onDependencyFailure", onDependencyFailure, ["block", "fail"], 0) === 1,
    retry: retryOf(retry),
    timeouts: timeoutsOf(timeout),
    deadline: moment("deadline", deadline),
    startAt: moment("startAt", startAt),
    onInterrupt: onInterruptOf(onInterrupt),
    outlivesParent: flag("outlivesParent", outlivesParent),
    idempotencyKey: optionalString("idempotencyKey", idempotencyKey),
  };
}

/** Adds a whole number of up to 53 bits to a call whose fields all stand in the buffer. */
export const wide = (core: Core, value: number): Core => core.number(value % 4294967296).number(Math.floor(value / 4294967296));

function optionalWide(core: Core, value: number | undefined): void {
  core.number(value === undefined ? 0 : 1);
  if (value !== undefined) wide(core, value);
}

/** Writes a plan, or that there is none, after the other fields of a task. */
export function writePlan(core: Core, plan: Plan | undefined): void {
  core.number(plan === undefined ? 0 : 1);
  if (plan === undefined) return;
  const { start, group, priority, dependsOn, failOnDependency, retry, timeouts, deadline, startAt, onInterrupt, outlivesParent, idempotencyKey } = plan;
  core.number(start ? 1 : 0).field(group).number(priority + 1000).fields(dependsOn).number(failOnDependency ? 1 : 0);
  core.number(retry === undefined ? 0 : 1);
  if (retry !== undefined) {
    core.number(retry.maxAttempts);
    wide(wide(core, retry.delay), retry.maxDelay).number(Math.round(retry.factor * 1000)).number(Math.round(retry.jitter * 1000));
  }
  for (const span of timeouts) optionalWide(core, span);
  optionalWide(core, deadline);
  optionalWide(core, startAt);
  core.number(onInterrupt).number(outlivesParent ? 1 : 0).field(idempotencyKey);
}
