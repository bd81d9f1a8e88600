// Whose turn it is: limits for all and for each provider, first come, first served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, record, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import "./help/unhandled.mjs";

const names = (provider) => provider.calls.map(({ task }) => task.name);

test("more tasks than slots wait, and all are done", async (t) => {
  let [now, most] = [0, 0];
  const orchestrator = await open(t, {
    maxConcurrency: 8,
    providers: [{
      id: "p",
      async executeTask() {
        most = Math.max(most, ++now);
        await turn();
        now -= 1;
      },
    }],
  });
  const runs = Array.from({ length: 12 }, (_, n) => orchestrator.runTask({ name: `task ${n}` }));
  assert.deepEqual([orchestrator.countTasks().running, orchestrator.countTasks().pending], [8, 4]);
  assert.deepEqual(orchestrator.listTasks({ status: "pending" }).tasks.map(({ waitingFor }) => waitingFor), Array(4).fill("capacity"));
  const outcomes = await Promise.all(runs);
  assert.ok(outcomes.every(({ status }) => status === "completed"));
  assert.equal(most, 8);
});

test("whoever came first is first, across providers", async (t) => {
  const [a, b] = [manual("a"), manual("b")];
  const orchestrator = await open(t, { providers: [a, b], maxConcurrency: 1 });
  const events = record(orchestrator, { types: ["task:started"] });
  const runs = ["b", "a", "a", "b", "b", "a"].map((providerId, n) => orchestrator.runTask({ name: String(n), providerId }));
  for (const run of runs) {
    await turn();
    const provider = [a, b].find(({ calls }) => calls.some(({ task }) => task.id === run.taskId));
    provider.calls.find(({ task }) => task.id === run.taskId).resolve();
    await run;
  }
  await turn();
  assert.deepEqual(events.map(({ taskId }) => taskId), runs.map(({ taskId }) => taskId));
});

test("a provider's own limit holds back its tasks only", async (t) => {
  const [narrow, wide] = [manual("narrow", { maxConcurrency: 2 }), manual("wide")];
  const orchestrator = await open(t, { providers: [narrow, wide], maxConcurrency: 5 });
  for (let n = 0; n < 4; n++) orchestrator.runTask({ name: `n${n}`, providerId: "narrow" });
  for (let n = 0; n < 4; n++) orchestrator.runTask({ name: `w${n}`, providerId: "wide" });
  await turn();
  assert.deepEqual([names(narrow), names(wide)], [["n0", "n1"], ["w0", "w1", "w2"]]);
  narrow.calls[0].resolve();
  await turn();
  assert.deepEqual([names(narrow), names(wide)], [["n0", "n1", "n2"], ["w0", "w1", "w2"]]);
  wide.calls[0].resolve();
  await turn();
  assert.deepEqual([names(narrow), names(wide)], [["n0", "n1", "n2"], ["w0", "w1", "w2", "w3"]]);
});

test("the limit holds at every event", async (t) => {
  const orchestrator = await open(t, {
    maxConcurrency: 3,
    providers: [instant(({ name }) => {
      if (name.endsWith("3")) throw new Error("no");
    })],
  });
  const events = record(orchestrator);
  const runs = Array.from({ length: 40 }, (_, n) => orchestrator.runTask({ name: `task ${n}` }));
  orchestrator.cancelTask(runs[1].taskId);
  orchestrator.cancelTask(runs[20].taskId);
  await Promise.all(runs);
  await turn();
  const running = new Set();
  let most = 0;
  for (const { type, taskId } of events) {
    if (type === "task:started") running.add(taskId);
    if (["task:completed", "task:failed", "task:cancelled"].includes(type)) running.delete(taskId);
    most = Math.max(most, running.size);
  }
  assert.deepEqual([most, running.size], [3, 0]);
});

test("a cancelled or deleted task leaves the queue, a paused one goes to its end", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 1 });
  const [first, cancelled, deleted, paused, last] = ["first", "cancelled", "deleted", "paused", "last"].map((name) => orchestrator.runTask({ name }));
  await orchestrator.cancelTask(cancelled.taskId);
  await orchestrator.deleteTask(deleted.taskId);
  await orchestrator.pauseTask(paused.taskId);
  assert.equal(orchestrator.getTask(paused.taskId).waitingFor, "capacity");
  await orchestrator.resumeTask(paused.taskId);
  for (const run of [first, last, paused]) {
    await turn();
    provider.calls.at(-1).resolve();
    await run;
  }
  assert.deepEqual(names(provider), ["first", "last", "paused"]);
});

test("a paused task keeps its slot while its provider is at it", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 1 });
  const first = orchestrator.runTask({ name: "first" });
  const second = orchestrator.runTask({ name: "second" });
  await orchestrator.pauseTask(first.taskId);
  assert.equal(orchestrator.getTask(second.taskId).status, "pending");
  await orchestrator.cancelTask(first.taskId);
  assert.equal(orchestrator.getTask(second.taskId).status, "running", "a cancel frees it at once, whatever the provider does");
});

test("a restart waits its turn like a start", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 1 });
  const first = orchestrator.runTask({ name: "first" });
  const second = orchestrator.runTask({ name: "second" });
  await orchestrator.cancelTask(first.taskId);
  const again = orchestrator.restartTask(first.taskId);
  const waiting = orchestrator.getTask(first.taskId);
  assert.deepEqual([waiting.status, waiting.waitingFor, waiting.attempt, waiting.error], ["pending", "capacity", 2, undefined]);
  await turn();
  provider.calls.at(-1).resolve();
  await second;
  await turn();
  provider.calls.at(-1).resolve("again");
  assert.equal((await again).summary, "again");
});

test("events say when a task waits and when it runs", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 1 });
  const events = record(orchestrator);
  const first = orchestrator.runTask({ name: "first" });
  const second = orchestrator.runTask({ name: "second" });
  await orchestrator.cancelTask(first.taskId);
  await turn();
  assert.deepEqual(
    events.filter(({ taskId }) => taskId === second.taskId).map(({ type, attempt, waitingFor }) => [type, attempt, waitingFor]),
    [["task:created", undefined, undefined], ["task:queued", 1, "capacity"], ["task:started", 1, undefined]],
  );
});

test("a provider may run tasks of its own, and wait for them", async (t) => {
  const orchestrator = await open(t, {
    providers: [instant(async ({ id, name }) => {
      const depth = Number(name);
      if (depth === 0) return "leaf";
      const below = await Promise.all([1, 2].map(() => orchestrator.runTask({ name: String(depth - 1), parentId: id })));
      return below.map(({ summary }) => summary).join(" ");
    })],
  });
  const { summary } = await orchestrator.runTask({ name: "3" });
  assert.equal(summary, Array(8).fill("leaf").join(" "));
  assert.equal(orchestrator.countTasks().completed, 15);
});

test("one thousand tasks at once are all done, each once", async (t) => {
  let calls = 0;
  const orchestrator = await open(t, { providers: [instant(() => void calls++)], maxConcurrency: 7 });
  const tasks = await orchestrator.createTasks(Array.from({ length: 1000 }, (_, n) => ({ name: `task ${n}` })));
  await Promise.all(tasks.map(({ id }) => orchestrator.startTask(id)));
  assert.deepEqual([calls, orchestrator.countTasks().completed], [1000, 1000]);
});
