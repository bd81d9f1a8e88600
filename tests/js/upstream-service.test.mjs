// What the original's TypeScript service suite tests (spec 1, section 5.5), in the words of this package.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, record, turn } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import "./help/unhandled.mjs";

const one = async (t, task = {}) => {
  const orchestrator = await open(t, { workingDirectory: "/work" });
  return { orchestrator, ...(await orchestrator.createTask({ name: "Build", description: "the thing", ...task })) };
};

describe("createCodeTask", () => {
  test("full metadata", async (t) => {
    const { orchestrator: _, ...task } = await one(t, { roomId: "room", worldId: "agent", subAgentType: "eliza", tags: ["code"] });
    const { name, description, status, progress, output, steps, workingDirectory, roomId, worldId, subAgentType, tags, userStatus } = task;
    assert.deepEqual(
      { name, description, status, progress, output, steps, workingDirectory, roomId, worldId, subAgentType, tags, userStatus },
      {
        name: "Build", description: "the thing", status: "pending", progress: 0, output: [], steps: [], workingDirectory: "/work", roomId: "room", worldId: "agent",
        subAgentType: "eliza", tags: ["code"], userStatus: "open",
      },
    );
  });
  test("selects the first by itself, and tells of it", async (t) => {
    const orchestrator = await open(t);
    const events = record(orchestrator, { types: ["task:created"] });
    const task = await orchestrator.createTask({ name: "Build" });
    await turn();
    assert.equal(orchestrator.currentTask.id, task.id);
    assert.deepEqual(events.map(({ taskId, name, providerId }) => [taskId, name, providerId]), [[task.id, "Build", "manual"]]);
  });
});

describe("getTask", () => {
  test("gives the task, or nothing", async (t) => {
    const { orchestrator, id } = await one(t);
    assert.equal(orchestrator.getTask(id).name, "Build");
    assert.equal(orchestrator.getTask("nobody"), undefined);
  });
});

describe("searchTasks", () => {
  test("by name, by description, and in vain", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTasks([
      { name: "Authentication", description: "x" }, { name: "Auth tests", description: "y" }, { name: "Billing", description: "the payment gateway" },
    ]);
    assert.deepEqual(["auth", "payment", "nothing like it"].map((text) => orchestrator.searchTasks(text).length), [2, 1, 0]);
  });
});

describe("updateTaskStatus", () => {
  test("running has a start, completed and cancelled have an end", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const run = orchestrator.runTask({ name: "a" });
    assert.ok(orchestrator.getTask(run.taskId).startedAt > 0);
    await run;
    assert.ok(orchestrator.getTask(run.taskId).completedAt > 0);
    const { id } = await orchestrator.createTask({ name: "b" });
    assert.ok((await orchestrator.cancelTask(id)).completedAt > 0);
  });
});

describe("updateTaskProgress", () => {
  for (const [given, kept] of [[50, 50], [150, 100], [-10, 0]]) {
    test(`${given} is ${kept}`, async (t) => {
      const { orchestrator, id } = await one(t);
      await orchestrator.updateProgress(id, given);
      assert.equal(orchestrator.getTask(id).progress, kept);
    });
  }
});

describe("appendOutput", () => {
  test("splits lines, and drops exactly the blank ones", async (t) => {
    const { orchestrator, id } = await one(t);
    await orchestrator.appendOutput(id, "Line 1\nLine 2");
    await orchestrator.appendOutput(id, "\nLine 3\n\n  \nLine 4\n");
    assert.deepEqual(orchestrator.getTask(id).output, ["Line 1", "Line 2", "Line 3", "Line 4"]);
  });
});

describe("setCurrentTask, deleteTask", () => {
  test("select one, select none, delete the selected one", async (t) => {
    const { orchestrator, id } = await one(t);
    await orchestrator.switchTask(null);
    assert.equal(orchestrator.currentTask, undefined);
    await orchestrator.switchTask(id);
    assert.equal(orchestrator.currentTask.id, id);
    await orchestrator.deleteTask(id);
    assert.deepEqual([orchestrator.getTask(id), orchestrator.currentTask], [undefined, undefined]);
  });
});

describe("setUserStatus, cancelTask", () => {
  test("are kept", async (t) => {
    const { orchestrator, id } = await one(t);
    assert.equal((await orchestrator.setUserStatus(id, "done")).userStatus, "done");
    assert.equal((await orchestrator.cancelTask(id)).status, "cancelled");
  });
});

describe("getTaskContext", () => {
  test("is this exact text without tasks", async (t) => {
    assert.equal((await open(t)).taskContext(), "No tasks have been created yet.");
  });
  test("has heading, name, status, steps and output", async (t) => {
    const { orchestrator, id } = await one(t, { steps: ["first"] });
    await orchestrator.appendOutput(id, "a line");
    const text = orchestrator.taskContext();
    for (const part of ["## Current Task (selected): Build", "**Execution status**: pending", "- [pending] first", "### Task Output (history)", "a line"]) {
      assert.ok(text.includes(part), part);
    }
  });
});
