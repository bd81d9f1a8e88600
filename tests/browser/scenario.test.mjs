// The scenario files through the package in a page in Chromium: the same hashes as natively and in Node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { runAgentScenario } from "../fixtures/run-agent-scenario.mjs";
import { runScenario } from "../fixtures/run-scenario.mjs";
import { start } from "./help/open.mjs";

let site;
before(async () => { site = await start(); });
after(() => site.close());

for (const [file, run] of [["lifecycle.json", runScenario], ["agents.json", runAgentScenario]]) {
  test(`${file}: the scenario gives the same hashes as in Rust`, async () => {
    const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8");
    const { journalHash, stateHash } = JSON.parse(text);
    const { page, problems } = await site.open();
    // As text: a JSON text keeps a key `__proto__`, which what Playwright sends would not.
    const found = await page.evaluate(`(async () => {
      const [{ AgentOrchestrator, init }, { VirtualClock }] = await Promise.all([import("/pkg/dist/index.js"), import("/pkg/dist/testing/index.js")]);
      await init();
      const scenario = JSON.parse(${JSON.stringify(text)});
      return (${run})(...(${run.length === 3} ? [AgentOrchestrator, VirtualClock] : [AgentOrchestrator]), scenario);
    })()`);
    assert.deepEqual(found, { journalHash, stateHash });
    assert.deepEqual(problems, []);
    await page.close();
  });
}
