// The scenario files through the package in Node: the same hashes as natively and in Chromium.
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { VirtualClock } from "agent-orchestrator-wasm/testing";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runAgentScenario } from "../fixtures/run-agent-scenario.mjs";
import { runScenario } from "../fixtures/run-scenario.mjs";

const read = (file) => JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8"));

for (const [file, run] of [
  ["lifecycle.json", (scenario) => runScenario(AgentOrchestrator, scenario)],
  ["agents.json", (scenario) => runAgentScenario(AgentOrchestrator, VirtualClock, scenario)],
]) {
  test(`${file}: the scenario gives the same hashes as in Rust`, async () => {
    const { journalHash, stateHash, ...scenario } = read(file);
    assert.deepEqual(await run(scenario), { journalHash, stateHash });
  });

  test(`${file}: the scenario gives the same hashes while something else runs beside it`, async () => {
    const { journalHash, stateHash, ...scenario } = read(file);
    const all = await Promise.all([1, 2, 3].map(() => run(scenario)));
    for (const hashes of all) assert.deepEqual(hashes, { journalHash, stateHash });
  });
}
