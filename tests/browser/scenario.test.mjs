// The scenario file through the package in a page in Chromium: the same hashes as natively and in Node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { runScenario } from "../fixtures/run-scenario.mjs";
import { start } from "./help/open.mjs";

const text = readFileSync(new URL("../fixtures/lifecycle.json", import.meta.url), "utf8");

let site;
before(async () => { site = await start(); });
after(() => site.close());

test("the scenario gives the same hashes as in Rust", async () => {
  const { journalHash, stateHash } = JSON.parse(text);
  const { page, problems } = await site.open();
  // As text: a JSON text keeps a key `__proto__`, which what Playwright sends would not.
  const found = await page.evaluate(`(async () => {
    const { AgentOrchestrator, init } = await import("/pkg/dist/index.js");
    await init();
    return (${runScenario})(AgentOrchestrator, JSON.parse(${JSON.stringify(text)}));
  })()`);
  assert.deepEqual(found, { journalHash, stateHash });
  assert.deepEqual(problems, []);
  await page.close();
});
