// What a provider is given: every member of the context does what it says, for as long as the attempt counts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

async function running(t, task = {}) {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], workingDirectory: "/work" });
  const run = orchestrator.runTask({ name: "a", ...task });
  const call = await provider.call(0);
  return { orchestrator, run, provider, id: run.taskId, ...call };
}

test("says where and for whom", async (t) => {
  const { context, id } = await running(t, { roomId: "room", worldId: "world" });
  assert.deepEqual(
    [context.taskId, context.attempt, context.workingDirectory, context.roomId, context.worldId],
    [id, 1, "/work", "room", "world"],
  );
  const bare = await running(t);
  assert.deepEqual([bare.context.roomId, bare.context.worldId], [undefined, undefined]);
});

test("reports are kept, and true says so", async (t) => {
  const { context, orchestrator, id } = await running(t);
  const step = context.addStep("look");
  assert.deepEqual(step, { id: "s1", description: "look", status: "pending", output: undefined });
  assert.deepEqual([context.appendOutput("one\ntwo"), context.updateProgress(33.5), context.updateStep("s1", "running", "half")], [true, true, true]);
  const { output, progress, steps } = orchestrator.getTask(id);
  assert.deepEqual([output, progress, steps[0].status, steps[0].output], [["one", "two"], 0, "running", "half"]);
});

test("what is wrong with a report is thrown at the provider, and nothing is kept of it", async (t) => {
  const { context, orchestrator } = await running(t);
  for (const [code, call] of [
    ["INVALID_ARGUMENT", () => context.appendOutput(5)],
    ["INVALID_ARGUMENT", () => context.appendOutput()],
    ["LIMIT_EXCEEDED", () => context.appendOutput("x".repeat(1024 * 1024 + 1))],
    ["INVALID_ARGUMENT", () => context.updateProgress(NaN)],
    ["INVALID_ARGUMENT", () => context.updateProgress("50")],
    ["INVALID_ARGUMENT", () => context.addStep(" ")],
    ["INVALID_ARGUMENT", () => context.addStep("\ud800")],
    ["INVALID_ARGUMENT", () => context.addStep(null)],
    ["LIMIT_EXCEEDED", () => context.addStep("x".repeat(16 * 1024 + 1))],
    ["STEP_NOT_FOUND", () => context.updateStep("s1", "completed")],
    ["INVALID_ARGUMENT", () => context.updateStep("s1", "finished")],
    ["INVALID_ARGUMENT", () => context.updateStep(1, "completed")],
  ]) {
    await refused(orchestrator, code, call);
  }
});

test("an uncaught refusal fails the provider's own task, with its code as the cause", async (t) => {
  const orchestrator = await open(t, { providers: [instant((_, context) => context.updateStep("s9", "completed"))] });
  const { status, cause } = await orchestrator.runTask({ name: "a" });
  assert.deepEqual([status, cause.code], ["failed", "STEP_NOT_FOUND"]);
});

describe("the signal", () => {
  test("is aborted by a cancel, with its reason, and once", async (t) => {
    const { context, orchestrator, id } = await running(t);
    const { signal } = context;
    const seen = [];
    signal.addEventListener("abort", () => seen.push(signal.reason));
    assert.ok(signal instanceof AbortSignal && signal === context.signal);
    await orchestrator.cancelTask(id, { reason: "enough" });
    await orchestrator.cancelTask(id, { reason: "again" });
    await turn();
    assert.deepEqual(seen.map(({ name, code, message }) => [name, code, message]), [["OrchestratorError", "TASK_CANCELLED", "enough"]]);
  });

  test("says so when it is first read afterwards", async (t) => {
    const { context, orchestrator, id } = await running(t);
    await orchestrator.cancelTask(id, { reason: "enough" });
    await turn();
    assert.deepEqual([context.signal.aborted, context.signal.reason.message], [true, "enough"]);
  });

  test("keeps the reason also when the task is restarted at once", async (t) => {
    const { context, orchestrator, id } = await running(t);
    const { signal } = context;
    orchestrator.cancelTask(id, { reason: "enough" });
    orchestrator.restartTask(id);
    await turn();
    assert.deepEqual([signal.aborted, signal.reason.message], [true, "enough"]);
  });

  test("is aborted by a delete and by dispose", async (t) => {
    for (const [end, code] of [["deleteTask", "TASK_CANCELLED"], ["dispose", "DISPOSED"]]) {
      const { context, orchestrator, id } = await running(t);
      const { signal } = context;
      await orchestrator[end](id);
      await turn();
      assert.deepEqual([signal.aborted, signal.reason.code], [true, code]);
    }
  });

  test("stays as it is when the task completes", async (t) => {
    const { context, run, resolve } = await running(t);
    const { signal } = context;
    resolve();
    await run;
    await turn();
    assert.equal(signal.aborted, false);
  });

  test("stops what listens to it", async (t) => {
    const orchestrator = await open(t, {
      providers: [instant((_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))))],
    });
    const run = orchestrator.runTask({ name: "a" });
    await turn();
    await orchestrator.cancelTask(run.taskId, { reason: "enough" });
    const { status, error } = await run;
    assert.deepEqual([status, error], ["cancelled", "enough"]);
  });
});

describe("holding", () => {
  test("isPaused follows the task; untilResumed settles with it", async (t) => {
    const { context, orchestrator, id } = await running(t);
    const seen = [];
    assert.equal(context.isPaused(), false);
    await context.untilResumed();
    await orchestrator.pauseTask(id);
    assert.equal(context.isPaused(), true);
    const waiting = context.untilResumed().then(() => seen.push("resumed"));
    await turn();
    assert.deepEqual(seen, []);
    await orchestrator.resumeTask(id);
    await waiting;
    assert.deepEqual([seen, context.isPaused()], [["resumed"], false]);
  });

  test("a pause right after a resume holds again", async (t) => {
    const { context, orchestrator, id } = await running(t);
    await orchestrator.pauseTask(id);
    let resumed = false;
    const waiting = context.untilResumed().then(() => (resumed = true));
    orchestrator.resumeTask(id);
    orchestrator.pauseTask(id);
    await turn();
    assert.equal(resumed, false);
    await orchestrator.resumeTask(id);
    await waiting;
  });

  test("waiting ends with the reason when the task is cancelled, deleted, or disposed of", async (t) => {
    for (const [end, code] of [["cancelTask", "TASK_CANCELLED"], ["deleteTask", "TASK_CANCELLED"], ["dispose", "DISPOSED"]]) {
      const { context, orchestrator, id } = await running(t);
      await orchestrator.pauseTask(id);
      const waiting = context.untilResumed();
      await orchestrator[end](id);
      await refusedWith(code, () => waiting);
      assert.equal(context.isPaused(), false);
      await refusedWith(code, () => context.untilResumed());
    }
  });

  test("nobody need look at what untilResumed gives", async (t) => {
    const { context, orchestrator, id } = await running(t);
    await orchestrator.pauseTask(id);
    void context.untilResumed();
    await orchestrator.cancelTask(id);
    void context.untilResumed();
    // The file fails on an unhandled rejection.
    await turn();
  });

  test("a task that finishes while it is paused is completed", async (t) => {
    const { orchestrator, run, id, resolve } = await running(t);
    await orchestrator.pauseTask(id);
    resolve("done all the same");
    assert.deepEqual([(await run).status, orchestrator.getTask(id).status], ["completed", "completed"]);
  });

  test("a task paused before it runs is not called until it is resumed", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const { id } = await orchestrator.createTask({ name: "a" });
    await orchestrator.pauseTask(id);
    await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.startTask(id));
    assert.equal((await orchestrator.resumeTask(id)).status, "pending", "back to where it was: nobody has started it");
    await turn();
    assert.equal(provider.calls.length, 0);
    orchestrator.startTask(id);
    await provider.call(0);
  });
});

test("after the end every member still answers, and changes nothing", async (t) => {
  for (const end of [
    ({ resolve, run }) => (resolve("done"), run),
    ({ reject, run }) => (reject(new Error("no")), run),
    ({ orchestrator, id }) => orchestrator.cancelTask(id),
    ({ orchestrator, id }) => orchestrator.deleteTask(id),
    ({ orchestrator }) => orchestrator.dispose(),
    // Both before anybody is told of the first.
    ({ orchestrator, id }) => void (orchestrator.cancelTask(id), orchestrator.dispose()),
    async ({ orchestrator, resolve, run }) => {
      resolve("done");
      await run;
      await orchestrator.dispose();
    },
  ]) {
    const task = await running(t);
    await end(task);
    await turn();
    const { context } = task;
    assert.deepEqual(
      [
        context.isCancelled(), context.isPaused(), context.appendOutput("x"), context.updateProgress(5), context.addStep("x").id,
        context.updateStep("s1", "completed"), context.taskId, context.attempt,
      ],
      [true, false, false, false, "s0", false, task.id, 1],
      String(end),
    );
    const error = await context.untilResumed().catch((thrown) => thrown);
    assert.ok(["TASK_CANCELLED", "DISPOSED"].includes(error.code), String(end));
    assert.ok(context.signal instanceof AbortSignal);
  }
});

test("cancelling and disposing at once still aborts the signal", async (t) => {
  for (const end of ["cancelTask", "deleteTask"]) {
    const { context, orchestrator, id } = await running(t);
    const { signal } = context;
    orchestrator[end](id);
    orchestrator.dispose();
    await turn();
    assert.equal(signal.aborted, true, end);
  }
});
