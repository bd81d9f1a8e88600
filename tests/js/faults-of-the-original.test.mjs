// The faults of the system this one follows, as numbered in its description (spec 1, section 6): each one is absent.
// 12 is about reading intentions out of chat messages, and 15 to 18 about chat actions and packaging: not in this part.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hashes, open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

test("spec 1.6.1 provider callbacks do nothing: here every one of them is kept", async (t) => {
  const orchestrator = await open(t, {
    providers: [instant((_, context) => {
      context.appendOutput("said");
      context.updateProgress(30);
      const { id } = context.addStep("step");
      context.updateStep(id, "running", "half");
      return { success: false, summary: "stopped", error: "stopped" };
    })],
  });
  const run = orchestrator.runTask({ name: "a" });
  await run;
  const { output, progress, steps } = orchestrator.getTask(run.taskId);
  assert.deepEqual([output, steps], [["said"], [{ id: "s1", description: "step", status: "running", output: "half" }]]);
  assert.equal(progress, 0, "no step of one is completed");
});

test("spec 1.6.2 WebAssembly does not compile: here it is what runs, and asks the host for nothing but its own glue", async () => {
  const file = fileURLToPath(new URL("./glue/agent_orchestrator_bg.wasm", import.meta.resolve("agent-orchestrator-wasm")));
  const module = await WebAssembly.compile(readFileSync(file));
  const from = new Set(WebAssembly.Module.imports(module).map((entry) => entry.module));
  assert.ok(!from.has("env"), [...from].join());
  assert.ok(WebAssembly.Module.exports(module).some(({ name }) => name.startsWith("core_")));
});

test("spec 1.6.3 no dedupe, restart, rename, reassign, stop or listeners: here are all of them", async (t) => {
  const [provider, other] = [manual(), instant("from the other", "other")];
  const orchestrator = await open(t, { providers: [provider, other], defaultProviderId: "manual" });
  const heard = [[], []];
  for (const list of heard) orchestrator.subscribe(({ type }) => list.push(type));
  const { id } = await orchestrator.createTask({ name: "a" });
  const runs = [orchestrator.startTask(id), orchestrator.startTask(id)];
  (await provider.call(0)).resolve("once");
  await Promise.all(runs);
  assert.equal(provider.calls.length, 1);
  await orchestrator.renameTask(id, "b");
  await orchestrator.reassignTask(id, "other");
  assert.equal((await orchestrator.restartTask(id)).summary, "from the other");
  await turn();
  assert.deepEqual(heard[0], heard[1]);
  assert.deepEqual(heard[0], ["task:created", "task:started", "task:completed", "task:message", "task:message", "task:started", "task:completed"]);
  await orchestrator.dispose();
});

test("spec 1.6.4 events are named one way in the docs and another in fact: here names and keys are one list", async (t) => {
  const orchestrator = await open(t, { providers: [manual()], maxConcurrency: 1 });
  const events = record(orchestrator);
  const { taskId } = orchestrator.runTask({ name: "a" });
  orchestrator.runTask({ name: "waits" });
  await orchestrator.appendOutput(taskId, "x");
  await orchestrator.updateProgress(taskId, 5);
  await orchestrator.addStep(taskId, "s");
  await orchestrator.pauseTask(taskId);
  await orchestrator.resumeTask(taskId);
  await orchestrator.renameTask(taskId, "b");
  await orchestrator.cancelTask(taskId);
  await orchestrator.deleteTask(taskId);
  await turn();
  const of = new Map(events.map((event) => [event.type, Object.keys(event).sort().join(" ")]));
  assert.deepEqual(Object.fromEntries(of), {
    "journal:opened": "at format seq type",
    "provider:registered": "at label providerId seq type",
    "task:created": "at name parentId providerId seq taskId type",
    "task:queued": "at attempt seq taskId type waitingFor",
    "task:started": "at attempt providerId seq taskId type",
    "task:output": "at lines seq taskId type",
    "task:progress": "at progress seq taskId type",
    "task:step": "at seq step taskId type",
    "task:message": "about at message seq taskId type",
    "task:paused": "at seq taskId type",
    "task:resumed": "at seq taskId type",
    "task:cancelled": "at attempt reason seq taskId type",
    "task:deleted": "at seq taskId type",
  });
});

test("spec 1.6.5 lost updates: here 20 outputs at once are 20 lines, and a cancel among them holds", async (t) => {
  const orchestrator = await open(t);
  const { id } = await orchestrator.createTask({ name: "a" });
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  await Promise.all([
    ...lines.map((line) => orchestrator.appendOutput(id, line)), orchestrator.updateProgress(id, 50), orchestrator.cancelTask(id),
  ]);
  const { output, progress, status } = orchestrator.getTask(id);
  assert.deepEqual([output, progress, status], [lines, 50, "cancelled"]);
});

test("spec 1.6.6 lost cancel: here a cancelled task does not start, and a pause before the start holds", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const [cancelled, paused] = await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
  await orchestrator.cancelTask(cancelled.id);
  await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.startTask(cancelled.id));
  await orchestrator.pauseTask(paused.id);
  await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.startTask(paused.id));
  await turn();
  assert.equal(provider.calls.length, 0);
  assert.deepEqual([cancelled, paused].map(({ id }) => orchestrator.getTask(id).status), ["cancelled", "paused"]);
  // A restart is asked for by name, and begins clean.
  orchestrator.restartTask(cancelled.id);
  assert.equal(orchestrator.getTask(cancelled.id).error, undefined);
});

test("spec 1.6.7 a pause nobody looks at: here the provider can wait for its end, and what it finishes anyway is completed, without old errors", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const first = orchestrator.runTask({ name: "a" });
  const { context } = await provider.call(0);
  await orchestrator.pauseTask(first.taskId);
  assert.equal(context.isPaused(), true);
  const waited = context.untilResumed();
  await orchestrator.resumeTask(first.taskId);
  await waited;
  await orchestrator.cancelTask(first.taskId, { reason: "an old error" });
  const second = orchestrator.restartTask(first.taskId);
  const again = await provider.call(1);
  await orchestrator.pauseTask(first.taskId);
  again.resolve("done");
  await second;
  const { status, error } = orchestrator.getTask(first.taskId);
  assert.deepEqual([status, error], ["completed", undefined]);
});

test("spec 1.6.8 a result after the cancel is told as completed: here it is told as late, and nothing else", async (t) => {
  for (const answer of ["done", { success: false, error: "no" }]) {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const events = record(orchestrator);
    const run = orchestrator.runTask({ name: "a" });
    const { resolve } = await provider.call(0);
    await orchestrator.cancelTask(run.taskId);
    resolve(answer);
    await turn();
    assert.deepEqual(types(events).slice(-2), ["task:cancelled", "task:late"]);
    assert.equal(orchestrator.getTask(run.taskId).result, undefined);
  }
});

test("spec 1.6.9 resume of what is not paused: here it is refused, and never leaves `running` without a worker", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  const run = orchestrator.runTask({ name: "done" });
  await run;
  const [cancelled, fresh] = await orchestrator.createTasks([{ name: "cancelled" }, { name: "never started" }]);
  await orchestrator.cancelTask(cancelled.id);
  for (const id of [run.taskId, cancelled.id, fresh.id]) await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.resumeTask(id));
  await orchestrator.pauseTask(fresh.id);
  assert.equal((await orchestrator.resumeTask(fresh.id)).status, "pending");
});

test("spec 1.6.10 doubled events and traces of unknown ids: here one fact is one event, and an unknown id leaves none", async (t) => {
  const orchestrator = await open(t);
  const events = record(orchestrator);
  const { taskId } = orchestrator.runTask({ name: "a" });
  await orchestrator.pauseTask(taskId);
  await orchestrator.pauseTask(taskId);
  await orchestrator.resumeTask(taskId);
  await orchestrator.resumeTask(taskId);
  await turn();
  assert.deepEqual(types(events).slice(-3), ["task:started", "task:paused", "task:resumed"]);
  const seen = events.length;
  for (const verb of ["pauseTask", "resumeTask", "cancelTask", "startTask", "deleteTask"]) {
    await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator[verb]("nobody"));
  }
  await turn();
  assert.equal(events.length, seen);
  // What a deleted task leaves behind does not grow with what was asked of it.
  const before = hashes(orchestrator);
  await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.pauseTask("nobody"));
  assert.deepEqual(hashes(orchestrator), before);
});

test("spec 1.6.11 search finds system tags and takes the first of many: here only the user's words count, and doubt is said", async (t) => {
  const orchestrator = await open(t);
  const [first] = await orchestrator.createTasks([{ name: "Login page" }, { name: "Login form" }]);
  for (const word of ["code", "task", "or", "que", "queue", "orchestrator"]) {
    assert.deepEqual(orchestrator.searchTasks(word), [], word);
    await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.switchTask(word));
  }
  await refused(orchestrator, "TASK_AMBIGUOUS", () => orchestrator.switchTask("login"));
  assert.deepEqual(first.tags, [], "there are no tags but those that were given");
});

test("spec 1.6.13 one current task for the whole process: here each orchestrator has its own, and lists can be of one room", async (t) => {
  const [one, two] = [await open(t), await open(t)];
  await one.createTask({ name: "a", roomId: "r1" });
  assert.equal(two.currentTask, undefined);
  await two.createTasks([{ name: "b", roomId: "r1" }, { name: "c", roomId: "r2" }]);
  assert.deepEqual([one.currentTask.name, two.currentTask.name], ["a", "b"]);
  assert.deepEqual(two.listTasks({ roomId: "r2" }).tasks.map(({ name }) => name), ["c"]);
});

test("spec 1.6.14 no limits, queue, parents, pages or full progress: here are they", async (t) => {
  const orchestrator = await open(t, { providers: [manual("m", { maxConcurrency: 1 }), instant()], maxConcurrency: 2 });
  const [first, second] = ["1", "2"].map((name) => orchestrator.runTask({ name, providerId: "m" }));
  assert.deepEqual([orchestrator.getTask(second.taskId).status, orchestrator.getTask(second.taskId).waitingFor], ["pending", "capacity"]);
  const child = orchestrator.runTask({ name: "child", providerId: "instant", parentId: first.taskId });
  await child;
  assert.equal(orchestrator.getTask(child.taskId).progress, 100);
  assert.deepEqual(orchestrator.listTasks({ parent: first.taskId }).tasks.map(({ id }) => id), [child.taskId]);
  const page = orchestrator.listTasks({ limit: 2 });
  assert.equal(page.tasks.length, 2);
  assert.equal(orchestrator.listTasks({ limit: 2, cursor: page.nextCursor }).tasks.length, 1);
});
