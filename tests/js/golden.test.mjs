// The journals of every format that were written in Rust are read here, and lead to the same state.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { AgentOrchestrator, importJournal } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { turn } from "./help/open.mjs";
import "./help/unhandled.mjs";

const folder = new URL("../fixtures/journals/", import.meta.url);
const versions = readdirSync(folder).filter((name) => name.endsWith(".journal")).map((name) => name.slice(0, -".journal".length));

test("there is a journal of at least one format", () => assert.ok(versions.includes("v1")));

for (const version of versions) {
  test(`${version}: the same bytes give the same state as in Rust`, async () => {
    const bytes = new Uint8Array(readFileSync(new URL(`${version}.journal`, folder)));
    const expected = JSON.parse(readFileSync(new URL(`${version}.json`, folder), "utf8"));
    const journal = memoryJournal();
    await importJournal(journal, bytes);
    const orchestrator = await AgentOrchestrator.open({ journal, keepHistory: true, providers: [{ id: "worker", executeTask: () => new Promise(() => {}) }] });
    try {
      const past = await orchestrator.at(expected.seq);
      assert.equal(past.stateHash(), expected.stateHash);
      const { tasks } = past.listTasks({ sort: "createdAt" });
      assert.deepEqual(tasks.map(({ id, status, name, attempt, dependsOn, output }) => ({ id, status, name, attempt, dependsOn: [...dependsOn], output: [...output] })),
        expected.tasks.map(({ id, status, name, attempt, dependsOn, output }) => ({ id, status, name, attempt, dependsOn, output })));
      assert.ok((await orchestrator.verify()).seq > expected.seq);
      if (expected.events !== undefined) {
        const events = [];
        orchestrator.subscribe((event) => events.push(event), { from: 0 });
        await turn();
        // What is before a snapshot is not read again.
        const kept = events.filter(({ seq, type }) => seq <= expected.seq && type !== "subscriber:lagged");
        assert.ok(kept.length > expected.seq / 2);
        assert.deepEqual(JSON.parse(JSON.stringify(kept)), expected.events.slice(-kept.length));
      }
      // What is exported again begins with the very same bytes.
      const exported = await orchestrator.exportJournal({ history: true });
      assert.deepEqual(exported.subarray(0, bytes.length), bytes);
    } finally {
      await orchestrator.dispose();
    }
  });
}
