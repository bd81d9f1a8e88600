// What the original's integration suite tests (spec 1, section 5.4), through the service in a runtime: four providers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ROOM, loaded } from "./help/eliza.mjs";
import { turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const PROVIDERS = [["eliza", "Eliza"], ["claude-code", "Claude Code"], ["codex", "Codex"], ["sweagent", "SWE Agent"]];

/** Works like the original's mock providers: looks whether it is to hold or to end between its steps. */
const mock = ([id, label]) => ({
  id,
  label,
  async executeTask(task, context) {
    await context.appendOutput(`${label} begins ${task.name}`);
    for (const percent of [30, 60, 100]) {
      await turn();
      while (context.isPaused() && !context.isCancelled()) await turn();
      if (context.isCancelled()) return { success: false, summary: "cancelled", filesModified: [], filesCreated: [] };
      await context.updateProgress(percent);
    }
    await context.appendOutput(`${label} is done`);
    return { success: true, summary: `${label} did ${task.name}`, filesCreated: [`${id}.ts`], filesModified: ["index.ts"] };
  },
});
const four = async (t) => (await loaded(t, { providers: PROVIDERS.map(mock), defaultProviderId: "eliza" })).service;

describe("routing", () => {
  test("the default provider, with its label", async (t) => {
    const { metadata } = await (await four(t)).createTask("a", "b", ROOM);
    assert.deepEqual([metadata.providerId, metadata.providerLabel], ["eliza", "Eliza"]);
  });
  for (const [id, label] of PROVIDERS.slice(1)) {
    test(`${id} when asked for`, async (t) => {
      const { metadata } = await (await four(t)).createTask("a", "b", undefined, id);
      assert.deepEqual([metadata.providerId, metadata.providerLabel, metadata.subAgentType], [id, label, id]);
    });
  }
  test("an unknown one is refused, with the names of those there are", async (t) => {
    const service = await four(t);
    const { message } = await refusedWith("PROVIDER_NOT_FOUND", () => service.createTask("a", "b", undefined, "nobody"));
    assert.match(message, /eliza, claude-code, codex, sweagent/);
    assert.deepEqual(await service.getTasks(), []);
  });
});

describe("execution", () => {
  for (const [id, label] of PROVIDERS) {
    test(`${id} completes its task`, async (t) => {
      const service = await four(t);
      const { id: taskId } = await service.createTask("work", "to do", ROOM, id);
      await service.startTaskExecution(taskId);
      const { metadata } = await service.getTask(taskId);
      assert.deepEqual([metadata.status, metadata.progress, metadata.result.success, metadata.result.summary], ["completed", 100, true, `${label} did work`]);
    });
  }
  test("the files of the result are those of the task", async (t) => {
    const service = await four(t);
    const { id } = await service.createTask("work", "to do");
    await service.startTaskExecution(id);
    const { metadata } = await service.getTask(id);
    assert.deepEqual([metadata.filesCreated, metadata.filesModified], [["eliza.ts"], ["index.ts"]]);
  });
  test("what the provider says is the task's output", async (t) => {
    const service = await four(t);
    const { id } = await service.createTask("work", "to do", ROOM, "codex");
    await service.startTaskExecution(id);
    assert.deepEqual((await service.getTask(id)).metadata.output, ["Codex begins work", "Codex is done"]);
  });
});

describe("lifecycle", () => {
  async function started(t) {
    const service = await four(t);
    const { id } = await service.createTask("a", "b");
    const run = service.startTaskExecution(id);
    await turn();
    return { service, id, run, status: async () => (await service.getTask(id)).metadata.status };
  }
  test("pause is a status that the provider sees", async (t) => {
    const { service, id, status } = await started(t);
    await service.pauseTask(id);
    for (let n = 0; n < 10; n++) await turn();
    assert.deepEqual([await status(), service.isTaskPaused(id)], ["paused", true]);
  });
  test("resume ends it, and the task is finished", async (t) => {
    const { service, id, run, status } = await started(t);
    await service.pauseTask(id);
    await service.resumeTask(id);
    assert.deepEqual([await status(), service.isTaskPaused(id)], ["running", false]);
    assert.equal((await run).status, "completed");
  });
  test("cancel is a status that stays", async (t) => {
    const { service, id, run, status } = await started(t);
    await service.cancelTask(id);
    for (let n = 0; n < 10; n++) await turn();
    assert.deepEqual([await status(), service.isTaskCancelled(id), (await run).status], ["cancelled", true, "cancelled"]);
  });
  test("the user status is kept beside it", async (t) => {
    const { service, id } = await started(t);
    await service.setUserStatus(id, "done");
    const { metadata } = await service.getTask(id);
    assert.deepEqual([metadata.userStatus, metadata.status], ["done", "running"]);
  });
});

describe("listing", () => {
  async function listed(t) {
    const service = await four(t);
    const done = await service.createTask("Done work", "finished long ago");
    await service.startTaskExecution(done.id);
    for (const [name, description] of [["Fix login", "sign in fails"], ["Write docs", "for the API"], ["Refactor", "the parser"]]) await service.createTask(name, description);
    return service;
  }
  const names = (tasks) => tasks.map(({ name }) => name);
  test("the recent ones, newest first", async (t) => {
    const service = await listed(t);
    assert.deepEqual(names(await service.getRecentTasks()), ["Refactor", "Write docs", "Fix login", "Done work"]);
    assert.deepEqual(names(await service.getRecentTasks(2)), ["Refactor", "Write docs"]);
  });
  test("by a word of the name", async (t) => assert.deepEqual(names(await (await listed(t)).searchTasks("login")), ["Fix login"]));
  test("by a word of the description", async (t) => assert.deepEqual(names(await (await listed(t)).searchTasks("parser")), ["Refactor"]));
  test("by status", async (t) => assert.deepEqual(names(await (await listed(t)).getTasksByStatus("completed")), ["Done work"]));
  test("status and user status are independent", async (t) => {
    const service = await listed(t);
    await service.setUserStatus((await service.searchTasks("docs"))[0].id, "done");
    assert.equal((await service.getTasksByStatus("pending")).length, 3);
    assert.equal((await service.getTasks()).filter(({ metadata }) => metadata.userStatus === "open").length, 3);
  });
});

describe("the current task", () => {
  async function two(t) {
    const service = await four(t);
    return { service, first: await service.createTask("one", "1"), second: await service.createTask("two", "2", undefined, "codex") };
  }
  test("is the first one by itself", async (t) => {
    const { service, first } = await two(t);
    assert.equal(service.getCurrentTaskId(), first.id);
  });
  test("is another one on request", async (t) => {
    const { service, second } = await two(t);
    await service.setCurrentTask(second.id);
    assert.equal(service.getCurrentTaskId(), second.id);
  });
  test("comes with its details", async (t) => {
    const { service, second } = await two(t);
    await service.setCurrentTask(second.id);
    const { name, description, metadata } = await service.getCurrentTask();
    assert.deepEqual([name, description, metadata.providerId], ["two", "2", "codex"]);
  });
});

describe("the context text", () => {
  async function worked(t) {
    const service = await four(t);
    const { id } = await service.createTask("Build it", "with care", undefined, "claude-code");
    await service.addStep(id, "Plan");
    await service.startTaskExecution(id);
    return service.getTaskContext();
  }
  test("has name, status, steps and output", async (t) => {
    const text = await worked(t);
    for (const part of ["Build it", "completed", "100%", "[pending] Plan", "Claude Code is done"]) assert.ok(text.includes(part), part);
  });
  test("has the provider's label", async (t) => assert.match(await worked(t), /\*\*Provider\*\*: Claude Code/));
});

describe("events", () => {
  async function heard(t, type) {
    const service = await four(t);
    const events = [];
    service.on(type, (event) => events.push(event));
    const { id } = await service.createTask("a", "b");
    return { service, events, id };
  }
  test("created is told", async (t) => {
    const { events, id } = await heard(t, "task:created");
    await turn();
    assert.deepEqual(events.map(({ type, taskId, data }) => [type, taskId, data.name, data.providerId]), [["task:created", id, "a", "eliza"]]);
  });
  test("progress is told", async (t) => {
    const { service, events, id } = await heard(t, "task:progress");
    await service.updateTaskProgress(id, 10);
    await turn();
    assert.deepEqual(events.map(({ taskId, data }) => [taskId, data]), [[id, { progress: 10 }]]);
  });
  test("paused is told, once", async (t) => {
    const { service, events, id } = await heard(t, "task:paused");
    await service.pauseTask(id);
    await turn();
    assert.deepEqual(events.map(({ taskId }) => taskId), [id]);
  });
  test("cancelled is told, with its reason", async (t) => {
    const { service, events, id } = await heard(t, "task:cancelled");
    await service.cancelTask(id);
    await turn();
    assert.deepEqual(events.map(({ taskId, data }) => [taskId, data.reason]), [[id, "Cancelled by user"]]);
  });
});

describe("the full flow", () => {
  for (const [id, label] of PROVIDERS) {
    test(`${label}: created, found, run, finished`, async (t) => {
      const service = await four(t);
      const task = await service.createTask(`for ${id}`, "a flow", ROOM, id);
      assert.deepEqual((await service.searchTasks(`for ${id}`))[0].id, task.id);
      await service.startTaskExecution(task.id);
      await service.setUserStatus(task.id, "done");
      const { metadata } = await service.getTask(task.id);
      assert.deepEqual([metadata.status, metadata.userStatus, metadata.result.summary], ["completed", "done", `${label} did for ${id}`]);
    });
  }
  test("four tasks at once are all done, each by its own provider", async (t) => {
    const service = await four(t);
    const tasks = await Promise.all(PROVIDERS.map(([id]) => service.createTask(`for ${id}`, "at once", ROOM, id)));
    await Promise.all(tasks.map(({ id }) => service.startTaskExecution(id)));
    const done = await service.getTasks();
    assert.deepEqual(done.map(({ metadata }) => [metadata.status, metadata.result.summary]), PROVIDERS.map(([id, label]) => ["completed", `${label} did for ${id}`]));
  });
  test("what is unfinished is listed", async (t) => {
    const service = await four(t);
    const [first] = await Promise.all(["a", "b", "c"].map((name) => service.createTask(name, name)));
    await service.startTaskExecution(first.id);
    assert.deepEqual((await service.getTasksByStatus("pending")).map(({ name }) => name), ["b", "c"]);
  });
});
