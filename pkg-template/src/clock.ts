/** The time, from the host or from the user. What is the user's may throw, say anything, and call back. */
import { OrchestratorError, describe } from "./errors.js";
import { invalid, kindOf, object } from "./input.js";
import type { Clock } from "./types.js";

/** A clock, read: functions that need no object. */
export interface Time {
  readonly now: () => number;
  /** Absent when there is no clock that is never set. */
  readonly steady: (() => number) | undefined;
  readonly setTimeout: (callback: () => void, milliseconds: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
}

const host: Time = {
  now: Date.now,
  steady: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (handle) => clearTimeout(handle as Parameters<typeof clearTimeout>[0]),
};

/** The time of nobody: for states that do not change. */
export const still: Time = { ...host, now: () => 0, steady: undefined };

/** Reads the options `clock` and `now`. */
export function timeOf(clock: unknown, now: unknown): Time {
  if (now !== undefined && typeof now !== "function") throw invalid(`now must be a function, not ${kindOf(now)}`);
  if (clock === undefined) return now === undefined ? host : { ...host, now: now as () => number, steady: undefined };
  if (now !== undefined) throw invalid("give either a clock or now, not both");
  const given = object("the clock", clock) as Clock;
  const methods = { now: given.now, setTimeout: given.setTimeout, clearTimeout: given.clearTimeout };
  for (const [name, method] of Object.entries(methods)) {
    if (typeof method !== "function") throw invalid(`the clock must have a function ${name}, not ${kindOf(method)}`);
  }
  const { steady } = given;
  if (steady !== undefined && typeof steady !== "function") throw invalid(`the clock's steady must be a function, not ${kindOf(steady)}`);
  return {
    now: () => methods.now.call(given),
    steady: steady === undefined ? undefined : () => steady.call(given),
    setTimeout: (callback, milliseconds) => methods.setTimeout.call(given, callback, milliseconds),
    clearTimeout: (handle) => methods.clearTimeout.call(given, handle),
  };
}

/** What is told of a clock that throws. */
export const unreadableClock = (cause: unknown): OrchestratorError =>
  new OrchestratorError("INVALID_ARGUMENT", `the clock could not be read: ${describe(cause)}`, { cause });

/** What is told of a clock that gives no time. */
export const senselessClock = (now: unknown): OrchestratorError =>
  new OrchestratorError("INVALID_ARGUMENT", `the clock must give milliseconds since 1970, not ${describe(now)}`);

/** What a clock that is never set says; nothing, if it cannot be read. */
export function steadyTime(clock: (() => number) | undefined): number | undefined {
  if (clock === undefined) return undefined;
  try {
    const now = clock();
    return typeof now === "number" && Number.isFinite(now) ? now : undefined;
  } catch {
    return undefined;
  }
}

/** The clock and one that is never set may drift apart by so many milliseconds before the clock counts as set. */
const DRIFT = 1000;

/** Sees when the clock is set, if there is another one that never is. */
export class Watch {
  readonly #steady: (() => number) | undefined;
  /** By how much the clock is ahead of the other one. */
  #offset = 0;

  constructor(steady: (() => number) | undefined) {
    this.#steady = steady;
  }

  begin(now: number): void {
    this.#offset = this.#ahead(now) ?? 0;
  }

  /** By how many milliseconds the clock was set since the last look. */
  look(now: number): number {
    const ahead = this.#ahead(now);
    if (ahead === undefined || Math.abs(ahead - this.#offset) <= DRIFT) return 0;
    const by = Math.round(ahead - this.#offset);
    this.#offset = ahead;
    return by;
  }

  #ahead(now: number): number | undefined {
    const steady = steadyTime(this.#steady);
    return steady === undefined ? undefined : now - steady;
  }
}
