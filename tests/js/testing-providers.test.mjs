// Providers that do what a script says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { VirtualClock, scriptedProvider } from "agent-orchestrator-wasm/testing";
import { record, types } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

async function open(t, script, options = {}) {
  const clock = new VirtualClock();
  const provider = scriptedProvider(script, { clock, ...options });
  const orchestrator = await AgentOrchestrator.open({ clock, providers: [provider] });
  t.after(() => orchestrator.dispose());
  return { clock, provider, orchestrator };
}

test("reports, waits and succeeds", async (t) => {
  const { clock, provider, orchestrator } = await open(t, [{ output: "one\ntwo" }, { progress: 40 }, { wait: 500 }, { step: "look" }, { succeed: "well done" }]);
  const run = orchestrator.runTask({ id: "a", name: "A" });
  await clock.advance(499);
  assert.deepEqual(orchestrator.getTask("a").output, ["one", "two"]);
  assert.deepEqual([orchestrator.getTask("a").progress, orchestrator.getTask("a").status], [40, "running"]);
  assert.deepEqual(provider.calls, [{ taskId: "a", attempt: 1, at: clock.now() - 499, endedBy: undefined }]);
  await clock.advance(1);
  const outcome = await run;
  assert.deepEqual([outcome.status, outcome.summary], ["completed", "well done"]);
  assert.deepEqual(orchestrator.getTask("a").steps.map(({ description }) => description), ["look"]);
  assert.equal(provider.calls[0].endedBy, "succeed");
});

const endings = [
  { script: [], endedBy: "succeed", status: "completed" },
  { script: [{ succeed: "yes" }], endedBy: "succeed", status: "completed" },
  { script: [{ fail: "no" }], endedBy: "fail", status: "failed", error: "no", attempts: 3 },
  { script: [{ fail: "never", retryable: false }], endedBy: "fail", status: "failed", error: "never" },
  { script: [{ throw: new Error("thrown") }], endedBy: "throw", status: "failed", error: "thrown", attempts: 3 },
  { script: [{ throw: "text" }], endedBy: "throw", status: "failed", error: "text", attempts: 3 },
  { script: [{ answer: "plain text" }], endedBy: "answer", status: "completed" },
  { script: [{ answer: 5 }], endedBy: "answer", status: "failed" },
  { script: [{ answer: { success: "yes" } }], endedBy: "answer", status: "failed" },
  { script: [{ answerTwice: "first" }], endedBy: "answerTwice", status: "completed" },
  { script: [{ output: "x" }, { answerTwice: { success: false, error: "twice", retryable: false } }], endedBy: "answerTwice", status: "failed", error: "twice" },
];
for (const { script, endedBy, status, error, attempts = 1 } of endings) {
  test(`ends as its script says: ${JSON.stringify(script)}`, async (t) => {
    const { clock, provider, orchestrator } = await open(t, script);
    const events = record(orchestrator);
    const run = orchestrator.runTask({ name: "A", retry: { maxAttempts: 3, delay: 10, jitter: 0 } });
    await clock.advance(1000);
    const outcome = await run;
    assert.equal(outcome.status, status);
    if (error !== undefined) assert.equal(outcome.error, error);
    assert.deepEqual(provider.calls.map((call) => [call.attempt, call.endedBy]), Array.from({ length: attempts }, (_, index) => [index + 1, endedBy]));
    assert.equal(types(events).filter((type) => type === `task:${status}`).length, 1, "it ends once");
  });
}

test("stops when it is called off, wherever it is", async (t) => {
  for (const script of [[{ wait: 1000 }], ["untilCancelled"], ["never"], [{ wait: 5 }, { output: "on" }, { wait: 1000 }, { output: "not any more" }]]) {
    const { clock, provider, orchestrator } = await open(t, script);
    const run = orchestrator.runTask({ id: "a", name: "A" });
    await clock.advance(10);
    await orchestrator.cancelTask("a");
    await clock.runUntilIdle();
    assert.equal((await run).status, "cancelled");
    assert.equal(provider.calls[0].endedBy, "cancel");
    await clock.advance(10_000);
    assert.equal(clock.untilNext, undefined, "no timer is left");
    assert.deepEqual(orchestrator.getTask("a").output, script.length > 1 ? ["on"] : []);
  }
});

test("takes no notice of a cancel, and is late", async (t) => {
  const { clock, provider, orchestrator } = await open(t, ["ignoreCancel", { wait: 100 }, { output: "late" }, { step: "late" }, { succeed: "late" }]);
  const events = record(orchestrator);
  const run = orchestrator.runTask({ id: "a", name: "A" });
  await clock.advance(10);
  await orchestrator.cancelTask("a");
  assert.equal((await run).status, "cancelled");
  await clock.advance(1000);
  assert.equal(provider.calls[0].endedBy, "succeed");
  assert.deepEqual([orchestrator.getTask("a").status, orchestrator.getTask("a").output, orchestrator.getTask("a").steps], ["cancelled", [], []]);
  assert.deepEqual(events.filter(({ type }) => type === "task:late").map(({ report }) => report), ["output", "step", "result"]);
});

test("never ends, not even when it is called off, if it is deaf as well", async (t) => {
  const { clock, provider, orchestrator } = await open(t, ["ignoreCancel", "never"]);
  const run = orchestrator.runTask({ id: "a", name: "A" });
  await clock.advance(10);
  await orchestrator.cancelTask("a");
  await clock.advance(1e9);
  assert.equal((await run).status, "cancelled");
  assert.equal(provider.calls[0].endedBy, undefined);
});

test("waits while it is paused, if it says so", async (t) => {
  const { clock, provider, orchestrator } = await open(t, [{ wait: 10 }, "untilResumed", { succeed: "resumed" }]);
  const run = orchestrator.runTask({ id: "a", name: "A" });
  await clock.advance(5);
  await orchestrator.pauseTask("a");
  await clock.advance(1000);
  assert.equal(provider.calls[0].endedBy, undefined);
  await orchestrator.resumeTask("a");
  await clock.runUntilIdle();
  assert.equal((await run).summary, "resumed");
});

test("a function chooses the script by task and attempt", async (t) => {
  const { clock, provider, orchestrator } = await open(t, (task, attempt) => (task.name === "Bad" && attempt === 1 ? [{ fail: "once" }] : [{ succeed: `${task.name} ${attempt}` }]), { id: "own", maxConcurrency: 1 });
  const runs = ["Bad", "Good"].map((name) => orchestrator.runTask({ name, providerId: "own", retry: { maxAttempts: 2, delay: 5, jitter: 0 } }));
  await clock.advance(100);
  assert.deepEqual((await Promise.all(runs)).map(({ summary }) => summary), ["Bad 2", "Good 1"]);
  assert.equal(provider.calls.length, 3);
});

test("what makes no sense is refused, or fails the task", async (t) => {
  for (const bad of [undefined, "never", 5, {}, [5], ["nothing"], [{}], [{ speak: 1 }], [null]]) await refusedWith("INVALID_ARGUMENT", async () => scriptedProvider(bad));
  for (const bad of [null, 5, { id: 5 }, { clock: 5 }]) await refusedWith("INVALID_ARGUMENT", async () => scriptedProvider([], bad));
  const { provider, orchestrator } = await open(t, () => [{ speak: 1 }]);
  assert.match((await orchestrator.runTask({ name: "A" })).error, /act 1 of the script/);
  assert.equal(provider.calls[0].endedBy, "throw");
  const clockless = await open(t, [{ wait: 5 }], { clock: undefined });
  assert.match((await clockless.orchestrator.runTask({ name: "A" })).error, /needs a clock/);
});
