// What every refusal must be: an OrchestratorError with a known code, after which nothing has changed.
import assert from "node:assert/strict";
import { OrchestratorError } from "agent-orchestrator-wasm";
import { hashes } from "./open.mjs";

export const CODES = [
  "INVALID_ARGUMENT", "LIMIT_EXCEEDED", "TASK_NOT_FOUND", "TASK_EXISTS", "TASK_AMBIGUOUS", "STEP_NOT_FOUND", "PROVIDER_NOT_FOUND",
  "PROVIDER_EXISTS", "DEPENDENCY_CYCLE", "QUEUE_FULL", "ILLEGAL_TRANSITION", "INVALID_RESULT", "TASK_FAILED", "TASK_CANCELLED",
  "AGENT_NOT_FOUND", "AGENT_EXISTS", "AGENT_NOT_RUNNING", "AGENT_FAILED", "AGENT_TIMEOUT", "AGENT_STOPPED", "INBOX_FULL", "MESSAGE_DROPPED", "ABORTED",
  "OVERLOADED", "CONFLICT", "LOCKED", "JOURNAL_FAILED", "JOURNAL_DAMAGED", "JOURNAL_VERSION", "JOURNAL_FULL", "READ_ONLY", "HISTORY_GONE",
  "NOT_CONFIGURED", "NOT_INITIALIZED", "DISPOSED", "POISONED",
];

/** What a call throws or rejects with. */
export async function thrownBy(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail(`it was not refused: ${call}`);
}

export async function refusedWith(code, call) {
  const error = await thrownBy(call);
  assert.ok(OrchestratorError.isInstance(error), `not one of ours: ${error?.stack ?? String(error)}`);
  assert.ok(CODES.includes(error.code), error.code);
  assert.ok(error.message.length > 0 && error.message.length < 20_000, "a message, of bounded length");
  if (code !== undefined) assert.equal(error.code, code, error.message);
  return error;
}

/** As above, and neither journal nor state has moved. */
export async function refused(orchestrator, code, call) {
  const before = hashes(orchestrator);
  const error = await refusedWith(code, call);
  assert.deepEqual(hashes(orchestrator), before, `changed something: ${call}`);
  return error;
}
