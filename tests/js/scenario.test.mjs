// The scenario file through the package in Node: the same hashes as natively and in Chromium.
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runScenario } from "../fixtures/run-scenario.mjs";

const text = readFileSync(new URL("../fixtures/lifecycle.json", import.meta.url), "utf8");

test("the scenario gives the same hashes as in Rust", async () => {
  const { journalHash, stateHash, ...scenario } = JSON.parse(text);
  assert.deepEqual(await runScenario(AgentOrchestrator, scenario), { journalHash, stateHash });
});

test("the scenario gives the same hashes while something else runs beside it", async () => {
  const { journalHash, stateHash, ...scenario } = JSON.parse(text);
  const all = await Promise.all([1, 2, 3].map(() => runScenario(AgentOrchestrator, scenario)));
  for (const hashes of all) assert.deepEqual(hashes, { journalHash, stateHash });
});
