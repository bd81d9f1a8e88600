// What the owner changes about a task, and the task that a user is at.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { START, clock, hashes, open, record, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const messages = (events) => events.filter(({ type }) => type === "task:message").map(({ about, message }) => [about, message]);

describe("creating", () => {
  test("fills in what is not said", async (t) => {
    const orchestrator = await open(t, { providers: [{ ...instant(), label: "At once" }], workingDirectory: "/work" });
    const task = await orchestrator.createTask({ name: "Look" });
    assert.deepEqual({ ...task, id: "" }, {
      id: "", name: "Look", description: "Look", status: "pending", userStatus: "open", waitingFor: undefined, progress: 0, attempt: 0,
      providerId: "instant", providerLabel: "At once", subAgentType: "instant", workingDirectory: "/work", roomId: undefined, worldId: undefined,
      parentId: undefined, tags: [], steps: [], output: [], outputDropped: 0, result: undefined, error: undefined, filesCreated: [],
      filesModified: [], createdAt: START, updatedAt: START, startedAt: undefined, completedAt: undefined, userStatusUpdatedAt: START, metadata: {},
      dependsOn: [], priority: 0, group: undefined, deadline: undefined, startAt: undefined, retryAt: undefined, outlivesParent: false,
    });
    assert.match(task.id, /^[0-9a-v]{18}$/);
  });

  test("keeps all that is said", async (t) => {
    const orchestrator = await open(t);
    const wanted = {
      id: "my-task_1", name: "Look", description: "", providerId: "manual", subAgentType: "scout", workingDirectory: "C:\\work", roomId: "room",
      worldId: "world", tags: ["b", "a", "b", "tag with space"], metadata: { mine: [1] },
    };
    const task = await orchestrator.createTask({ ...wanted, steps: ["one", "two"] });
    assert.deepEqual({ ...wanted, tags: ["b", "a", "tag with space"] }, Object.fromEntries(Object.keys(wanted).map((key) => [key, task[key]])));
    assert.deepEqual(task.steps.map(({ id, description, status }) => [id, description, status]), [["s1", "one", "pending"], ["s2", "two", "pending"]]);
    assert.deepEqual(orchestrator.getTask("my-task_1"), task);
  });

  test("asks for the working directory each time", async (t) => {
    let directory = "/a";
    const orchestrator = await open(t, { workingDirectory: () => directory });
    const first = await orchestrator.createTask({ name: "1" });
    directory = "/b";
    const [second, third] = await orchestrator.createTasks([{ name: "2" }, { name: "3", workingDirectory: "/c" }]);
    assert.deepEqual([first, second, third].map(({ workingDirectory }) => workingDirectory), ["/a", "/b", "/c"]);
  });

  test("takes the only provider, or the default, and else asks for one", async (t) => {
    const both = [manual("a"), manual("b")];
    const named = await open(t, { providers: both, defaultProviderId: "b" });
    assert.equal((await named.createTask({ name: "x" })).providerId, "b");
    const unnamed = await open(t, { providers: both });
    await refused(unnamed, "INVALID_ARGUMENT", () => unnamed.createTask({ name: "x" }));
    const none = await open(t, { providers: [] });
    await refused(none, "PROVIDER_NOT_FOUND", () => none.createTask({ name: "x" }));
  });

  test("of several is all or nothing", async (t) => {
    const orchestrator = await open(t);
    assert.deepEqual(await orchestrator.createTasks([]), []);
    for (const [code, bad] of [
      ["INVALID_ARGUMENT", { name: " " }],
      ["TASK_EXISTS", { name: "twice", id: "one" }],
      ["TASK_NOT_FOUND", { name: "orphan", parentId: "nobody" }],
      ["PROVIDER_NOT_FOUND", { name: "x", providerId: "nobody" }],
    ]) {
      await refused(orchestrator, code, () => orchestrator.createTasks([{ name: "fine", id: "one" }, bad]));
    }
    assert.equal(orchestrator.countTasks().total, 0);
    const made = await orchestrator.createTasks([{ name: "a" }, { name: "b", id: "own" }, { name: "c" }]);
    assert.deepEqual(made.map(({ name }) => name), ["a", "b", "c"]);
    assert.equal(new Set(made.map(({ id }) => id)).size, 3);
  });

  test("refuses an id that is taken, also by itself, and one that looks made here", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({ name: "a", id: "mine" });
    const made = await orchestrator.createTask({ name: "b" });
    await refused(orchestrator, "TASK_EXISTS", () => orchestrator.createTask({ name: "a", id }));
    await refused(orchestrator, "TASK_EXISTS", () => orchestrator.createTask({ name: "a", id: made.id }));
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask({ name: "a", id: `${made.id.slice(0, -1)}9` }));
    // Ids that differ only by case are two ids.
    assert.notEqual((await orchestrator.createTask({ name: "a", id: "MINE" })).id, id);
  });
});

describe("renaming", () => {
  test("changes the name, and tells of a change only", async (t) => {
    const orchestrator = await open(t);
    const events = record(orchestrator);
    const { id } = await orchestrator.createTask({ name: "old" });
    assert.equal((await orchestrator.renameTask(id, "new")).name, "new");
    const before = hashes(orchestrator);
    await orchestrator.renameTask(id, "new");
    assert.deepEqual(hashes(orchestrator), before);
    await turn();
    assert.deepEqual(messages(events).map(([about]) => about), ["name"]);
    assert.match(messages(events)[0][1], /new/);
    assert.deepEqual(orchestrator.searchTasks("new").map((task) => task.id), [id]);
    assert.deepEqual([orchestrator.searchTasks("old").length, orchestrator.getTask(id).description], [1, "old"], "the description stays");
  });

  for (const [what, name, code] of [["blank", " \n", "INVALID_ARGUMENT"], ["empty", "", "INVALID_ARGUMENT"], ["1 MB", "x".repeat(1e6), "LIMIT_EXCEEDED"]]) {
    test(`refuses a name that is ${what}`, async (t) => {
      const orchestrator = await open(t);
      const { id } = await orchestrator.createTask({ name: "kept" });
      await refused(orchestrator, code, () => orchestrator.renameTask(id, name));
      assert.equal(orchestrator.getTask(id).name, "kept");
    });
  }
});

describe("reassigning", () => {
  test("hands a task to another provider, with its name and type", async (t) => {
    const other = { ...instant("from the other", "other"), label: "The other" };
    const orchestrator = await open(t, { providers: [manual(), other], defaultProviderId: "manual" });
    const events = record(orchestrator);
    const { id } = await orchestrator.createTask({ name: "a", subAgentType: "scout" });
    const task = await orchestrator.reassignTask(id, "other");
    assert.deepEqual([task.providerId, task.providerLabel, task.subAgentType], ["other", "The other", "other"]);
    assert.equal((await orchestrator.startTask(id)).summary, "from the other");
    assert.deepEqual(messages(events).map(([about]) => about), ["provider"]);
    assert.deepEqual(orchestrator.listTasks({ providerId: "manual" }).tasks, []);
    assert.deepEqual(orchestrator.listTasks({ providerId: "other" }).tasks.map((found) => found.id), [id]);
  });

  test("to where it is changes nothing; to nobody is refused", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({ name: "a" });
    const before = hashes(orchestrator);
    await orchestrator.reassignTask(id, "manual");
    assert.deepEqual(hashes(orchestrator), before);
    await refused(orchestrator, "PROVIDER_NOT_FOUND", () => orchestrator.reassignTask(id, "nobody"));
  });

  test("takes a waiting task into the other's queue", async (t) => {
    const [slow, free] = [manual("slow", { maxConcurrency: 1 }), manual("free")];
    const orchestrator = await open(t, { providers: [slow, free], defaultProviderId: "slow" });
    orchestrator.runTask({ name: "first" });
    const run = orchestrator.runTask({ name: "second" });
    assert.equal(orchestrator.getTask(run.taskId).waitingFor, "capacity");
    await orchestrator.reassignTask(run.taskId, "free");
    (await free.call(0)).resolve("done elsewhere");
    assert.equal((await run).summary, "done elsewhere");
    assert.equal(slow.calls.length, 1);
  });
});

test("the user status is the user's own, whatever the task does", async (t) => {
  const now = clock();
  const orchestrator = await open(t, { providers: [instant()], now });
  const events = record(orchestrator);
  const run = orchestrator.runTask({ name: "a" });
  now.at = START + 5;
  const done = await orchestrator.setUserStatus(run.taskId, "done");
  assert.deepEqual([done.userStatus, done.userStatusUpdatedAt, done.status], ["done", START + 5, "running"]);
  await run;
  assert.equal(orchestrator.getTask(run.taskId).userStatus, "done");
  const before = hashes(orchestrator);
  await orchestrator.setUserStatus(run.taskId, "done");
  assert.deepEqual(hashes(orchestrator), before);
  assert.equal((await orchestrator.setUserStatus(run.taskId, "open")).userStatus, "open");
  await turn();
  assert.deepEqual(messages(events).map(([about]) => about), ["userStatus", "userStatus"]);
});

describe("the current task", () => {
  test("is the first one made, until another is chosen, or none", async (t) => {
    const orchestrator = await open(t);
    assert.equal(orchestrator.currentTask, undefined);
    const [first, second] = await orchestrator.createTasks([{ name: "alpha" }, { name: "beta" }]);
    assert.equal(orchestrator.currentTask.id, first.id);
    assert.equal((await orchestrator.switchTask(second.id)).id, second.id);
    assert.equal(orchestrator.currentTask.id, second.id);
    assert.equal((await orchestrator.switchTask("alpha")).id, first.id);
    assert.equal(await orchestrator.switchTask(null), undefined);
    assert.equal(orchestrator.currentTask, undefined);
    await orchestrator.createTask({ name: "gamma" });
    assert.equal(orchestrator.currentTask.name, "gamma", "a new task is current when there is none");
  });

  test("tells of a change only", async (t) => {
    const orchestrator = await open(t);
    const events = record(orchestrator);
    const [, second] = await orchestrator.createTasks([{ name: "alpha" }, { name: "beta" }]);
    for (const id of [second.id, second.id, null, null]) await orchestrator.switchTask(id);
    await turn();
    assert.deepEqual(messages(events).map(([about]) => about), ["current", "current"]);
  });

  test("is none after it is deleted", async (t) => {
    const orchestrator = await open(t);
    const [first] = await orchestrator.createTasks([{ name: "alpha" }, { name: "beta" }]);
    await orchestrator.deleteTask(first.id);
    assert.equal(orchestrator.currentTask, undefined);
  });

  test("stays when the search for another finds none, or several", async (t) => {
    const orchestrator = await open(t);
    const [first] = await orchestrator.createTasks([{ name: "Login page" }, { name: "Login form" }, { name: "login" }]);
    for (const [text, code] of [["logout", "TASK_NOT_FOUND"], ["", "INVALID_ARGUMENT"], ["lo", "TASK_AMBIGUOUS"]]) {
      await refused(orchestrator, code, () => orchestrator.switchTask(text));
      assert.equal(orchestrator.currentTask.id, first.id);
    }
    const error = await refused(orchestrator, "TASK_AMBIGUOUS", () => orchestrator.switchTask("lo"));
    assert.match(error.message, /Login page.*Login form|Login form.*Login page/, "it says what there is to choose from");
  });
});

describe("deleting", () => {
  test("takes the task out of everything, and its id is free again", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const run = orchestrator.runTask({ name: "a", id: "mine", tags: ["t"] });
    await run;
    await orchestrator.deleteTask("mine");
    assert.equal(orchestrator.getTask("mine"), undefined);
    assert.deepEqual(orchestrator.countTasks(), { pending: 0, blocked: 0, running: 0, paused: 0, completed: 0, failed: 0, cancelled: 0, total: 0 });
    assert.deepEqual([orchestrator.listTasks().tasks, orchestrator.listTasks({ tag: "t" }).tasks, orchestrator.searchTasks("mine")], [[], [], []]);
    for (const verb of ["deleteTask", "startTask", "pauseTask", "cancelTask", "restartTask", "waitForTask"]) {
      await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator[verb]("mine"));
    }
    await orchestrator.createTask({ name: "b", id: "mine" });
    assert.equal(orchestrator.getTask("mine").name, "b");
  });

  test("cancels a running task first, and its events still name it", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const events = record(orchestrator);
    const run = orchestrator.runTask({ name: "a", id: "mine" });
    const { context } = await provider.call(0);
    const { signal } = context;
    await orchestrator.deleteTask("mine");
    const outcome = await run;
    assert.deepEqual([outcome.status, outcome.taskId, outcome.error], ["cancelled", "mine", "Task deleted"]);
    await turn();
    assert.deepEqual(events.slice(-2).map(({ type, taskId }) => [type, taskId]), [["task:cancelled", "mine"], ["task:deleted", "mine"]]);
    assert.equal(signal.aborted, true);
    assert.deepEqual([context.appendOutput("x"), context.updateProgress(1), context.addStep("x").id, context.isCancelled()], [false, false, "s0", true]);
  });

  test("does not mix up the ids of old and new tasks", async (t) => {
    const orchestrator = await open(t);
    const first = await orchestrator.createTask({ name: "a" });
    await orchestrator.deleteTask(first.id);
    const second = await orchestrator.createTask({ name: "b" });
    assert.notEqual(second.id, first.id);
    assert.equal(orchestrator.getTask(first.id), undefined);
    assert.ok(second.id > first.id, "ids sort by time of creation");
  });
});
