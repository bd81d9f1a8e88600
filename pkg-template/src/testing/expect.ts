/** What the cases of a suite check with: they run in any test runner, and in none. */
import { OrchestratorError, _describe as describe, type ErrorCode } from "../api.js";
import { CLOSED, framesIn } from "../journals/frame.js";

/** Fails a case. */
function fail(message: string): never {
  throw new Error(message);
}

export function equal(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) fail(`${what}: ${String(actual)}, where ${String(expected)} was expected`);
}

/**
 * The same frames in the same order. A journal may glue them together. It may also write marks of a clean close, and drop
 * them when more comes: only one at the end means anything.
 */
export function sameFrames(what: string, actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  const [some, others] = [meaning(what, actual), meaning(what, expected)];
  equal(`${what}: number of frames`, some.length, others.length);
  for (const [index, frame] of some.entries()) {
    const other = others[index]!;
    if (frame.length !== other.length || frame.some((byte, at) => byte !== other[at])) fail(`${what}: frame ${index + 1} is another one`);
  }
}

function meaning(what: string, parts: readonly Uint8Array[]): Uint8Array[] {
  const all: { readonly frame: Uint8Array; readonly head: { readonly kind: number } }[] = [];
  for (const part of parts) {
    if (!(part instanceof Uint8Array)) fail(`${what}: something that is no Uint8Array`);
    all.push(...framesIn(part));
  }
  return all.filter(({ head }, index) => head.kind !== CLOSED || index === all.length - 1).map(({ frame }) => frame);
}

/** Whether the call is carried out; if not, it must be refused with one of these codes. */
export async function accepted(what: string, codes: readonly ErrorCode[], call: () => unknown): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (!OrchestratorError.isInstance(error)) fail(`${what}: refused with something that is no OrchestratorError: ${describe(error)}`);
    if (!codes.includes(error.code)) fail(`${what}: refused with ${error.code}, where ${codes.join(" or ")} was expected: ${error.message}`);
    return false;
  }
}

/** The call must be refused with this code. */
export async function refused(what: string, code: ErrorCode, call: () => unknown): Promise<void> {
  if (await accepted(what, [code], call)) fail(`${what}: not refused, where ${code} was expected`);
}
