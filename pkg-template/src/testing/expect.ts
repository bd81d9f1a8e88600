/** What the cases of a suite check with: they run in any test runner, and in none. */
import { OrchestratorError, _describe as describe, type ErrorCode } from "../api.js";

/** Fails a case. */
function fail(message: string): never {
  throw new Error(message);
}

export function equal(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) fail(`${what}: ${String(actual)}, where ${String(expected)} was expected`);
}

/** Journals may glue frames together: what counts are the bytes in their order. */
export function sameBytes(what: string, actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  for (const part of actual) if (!(part instanceof Uint8Array)) fail(`${what}: something that is no Uint8Array`);
  const [one, other] = [joined(actual), joined(expected)];
  equal(`${what}: number of bytes`, one.length, other.length);
  const at = one.findIndex((byte, index) => byte !== other[index]);
  if (at >= 0) fail(`${what}: byte ${at} is another one`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The call must be refused with this code. */
export async function refused(what: string, code: ErrorCode, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!OrchestratorError.isInstance(error)) fail(`${what}: refused with something that is no OrchestratorError: ${describe(error)}`);
    if (error.code !== code) fail(`${what}: refused with ${error.code}, where ${code} was expected: ${error.message}`);
    return;
  }
  fail(`${what}: not refused, where ${code} was expected`);
}
