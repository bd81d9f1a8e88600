// Nothing that was reported is lost, whoever reports at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, open, record, turn } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import { random } from "./help/random.mjs";
import "./help/unhandled.mjs";

const TASKS = 20;
const LINES = 1000;
const expected = (n) => Array.from({ length: LINES / TASKS }, (_, line) => `task ${n}, line ${line}`);

test("1,000 appendOutput at once from 20 tasks are all there, in order for each task", async (t) => {
  const orchestrator = await open(t);
  const events = record(orchestrator, { types: ["task:output"] });
  const tasks = await orchestrator.createTasks(Array.from({ length: TASKS }, (_, n) => ({ name: `task ${n}` })));
  const { pick } = random(1);
  const left = new Map(tasks.map(({ id }, n) => [id, expected(n)]));
  const calls = [];
  while (left.size > 0) {
    const id = pick([...left.keys()]);
    const lines = left.get(id);
    calls.push(orchestrator.appendOutput(id, lines.shift()));
    if (lines.length === 0) left.delete(id);
  }
  assert.equal(calls.length, LINES);
  await Promise.all(calls);
  await turn();
  for (const [n, { id }] of tasks.entries()) {
    assert.deepEqual(orchestrator.getTask(id).output, expected(n));
    assert.deepEqual(events.filter(({ taskId }) => taskId === id).flatMap(({ lines }) => lines), expected(n));
  }
});

test("the same from 20 providers that take turns at random", async (t) => {
  const { below } = random(2);
  const orchestrator = await open(t, {
    providers: [instant(async ({ name }, context) => {
      for (const line of expected(Number(name))) {
        for (let pauses = below(3); pauses > 0; pauses--) await null;
        if (below(10) === 0) await turn();
        assert.equal(context.appendOutput(line), true);
      }
    })],
  });
  const runs = Array.from({ length: TASKS }, (_, n) => orchestrator.runTask({ name: String(n) }));
  assert.ok((await Promise.all(runs)).every(({ status }) => status === "completed"));
  for (const [n, { taskId }] of runs.entries()) assert.deepEqual(orchestrator.getTask(taskId).output, expected(n));
});

test("changes of every kind at the same time are all kept", async (t) => {
  const orchestrator = await open(t);
  const { id } = await orchestrator.createTask({ name: "a", steps: ["one", "two"] });
  await Promise.all([
    orchestrator.appendOutput(id, "line"), orchestrator.updateProgress(id, 10), orchestrator.renameTask(id, "b"),
    orchestrator.setUserStatus(id, "done"), orchestrator.addStep(id, "three"), orchestrator.updateStep(id, "s1", "running", "out"),
    orchestrator.pauseTask(id), orchestrator.appendOutput(id, "line"),
  ]);
  const { output, progress, name, userStatus, steps, status } = orchestrator.getTask(id);
  assert.deepEqual([output, progress, name, userStatus, steps.length, steps[0].output, status], [["line", "line"], 0, "b", "done", 3, "out", "paused"]);
});

test("a cancel among reports is not lost", async (t) => {
  const orchestrator = await open(t);
  const tasks = await orchestrator.createTasks(Array.from({ length: 50 }, () => ({ name: "a" })));
  await Promise.all(tasks.flatMap(({ id }) => [orchestrator.appendOutput(id, "x"), orchestrator.updateProgress(id, 5), orchestrator.cancelTask(id), orchestrator.appendOutput(id, "y")]));
  assert.ok(tasks.every(({ id }) => orchestrator.getTask(id).status === "cancelled"));
  assert.ok(tasks.every(({ id }) => orchestrator.getTask(id).output.join() === "x,y"));
});

test("a subscriber and an iterator see each event once", async (t) => {
  const orchestrator = await open(t, { providers: [instant((_, context) => void context.appendOutput("x"))] });
  const events = record(orchestrator, { from: 3 });
  const iterator = orchestrator.events({ buffer: 1_000_000 });
  await Promise.all(Array.from({ length: 3000 }, (_, n) => orchestrator.runTask({ name: `task ${n}` })));
  await turn();
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, n) => n + 3));
  assert.ok(events.length >= 3 * 3000);
  await orchestrator.dispose();
  const read = await collect(iterator);
  assert.deepEqual(read.map(({ seq }) => seq), events.map(({ seq }) => seq));
});
