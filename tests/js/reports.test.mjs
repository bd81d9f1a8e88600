// What is said of a task while it lives: output, progress, steps.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const fresh = async (t, options) => {
  const orchestrator = await open(t, options);
  const { id } = await orchestrator.createTask({ name: "a" });
  return { orchestrator, id };
};

describe("output", () => {
  for (const [what, text, lines] of [
    ["one line", "one", ["one"]],
    ["several", "one\ntwo\n", ["one", "two"]],
    ["blank ones dropped, spaces kept", "\n  one \n\n \t \ntwo", ["  one ", "two"]],
    ["carriage returns", "one\r\ntwo\rthree\r", ["one", "two", "three"]],
    ["nothing but space", " \n\u00a0\n\u2003", []],
    ["nothing", "", []],
    ["any script, and signs that are not line ends", "日本\u2028語 🎉\n\u0000x", ["日本\u2028語 🎉", "\u0000x"]],
    ["half of a surrogate pair, replaced", "a\ud800b", ["a\ufffdb"]],
  ]) {
    test(what, async (t) => {
      const { orchestrator, id } = await fresh(t);
      const events = record(orchestrator, { types: ["task:output"] });
      await orchestrator.appendOutput(id, text);
      await turn();
      assert.deepEqual(orchestrator.getTask(id).output, lines);
      assert.deepEqual(events.map(({ lines: told }) => told), lines.length > 0 ? [lines] : [], "no event without lines");
    });
  }

  test("is bounded by lines, and the dropped ones are counted", async (t) => {
    const { orchestrator, id } = await fresh(t, { maxOutputLines: 3 });
    for (let n = 1; n <= 5; n++) await orchestrator.appendOutput(id, `line ${n}`);
    await orchestrator.appendOutput(id, "six\nseven");
    const { output, outputDropped } = orchestrator.getTask(id);
    assert.deepEqual([output, outputDropped], [["line 5", "six", "seven"], 4]);
  });

  test("keeps 500 lines when nothing else is said", async (t) => {
    const { orchestrator, id } = await fresh(t);
    await orchestrator.appendOutput(id, Array.from({ length: 620 }, (_, n) => `line ${n}`).join("\n"));
    const { output, outputDropped } = orchestrator.getTask(id);
    assert.deepEqual([output.length, output[0], output.at(-1), outputDropped], [500, "line 120", "line 619", 120]);
  });

  test("is bounded by bytes too", async (t) => {
    const { orchestrator, id } = await fresh(t);
    for (let n = 0; n < 5; n++) await orchestrator.appendOutput(id, String(n).repeat(400_000));
    const { output, outputDropped } = orchestrator.getTask(id);
    assert.deepEqual([output.map(([digit]) => digit), outputDropped], [["3", "4"], 3]);
  });

  test("one piece has at most 1 MiB", async (t) => {
    const { orchestrator, id } = await fresh(t);
    await orchestrator.appendOutput(id, "x".repeat(1024 * 1024));
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.appendOutput(id, "x".repeat(1024 * 1024 + 1)));
  });
});

describe("progress", () => {
  for (const [given, kept] of [
    [50, 50], [33.4, 33], [33.5, 34], [32.5, 33], [0.4, 0], [0.5, 1], [99.5, 100], [150, 100], [-10, 0], [-0.5, 0], [1e300, 100], [5e-324, 0],
  ]) {
    test(`${given} is kept as ${kept}`, async (t) => {
      const { orchestrator, id } = await fresh(t);
      await orchestrator.updateProgress(id, given);
      assert.equal(orchestrator.getTask(id).progress, kept);
    });
  }

  for (const bad of [NaN, Infinity, -Infinity, "50", null, undefined, 50n]) {
    test(`${String(bad)} (${typeof bad}) is refused`, async (t) => {
      const { orchestrator, id } = await fresh(t);
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.updateProgress(id, bad));
    });
  }

  test("tells of a change only", async (t) => {
    const { orchestrator, id } = await fresh(t);
    const events = record(orchestrator, { types: ["task:progress"] });
    for (const percent of [0, 10, 10.2, 11]) await orchestrator.updateProgress(id, percent);
    await turn();
    assert.deepEqual(events.map(({ progress }) => progress), [10, 11]);
  });

  test("is 100 after success, and stays where it was after a failure", async (t) => {
    const orchestrator = await open(t, {
      providers: [instant((task, context) => {
        context.updateProgress(40);
        return { success: task.name === "good", summary: "" };
      })],
    });
    const [good, bad] = [orchestrator.runTask({ name: "good" }), orchestrator.runTask({ name: "bad" })];
    await Promise.all([good, bad]);
    assert.deepEqual([good, bad].map(({ taskId }) => orchestrator.getTask(taskId).progress), [100, 40]);
  });
});

describe("steps", () => {
  for (const [steps, done, progress] of [[3, 2, 67], [3, 1, 33], [8, 1, 13], [1000, 5, 1], [1000, 4, 0], [1, 1, 100]]) {
    test(`${done} of ${steps} completed is ${progress} %`, async (t) => {
      const orchestrator = await open(t);
      const { id } = await orchestrator.createTask({ name: "a", steps: Array.from({ length: steps }, (_, n) => `step ${n}`) });
      for (let n = 1; n <= done; n++) await orchestrator.updateStep(id, `s${n}`, "completed");
      assert.equal(orchestrator.getTask(id).progress, progress);
    });
  }

  test("only completed ones count, and going back counts down", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({ name: "a", steps: ["x", "y"] });
    const seen = [];
    for (const status of ["running", "failed", "cancelled", "paused", "completed", "pending"]) {
      await orchestrator.updateStep(id, "s1", status);
      seen.push(orchestrator.getTask(id).progress);
    }
    assert.deepEqual(seen, [0, 0, 0, 0, 50, 0]);
  });

  test("an output stays until there is another; a blank one is none", async (t) => {
    const { orchestrator, id } = await fresh(t);
    const step = await orchestrator.addStep(id, "look");
    assert.deepEqual(step, { id: "s1", description: "look", status: "pending", output: undefined });
    const after = async (...change) => {
      await orchestrator.updateStep(id, "s1", ...change);
      return orchestrator.getTask(id).steps[0].output;
    };
    assert.deepEqual(
      [await after("running"), await after("running", "half"), await after("running", "  "), await after("completed"), await after("completed", "all")],
      [undefined, "half", "half", "half", "all"],
    );
  });

  test("tell of each change with the whole step", async (t) => {
    const { orchestrator, id } = await fresh(t);
    const events = record(orchestrator, { taskId: id });
    await orchestrator.addStep(id, "look");
    await orchestrator.updateStep(id, "s1", "completed", "seen");
    await turn();
    assert.deepEqual(types(events), ["task:created", "task:step", "task:step", "task:progress"]);
    assert.deepEqual(events[2].step, { id: "s1", description: "look", status: "completed", output: "seen" });
  });

  test("of a task that has ended leave its progress alone", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const run = orchestrator.runTask({ name: "a", steps: ["x", "y"] });
    await run;
    await orchestrator.updateStep(run.taskId, "s1", "completed");
    assert.equal(orchestrator.getTask(run.taskId).progress, 100);
  });

  test("that do not exist are refused and change nothing", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({ name: "a", steps: ["x"] });
    for (const step of ["s0", "s2", "1", "", "S1", "s-1", "s1.0", "s99999999999999999999"]) {
      await refused(orchestrator, "STEP_NOT_FOUND", () => orchestrator.updateStep(id, step, "completed"));
    }
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.updateStep(id, "s1", "done"));
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.addStep(id, " \n"));
  });

  test("a task has at most 1000", async (t) => {
    const orchestrator = await open(t);
    const steps = Array.from({ length: 1000 }, () => "x");
    const { id } = await orchestrator.createTask({ name: "a", steps });
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.addStep(id, "one more"));
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "b", steps: [...steps, "x"] }));
  });
});

test("the owner may report for a running task beside its provider", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const run = orchestrator.runTask({ name: "a" });
  const { context, resolve } = await provider.call(0);
  context.appendOutput("provider");
  await orchestrator.appendOutput(run.taskId, "owner");
  context.appendOutput("provider");
  resolve();
  await run;
  assert.deepEqual(orchestrator.getTask(run.taskId).output, ["provider", "owner", "provider"]);
});
