import type { ErrorCode } from "./generated.js";

export type { ErrorCode } from "./generated.js";

const BRAND = Symbol.for("agent-orchestrator-wasm.OrchestratorError");

/** Every error of this package: a stable `code`, a message for people, and the `cause` where there is one. */
export class OrchestratorError extends Error {
  /** What went wrong, as a word that never changes its meaning. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Tells one of these, also from another copy of this package, where `instanceof` does not. */
  static isInstance(value: unknown): value is OrchestratorError {
    return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  }
}
// On the prototype, so that an error shows nothing but what it says.
Object.defineProperty(OrchestratorError.prototype, "name", { value: "OrchestratorError" });
Object.defineProperty(OrchestratorError.prototype, BRAND, { value: true });

/** More characters than any text may have: what is longer is refused before it is copied into the core, which would keep the memory. */
const LARGEST = 1 << 22;

/** Refuses a text that is far too long. */
export function fits(what: string, text: string): string {
  if (text.length <= LARGEST) return text;
  throw new OrchestratorError("LIMIT_EXCEEDED", `${what} has ${text.length} characters, far more than are taken`);
}

/** The words of anything that was thrown, which need not be an error, nor let itself be read. Not more than the core takes. */
export function describe(thrown: unknown): string {
  try {
    // A message that was set by hand need not be text.
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown).slice(0, 65_536);
  } catch {
    return "something that cannot be shown was thrown";
  }
}
