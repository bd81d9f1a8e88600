// What a task's plan says: when it starts, what it waits for, how often it is tried, and for how long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { host as open, task } from "./help/kept.mjs";
import { START, record, turn, types } from "./help/open.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** In memory, unless told otherwise: plans are the same everywhere. */
const host = (t, options = {}) => open(t, { journal: undefined, ...options });

test("a task without a plan has none", async (t) => {
  const { orchestrator } = await host(t);
  const { dependsOn, priority, group, deadline, startAt, retryAt, outlivesParent } = await orchestrator.createTask(task("a"));
  assert.deepEqual([dependsOn, priority, group, deadline, startAt, retryAt, outlivesParent], [[], 0, undefined, undefined, undefined, undefined, false]);
});

test("a snapshot shows the plan", async (t) => {
  const { orchestrator } = await host(t);
  await orchestrator.createTasks([task("a"), task("b")]);
  const plan = { dependsOn: ["a", "b"], priority: -7, group: "g", deadline: START + 2 ** 33, startAt: START + 1000, outlivesParent: true, parentId: "a" };
  const { id } = await orchestrator.createTask({ name: "c", ...plan });
  const snapshot = orchestrator.getTask(id);
  assert.deepEqual(Object.fromEntries(Object.keys(plan).map((name) => [name, snapshot[name]])), plan);
  assert.ok(Object.isFrozen(snapshot.dependsOn));
  const dated = await orchestrator.createTask({ name: "d", deadline: new Date(START + 5000), startAt: new Date(START + 10) });
  assert.deepEqual([dated.deadline, dated.startAt], [START + 5000, START + 10]);
});

test("start: now starts at once, manual waits", async (t) => {
  const { orchestrator, called } = await host(t);
  const { status } = await orchestrator.createTask(task("now", { start: "now" }));
  assert.equal(status, "running");
  assert.equal((await orchestrator.createTask(task("manual", { start: "manual" }))).status, "pending");
  await turn();
  const waiting = orchestrator.waitForTask("now");
  const joined = orchestrator.startTask("now");
  called("now", 1).resolve("done");
  assert.equal((await waiting).summary, "done");
  assert.equal((await joined).attempt, 1);
});

test("a task waits for those it depends on, and says so", async (t) => {
  const { orchestrator, status, called } = await host(t);
  const events = record(orchestrator);
  await orchestrator.createTasks([task("a"), task("b", { dependsOn: ["a"], start: "now" })]);
  assert.deepEqual(status("b"), ["blocked", 1, "dependencies"]);
  assert.equal(orchestrator.countTasks().blocked, 1);
  assert.deepEqual(orchestrator.listTasks({ status: "blocked" }).tasks.map(({ id }) => id), ["b"]);
  const run = orchestrator.startTask("a");
  await turn();
  called("a", 1).resolve();
  await run;
  await turn();
  assert.deepEqual(status("b"), ["running", 1, undefined]);
  const { attempt, waitingFor } = events.find(({ type }) => type === "task:blocked");
  assert.deepEqual([attempt, waitingFor], [1, "dependencies"]);
});

test("when one that it depends on fails, a task stays blocked, or fails if it says so", async (t) => {
  const { orchestrator, status, called } = await host(t);
  await orchestrator.createTasks([
    task("a"), task("stays", { dependsOn: ["a"], start: "now" }), task("fails", { dependsOn: ["a"], start: "now", onDependencyFailure: "fail" }),
  ]);
  const events = record(orchestrator, { types: ["task:failed"] });
  const run = orchestrator.startTask("fails");
  orchestrator.startTask("a");
  await turn();
  called("a", 1).reject(new Error("no"));
  assert.equal((await run).status, "failed");
  assert.deepEqual([status("stays")[0], status("fails")[0]], ["blocked", "failed"]);
  await turn();
  assert.deepEqual(events.map(({ taskId, failure }) => [taskId, failure]), [["a", "provider"], ["fails", "dependency"]]);
});

test("tasks that would wait for each other are refused", async (t) => {
  const { orchestrator } = await host(t);
  await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.createTask(task("a", { dependsOn: ["nobody"] })));
  await refused(orchestrator, undefined, () => orchestrator.createTask(task("a", { dependsOn: ["a"] })));
});

test("higher priority runs first", async (t) => {
  const { orchestrator, worker, called } = await host(t, { maxConcurrency: 1 });
  orchestrator.runTask(task("first"));
  for (const [id, priority] of [["low", -5], ["plain", 0], ["high", 1000]]) orchestrator.runTask(task(id, { priority }));
  for (const id of ["first", "high", "plain", "low"]) {
    await turn();
    called(id, 1).resolve();
  }
  await turn();
  assert.deepEqual(worker.calls.map(({ task }) => task.id), ["first", "high", "plain", "low"]);
});

test("a group has its limit, which can be changed", async (t) => {
  const { orchestrator, status } = await host(t, { groups: { g: { maxConcurrency: 1 }, other: {} } });
  const events = record(orchestrator, { types: ["group:limited"] });
  for (const id of ["a", "b", "c"]) orchestrator.runTask(task(id, { group: "g" }));
  orchestrator.runTask(task("outside"));
  assert.deepEqual(["a", "b", "c", "outside"].map((id) => status(id)[0]), ["running", "pending", "pending", "running"]);
  assert.equal(status("b")[2], "capacity");
  await orchestrator.limitGroup("g", 2);
  assert.deepEqual(["a", "b", "c"].map((id) => status(id)[0]), ["running", "running", "pending"]);
  await orchestrator.limitGroup("g", undefined);
  assert.equal(status("c")[0], "running");
  await orchestrator.limitGroup("", 1);
  await turn();
  assert.deepEqual(events.map(({ group, maxConcurrency }) => [group, maxConcurrency]).filter(([group]) => group !== "other"), [["g", 1], ["g", 2], ["g", undefined], ["", 1]]);
  for (const max of [0, -1, 1.5, NaN, "2", null]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.limitGroup("g", max));
  for (const name of [1, null, undefined, {}]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.limitGroup(name, 1));
});

test("no more tasks wait for their turn than may", async (t) => {
  const { orchestrator } = await host(t, { maxConcurrency: 1, maxQueued: 2 });
  for (const id of ["runs", "waits", "waits too"]) orchestrator.runTask({ name: id });
  const made = orchestrator.countTasks().total;
  await refusedWith("QUEUE_FULL", () => orchestrator.runTask({ name: "one too many" }));
  await refusedWith("QUEUE_FULL", () => orchestrator.runTask({ name: "one too many", id: "with-more", priority: 3 }));
  assert.equal(orchestrator.countTasks().total, made, "a run that is refused makes no task");
});

test("a failed attempt is followed by another one, and the run lives through all of them", async (t) => {
  const { orchestrator, clock, status, called } = await host(t);
  const events = record(orchestrator);
  const run = orchestrator.runTask(task("a", { retry: { maxAttempts: 3, delay: 1000, factor: 3, jitter: 0 } }));
  const waiting = orchestrator.waitForTask("a");
  await turn();
  const first = called("a", 1);
  first.reject(new Error("not yet"));
  await turn();
  assert.deepEqual(status("a"), ["pending", 2, "retry"]);
  assert.equal(orchestrator.getTask("a").retryAt, START + 1000);
  const joined = orchestrator.startTask("a");
  await clock.advance(999);
  assert.equal(status("a")[0], "pending");
  await clock.advance(1);
  assert.deepEqual(status("a"), ["running", 2, undefined]);
  // What still comes of the first one is late, and its signal is its own.
  assert.equal(first.context.isCancelled(), true);
  assert.equal(first.context.appendOutput("late"), false);
  const second = called("a", 2);
  assert.equal(second.context.attempt, 2);
  assert.equal(second.context.appendOutput("on time"), true);
  assert.equal(second.context.signal.aborted, false);
  second.resolve({ success: false, error: "still not" });
  await clock.advance(3000);
  called("a", 3).resolve("at last");
  const outcome = await run;
  assert.deepEqual([outcome.status, outcome.attempt, outcome.summary, outcome.cause], ["completed", 3, "at last", undefined]);
  assert.deepEqual(await joined, outcome);
  assert.deepEqual(await waiting, outcome);
  assert.deepEqual(orchestrator.getTask("a").output, ["on time"]);
  await turn();
  const retries = events.filter(({ type }) => type === "task:retrying");
  assert.deepEqual(retries.map(({ attempt, failure, error, retryAt }) => [attempt, failure, error, retryAt]), [
    [1, "provider", "not yet", START + 1000], [2, "provider", "still not", START + 4000],
  ]);
  assert.equal(clock.timers, 0);
});

test("the last failure is the run's, and its cause is what was thrown then", async (t) => {
  const { orchestrator, clock, called } = await host(t);
  const run = orchestrator.runTask(task("a", { retry: { maxAttempts: 2, jitter: 0 } }));
  await turn();
  called("a", 1).reject(new Error("first"));
  await clock.advance(1000);
  const last = new Error("last");
  called("a", 2).reject(last);
  const { status, attempt, error, cause } = await run;
  assert.deepEqual([status, attempt, error], ["failed", 2, "last"]);
  assert.equal(cause, last);
});

const finals = {
  "an error with retryable: false": (call) => call.reject(Object.assign(new Error("no"), { retryable: false })),
  "an object with retryable: false": (call) => call.reject({ retryable: false }),
  "a result with retryable: false": (call) => call.resolve({ success: false, error: "no", retryable: false }),
  "what is no result": (call) => call.resolve({ success: "perhaps" }),
  "a result whose retryable is no boolean": (call) => call.resolve({ success: false, retryable: "no" }),
};
for (const [name, end] of Object.entries(finals)) {
  test(`${name} is final`, async (t) => {
    const { orchestrator, called } = await host(t);
    const run = orchestrator.runTask(task("a", { retry: { maxAttempts: 3 } }));
    await turn();
    end(called("a", 1));
    const { status, attempt, result } = await run;
    assert.deepEqual([status, attempt], ["failed", 1]);
    assert.equal(result !== undefined && "retryable" in result, false);
  });
}

const repeatable = {
  "an error": (call) => call.reject(new Error("no")),
  "an error whose retryable throws": (call) => call.reject(Object.defineProperty(new Error("no"), "retryable", { get() { throw new Error("no"); } })),
  "an error with another retryable": (call) => call.reject(Object.assign(new Error("no"), { retryable: 0 })),
  "nothing thrown": (call) => call.reject(undefined),
  "a text thrown": (call) => call.reject("no"),
  "a failure": (call) => call.resolve({ success: false }),
  "a failure with retryable: true": (call) => call.resolve({ success: false, retryable: true }),
};
for (const [name, end] of Object.entries(repeatable)) {
  test(`${name} may be tried again`, async (t) => {
    const { orchestrator, called, status } = await host(t);
    orchestrator.runTask(task("a", { retry: { maxAttempts: 3 } }));
    await turn();
    end(called("a", 1));
    await turn();
    assert.deepEqual(status("a"), ["pending", 2, "retry"]);
  });
}

test("retryable is read once", async (t) => {
  const { orchestrator, called } = await host(t);
  let reads = 0;
  const run = orchestrator.runTask(task("a", { retry: { maxAttempts: 2 } }));
  await turn();
  called("a", 1).reject({ get retryable() { return reads++ > 0; } });
  assert.equal((await run).status, "failed");
  assert.equal(reads, 1);
});

test("cancelled between two attempts, a run is over", async (t) => {
  const { orchestrator, clock, called, worker } = await host(t);
  const run = orchestrator.runTask(task("a", { retry: { maxAttempts: 3 } }));
  await turn();
  called("a", 1).reject(new Error("no"));
  await turn();
  await orchestrator.cancelTask("a", { reason: "enough" });
  const { status, error } = await run;
  assert.deepEqual([status, error], ["cancelled", "enough"]);
  await clock.advance(100_000);
  assert.equal(worker.calls.length, 1);
  // And begins anew as one run.
  const again = orchestrator.restartTask("a");
  await turn();
  worker.calls[1].resolve("done");
  assert.equal((await again).summary, "done");
});

test("an attempt that takes too long is called off, and tried again", async (t) => {
  const { orchestrator, clock, status, called } = await host(t);
  const events = record(orchestrator, { types: ["task:late", "task:retrying", "task:failed"] });
  const run = orchestrator.runTask(task("a", { timeout: 5000, retry: { maxAttempts: 2, jitter: 0 } }));
  await turn();
  const first = called("a", 1);
  const { signal } = first.context;
  await clock.advance(4999);
  assert.equal(signal.aborted, false);
  await clock.advance(1);
  assert.deepEqual(status("a"), ["pending", 2, "retry"]);
  assert.deepEqual([signal.aborted, signal.reason.code], [true, "TASK_FAILED"]);
  first.resolve("too late");
  await clock.advance(1000);
  const second = called("a", 2);
  assert.equal(second.context.signal.aborted, false);
  await clock.advance(5000);
  const { status: ended, attempt, error } = await run;
  assert.deepEqual([ended, attempt, error], ["failed", 2, "the attempt took longer than 5000 ms"]);
  assert.deepEqual([second.context.signal.reason.code, second.context.signal.reason.message], ["TASK_FAILED", error]);
  await turn();
  assert.deepEqual(events.map(({ type, attempt, failure }) => [type, attempt, failure]), [
    ["task:retrying", 1, "timeout"], ["task:late", 1, undefined], ["task:failed", 2, "timeout"],
  ]);
});

test("signs of life put the idle time-out off, and the total one goes on over all attempts", async (t) => {
  const { orchestrator, clock, status, called } = await host(t);
  orchestrator.runTask(task("idle", { timeout: { idle: 1000 } }));
  const total = orchestrator.runTask(task("total", { timeout: { total: 3000 }, retry: { maxAttempts: 100, delay: 900, factor: 1, jitter: 0 } }));
  await turn();
  for (let n = 0; n < 3; n++) {
    await clock.advance(900);
    called("idle", 1).context.updateProgress(n);
    called("total", n + 1)?.reject(new Error("no"));
  }
  assert.equal(status("idle")[0], "running");
  await clock.advance(999);
  assert.equal(status("idle")[0], "running");
  await clock.advance(1);
  assert.equal(status("idle")[0], "failed");
  await clock.advance(2000);
  assert.equal((await total).status, "failed");
});

test("after its deadline a task fails, whatever it waits for", async (t) => {
  const { orchestrator, clock, called } = await host(t);
  const runs = orchestrator.runTask(task("runs", { deadline: START + 500 }));
  const waits = orchestrator.runTask(task("waits", { deadline: new Date(START + 600), startAt: START + 10_000 }));
  await turn();
  const { signal } = called("runs", 1).context;
  await clock.advance(499);
  assert.equal(signal.aborted, false);
  await clock.advance(101);
  assert.deepEqual([(await runs).status, (await waits).status], ["failed", "failed"]);
  assert.equal(signal.aborted, true);
  assert.equal(clock.timers, 0);
});

test("a task waits for its time", async (t) => {
  const { orchestrator, clock, status } = await host(t);
  orchestrator.runTask(task("a", { startAt: START + 1000 }));
  assert.deepEqual(status("a"), ["pending", 1, "time"]);
  await clock.advance(999);
  assert.equal(status("a")[0], "pending");
  await clock.advance(1);
  assert.deepEqual(status("a"), ["running", 1, undefined]);
});

test("a child ends with its parent, unless it outlives it", async (t) => {
  const { orchestrator, status, called } = await host(t);
  orchestrator.runTask(task("parent"));
  for (const [id, outlivesParent] of [["ends", false], ["lives", true]]) orchestrator.runTask(task(id, { parentId: "parent", outlivesParent }));
  await turn();
  called("parent", 1).resolve("done");
  await turn();
  assert.deepEqual([status("ends")[0], status("lives")[0]], ["cancelled", "running"]);
  assert.equal(called("ends", 1).context.signal.aborted, true);
});

test("the same order given twice is one task", async (t) => {
  const { orchestrator, journal, clock } = await open(t);
  const order = { name: "a", tags: ["x"], start: "now", idempotencyKey: "order 1" };
  const first = await orchestrator.createTask(order);
  const events = record(orchestrator);
  const again = await orchestrator.createTask(order);
  assert.equal(again.id, first.id);
  assert.equal(orchestrator.countTasks().total, 1);
  await refused(orchestrator, "CONFLICT", () => orchestrator.createTask({ ...order, name: "b" }));
  const [batched] = await orchestrator.createTasks([order]);
  assert.equal(batched.id, first.id);
  await turn();
  assert.equal(types(events).filter((type) => type === "task:created").length, 1);
  await orchestrator.dispose();
  const later = await open(t, { journal, clock });
  assert.equal((await later.orchestrator.createTask(order)).id, first.id);
});

const wrong = {
  start: ["later", 1, null, true], dependsOn: ["a", [1], {}, null, [null]], onDependencyFailure: ["wait", 1, null], priority: [1001, -1001, 0.5, NaN, "1", null],
  group: [1, null, {}, "", " "], timeout: [0, -1, 0.5, NaN, Infinity, "1", null, { attempt: 0 }, { idle: -1 }, { total: "1" }, 2 ** 53],
  retry: [1, null, true, {}, { maxAttempts: 0 }, { maxAttempts: 1.5 }, { maxAttempts: "2" }, { maxAttempts: 2, delay: -1 }, { maxAttempts: 2, delay: 0.5 },
    { maxAttempts: 2, maxDelay: NaN }, { maxAttempts: 2, factor: 0.5 }, { maxAttempts: 2, factor: 101 }, { maxAttempts: 2, factor: "2" },
    { maxAttempts: 2, jitter: -0.1 }, { maxAttempts: 2, jitter: 1.1 }, { maxAttempts: 2, jitter: null }],
  deadline: ["tomorrow", -1, NaN, Infinity, null, new Date(NaN), new Date(-1), {}, Number.MAX_SAFE_INTEGER], startAt: ["tomorrow", -1, NaN, null, new Date(NaN)],
  onInterrupt: ["stop", 1, null], outlivesParent: [1, "yes", null], idempotencyKey: [1, null, "", " "],
};
for (const [name, values] of Object.entries(wrong)) {
  test(`refused as ${name}, with nothing changed`, async (t) => {
    const { orchestrator } = await host(t);
    for (const value of values) {
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask(task("x", { [name]: value })));
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTasks([{ name: "fine" }, task("x", { [name]: value })]));
    }
  });
}

test("each field of a plan is read once, and what throws is refused", async (t) => {
  const { orchestrator } = await host(t);
  for (const name of Object.keys(wrong)) {
    let reads = 0;
    await orchestrator.createTask(Object.defineProperty({ name: "x" }, name, { get: () => void reads++ }));
    assert.equal(reads, 1, name);
    const throws = Object.defineProperty({ name: "x" }, name, { get() { throw new Error("no"); } });
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask(throws));
  }
});

test("options that make no sense are refused", async () => {
  const timers = { setTimeout: () => 0, clearTimeout: () => {} };
  const options = {
    maxQueued: [0, 0.5, "1", null], onInterrupt: ["stop", 1, null], groups: [1, null, { g: 1 }, { g: { maxConcurrency: 0 } }, { "\ud800": {} }], keepHistory: [1, "yes", null],
    snapshotBytes: [-1, 0.5, "1", null], snapshotEvents: [-1, 0.5, "1", null], maxUnwrittenBytes: [0, -1, "1", null],
    clock: [1, null, {}, () => 0, { now: () => 0 }, { now: 1, ...timers }, { now: () => 0, ...timers, steady: 5 }, { now: () => "now", ...timers }, { now: () => { throw new Error("no"); }, ...timers }],
  };
  for (const [name, values] of Object.entries(options)) {
    for (const value of values) await refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ [name]: value }));
  }
  await refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ now: () => 0, clock: { now: () => 0, ...timers } }));
});
