// What the original's TypeScript integration suite tests (spec 1, section 5.4): one service, four providers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, record, turn, types } from "./help/open.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const PROVIDERS = [["eliza", "Eliza"], ["claude-code", "Claude Code"], ["codex", "Codex"], ["sweagent", "SWE Agent"]];

/** Works through three steps like the original's mock providers, and holds while its task is paused. */
const mock = ([id, label]) => ({
  id,
  label,
  async executeTask(task, context) {
    context.appendOutput(`${id} begins ${task.name}`);
    for (const percent of [30, 60, 100]) {
      await turn();
      await context.untilResumed();
      if (context.isCancelled()) return { success: false, summary: "cancelled" };
      context.updateProgress(percent);
    }
    context.appendOutput(`${id} is done`);
    return { success: true, summary: `${label} did ${task.name}`, filesCreated: [`${id}.ts`], filesModified: ["index.ts"] };
  },
});
const service = (t) => open(t, { providers: PROVIDERS.map(mock), defaultProviderId: "eliza" });

describe("routing", () => {
  test("the default provider, with its label", async (t) => {
    const { providerId, providerLabel } = await (await service(t)).createTask({ name: "a" });
    assert.deepEqual([providerId, providerLabel], ["eliza", "Eliza"]);
  });
  for (const [id, label] of PROVIDERS.slice(1)) {
    test(`${id} when asked for`, async (t) => {
      const task = await (await service(t)).createTask({ name: "a", providerId: id });
      assert.deepEqual([task.providerId, task.providerLabel, task.subAgentType], [id, label, id]);
    });
  }
  test("an unknown one is refused", async (t) => {
    const orchestrator = await service(t);
    const error = await refused(orchestrator, "PROVIDER_NOT_FOUND", () => orchestrator.createTask({ name: "a", providerId: "nobody" }));
    assert.match(error.message, /eliza, claude-code, codex, sweagent/);
  });
});

describe("execution", () => {
  for (const [id, label] of PROVIDERS) {
    test(`${id} completes, with its result, files and lines`, async (t) => {
      const orchestrator = await service(t);
      const run = orchestrator.runTask({ name: "work", providerId: id });
      await run;
      const task = orchestrator.getTask(run.taskId);
      assert.deepEqual([task.status, task.progress, task.result.success, task.result.summary], ["completed", 100, true, `${label} did work`]);
      assert.deepEqual([task.filesCreated, task.filesModified], [[`${id}.ts`], ["index.ts"]]);
      assert.deepEqual(task.output, [`${id} begins work`, `${id} is done`]);
    });
  }
});

describe("lifecycle", () => {
  async function started(t) {
    const orchestrator = await service(t);
    const run = orchestrator.runTask({ name: "a" });
    return { orchestrator, run, id: run.taskId };
  }
  test("pause holds the provider, and resume lets it finish", async (t) => {
    const { orchestrator, run, id } = await started(t);
    assert.equal((await orchestrator.pauseTask(id)).status, "paused");
    for (let n = 0; n < 10; n++) await turn();
    assert.deepEqual([orchestrator.getTask(id).status, orchestrator.getTask(id).progress], ["paused", 0]);
    assert.equal((await orchestrator.resumeTask(id)).status, "running");
    assert.equal((await run).status, "completed");
  });
  test("cancel during the run stays cancelled", async (t) => {
    const { orchestrator, run, id } = await started(t);
    await turn();
    await orchestrator.cancelTask(id);
    for (let n = 0; n < 10; n++) await turn();
    assert.deepEqual([(await run).status, orchestrator.getTask(id).status], ["cancelled", "cancelled"]);
  });
  test("the user status", async (t) => {
    const { orchestrator, id } = await started(t);
    assert.equal((await orchestrator.setUserStatus(id, "done")).userStatus, "done");
  });
});

describe("listing", () => {
  async function four(t) {
    const orchestrator = await service(t);
    const run = orchestrator.runTask({ name: "Done work", description: "finished" });
    await run;
    await orchestrator.createTasks([
      { name: "Fix login", description: "sign in fails" }, { name: "Write docs", description: "for the API" }, { name: "Refactor", description: "the parser" },
    ]);
    return orchestrator;
  }
  const names = ({ tasks }) => tasks.map(({ name }) => name);
  test("the recent ones", async (t) => assert.deepEqual(names((await four(t)).listTasks()), ["Refactor", "Write docs", "Fix login", "Done work"]));
  test("by name", async (t) => assert.deepEqual((await four(t)).searchTasks("login").map(({ name }) => name), ["Fix login"]));
  test("by description", async (t) => assert.deepEqual((await four(t)).searchTasks("parser").map(({ name }) => name), ["Refactor"]));
  test("by status", async (t) => assert.deepEqual(names((await four(t)).listTasks({ status: "completed" })), ["Done work"]));
  test("by status and user status, each by itself", async (t) => {
    const orchestrator = await four(t);
    await orchestrator.setUserStatus(orchestrator.searchTasks("docs")[0].id, "done");
    assert.equal(orchestrator.listTasks({ status: "pending" }).tasks.length, 3);
    assert.equal(orchestrator.listTasks({ userStatus: "open" }).tasks.length, 3);
  });
  test("unfinished ones", async (t) => {
    const orchestrator = await four(t);
    assert.equal(orchestrator.listTasks({ status: ["pending", "running", "paused"] }).tasks.length, 3);
  });
});

describe("the current task", () => {
  test("the first is selected by itself; another on request, with its details", async (t) => {
    const orchestrator = await service(t);
    const [first, second] = await orchestrator.createTasks([{ name: "one" }, { name: "two", providerId: "codex" }]);
    assert.equal(orchestrator.currentTask.id, first.id);
    await orchestrator.switchTask(second.id);
    assert.deepEqual([orchestrator.currentTask.name, orchestrator.currentTask.providerId], ["two", "codex"]);
  });
});

describe("the context text", () => {
  test("has name, status, steps, output and the provider's label", async (t) => {
    const orchestrator = await service(t);
    const { id } = await orchestrator.createTask({ name: "Build it", providerId: "claude-code", steps: ["Plan", "Code"] });
    await orchestrator.startTask(id);
    const text = orchestrator.taskContext();
    for (const part of ["Build it", "completed", "100%", "Claude Code", "[pending] Plan", "claude-code is done"]) assert.ok(text.includes(part), part);
  });
});

describe("events", () => {
  test("created, progress, paused and cancelled are told", async (t) => {
    const orchestrator = await service(t);
    const events = record(orchestrator);
    const { id } = await orchestrator.createTask({ name: "a" });
    await orchestrator.updateProgress(id, 10);
    await orchestrator.pauseTask(id);
    await orchestrator.cancelTask(id);
    await turn();
    assert.deepEqual(types(events).slice(-4), ["task:created", "task:progress", "task:paused", "task:cancelled"]);
  });
});

describe("the full flow", () => {
  test("four tasks at once, each by its own provider, are all done and routed right", async (t) => {
    const orchestrator = await service(t);
    const runs = PROVIDERS.map(([id]) => orchestrator.runTask({ name: `for ${id}`, providerId: id }));
    const outcomes = await Promise.all(runs);
    assert.deepEqual(outcomes.map(({ summary }) => summary), PROVIDERS.map(([id, label]) => `${label} did for ${id}`));
    for (const [index, [id]] of PROVIDERS.entries()) {
      const task = orchestrator.getTask(runs[index].taskId);
      assert.ok(task.output.every((line) => line.startsWith(id)), "no line went astray");
    }
  });
});
