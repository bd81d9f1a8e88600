// Virtual time: it passes when a test says so, and only then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { VirtualClock, scriptedProvider } from "agent-orchestrator-wasm/testing";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const DAY = 86_400_000;

/** An orchestrator in virtual time, whose only provider succeeds at once or follows a script. */
async function open(t, script = [], options = {}) {
  const clock = new VirtualClock();
  const provider = scriptedProvider(script, { clock });
  const orchestrator = await AgentOrchestrator.open({ clock, providers: [provider], ...options });
  t.after(() => orchestrator.dispose());
  return { clock, provider, orchestrator, status: (id) => orchestrator.getTask(id).status };
}

test("it stands still by itself, and moves by what it is told", async () => {
  const clock = new VirtualClock(1000);
  assert.deepEqual([clock.now(), clock.steady(), clock.untilNext], [1000, 0, undefined]);
  await clock.advance(250.5);
  assert.deepEqual([clock.now(), clock.steady()], [1250.5, 250.5]);
  await clock.runUntilIdle();
  assert.equal(clock.now(), 1250.5);
  assert.ok(new VirtualClock().now() > 1.7e12);
});

test("timers ring in order, at their time, and those of one moment as they were set", async () => {
  const clock = new VirtualClock(0);
  const rung = [];
  const set = (name, delay) => clock.setTimeout(() => rung.push([name, clock.now()]), delay);
  set("b", 20);
  set("a", 10);
  set("c", 20);
  const off = set("never", 15);
  set("negative", -5);
  set("no number", NaN);
  clock.clearTimeout(off);
  clock.clearTimeout(off);
  clock.clearTimeout(undefined);
  assert.deepEqual(rung, []);
  await clock.runUntilIdle();
  assert.deepEqual(rung.splice(0), [["negative", 0], ["no number", 0]]);
  assert.equal(clock.untilNext, 10);
  await clock.advance(19);
  assert.deepEqual(rung.splice(0), [["a", 10]]);
  await clock.advance(1);
  assert.deepEqual(rung, [["b", 20], ["c", 20]]);
});

test("everything settles at each timer before the next one rings", async () => {
  const clock = new VirtualClock(0);
  const seen = [];
  const sleep = (delay) => new Promise((resolve) => clock.setTimeout(resolve, delay));
  const chain = async (name) => {
    for (let round = 0; round < 3; round++) {
      await sleep(10);
      for (let turns = 0; turns < 50; turns++) await undefined;
      seen.push(`${name}${round} at ${clock.now()}`);
    }
  };
  const chains = [chain("a"), chain("b")];
  await clock.advance(30);
  assert.deepEqual(seen, ["a0 at 10", "b0 at 10", "a1 at 20", "b1 at 20", "a2 at 30", "b2 at 30"]);
  await Promise.all(chains);
});

test("delays are longer than what hosts' timers hold", async (t) => {
  const { clock, orchestrator, status } = await open(t);
  let rung;
  clock.setTimeout(() => (rung = clock.steady()), 100 * DAY);
  assert.ok(100 * DAY > 2 ** 31);
  await orchestrator.createTask({ id: "far", name: "Far", start: "now", startAt: clock.now() + 60 * DAY });
  await clock.advance(60 * DAY - 1);
  assert.equal(status("far"), "pending");
  await clock.advance(1);
  assert.equal(status("far"), "completed");
  await clock.advance(40 * DAY);
  assert.equal(rung, 100 * DAY);
});

test("what never settles does not hold it up", async (t) => {
  const { clock, orchestrator, status } = await open(t, ["never"]);
  await orchestrator.createTask({ id: "a", name: "A", start: "now" });
  await clock.runUntilIdle();
  await clock.advance(DAY);
  assert.equal(status("a"), "running");
  const endless = () => clock.setTimeout(endless, 0);
  endless();
  await refusedWith("LIMIT_EXCEEDED", () => clock.runUntilIdle());
});

test("a jump sets the clock, and moves no timer", async () => {
  const clock = new VirtualClock(10_000);
  const rung = [];
  clock.setTimeout(() => rung.push(clock.steady()), 100);
  clock.jump(3_600_000);
  assert.deepEqual([clock.now(), clock.steady()], [3_610_000, 0]);
  await clock.advance(99);
  assert.deepEqual(rung, []);
  await clock.advance(1);
  assert.deepEqual(rung, [100]);
  clock.jump(-10 * 3_600_000);
  assert.equal(clock.now(), 0, "never before 1970");
});

test("calls at the same time have their turns", async () => {
  const clock = new VirtualClock(0);
  const seen = [];
  clock.setTimeout(() => seen.push("timer"), 5);
  await Promise.all([clock.advance(10).then(() => seen.push(clock.now())), clock.advance(10).then(() => seen.push(clock.now()))]);
  assert.deepEqual(seen, ["timer", 10, 20]);
  // Also from within a timer.
  let inner;
  clock.setTimeout(() => (inner = clock.advance(7)), 1);
  await clock.advance(2);
  await inner;
  assert.equal(clock.now(), 29);
});

test("what a timer throws is told, and it goes on after that", async () => {
  const clock = new VirtualClock(0);
  const rung = [];
  clock.setTimeout(() => { throw new Error("mine"); }, 5);
  clock.setTimeout(() => rung.push(clock.now()), 10);
  await assert.rejects(clock.advance(20), /mine/);
  assert.equal(clock.now(), 5);
  await clock.advance(20);
  assert.deepEqual([rung, clock.now()], [[10], 25]);
});

test("what makes no sense is refused", async () => {
  const clock = new VirtualClock(5);
  for (const bad of [-1, NaN, Infinity, "5", null]) {
    await refusedWith("INVALID_ARGUMENT", () => new VirtualClock(bad));
    await refusedWith("INVALID_ARGUMENT", () => clock.advance(bad));
  }
  for (const bad of [NaN, Infinity, -Infinity, "5", undefined]) await refusedWith("INVALID_ARGUMENT", () => clock.jump(bad));
  for (const bad of [undefined, "callback", {}]) await refusedWith("INVALID_ARGUMENT", async () => clock.setTimeout(bad, 1));
  assert.deepEqual([clock.now(), clock.untilNext], [5, undefined]);
});

test("retries, time-outs and deadlines come when time passes", async (t) => {
  const { clock, provider, orchestrator } = await open(t, (task, attempt) => (task.id === "slow" ? [{ wait: DAY }] : attempt < 3 ? [{ fail: "not yet" }] : []));
  const retried = orchestrator.runTask({ id: "again", name: "Again", retry: { maxAttempts: 3, delay: 1000, factor: 10, jitter: 0 } });
  const slow = orchestrator.runTask({ id: "slow", name: "Slow", timeout: 5000 });
  await clock.advance(999);
  assert.equal(provider.calls.length, 2);
  await clock.advance(1);
  assert.equal(provider.calls.length, 3);
  await clock.advance(10_000);
  assert.deepEqual([(await retried).attempt, (await retried).status, (await slow).status], [3, "completed", "failed"]);
  assert.deepEqual(provider.calls.filter(({ taskId }) => taskId === "again").map(({ at }) => at - provider.calls[0].at), [0, 1000, 11_000]);
});

test("works on hosts without setImmediate, and under the fake timers of others", async (t) => {
  const entry = import.meta.resolve("agent-orchestrator-wasm/testing");
  const { setImmediate } = globalThis;
  delete globalThis.setImmediate;
  const bare = await import(`${entry}?bare`).finally(() => (globalThis.setImmediate = setImmediate));
  t.mock.timers.enable();
  for (const { VirtualClock: Clock } of [bare, { VirtualClock }]) {
    const clock = new Clock(0);
    const seen = [];
    clock.setTimeout(async () => { await undefined; seen.push(clock.now()); }, 5);
    await clock.advance(10);
    assert.deepEqual(seen, [5]);
  }
});
