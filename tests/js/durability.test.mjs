// Nothing that was acknowledged is lost, and nothing runs before it is kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { gate, host, task } from "./help/kept.mjs";
import { record, turn, types } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** Whether a promise is settled by now. */
async function settled(promise) {
  let told = false;
  const tell = () => (told = true);
  promise.then(tell, tell);
  await turn();
  return told;
}

test("no effect, no event and no acknowledgement before the append", async (t) => {
  const journal = gate();
  const { orchestrator, status, called } = await host(t, { journal });
  journal.shut();
  const created = orchestrator.createTask(task("b"));
  const run = orchestrator.runTask(task("a"));
  const events = [];
  orchestrator.subscribe((event) => events.push(event));
  assert.equal(await settled(created), false);
  // State is read at once; the provider is not called, and nobody is told.
  assert.deepEqual(status("a"), ["running", 1, undefined]);
  assert.equal(called("a", 1), undefined);
  assert.deepEqual(events, []);
  journal.open();
  await turn();
  assert.ok(called("a", 1));
  assert.deepEqual(types(events).slice(0, 3), ["task:created", "task:created", "task:started"]);
  assert.equal((await created).id, "b");
  journal.shut();
  called("a", 1).resolve("done");
  assert.equal(await settled(run), false);
  assert.equal(orchestrator.getTask("a").status, "completed");
  journal.open();
  assert.equal((await run).summary, "done");
});

const acknowledged = {
  createTask: (orchestrator) => orchestrator.createTask(task("new")),
  createTasks: (orchestrator) => orchestrator.createTasks([task("new"), task("newer")]),
  pauseTask: (orchestrator) => orchestrator.pauseTask("a"),
  resumeTask: (orchestrator) => orchestrator.pauseTask("a") && orchestrator.resumeTask("a"),
  cancelTask: (orchestrator) => orchestrator.cancelTask("a"),
  deleteTask: (orchestrator) => orchestrator.deleteTask("a"),
  renameTask: (orchestrator) => orchestrator.renameTask("a", "another"),
  setUserStatus: (orchestrator) => orchestrator.setUserStatus("a", "done"),
  addStep: (orchestrator) => orchestrator.addStep("a", "step"),
  switchTask: (orchestrator) => orchestrator.switchTask(null),
  limitGroup: (orchestrator) => orchestrator.limitGroup("g", 2),
  flush: (orchestrator) => orchestrator.setUserStatus("a", "done") && orchestrator.flush(),
};
for (const [name, call] of Object.entries(acknowledged)) {
  test(`${name} is acknowledged when it is kept`, async (t) => {
    const journal = gate();
    const { orchestrator } = await host(t, { journal });
    orchestrator.runTask(task("a"));
    await orchestrator.flush();
    journal.shut();
    const called = call(orchestrator);
    assert.equal(await settled(called), false);
    journal.open();
    await called;
  });
}

test("output and progress wait for nothing", async (t) => {
  const journal = gate();
  const { orchestrator, called } = await host(t, { journal });
  orchestrator.runTask(task("a"));
  await orchestrator.flush();
  await turn();
  journal.shut();
  await orchestrator.appendOutput("a", "line");
  await orchestrator.updateProgress("a", 5);
  const { context } = called("a", 1);
  assert.equal(context.appendOutput("more"), true);
  assert.equal(context.updateProgress(6), true);
  assert.deepEqual(orchestrator.getTask("a").output, ["line", "more"]);
  journal.open();
  await orchestrator.flush();
});

test("everything that happens during an append goes into the next one", async (t) => {
  const journal = gate();
  const { orchestrator } = await host(t, { journal });
  const before = journal.appends;
  journal.shut();
  const first = orchestrator.createTask({ name: "first" });
  await turn();
  const all = Array.from({ length: 100 }, (_, n) => orchestrator.createTask({ name: `task ${n}` }));
  await turn();
  journal.open();
  await Promise.all([first, ...all]);
  assert.equal(journal.appends - before, 2);
});

test("all of one turn is one append", async (t) => {
  const journal = gate();
  const { orchestrator } = await host(t, { journal });
  const before = journal.appends;
  await Promise.all(Array.from({ length: 100 }, (_, n) => orchestrator.createTask({ name: `task ${n}` })));
  assert.equal(journal.appends - before, 1);
});

test("what was acknowledged is there after a crash, and what ran is interrupted", async (t) => {
  const first = await host(t, { maxConcurrency: 4 });
  const { journal, clock } = first;
  for (const onInterrupt of ["pause", "retry", "fail"]) first.orchestrator.runTask(task(onInterrupt, { onInterrupt })).catch(() => {});
  const done = first.orchestrator.runTask(task("done"));
  await first.orchestrator.flush();
  await turn();
  first.called("done", 1).context.appendOutput("said");
  first.called("done", 1).resolve("well");
  await done;
  first.orchestrator.runTask(task("queued", { dependsOn: ["pause"] })).catch(() => {});
  await first.orchestrator.flush();
  const hash = first.orchestrator.stateHash();
  // No goodbye: it is just gone.

  const { orchestrator, status, called } = await host(t, { journal, clock });
  await turn();
  assert.notEqual(orchestrator.stateHash(), hash);
  const { output, result, providerId, providerLabel } = orchestrator.getTask("done");
  assert.deepEqual([status("done"), output, result.summary, providerId, providerLabel], [["completed", 1, undefined], ["said"], "well", "worker", "worker"]);
  assert.deepEqual(status("pause"), ["paused", 2, "interrupted"]);
  assert.deepEqual(status("retry"), ["running", 2, undefined]);
  assert.equal(status("fail")[0], "failed");
  assert.deepEqual(status("queued"), ["blocked", 1, "dependencies"]);
  assert.ok(called("retry", 2) && !called("pause", 2));
  const waiting = orchestrator.waitForTask("pause");
  await orchestrator.resumeTask("pause");
  await turn();
  called("pause", 2).resolve("ok");
  assert.deepEqual([(await waiting).status, (await waiting).attempt], ["completed", 2]);
  await turn();
  assert.deepEqual(status("queued"), ["running", 1, undefined]);

  // Every event is there once, in order, from the first on.
  const events = record(orchestrator, { from: 1 });
  await turn();
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
  const { interrupted, cut } = events.find(({ type }) => type === "journal:recovered");
  assert.deepEqual([interrupted, cut], [3, 0]);
  await orchestrator.dispose();
});

test("tasks of providers that are no longer registered keep their names", async (t) => {
  const { journal, clock, orchestrator } = await host(t, { providers: [{ id: "gone", label: "Went away", executeTask: () => "x" }] });
  await orchestrator.createTask(task("a"));
  await orchestrator.dispose();
  const again = await host(t, { journal, clock });
  const { providerId, providerLabel, subAgentType } = again.orchestrator.getTask("a");
  assert.deepEqual([providerId, providerLabel, subAgentType], ["gone", "Went away", "gone"]);
});

test("after a clean end nothing is interrupted but what ran", async (t) => {
  const first = await host(t);
  await first.orchestrator.createTask(task("idle"));
  const run = first.orchestrator.runTask(task("ran"));
  await first.orchestrator.flush();
  const ended = refusedWith("DISPOSED", () => run);
  await first.orchestrator.dispose();
  await ended;
  const { status } = await host(t, first);
  assert.deepEqual([status("idle"), status("ran")], [["pending", 0, undefined], ["paused", 2, "interrupted"]]);
});

test("a run that begins anew before its end is kept: each gets its own outcome", async (t) => {
  const journal = gate();
  const { orchestrator, called } = await host(t, { journal });
  const first = orchestrator.runTask(task("a"));
  await orchestrator.flush();
  await turn();
  const { context } = called("a", 1);
  journal.shut();
  const cancelled = orchestrator.cancelTask("a", { reason: "changed my mind" });
  const second = orchestrator.restartTask("a");
  assert.equal(await settled(first), false);
  journal.open();
  const { status, attempt, error } = await first;
  assert.deepEqual([status, attempt, error], ["cancelled", 1, "changed my mind"]);
  await cancelled;
  await turn();
  assert.equal(context.signal.aborted, true);
  called("a", 2).resolve("second");
  const outcome = await second;
  assert.deepEqual([outcome.status, outcome.attempt, outcome.summary], ["completed", 2, "second"]);
});

test("a task that was called off and begun anew before its start was kept runs once", async (t) => {
  const journal = gate();
  const { orchestrator, worker } = await host(t, { journal });
  journal.shut();
  const calls = [orchestrator.createTask(task("a", { start: "now" })), orchestrator.cancelTask("a")];
  const run = orchestrator.restartTask("a");
  journal.open();
  await Promise.all(calls);
  await turn();
  assert.deepEqual(worker.calls.map(({ context }) => context.attempt), [2]);
  worker.calls[0].resolve("done");
  assert.deepEqual([(await run).attempt, (await run).summary], [2, "done"]);
});

test("a failed append stops everything but reading", async (t) => {
  const journal = gate();
  const { orchestrator, called, status } = await host(t, { journal });
  const run = orchestrator.runTask(task("a"));
  await orchestrator.flush();
  await turn();
  const events = record(orchestrator, { from: undefined, types: ["task:deleted"] });
  const behind = orchestrator.events({ from: 1 });
  const { context } = called("a", 1);
  assert.equal(context.signal.aborted, false);
  journal.fail("JOURNAL_FULL");
  const refused = await refusedWith("JOURNAL_FULL", () => orchestrator.createTask(task("b")));
  assert.match(refused.message, /no room on the device/);
  for (let again = 0; again < 2; again++) await refusedWith("JOURNAL_FULL", () => orchestrator.createTask(task("c")));
  await refusedWith("JOURNAL_FULL", () => run);
  await refusedWith("JOURNAL_FULL", () => orchestrator.flush());
  await refusedWith("JOURNAL_FULL", () => orchestrator.compact());
  await refusedWith("JOURNAL_FULL", () => orchestrator.waitForTask("a"));
  assert.deepEqual([context.signal.aborted, context.signal.reason.code, context.isCancelled()], [true, "JOURNAL_FULL", true]);
  assert.deepEqual([context.appendOutput("late"), context.updateProgress(3), context.updateStep("s1", "completed")], [false, false, false]);
  assert.deepEqual(events.map(({ type, code }) => [type, code]), [["journal:failed", "JOURNAL_FULL"]]);
  const seen = [];
  for await (const { type } of behind) {
    seen.push(type);
    if (type === "journal:failed") break;
  }
  assert.equal(seen.at(-1), "journal:failed");
  assert.deepEqual(status("a"), ["running", 1, undefined]);
  await orchestrator.dispose();
  // What was never acknowledged is not there.
  const again = await host(t, { journal: journal.inner });
  assert.deepEqual(again.status("a"), ["paused", 2, "interrupted"]);
  assert.equal(again.orchestrator.getTask("b"), undefined);
});

test("of two owners of one journal never both win", async (t) => {
  const first = await host(t);
  const second = await host(t, { journal: first.journal });
  await refusedWith("CONFLICT", () => first.orchestrator.createTask(task("a")));
  assert.equal((await second.orchestrator.createTask(task("a"))).id, "a");
});

test("new work is refused while too much is not written yet", async (t) => {
  const journal = gate();
  const { orchestrator } = await host(t, { journal, maxUnwrittenBytes: 1000 });
  await orchestrator.createTask(task("a"));
  journal.shut();
  const description = "x".repeat(2000);
  const accepted = orchestrator.createTask({ name: "large", description });
  await turn();
  await refusedWith("OVERLOADED", () => orchestrator.createTask({ name: "more" }));
  const ended = orchestrator.cancelTask("a");
  journal.open();
  await Promise.all([accepted, ended]);
  await orchestrator.createTask({ name: "more" });
});

test("a provider that yields lines waits while the journal cannot keep up", async (t) => {
  const journal = gate();
  const lines = Array.from({ length: 50 }, (_, n) => `${n} ${"x".repeat(100)}`);
  const provider = { id: "lines", *executeTask() { yield* lines; } };
  const { orchestrator } = await host(t, { journal, maxUnwrittenBytes: 1000, providers: [provider] });
  const run = orchestrator.runTask(task("a"));
  await orchestrator.flush();
  journal.shut();
  await turn();
  await turn();
  const early = orchestrator.getTask("a").output.length;
  assert.ok(early > 0 && early < lines.length, `${early}`);
  journal.open();
  assert.equal((await run).status, "completed");
  assert.deepEqual(orchestrator.getTask("a").output, lines);
});

test("snapshots keep the journal short and change nothing", async (t) => {
  const { journal, clock, orchestrator, called } = await host(t, { snapshotBytes: 4000, eventLogBytes: 1 });
  for (let n = 0; n < 200; n++) {
    const run = orchestrator.runTask(task(`t${n}`));
    await orchestrator.flush();
    await turn();
    called(`t${n}`, 1).resolve("done");
    await run;
  }
  const kept = Buffer.concat((await journal.load({ history: true })).frames);
  assert.ok(kept.length < 100_000, `${kept.length}`);
  const again = await host(t, { journal, clock });
  assert.equal(again.orchestrator.countTasks().completed, 200);
  assert.equal(again.orchestrator.getTask("t0").result.summary, "done");
});

test("dispose closes the journal, once, and only when all is written", async (t) => {
  const inner = memoryJournal();
  let closed = 0;
  const journal = { ...gate(inner), close: async () => void closed++ };
  const { orchestrator } = await host(t, { journal });
  journal.shut();
  const created = orchestrator.createTask(task("a"));
  const ends = [orchestrator.dispose(), orchestrator.dispose()];
  assert.equal(orchestrator.disposed, true);
  await refusedWith("DISPOSED", () => orchestrator.createTask(task("b")));
  assert.equal(await settled(ends[0]), false);
  assert.equal(closed, 0);
  journal.open();
  await Promise.all(ends);
  assert.equal(closed, 1);
  assert.equal((await created).id, "a");
  const again = await host(t, { journal: inner });
  assert.equal(again.orchestrator.getTask("a").name, "a");
});

test("what cannot be opened lets go of its journal", async (t) => {
  const inner = memoryJournal();
  let closed = 0;
  const journal = { ...gate(inner), close: async () => void closed++ };
  await refusedWith("PROVIDER_NOT_FOUND", () => AgentOrchestrator.open({ journal, defaultProviderId: "nobody" }));
  assert.equal(closed, 1);
  await refusedWith("JOURNAL_DAMAGED", () => AgentOrchestrator.open({ journal: { ...journal, load: async () => ({ frames: [new Uint8Array(100).fill(7)], cut: 0 }) } }));
  assert.equal(closed, 2);
  const { orchestrator } = await host(t, { journal: inner });
  assert.equal(orchestrator.countTasks().total, 0);
});

test("without a journal nothing waits: not even for a microtask more", async (t) => {
  const { orchestrator } = await host(t, { journal: undefined });
  let told = false;
  void orchestrator.createTask(task("a")).then(() => (told = true));
  await undefined;
  assert.equal(told, true);
  await orchestrator.flush();
  await orchestrator.compact();
});
