// A hundred supervised agents in a page of a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./help/open.mjs";
import { runAgents } from "../fixtures/run-agents.mjs";

let site;
before(async () => { site = await start(); });
after(() => site.close());

test("every message to a hundred agents is answered or reported, and the tree ends as the policies say", async () => {
  const { page, problems } = await site.open();
  const plan = { levels: [1, 4, 16, 79], messages: 10_000, failures: 0.05, seed: 1 };
  const { problems: found, counts, dropped, states, restarts, doomed } = await page.evaluate(`(async () => {
    const [{ AgentOrchestrator, init }, { VirtualClock }] = await Promise.all([import("/pkg/dist/index.js"), import("/pkg/dist/testing/index.js")]);
    await init();
    return (${runAgents})(AgentOrchestrator, VirtualClock, ${JSON.stringify(plan)});
  })()`);
  assert.deepEqual(found.slice(0, 10), []);
  const { answered, AGENT_FAILED: failed, AGENT_STOPPED: stopped = 0, AGENT_NOT_RUNNING: refused = 0 } = counts;
  assert.equal(answered + failed + stopped + refused, plan.messages);
  assert.equal(Object.values(dropped).reduce((all, number) => all + number, 0), failed + stopped);
  assert.deepEqual(states, { running: 100 - doomed, failed: doomed });
  assert.ok(restarts > 100 && doomed > 2, JSON.stringify({ restarts, doomed }));
  assert.deepEqual(problems, []);
  await page.close();
});
