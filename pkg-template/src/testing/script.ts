/** What a scripted provider does in one attempt. */
import { _invalid as invalid, _kindOf as kindOf } from "../api.js";

/**
 * One thing that an attempt does:
 * - `output`, `progress`, `step`: reports that to the orchestrator.
 * - `wait`: waits so many milliseconds of the provider's clock, or until it is called off.
 * - `"untilResumed"`: waits while the task is paused. `"untilCancelled"`: waits until it is called off.
 * - `"ignoreCancel"`: takes no notice of being called off from here on; what it reports then is late.
 * - `succeed`, `fail`: answers so, and ends. A failure is final if `retryable` is false.
 * - `throw`: throws that. `answer`: returns that, whatever it is. `answerTwice`: the same, from a promise of its own making
 *   that is fulfilled twice, and then rejected.
 * - `"never"`: neither does anything more nor ends.
 */
export type Act =
  | { readonly output: string }
  | { readonly progress: number }
  | { readonly step: string }
  | { readonly wait: number }
  | { readonly succeed: string }
  | { readonly fail: string; readonly retryable?: boolean | undefined }
  | { readonly throw: unknown }
  | { readonly answer: unknown }
  | { readonly answerTwice: unknown }
  | "untilResumed"
  | "untilCancelled"
  | "ignoreCancel"
  | "never";

/** The acts of one attempt, in order. One that does not say how it ends ends with a success. */
export type Script = readonly Act[];

const KINDS = ["output", "progress", "step", "wait", "succeed", "fail", "throw", "answer", "answerTwice"];
const WORDS = ["untilResumed", "untilCancelled", "ignoreCancel", "never"];

/** Refuses what is no script. */
export function scriptOf(value: unknown): Script {
  if (!Array.isArray(value)) throw invalid(`a script must be an array of acts, not ${kindOf(value)}`);
  for (const [index, act] of (value as unknown[]).entries()) {
    if (WORDS.includes(act as string)) continue;
    const known = typeof act === "object" && act !== null && KINDS.some((kind) => kind in act);
    if (!known) throw invalid(`act ${index + 1} of the script is none: it must be one of ${WORDS.join(", ")} or have one of ${KINDS.join(", ")}`);
  }
  return value as Script;
}
