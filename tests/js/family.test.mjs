// Tasks below tasks: what happens to one above happens to those below.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, record, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** top > (left > leaf, right), all running, and one beside them. */
async function family(t) {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const runs = {};
  for (const [id, parentId] of [["top"], ["left", "top"], ["right", "top"], ["leaf", "left"], ["beside"]]) {
    runs[id] = orchestrator.runTask({ name: id, id, parentId });
  }
  await provider.call(4);
  return { orchestrator, provider, runs, call: (id) => provider.calls.find(({ task }) => task.id === id) };
}
const status = (orchestrator) => Object.fromEntries(orchestrator.listTasks().tasks.map(({ id, status }) => [id, status]));

test("a task names its parent, and a parent its children", async (t) => {
  const { orchestrator } = await family(t);
  assert.equal(orchestrator.getTask("leaf").parentId, "left");
  assert.deepEqual(orchestrator.listTasks({ parent: "top", sort: "createdAt" }).tasks.map(({ id }) => id), ["left", "right"]);
  assert.deepEqual(orchestrator.listTasks({ parent: null, sort: "createdAt" }).tasks.map(({ id }) => id), ["top", "beside"]);
});

test("cancelling one cancels all below it, at once, with the same reason", async (t) => {
  const { orchestrator, runs, call } = await family(t);
  const signals = ["top", "left", "right", "leaf", "beside"].map((id) => call(id).context.signal);
  await orchestrator.cancelTask("top", { reason: "no longer wanted" });
  assert.deepEqual(status(orchestrator), { top: "cancelled", left: "cancelled", right: "cancelled", leaf: "cancelled", beside: "running" });
  const outcomes = await Promise.all([runs.top, runs.left, runs.right, runs.leaf]);
  assert.ok(outcomes.every(({ error }) => error === "no longer wanted"));
  await turn();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true, true, true, false]);
});

test("cancelling one below leaves those above and beside alone", async (t) => {
  const { orchestrator } = await family(t);
  await orchestrator.cancelTask("left");
  assert.deepEqual(status(orchestrator), { top: "running", left: "cancelled", right: "running", leaf: "cancelled", beside: "running" });
});

test("what had ended below stays as it ended", async (t) => {
  const { orchestrator, runs, call } = await family(t);
  call("leaf").resolve("done before");
  await runs.leaf;
  await orchestrator.cancelTask("top");
  assert.deepEqual([orchestrator.getTask("leaf").status, orchestrator.getTask("leaf").error], ["completed", undefined]);
});

test("deleting one deletes all below it, children before parents", async (t) => {
  const { orchestrator, runs } = await family(t);
  const events = record(orchestrator, { types: ["task:deleted"] });
  await orchestrator.deleteTask("top");
  assert.deepEqual(status(orchestrator), { beside: "running" });
  await turn();
  const order = events.map(({ taskId }) => taskId);
  assert.deepEqual([...order].sort(), ["leaf", "left", "right", "top"]);
  assert.ok(order.indexOf("leaf") < order.indexOf("left") && order.at(-1) === "top");
  assert.ok((await Promise.all([runs.top, runs.left, runs.right, runs.leaf])).every((outcome) => outcome.status === "cancelled"));
});

test("a deep chain is cancelled and deleted whole; deeper than 64 it is refused", async (t) => {
  const orchestrator = await open(t);
  await orchestrator.createTask({ name: "0", id: "t0" });
  for (let n = 1; n <= 64; n++) await orchestrator.createTask({ name: String(n), id: `t${n}`, parentId: `t${n - 1}` });
  await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "65", parentId: "t64" }));
  await orchestrator.cancelTask("t0");
  assert.equal(orchestrator.countTasks().cancelled, 65);
  await orchestrator.deleteTask("t0");
  assert.equal(orchestrator.countTasks().total, 0);
});

test("a child needs a parent that is there and was not called off", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.createTask({ name: "x", parentId: "nobody" }));
  await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.createTask({ name: "x", id: "self", parentId: "self" }));
  const { id } = await orchestrator.createTask({ name: "p" });
  await orchestrator.cancelTask(id);
  await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.createTask({ name: "x", parentId: id }));
  assert.equal(orchestrator.countTasks().total, 1);
});

test("slots that a cancelled family leaves go to whoever waits", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 2 });
  orchestrator.runTask({ name: "top", id: "top" });
  orchestrator.runTask({ name: "child", parentId: "top" });
  const waiting = ["a", "b"].map((name) => orchestrator.runTask({ name }));
  await orchestrator.cancelTask("top");
  assert.deepEqual(waiting.map(({ taskId }) => orchestrator.getTask(taskId).status), ["running", "running"]);
});
