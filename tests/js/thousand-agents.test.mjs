// A thousand agents in a tree, 100,000 messages, one in twenty of them a failure: nothing is lost, and nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { VirtualClock } from "agent-orchestrator-wasm/testing";
import { runAgents } from "../fixtures/run-agents.mjs";
import { turn } from "./help/open.mjs";
import "./help/unhandled.mjs";

const FAILURES = 0.05;
const plan = { levels: [1, 9, 90, 900], messages: 100_000, failures: FAILURES, seed: 1 };

/** Bytes that are in use when all that can go has gone. */
async function used() {
  for (let round = 0; round < 4; round++) {
    await turn();
    globalThis.gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const sum = (numbers) => Object.values(numbers).reduce((all, number) => all + number, 0);

test("every message is answered or reported, the tree ends as the policies say, and memory returns to its level", async () => {
  // What is compiled stays, and so does the memory of the core, for the next one: the first tree is no measure.
  await runAgents(AgentOrchestrator, VirtualClock, { ...plan, seed: 2 });
  const before = await used();
  const { problems, counts, dropped, states, restarts, doomed } = await runAgents(AgentOrchestrator, VirtualClock, plan);
  const after = await used();

  assert.deepEqual(problems.slice(0, 10), []);
  assert.equal(sum(counts), plan.messages);
  const { answered, AGENT_FAILED: failed, AGENT_STOPPED: stopped = 0, AGENT_NOT_RUNNING: refused } = counts;
  assert.equal(answered + failed + stopped + refused, plan.messages);
  // A message that was taken and has no reply has its event; one that was refused was never taken.
  assert.equal(dropped.failed, failed);
  assert.equal(sum(dropped), failed + stopped);
  assert.ok(failed > plan.messages * FAILURES * 0.8, `${failed} failures`);
  assert.deepEqual(states, { running: 1000 - doomed, failed: doomed });
  assert.ok(restarts > 2000 && doomed > 30 && refused > 1000, JSON.stringify({ restarts, doomed, refused }));
  assert.ok(after - before < 2e6, `${after - before} bytes more are in use than before`);
});

test("the same seed gives the same run", async () => {
  const small = { levels: [1, 3, 9, 27], messages: 3000, failures: FAILURES, seed: 3 };
  const [one, other] = [await runAgents(AgentOrchestrator, VirtualClock, small), await runAgents(AgentOrchestrator, VirtualClock, small)];
  assert.deepEqual(one, other);
  assert.deepEqual(one.problems, []);
});
