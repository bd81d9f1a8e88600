// One timer for all that is due: far away, near, when the clock is set, and when the host's timers misbehave.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { host, task } from "./help/kept.mjs";
import { START, turn } from "./help/open.mjs";
import { manual } from "./help/providers.mjs";
import { virtualClock } from "./help/time.mjs";
import "./help/unhandled.mjs";

const DAY = 24 * 3600 * 1000;

test("nothing due, no timer", async (t) => {
  const { orchestrator, clock } = await host(t);
  orchestrator.runTask(task("a"));
  await orchestrator.flush();
  await turn();
  assert.equal(clock.timers, 0);
});

test("many things due, one timer, and none after the end", async (t) => {
  const { orchestrator, clock } = await host(t);
  await orchestrator.createTasks(Array.from({ length: 100 }, (_, n) => ({ name: `task ${n}`, start: "now", startAt: START + 1000 + n })));
  await turn();
  assert.equal(clock.timers, 1);
  await orchestrator.dispose();
  assert.equal(clock.timers, 0);
});

test("a start in 40 days happens at its time, also after a crash", async (t) => {
  const { orchestrator, journal, clock, status } = await host(t);
  await orchestrator.createTask(task("later", { start: "now", startAt: START + 40 * DAY }));
  assert.deepEqual(status("later"), ["pending", 1, "time"]);
  await clock.advance(DAY / 2);
  assert.deepEqual(status("later"), ["pending", 1, "time"]);
  // Time passes while nobody is there.
  clock.jump(39 * DAY);
  const again = await host(t, { journal, clock });
  await clock.advance(DAY / 2 - 1);
  assert.equal(again.status("later")[0], "pending");
  await clock.advance(60_001);
  assert.deepEqual(again.status("later"), ["running", 1, undefined]);
});

test("when the clock is set, spans stay as long as they are and moments move", async (t) => {
  const { orchestrator, clock, status } = await host(t, { journal: undefined });
  orchestrator.runTask(task("span", { timeout: 5000 }));
  orchestrator.runTask(task("moment", { startAt: START + 3_600_000 }));
  await clock.advance(1000);
  clock.jump(-3_600_000);
  await clock.advance(3999);
  assert.equal(status("span")[0], "running");
  await clock.advance(1);
  assert.equal(status("span")[0], "failed");
  clock.jump(2 * 3_600_000);
  await clock.advance(60_000);
  assert.equal(status("moment")[0], "running");
});

test("a clock that is set forward makes nothing time out", async (t) => {
  const { orchestrator, clock, status } = await host(t, { journal: undefined });
  orchestrator.runTask(task("a", { timeout: 5000 }));
  await clock.advance(1000);
  clock.jump(DAY);
  await orchestrator.setUserStatus("a", "done");
  await clock.advance(3999);
  assert.equal(status("a")[0], "running");
  await clock.advance(1);
  assert.equal(status("a")[0], "failed");
});

test("a clock that jumped while nothing was due is no jump", async (t) => {
  const { orchestrator, clock, status } = await host(t, { journal: undefined });
  await orchestrator.createTask(task("a", { timeout: 5000 }));
  clock.jump(DAY);
  orchestrator.startTask("a");
  await clock.advance(4999);
  assert.equal(status("a")[0], "running");
  await clock.advance(1);
  assert.equal(status("a")[0], "failed");
});

test("a timer that rings too early, twice, or after the end does no harm", async (t) => {
  const rings = [];
  const clock = { ...virtualClock(), setTimeout: (callback) => rings.push(callback), clearTimeout: () => {} };
  const { orchestrator, status } = await host(t, { journal: undefined, clock });
  orchestrator.runTask(task("a", { startAt: START + 1000 }));
  await turn();
  for (let n = 0; n < 3; n++) for (const ring of [...rings]) ring();
  assert.equal(status("a")[0], "pending");
  await orchestrator.dispose();
  for (const ring of rings) ring();
});

test("timers that throw are told of, and the rest goes on", async (t) => {
  const complaints = [];
  const no = () => { throw new Error("no timers here"); };
  const clock = { ...virtualClock(), setTimeout: no, clearTimeout: no };
  const { orchestrator, status } = await host(t, { journal: undefined, clock, onError: (error, where) => complaints.push([error.message, where]) });
  orchestrator.runTask(task("a", { startAt: START + 1000 }));
  await turn();
  assert.deepEqual(complaints[0], ["no timers here", "the clock"]);
  assert.equal(status("a")[0], "pending");
  assert.equal((await orchestrator.createTask(task("b"))).id, "b");
});

test("with the host's own clock and timers, time passes by itself", async (t) => {
  const worker = manual();
  const orchestrator = await AgentOrchestrator.open({ providers: [worker] });
  t.after(() => orchestrator.dispose());
  const { status, error } = await orchestrator.runTask({ name: "a", timeout: 20 });
  assert.deepEqual([status, error], ["failed", "the attempt took longer than 20 ms"]);
  assert.equal((await worker.call(0)).context.signal.aborted, true);
});
