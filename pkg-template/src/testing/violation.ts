/** What a simulation says when something is wrong. */
import { _describe as describe } from "../api.js";

/** The checks of a simulation; `scenario` and `check` are those of its user. */
export type Check = "acknowledged" | "gaps" | "again" | "attempts" | "hash" | "settled" | "hangs" | "error" | "scenario" | "check";

/** A check that failed. */
export class Violation extends Error {
  readonly check: Check;

  constructor(check: Check, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.check = check;
  }

  /** What was thrown, as a failure of this check; what is one already stays as it is. */
  static of(check: Check, what: string, thrown: unknown): Violation {
    return thrown instanceof Violation ? thrown : new Violation(check, `${what}: ${describe(thrown)}`, thrown);
  }
}
