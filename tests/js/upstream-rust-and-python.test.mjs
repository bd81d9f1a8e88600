// What the original's Rust and Python suites test of its service (spec 1, sections 5.1 and 5.2), under their names.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { open } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import "./help/unhandled.mjs";

const noop = () => manual("noop");

describe("config", () => {
  test("test_configure_and_get: nothing before, the default and its provider after", async (t) => {
    const none = await open(t, { providers: [] });
    assert.deepEqual(none.providers, []);
    const orchestrator = await open(t, { providers: [noop()], defaultProviderId: "noop" });
    assert.deepEqual(orchestrator.providers.map(({ id }) => id), ["noop"]);
    assert.equal((await orchestrator.createTask({ name: "a" })).providerId, "noop");
  });
});

describe("integration", () => {
  const service = (t) => open(t, { providers: [noop()] });
  const create = async (t, name = "Test Task") => {
    const orchestrator = await service(t);
    return { orchestrator, task: await orchestrator.createTask({ name, description: "Test description" }) };
  };

  test("test_create_task", async (t) => {
    const { task } = await create(t);
    assert.deepEqual([task.name, task.description, task.status, task.progress, task.providerId], ["Test Task", "Test description", "pending", 0, "noop"]);
  });
  test("test_get_recent_tasks: three created, two asked for, the newest first", async (t) => {
    const orchestrator = await service(t);
    for (const name of ["Task 1", "Task 2", "Task 3"]) await orchestrator.createTask({ name });
    assert.deepEqual(orchestrator.listTasks({ limit: 2 }).tasks.map(({ name }) => name), ["Task 3", "Task 2"]);
  });
  test("test_search_tasks", async (t) => {
    const orchestrator = await service(t);
    await orchestrator.createTasks([{ name: "Fix bug" }, { name: "Implement feature" }]);
    assert.deepEqual(orchestrator.searchTasks("feature").map(({ name }) => name), ["Implement feature"]);
  });
  test("test_pause_resume_task: paused, then running", async (t) => {
    const { orchestrator, task } = await create(t);
    orchestrator.startTask(task.id);
    assert.equal((await orchestrator.pauseTask(task.id)).status, "paused");
    assert.equal((await orchestrator.resumeTask(task.id)).status, "running");
  });
  test("test_cancel_task", async (t) => {
    const { orchestrator, task } = await create(t);
    const { status, error } = await orchestrator.cancelTask(task.id);
    assert.deepEqual([status, error], ["cancelled", "Cancelled by user"]);
  });
  test("test_update_progress", async (t) => {
    const { orchestrator, task } = await create(t);
    await orchestrator.updateProgress(task.id, 50);
    assert.equal(orchestrator.getTask(task.id).progress, 50);
  });
  test("test_add_step", async (t) => {
    const { orchestrator, task } = await create(t);
    const step = await orchestrator.addStep(task.id, "Step 1");
    assert.deepEqual([step.description, step.status], ["Step 1", "pending"]);
    assert.equal(orchestrator.getTask(task.id).steps.length, 1);
  });
  test("test_get_task_context", async (t) => {
    const orchestrator = await service(t);
    assert.match(orchestrator.taskContext(), /No tasks/);
    await orchestrator.createTask({ name: "Test Task" });
    assert.match(orchestrator.taskContext(), /Test Task/);
  });
  test("test_set_user_status (Python)", async (t) => {
    const { orchestrator, task } = await create(t);
    assert.equal((await orchestrator.setUserStatus(task.id, "done")).userStatus, "done");
  });
});

test("two configurations do not know of each other, where the original has one for the process", async (t) => {
  const [one, two] = await Promise.all([["a", "1"], ["b", "2"]].map(([id, answer]) => AgentOrchestrator.open({ providers: [instant(answer, id)] })));
  t.after(() => Promise.all([one.dispose(), two.dispose()]));
  assert.deepEqual([(await one.runTask({ name: "x" })).summary, (await two.runTask({ name: "x" })).summary], ["1", "2"]);
});
