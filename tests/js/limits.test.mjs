// Every limit at its edge: the largest is taken, one more is refused, and nothing is half done.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const KIB = 1024;
const x = (length) => "x".repeat(length);
const list = (length, item = (n) => `t${n}`) => Array.from({ length }, (_, n) => item(n));

describe("of a task", () => {
  for (const [what, most, make] of [
    ["id", 128, (n) => ({ id: x(n) })],
    ["name", KIB, (n) => ({ name: x(n) })],
    ["description", 256 * KIB, (n) => ({ description: x(n) })],
    ["subAgentType", 4 * KIB, (n) => ({ subAgentType: x(n) })],
    ["workingDirectory", 4 * KIB, (n) => ({ workingDirectory: x(n) })],
    ["roomId", 4 * KIB, (n) => ({ roomId: x(n) })],
    ["worldId", 4 * KIB, (n) => ({ worldId: x(n) })],
    ["tags", 64, (n) => ({ tags: list(n) })],
    ["a tag", 128, (n) => ({ tags: [x(n)] })],
    ["steps", 1000, (n) => ({ steps: list(n) })],
    ["a step", 16 * KIB, (n) => ({ steps: [x(n)] })],
    ["metadata", 64 * KIB, (n) => ({ metadata: { k: x(n - '{"k":""}'.length) } })],
  ]) {
    test(`${what}: ${most}`, async (t) => {
      const orchestrator = await open(t);
      await orchestrator.createTask({ name: "a", ...make(most) });
      const before = orchestrator.countTasks().total;
      const error = await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "a", ...make(most + 1) }));
      assert.match(error.message, new RegExp(String(most)), "it says how much is taken");
      await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTasks([{ name: "fine" }, { name: "a", ...make(most * 3) }]));
      await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.runTask({ name: "a", ...make(most + 1) }));
      assert.equal(orchestrator.countTasks().total, before);
    });
  }

  test("are bytes, not letters", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTask({ name: "é".repeat(512) });
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "é".repeat(513) }));
  });
});

test("10,000 tasks at once", async (t) => {
  const orchestrator = await open(t);
  assert.equal((await orchestrator.createTasks(list(10_000, (n) => ({ name: `task ${n}` })))).length, 10_000);
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTasks(list(10_001, () => ({ name: "a" }))));
});

test("maxTasks tasks, and a deleted one makes room", async (t) => {
  const orchestrator = await open(t, { maxTasks: 3 });
  const tasks = await orchestrator.createTasks(list(3, () => ({ name: "a" })));
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "a" }));
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.runTask({ name: "a" }));
  await orchestrator.deleteTask(tasks[0].id);
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTasks(list(2, () => ({ name: "a" }))));
  await orchestrator.createTask({ name: "a" });
});

test("1,024 providers", async (t) => {
  const orchestrator = await open(t, { providers: list(1024, (n) => instant("done", `p${n}`)) });
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.registerProvider(instant("done", "more")));
});

test("a task cannot make tasks without end", async (t) => {
  const orchestrator = await open(t, {
    maxTasks: 100,
    providers: [instant(({ id }) => {
      for (let n = 0; n < 2; n++) orchestrator.runTask({ name: "more", parentId: id, outlivesParent: true });
    })],
  });
  await orchestrator.runTask({ name: "first" });
  while (orchestrator.countTasks().running > 0) await new Promise(setImmediate);
  assert.deepEqual(orchestrator.countTasks().total, 100);
});

describe("text of hundreds of megabytes", () => {
  // As large as a string can be.
  const huge = x(2 ** 29 - 24);
  for (const [what, code, call] of [
    ["a name", "LIMIT_EXCEEDED", (o) => o.createTask({ name: huge })],
    ["a tag", "LIMIT_EXCEEDED", (o) => o.createTask({ name: "a", tags: [huge] })],
    ["another name", "LIMIT_EXCEEDED", (o) => o.renameTask("t", huge)],
    ["an id to look for", "LIMIT_EXCEEDED", (o) => o.pauseTask(huge)],
    ["output", "LIMIT_EXCEEDED", (o) => o.appendOutput("t", huge)],
    ["a step", "LIMIT_EXCEEDED", (o) => o.addStep("t", huge)],
    ["a search", "LIMIT_EXCEEDED", (o) => o.searchTasks(huge)],
    ["a cursor", "LIMIT_EXCEEDED", (o) => o.listTasks({ cursor: huge })],
    ["a provider's label", "LIMIT_EXCEEDED", (o) => o.registerProvider({ id: "p", label: huge, executeTask() {} })],
  ]) {
    test(what, async (t) => {
      const orchestrator = await open(t);
      await orchestrator.createTask({ name: "t", id: "t" });
      await refused(orchestrator, code, () => call(orchestrator));
      await refused(orchestrator, code, () => call(orchestrator));
      await orchestrator.createTask({ name: "still well" });
    });
  }

  for (const [what, executeTask] of [
    ["a summary", () => huge],
    ["a result", () => ({ success: true, more: [x(2 ** 26)] })],
    ["an error", () => { throw new Error(huge); }],
    ["a line", function* () { yield huge; }],
  ]) {
    test(`${what} fails its own task only`, async (t) => {
      const orchestrator = await open(t, { providers: [{ id: "p", executeTask }] });
      for (let n = 0; n < 2; n++) {
        const { status, error } = await orchestrator.runTask({ name: "a" });
        assert.equal(status, "failed");
        assert.ok(error.length <= 16 * KIB);
      }
    });
  }
});
