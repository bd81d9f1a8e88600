// Cancel settles at once, whatever the provider does; what comes later is recorded and changes nothing.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { hashes, open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

async function running(t) {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const events = record(orchestrator);
  const run = orchestrator.runTask({ name: "a" });
  return { orchestrator, events, run, id: run.taskId, provider, ...(await provider.call(0)) };
}

test("a run settles in the same turn of the event loop as its cancel", async (t) => {
  const { orchestrator, run, id } = await running(t);
  const order = [];
  const { port1, port2 } = new MessageChannel();
  const later = [
    new Promise((resolve) => setImmediate(resolve)).then(() => order.push("immediate")),
    new Promise((resolve) => setTimeout(resolve, 0)).then(() => order.push("timer")),
    new Promise((resolve) => port2.once("message", resolve)).then(() => order.push("message")),
  ];
  port1.postMessage("all of these were asked for before the cancel");
  const settled = run.then(({ status }) => order.push(status));
  orchestrator.cancelTask(id);
  await settled;
  assert.deepEqual(order, ["cancelled"]);
  await Promise.all(later);
  port1.close();
});

test("a late result is one `task:late`, and the status stays", async (t) => {
  const { orchestrator, events, run, id, resolve, context } = await running(t);
  context.updateProgress(30);
  await orchestrator.cancelTask(id, { reason: "too slow" });
  const outcome = await run;
  const task = orchestrator.getTask(id);
  resolve({ success: true, summary: "late", filesCreated: ["late.txt"] });
  await turn();
  assert.deepEqual({ ...orchestrator.getTask(id), updatedAt: 0 }, { ...task, updatedAt: 0 });
  assert.deepEqual([task.status, task.error, task.progress, task.result, task.filesCreated], ["cancelled", "too slow", 30, undefined, []]);
  assert.deepEqual([outcome.status, outcome.success, outcome.error, outcome.summary, outcome.result], ["cancelled", false, "too slow", "too slow", undefined]);
  assert.deepEqual(types(events).slice(-2), ["task:cancelled", "task:late"]);
  assert.deepEqual([events.at(-1).report, events.at(-1).attempt], ["result", 1]);
});

test("a late failure is told as such", async (t) => {
  const { orchestrator, events, id, reject } = await running(t);
  await orchestrator.cancelTask(id);
  reject(new Error("late"));
  await turn();
  assert.deepEqual([events.at(-1).type, events.at(-1).report, orchestrator.getTask(id).error], ["task:late", "failure", "Cancelled by user"]);
});

test("a result that came first wins over a cancel", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  const run = orchestrator.runTask({ name: "a" });
  await run;
  await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.cancelTask(run.taskId));
  assert.equal(orchestrator.getTask(run.taskId).status, "completed");
});

test("cancelling again changes nothing, and keeps the first reason", async (t) => {
  const { orchestrator, id } = await running(t);
  await orchestrator.cancelTask(id, { reason: "first" });
  const before = hashes(orchestrator);
  assert.equal((await orchestrator.cancelTask(id, { reason: "second" })).error, "first");
  assert.deepEqual(hashes(orchestrator), before);
});

test("a long reason is cut, not refused", async (t) => {
  const { orchestrator, id } = await running(t);
  const { error } = await orchestrator.cancelTask(id, { reason: "é".repeat(100_000) });
  assert.ok(Buffer.byteLength(error) <= 16 * 1024 && error.endsWith("… (cut)"));
});

describe("a signal passed to a start", () => {
  for (const [verb, start] of [
    ["startTask", (orchestrator, id, options) => orchestrator.startTask(id, options)],
    ["runTask", (orchestrator, _, options) => orchestrator.runTask({ name: "another" }, options)],
    ["restartTask", (orchestrator, id, options) => orchestrator.restartTask(id, options)],
  ]) {
    test(`${verb}: already aborted, nothing happens`, async (t) => {
      const orchestrator = await open(t);
      const { id } = await orchestrator.createTask({ name: "a" });
      if (verb === "restartTask") await orchestrator.cancelTask(id);
      const reason = new Error("no more");
      const error = await refused(orchestrator, "ABORTED", () => start(orchestrator, id, { signal: AbortSignal.abort(reason) }));
      assert.equal(error.cause, reason);
    });

    test(`${verb}: aborted later, the task is cancelled with its reason`, async (t) => {
      const orchestrator = await open(t);
      const { id } = await orchestrator.createTask({ name: "a" });
      if (verb === "restartTask") await orchestrator.cancelTask(id);
      const controller = new AbortController();
      const run = start(orchestrator, id, { signal: controller.signal });
      controller.abort(new Error("no more"));
      const { status, error } = await run;
      assert.deepEqual([status, error], ["cancelled", "no more"]);
      assert.equal(orchestrator.getTask(run.taskId).error, "no more");
    });
  }

  for (const [what, reason, words] of [
    ["text", "plain", "plain"],
    ["nothing", undefined, /abort/i],
    ["null", null, "null"],
    ["what cannot be shown", Object.create(null), "something that cannot be shown was thrown"],
    ["half of a surrogate pair", "\ud800", "\ufffd"],
  ]) {
    test(`may be aborted for ${what}`, async (t) => {
      const orchestrator = await open(t);
      const controller = new AbortController();
      const run = orchestrator.runTask({ name: "a" }, { signal: controller.signal });
      controller.abort(reason);
      assert[words instanceof RegExp ? "match" : "equal"]((await run).error, words);
    });
  }

  test("lets go of it when the run ends, however it ends", async (t) => {
    for (const end of [
      ({ calls }) => calls[0].resolve(),
      ({ calls }) => calls[0].reject(new Error("no")),
      (_, orchestrator, id) => orchestrator.cancelTask(id),
      (_, orchestrator, id) => orchestrator.deleteTask(id),
      (_, orchestrator) => orchestrator.dispose(),
    ]) {
      const provider = manual();
      const orchestrator = await open(t, { providers: [provider] });
      const { signal } = new AbortController();
      const run = orchestrator.runTask({ name: "a" }, { signal });
      await provider.call(0);
      const waiting = orchestrator.waitForTask(run.taskId, { signal });
      assert.equal(getEventListeners(signal, "abort").length, 2);
      end(provider, orchestrator, run.taskId);
      await Promise.allSettled([run, waiting]);
      assert.equal(getEventListeners(signal, "abort").length, 0, String(end));
    }
  });

  test("aborted after the end changes nothing, also after a restart without it", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const controller = new AbortController();
    const run = orchestrator.runTask({ name: "a" }, { signal: controller.signal });
    (await provider.call(0)).resolve();
    await run;
    orchestrator.restartTask(run.taskId);
    controller.abort();
    await turn();
    assert.equal(orchestrator.getTask(run.taskId).status, "running");
  });

  test("ends a wait, and not the task", async (t) => {
    const { orchestrator, id, run, resolve } = await running(t);
    const controller = new AbortController();
    const waiting = orchestrator.waitForTask(id, { signal: controller.signal });
    const reason = new Error("cannot wait");
    controller.abort(reason);
    const error = await refused(orchestrator, "ABORTED", () => waiting);
    assert.equal(error.cause, reason);
    await refused(orchestrator, "ABORTED", () => orchestrator.waitForTask(id, { signal: controller.signal }));
    resolve("done");
    assert.equal((await run).status, "completed");
  });

  test("that is not quite one, and throws, holds nobody up", async (t) => {
    const boom = () => {
      throw new Error("boom");
    };
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const strange = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener: boom };
    const parent = orchestrator.runTask({ name: "parent" }, { signal: strange });
    const child = orchestrator.runTask({ name: "child", parentId: parent.taskId });
    await provider.call(1);
    await orchestrator.cancelTask(parent.taskId);
    assert.deepEqual([(await parent).status, (await child).status], ["cancelled", "cancelled"]);

    for (const signal of [{ aborted: false, addEventListener: boom }, { get aborted() { return boom(); }, addEventListener() {} }]) {
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.runTask({ name: "another" }, { signal }));
    }
  });
});
