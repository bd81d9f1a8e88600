// An orchestrator whose time and ids are the test's own, and that must end without having complained.
import assert from "node:assert/strict";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { manual } from "./providers.mjs";

export const START = 1_700_000_000_000;

/** A clock that stands still until it is told otherwise. */
export function clock(at = START) {
  const now = () => now.at;
  now.at = at;
  return now;
}

/** Opened for one test and disposed of after it. Without providers it has `manual()`. */
export async function open(t, options = {}) {
  const complaints = [];
  const orchestrator = await AgentOrchestrator.open({
    seed: 1,
    now: clock(),
    providers: [manual()],
    onError: (error, where) => complaints.push({ error, where }),
    ...options,
  });
  t.after(async () => {
    await orchestrator.dispose();
    assert.deepEqual(complaints, []);
  });
  return orchestrator;
}

/** Resolves when the event loop has turned once: every microtask that was due has run by then. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** All events from the first on, in an array that grows. */
export function record(orchestrator, options = {}) {
  const events = [];
  orchestrator.subscribe((event) => events.push(event), { from: 0, ...options });
  return events;
}

export const types = (events) => events.map(({ type }) => type);

export const hashes = (orchestrator) => [orchestrator.journalHash(), orchestrator.stateHash()];

export async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}
