// Attempts: their numbers, what a new one keeps of the last, and when things happened.
import assert from "node:assert/strict";
import { test } from "node:test";
import { START, clock, open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import "./help/unhandled.mjs";

test("a task that was never started has attempt 0, and every run counts one up", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  const { id, attempt, startedAt } = await orchestrator.createTask({ name: "a" });
  assert.deepEqual([attempt, startedAt], [0, undefined]);
  assert.equal((await orchestrator.startTask(id)).attempt, 1);
  assert.equal((await orchestrator.restartTask(id)).attempt, 2);
  assert.equal(orchestrator.getTask(id).attempt, 2);
});

test("the events of a whole life come once each, in order", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const events = record(orchestrator);
  const { id } = await orchestrator.createTask({ name: "a" });
  const run = orchestrator.startTask(id);
  const { context, resolve } = await provider.call(0);
  context.appendOutput("one");
  context.updateProgress(10);
  await orchestrator.pauseTask(id);
  await orchestrator.resumeTask(id);
  resolve("done");
  await run;
  await turn();
  assert.deepEqual(types(events), [
    "journal:opened", "provider:registered", "task:created", "task:started", "task:output", "task:progress", "task:paused", "task:resumed",
    "task:completed",
  ]);
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
  assert.ok(events.every(Object.isFrozen));
});

test("times: created, first started, last ended, last changed", async (t) => {
  const now = clock();
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], now });
  const { id, createdAt, updatedAt, completedAt, userStatusUpdatedAt } = await orchestrator.createTask({ name: "a" });
  assert.deepEqual([createdAt, updatedAt, completedAt, userStatusUpdatedAt], [START, START, undefined, START]);

  now.at = START + 10;
  const run = orchestrator.startTask(id);
  now.at = START + 20;
  (await provider.call(0)).resolve();
  await run;
  const ended = orchestrator.getTask(id);
  assert.deepEqual([ended.startedAt, ended.completedAt, ended.updatedAt], [START + 10, START + 20, START + 20]);

  now.at = START + 30;
  orchestrator.restartTask(id);
  const again = orchestrator.getTask(id);
  assert.deepEqual([again.startedAt, again.completedAt, again.updatedAt], [START + 10, undefined, START + 30]);
});

test("time in events never runs backwards, whatever the clock does", async (t) => {
  const now = clock();
  const orchestrator = await open(t, { now });
  const events = record(orchestrator);
  now.at = START - 5000;
  const { createdAt } = await orchestrator.createTask({ name: "a" });
  now.at = START + 1.75;
  await orchestrator.createTask({ name: "b" });
  await turn();
  assert.equal(createdAt, START);
  assert.deepEqual(events.slice(-2).map(({ at }) => at), [START, START + 1]);
});

test("a restart keeps the output and forgets result, error and progress", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const run = orchestrator.runTask({ name: "a" });
  const first = await provider.call(0);
  first.context.appendOutput("from the first");
  first.context.updateProgress(70);
  first.resolve({ success: false, summary: "half", error: "not enough", filesCreated: ["a.txt"] });
  assert.equal((await run).error, "not enough");

  const second = orchestrator.restartTask(run.taskId);
  const task = orchestrator.getTask(run.taskId);
  assert.deepEqual(
    [task.status, task.progress, task.result, task.error, task.filesCreated, task.output],
    ["running", 0, undefined, undefined, [], ["from the first"]],
  );
  (await provider.call(1)).resolve("whole");
  assert.equal((await second).summary, "whole");
});

test("a restart drops the attempt's own steps, and puts the planned ones back to pending", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const { id } = await orchestrator.createTask({ name: "a", steps: ["plan 1"] });
  await orchestrator.addStep(id, "plan 2");
  const run = orchestrator.startTask(id);
  const { context, resolve } = await provider.call(0);
  const own = context.addStep("found on the way");
  context.updateStep("s1", "completed", "fine");
  context.updateStep(own.id, "failed");
  resolve();
  await run;
  assert.deepEqual(orchestrator.getTask(id).steps.map(({ status }) => status), ["completed", "pending", "failed"]);

  orchestrator.restartTask(id);
  assert.deepEqual(orchestrator.getTask(id).steps, [
    { id: "s1", description: "plan 1", status: "pending", output: undefined },
    { id: "s2", description: "plan 2", status: "pending", output: undefined },
  ]);
});

test("what an old attempt still says is late, and told once of each kind", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const events = record(orchestrator);
  const run = orchestrator.runTask({ name: "a", steps: ["x"] });
  const old = await provider.call(0);
  await orchestrator.cancelTask(run.taskId);
  const second = orchestrator.restartTask(run.taskId);
  const current = await provider.call(1);

  assert.deepEqual(
    [
      old.context.appendOutput("late"), old.context.appendOutput("late again"), old.context.updateProgress(99),
      old.context.addStep("late").id, old.context.updateStep("s1", "completed"), old.context.isCancelled(), current.context.isCancelled(),
    ],
    [false, false, false, "s0", false, true, false],
  );
  old.resolve("late result");
  await turn();
  assert.deepEqual(
    events.filter(({ type }) => type === "task:late").map(({ attempt, report }) => [attempt, report]),
    [[1, "output"], [1, "progress"], [1, "step"], [1, "result"]],
  );
  const task = orchestrator.getTask(run.taskId);
  assert.deepEqual([task.status, task.progress, task.output, task.steps[0].status], ["running", 0, [], "pending"]);
  current.resolve("in time");
  assert.equal((await second).summary, "in time");
});

test("the outcome can be had before, while and after a task runs", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const { id } = await orchestrator.createTask({ name: "a" });
  const early = orchestrator.waitForTask(id);
  const run = orchestrator.startTask(id);
  const meanwhile = orchestrator.waitForTask(id);
  (await provider.call(0)).resolve({ success: true, summary: "well", extra: 1 });
  const outcome = await run;
  assert.deepEqual(await early, outcome);
  assert.deepEqual(await meanwhile, outcome);
  assert.deepEqual(await orchestrator.waitForTask(id), outcome);
  assert.deepEqual({ ...outcome }, {
    taskId: id, attempt: 1, status: "completed", success: true, summary: "well", error: undefined, cause: undefined,
    result: { success: true, summary: "well", error: undefined, filesCreated: [], filesModified: [], extra: 1 },
  });
  assert.ok(Object.isFrozen(outcome));
});

test("whoever waits for a task that is cancelled or deleted before it starts is told", async (t) => {
  const orchestrator = await open(t);
  const tasks = await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
  const waiting = tasks.map(({ id }) => orchestrator.waitForTask(id));
  await orchestrator.cancelTask(tasks[0].id, { reason: "not wanted" });
  await orchestrator.deleteTask(tasks[1].id);
  const outcomes = await Promise.all(waiting);
  assert.deepEqual(outcomes.map(({ status, attempt, error }) => [status, attempt, error]), [
    ["cancelled", 0, "not wanted"],
    ["cancelled", 0, "Task deleted"],
  ]);
});
