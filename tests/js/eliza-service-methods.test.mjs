// What the original's service suite tests (spec 1, section 5.5), and what no edition of it ever tested (section 5.7).
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AGENT, OTHER_ROOM, ROOM, WORLD, loaded, runtime } from "./help/eliza.mjs";
import { turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const one = async (t, options) => {
  const given = await loaded(t, options);
  const { id } = await given.service.createTask("Build", "the whole thing", ROOM);
  return { ...given, id, metadata: async () => (await given.service.getTask(id)).metadata };
};
const names = (tasks) => tasks.map(({ name }) => name);

describe("createCodeTask", () => {
  test("gives a task with all its metadata", async (t) => {
    const { service } = await loaded(t);
    const task = await service.createCodeTask("Build", "the whole thing");
    const { createdAt, userStatusUpdatedAt, ...metadata } = task.metadata;
    assert.deepEqual(metadata, {
      status: "pending", userStatus: "open", progress: 0, output: [], steps: [], workingDirectory: "/work",
      providerId: "eliza", providerLabel: "Eliza", subAgentType: "eliza", filesCreated: [], filesModified: [],
    });
    assert.ok(createdAt > 0 && userStatusUpdatedAt === createdAt);
    assert.match(task.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.ok(task.tags.includes("code"));
    assert.equal(task.worldId, AGENT, "without a room it is in the agent's own world");
  });
  test("has a UUID of its own, also in a page that has no crypto.randomUUID", async (t) => {
    const { service } = await loaded(t);
    t.mock.method(globalThis.crypto, "randomUUID", () => assert.fail("there is none on plain http"));
    const ids = await Promise.all(Array.from({ length: 200 }, async () => (await service.createCodeTask("a", "b")).id));
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Set(ids).size, 200);
  });
  test("takes the world of its room", async (t) => {
    const { service } = await loaded(t);
    const { roomId, worldId } = await service.createCodeTask("a", "b", ROOM);
    assert.deepEqual([roomId, worldId], [ROOM, WORLD]);
  });
  test("becomes the current task when there is none", async (t) => {
    const { service } = await loaded(t);
    const first = await service.createCodeTask("a", "b");
    await service.createCodeTask("c", "d");
    assert.equal((await service.getCurrentTask()).id, first.id);
  });
  test("is told", async (t) => {
    const { service } = await loaded(t);
    const told = [];
    service.on("task", ({ type, taskId }) => told.push([type, taskId]));
    const { id } = await service.createCodeTask("a", "b");
    await turn();
    assert.deepEqual(told, [["task:created", id]]);
  });
});

describe("getTask", () => {
  test("gives the task", async (t) => {
    const { service, id } = await one(t);
    assert.equal((await service.getTask(id)).name, "Build");
  });
  test("gives null when there is none", async (t) => assert.equal(await (await loaded(t)).service.getTask("nobody"), null));
});

describe("searchTasks", () => {
  async function three(t) {
    const { service } = await loaded(t);
    for (const [name, description] of [["Authentication", "x"], ["Auth tests", "y"], ["Billing", "the payment gateway"]]) await service.createTask(name, description);
    return service;
  }
  test("finds by name", async (t) => assert.equal((await (await three(t)).searchTasks("auth")).length, 2));
  test("finds by description", async (t) => assert.deepEqual(names(await (await three(t)).searchTasks("payment")), ["Billing"]));
  test("finds nothing for what is nowhere, nor for an empty text", async (t) => {
    const service = await three(t);
    assert.deepEqual([await service.searchTasks("nothing like it"), await service.searchTasks("  ")], [[], []]);
  });
});

describe("updateTaskStatus", () => {
  test("running is started, with a start", async (t) => {
    const provider = manual("eliza");
    const { service, id, metadata } = await one(t, { providers: [provider] });
    await service.updateTaskStatus(id, "running");
    await provider.call(0);
    const { status, startedAt } = await metadata();
    assert.deepEqual([status, startedAt > 0], ["running", true]);
  });
  test("completed has an end", async (t) => {
    const { service, id, metadata } = await one(t, { providers: [manual("eliza")] });
    await service.updateTaskStatus(id, "completed");
    const { status, completedAt, progress } = await metadata();
    assert.deepEqual([status, completedAt > 0, progress], ["completed", true, 100]);
  });
  test("cancelled has an end", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.updateTaskStatus(id, "cancelled");
    const { status, completedAt } = await metadata();
    assert.deepEqual([status, completedAt > 0], ["cancelled", true]);
  });
});

describe("updateTaskProgress", () => {
  test("sets it", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.updateTaskProgress(id, 50);
    assert.equal((await metadata()).progress, 50);
  });
  test("keeps it within 0 and 100, and takes what is no number for 0", async (t) => {
    const { service, id, metadata } = await one(t);
    const kept = [];
    for (const given of [150, -10, 33.5, Infinity, NaN]) {
      await service.updateTaskProgress(id, given);
      kept.push((await metadata()).progress);
    }
    assert.deepEqual(kept, [100, 0, 34, 0, 0]);
  });
});

describe("appendOutput", () => {
  test("splits lines", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.appendOutput(id, "Line 1\nLine 2");
    assert.deepEqual((await metadata()).output, ["Line 1", "Line 2"]);
  });
  test("drops exactly the blank ones", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.appendOutput(id, "Line 1\n\n  \nLine 2\n");
    assert.deepEqual((await metadata()).output, ["Line 1", "Line 2"]);
  });
});

describe("setCurrentTask", () => {
  test("sets it", async (t) => {
    const { service } = await one(t);
    const second = await service.createTask("second", "2");
    await service.setCurrentTask(second.id);
    assert.equal(service.getCurrentTaskId(), second.id);
  });
  test("null is none", async (t) => {
    const { service } = await one(t);
    await service.setCurrentTask(null);
    assert.deepEqual([service.getCurrentTaskId(), await service.getCurrentTask()], [null, null]);
  });
});

describe("deleteTask", () => {
  test("removes it", async (t) => {
    const { service, id } = await one(t);
    await service.deleteTask(id);
    assert.equal(await service.getTask(id), null);
  });
  test("leaves no current task that is gone", async (t) => {
    const { service, id } = await one(t);
    await service.deleteTask(id);
    assert.equal(service.getCurrentTaskId(), null);
  });
});

test("setUserStatus is kept", async (t) => {
  const { service, id, metadata } = await one(t);
  await service.setUserStatus(id, "done");
  assert.equal((await metadata()).userStatus, "done");
});

test("cancelTask sets the status, and isTaskCancelled says so", async (t) => {
  const { service, id, metadata } = await one(t);
  await service.cancelTask(id);
  assert.deepEqual([(await metadata()).status, service.isTaskCancelled(id)], ["cancelled", true]);
});

describe("getTaskContext", () => {
  test("has heading, name, status and output", async (t) => {
    const { service, id } = await one(t);
    await service.appendOutput(id, "a line");
    const text = await service.getTaskContext();
    for (const part of ["## Current Task (selected): Build", "**Execution status**: pending", "### Task Output (history)", "a line"]) assert.ok(text.includes(part), part);
  });
  test("is this exact text without tasks", async (t) => assert.equal(await (await loaded(t)).service.getTaskContext(), "No tasks have been created yet."));
  test("has the steps", async (t) => {
    const { service, id } = await one(t);
    await service.addStep(id, "first");
    assert.match(await service.getTaskContext(), /### Plan \/ Steps\n- \[pending\] first/);
  });
});

describe("what no edition tested", () => {
  test("progress is the rounded share of completed steps", async (t) => {
    const { service, id, metadata } = await one(t);
    const steps = [];
    for (const description of ["a", "b", "c"]) steps.push(await service.addStep(id, description));
    for (const step of steps.slice(0, 2)) await service.updateStep(id, step.id, "completed", "ok");
    const { progress, steps: kept } = await metadata();
    assert.deepEqual([progress, kept.map(({ status, output }) => [status, output])], [67, [["completed", "ok"], ["completed", "ok"], ["pending", undefined]]]);
  });
  test("an unknown step changes nothing", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.addStep(id, "a");
    await service.updateTaskProgress(id, 20);
    await refusedWith("STEP_NOT_FOUND", () => service.updateStep(id, "s9", "completed"));
    assert.equal((await metadata()).progress, 20);
  });
  test("a result after the cancel is refused", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.cancelTask(id);
    await refusedWith("ILLEGAL_TRANSITION", () => service.setTaskResult(id, { success: true, summary: "too late" }));
    const { status, result } = await metadata();
    assert.deepEqual([status, result], ["cancelled", undefined]);
  });
  test("a result can be told in the provider's place, before, while and although it runs", async (t) => {
    const provider = manual("eliza");
    const { service } = await loaded(t, { providers: [provider] });
    const tasks = [];
    for (const name of ["before", "while", "paused"]) tasks.push(await service.createTask(name, name));
    const result = { success: true, summary: "told", filesCreated: ["a.ts"] };
    await service.setTaskResult(tasks[0].id, result);
    assert.equal(provider.calls.length, 0);
    for (const [number, { id }] of tasks.slice(1).entries()) {
      void service.startTaskExecution(id);
      await provider.call(number);
    }
    await service.pauseTask(tasks[2].id);
    for (const { id } of tasks.slice(1)) await service.setTaskResult(id, result);
    provider.calls[0].resolve("of the provider, too late");
    await turn();
    for (const { metadata } of await service.getTasks()) assert.deepEqual([metadata.status, metadata.result.summary, metadata.filesCreated], ["completed", "told", ["a.ts"]]);
  });
  test("a result can be told right after the start, before the provider was asked, and for the run that counts", async (t) => {
    const provider = manual("eliza");
    const { service, id, metadata } = await one(t, { providers: [provider] });
    const run = service.startTaskExecution(id);
    await service.setTaskResult(id, { success: true, summary: "told" });
    assert.deepEqual([(await run).summary, provider.calls.length], ["told", 0]);
    // The first of two runs never ends; what is told is for the second.
    const first = service.orchestrator.restartTask(id);
    await provider.call(0);
    await service.cancelTask(id);
    await first;
    void service.orchestrator.restartTask(id);
    await service.setTaskResult(id, { success: true, summary: "told again" });
    assert.deepEqual([(await metadata()).result.summary, provider.calls.length], ["told again", 1]);
  });
  test("a provider that gives lines ends by itself", async (t) => {
    let done;
    const { service, id, metadata } = await one(t, { providers: [{ id: "eliza", async *executeTask() {
      yield "one";
      await new Promise((resolve) => (done = resolve));
      return "of the provider";
    } }] });
    const run = service.startTaskExecution(id);
    while (done === undefined) await turn();
    await refusedWith("ILLEGAL_TRANSITION", () => service.setTaskResult(id, { success: true }));
    done();
    assert.equal((await run).summary, "of the provider");
    assert.deepEqual((await metadata()).output, ["one"]);
  });
  test("a result told for one run is not that of the next", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.setTaskError(id, "told");
    await service.orchestrator.restartTask(id);
    assert.equal((await metadata()).result.summary, "done");
  });
  test("setTaskError fails the task, for good", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.setTaskError(id, "no disk");
    const { status, error, completedAt } = await metadata();
    assert.deepEqual([status, error, completedAt > 0], ["failed", "no disk", true]);
  });
  test("500 lines of output are kept, the last ones", async (t) => {
    const { service, id, metadata } = await one(t);
    await service.appendOutput(id, Array.from({ length: 600 }, (_, n) => `line ${n}`).join("\n"));
    const { output } = await metadata();
    assert.deepEqual([output.length, output[0], output.at(-1)], [500, "line 100", "line 599"]);
  });
  test("200 of them are in the context", async (t) => {
    const { service, id } = await one(t);
    await service.appendOutput(id, Array.from({ length: 600 }, (_, n) => `line ${n}`).join("\n"));
    const text = await service.getTaskContext();
    assert.deepEqual([text.match(/line \d+/g).length, text.includes("line 399\n"), text.includes("line 400\n")], [200, false, true]);
  });
  test("a full run is told in this order, once each", async (t) => {
    const provider = { id: "eliza", executeTask: async (_, context) => (context.appendOutput("hello"), { success: true, summary: "done" }) };
    const { service } = await loaded(t, { providers: [provider] });
    const told = [];
    service.on("task", ({ type, data }) => told.push([type, data.output ?? data.summary ?? data.name]));
    const { id } = await service.createTask("a", "b");
    await service.startTaskExecution(id);
    await turn();
    assert.deepEqual(told, [["task:created", "a"], ["task:started", undefined], ["task:output", ["hello"]], ["task:completed", "done"]]);
  });
  test("a provider that throws fails its task, and nothing rejects", async (t) => {
    const { service, id, metadata } = await one(t, { providers: [{ id: "eliza", executeTask: () => { throw new TypeError("no such tool"); } }] });
    const outcome = await service.startTaskExecution(id);
    assert.deepEqual([outcome.status, outcome.cause instanceof TypeError, (await metadata()).error], ["failed", true, "no such tool"]);
  });
  test("two starts are one run", async (t) => {
    const provider = manual("eliza");
    const { service, id } = await one(t, { providers: [provider] });
    const runs = [service.startTaskExecution(id), service.startTaskExecution(id)];
    (await provider.call(0)).resolve("once");
    assert.deepEqual((await Promise.all(runs)).map(({ summary }) => summary), ["once", "once"]);
    assert.equal(provider.calls.length, 1);
  });
  test("a start nobody waits for, of a task that cannot start, harms nobody", async (t) => {
    const { service, id } = await one(t);
    await service.cancelTask(id);
    void service.startTaskExecution(id);
    void service.startTaskExecution("nobody");
    void service.setCurrentTask("nobody");
    await turn();
    await refusedWith("ILLEGAL_TRANSITION", () => service.startTaskExecution(id));
  });
  test("rename trims, and an empty name changes nothing", async (t) => {
    const { service, id } = await one(t);
    await service.renameTask(id, "  Rebuild ");
    await service.renameTask(id, "   ");
    assert.equal((await service.getTask(id)).name, "Rebuild");
  });
  test("a task can be given to another provider", async (t) => {
    const { service, id, metadata } = await one(t, { providers: [instant("of eliza", "eliza"), { ...instant("of codex", "codex"), label: "Codex" }] });
    await service.setTaskSubAgentType(id, "codex");
    const { providerId, providerLabel } = await metadata();
    assert.deepEqual([providerId, providerLabel], ["codex", "Codex"]);
    assert.equal((await service.startTaskExecution(id)).summary, "of codex");
  });
  test("extra fields of a result and of a task come back from the journal", async (t) => {
    const journal = memoryJournal();
    const options = { journal, providers: [instant({ success: true, summary: "done", cost: { usd: 0.5 }, notes: ["ü"] }, "eliza")] };
    const first = await loaded(t, options);
    const { id } = await first.service.orchestrator.createTask({ name: "a", metadata: { entityId: "ann", ticket: 7 }, roomId: ROOM });
    await first.service.startTaskExecution(id);
    await first.service.stop();
    const { metadata, entityId } = await (await loaded(t, options)).service.getTask(id);
    assert.deepEqual([metadata.result.cost, metadata.result.notes, metadata.ticket, entityId], [{ usd: 0.5 }, ["ü"], 7, "ann"]);
  });
  test("changes at the same time are all kept", async (t) => {
    const { service, id, metadata } = await one(t);
    await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => service.appendOutput(id, `line ${n}`)), service.updateTaskProgress(id, 40), service.renameTask(id, "b"), service.addStep(id, "s"),
    ]);
    const { output, progress, steps } = await metadata();
    assert.deepEqual([output.length, progress, steps.length, (await service.getTask(id)).name], [20, 40, 1, "b"]);
  });
  test("the provider sees the task as it is when it runs, for whom, and who it is itself", async (t) => {
    const seen = [];
    const provider = { id: "eliza", label: "Eliza", executeTask(task, context) {
      seen.push(task.metadata.status, task.entityId, context.runtimeAgentId, context.roomId, context.worldId, context.workingDirectory, this === provider);
    } };
    const { chat } = await loaded(t, { providers: [provider] });
    await chat.act("CREATE_TASK", "create a task for login");
    await turn();
    assert.deepEqual(seen, ["running", chat.message("").entityId, AGENT, ROOM, WORLD, "/work", true]);
  });
});

test("what is nothing of the kind is refused, by a promise, and changes nothing", async (t) => {
  const { service, id } = await one(t);
  const before = service.orchestrator.stateHash();
  const wrong = [
    ["setTaskResult", id, null], ["setTaskResult", id, { success: "yes" }], ["setTaskError", id, 7], ["renameTask", id, {}], ["searchTasks", 7], ["appendOutput", id, 7],
    ["addStep", id, null], ["setUserStatus", id, "shut"], ["updateTaskStatus", 7, "running"], ["getTask", {}], ["createTask", 7, "b"], ["createTask", " ", "b"], ["setCurrentTask", 7],
    ["getRecentTasks", -1], ["getTasksByStatus", "gone"], ["startTaskExecution", undefined],
  ];
  for (const [method, ...args] of wrong) await refusedWith("INVALID_ARGUMENT", () => service[method](...args));
  await refusedWith("ILLEGAL_TRANSITION", () => service.updateTaskStatus(id, "blocked"));
  assert.equal(service.orchestrator.stateHash(), before);
});

describe("the active provider", () => {
  const providers = [instant("1", "eliza"), instant("2", "codex"), instant("3", "other")];
  const provider = async (service, id) => (await service.createTask("a", "b", undefined, id)).metadata.providerId;
  test("is that of the runtime's setting, else of the variable, else the default one; asked at each create", async (t) => {
    const { service, runtime: { settings } } = await loaded(t, { providers });
    t.after(() => delete process.env.ELIZA_CODE_ACTIVE_SUB_AGENT);
    const used = [await provider(service)];
    process.env.ELIZA_CODE_ACTIVE_SUB_AGENT = "  other ";
    used.push(await provider(service));
    settings.ELIZA_CODE_ACTIVE_SUB_AGENT = "codex";
    used.push(await provider(service), await provider(service, "other"));
    settings.ELIZA_CODE_ACTIVE_SUB_AGENT = " ";
    process.env.ELIZA_CODE_ACTIVE_SUB_AGENT = "";
    used.push(await provider(service));
    assert.deepEqual(used, ["eliza", "other", "codex", "other", "eliza"]);
  });
  test("has the name that the options give it", async (t) => {
    const { service, runtime: { settings } } = await loaded(t, { providers, activeProviderEnvVar: "MY_AGENT" });
    settings.ELIZA_CODE_ACTIVE_SUB_AGENT = "other";
    settings.MY_AGENT = "codex";
    assert.equal(await provider(service), "codex");
  });
  test("that is unknown is refused, with the names of those there are", async (t) => {
    const { service, runtime: { settings } } = await loaded(t, { providers });
    settings.ELIZA_CODE_ACTIVE_SUB_AGENT = "nobody";
    assert.match((await refusedWith("PROVIDER_NOT_FOUND", () => service.createTask("a", "b"))).message, /eliza, codex, other/);
  });
});

test("an unknown room has no world, and a runtime that throws is warned of: the task is in the agent's own world", async (t) => {
  const into = runtime({ getRoom: async (id) => { if (id === OTHER_ROOM) throw new Error("no database"); return null; } });
  const { service } = await loaded(t, {}, into);
  for (const room of [ROOM, OTHER_ROOM]) assert.equal((await service.createTask("a", "b", room)).worldId, AGENT);
  assert.deepEqual(into.warnings.map(({ error }) => error), ["no database"]);
});
