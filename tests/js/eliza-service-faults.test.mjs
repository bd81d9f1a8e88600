// The faults of the original plugin, as numbered in its description (spec 1, section 6), as far as they lie in the face:
// each one is absent. What the orchestrator itself does about them is in faults-of-the-original.test.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { configureAgentOrchestratorPlugin, agentOrchestratorPlugin, resetAgentOrchestratorPlugin } from "agent-orchestrator-wasm/eliza";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { ANN, BOB, OTHER_ROOM, ROOM, load, loaded, runtime } from "./help/eliza.mjs";
import { turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const names = (tasks) => tasks.map(({ name }) => name);
const heard = (service) => {
  const events = [];
  service.on("task", ({ type, taskId, data }) => events.push({ type, taskId, data }));
  return events;
};
const types = (events) => events.map(({ type }) => type);

test("fault 01: a provider's output, progress and steps are lost; here they are kept", async (t) => {
  const { service } = await loaded(t, { providers: [{ id: "eliza", async executeTask(task, context) {
    await context.appendOutput("said");
    await context.updateStep(task.steps[0].id, "completed", "ok");
    await context.updateProgress(70);
    throw new Error("then it broke");
  } }] });
  const { id } = await service.createTask("a", "b");
  await service.addStep(id, "step");
  await service.startTaskExecution(id);
  const { metadata } = await service.getTask(id);
  assert.deepEqual([metadata.output, metadata.progress, metadata.steps], [["said"], 70, [{ id: "s1", description: "step", status: "completed", output: "ok" }]]);
});

test("fault 03: an edition without handlers, dedupe, recovery, rename, reassign, stop or listeners; here are all of them", async (t) => {
  const journal = memoryJournal();
  const provider = manual("eliza");
  const given = { journal, providers: [provider, instant("of the other", "other")] };
  const { service, plugin } = await loaded(t, given);
  assert.ok(plugin.actions.every(({ handler }) => typeof handler === "function"));
  const events = heard(service);
  const { id } = await service.createTask("a", "b");
  await service.renameTask(id, "c");
  await service.setTaskSubAgentType(id, "other");
  await service.setTaskSubAgentType(id, "eliza");
  const runs = [service.startTaskExecution(id), service.startTaskExecution(id)].map((run) => run.catch(({ code }) => code));
  await provider.call(0);
  await turn();
  assert.deepEqual(types(events), ["task:created", "task:message", "task:message", "task:message", "task:started"]);
  await service.stop();
  assert.deepEqual([provider.calls.length, await Promise.all(runs)], [1, ["DISPOSED", "DISPOSED"]]);
  assert.deepEqual(names((await loaded(t, given)).service.interruptedTasks), ["c"]);
});

test("fault 04: names and keys of events differ between editions, and from the documentation; here each has a type, a taskId and its data", async (t) => {
  const { service } = await loaded(t, { providers: [manual("eliza")] });
  const events = heard(service);
  const { id } = await service.createTask("a", "b");
  await service.updateTaskStatus(id, "running");
  await service.appendOutput(id, "x");
  await service.updateTaskProgress(id, 5);
  await service.pauseTask(id);
  await service.resumeTask(id);
  await service.cancelTask(id);
  await turn();
  assert.deepEqual(types(events), ["task:created", "task:started", "task:output", "task:progress", "task:paused", "task:resumed", "task:cancelled"]);
  assert.ok(events.every(({ taskId, data }) => taskId === id && typeof data === "object"));
});

test("fault 05: of many updates at once all but one are lost; here all are kept, also in the table", async (t) => {
  const { service, runtime: into } = await loaded(t, {}, runtime());
  const { updateTask } = into;
  into.updateTask = async (...args) => {
    await turn();
    return updateTask(...args);
  };
  const { id } = await service.createTask("a", "b");
  await Promise.all([...Array.from({ length: 20 }, (_, n) => service.appendOutput(id, `line ${n}`)), service.updateTaskProgress(id, 50), service.cancelTask(id)]);
  await service.flush();
  for (const { metadata } of [await service.getTask(id), into.rows.get(id)]) assert.deepEqual([metadata.output.length, metadata.progress, metadata.status], [20, 50, "cancelled"]);
});

test("fault 06: a start forgets that the task was cancelled or paused; here a cancelled one does not start, and a paused one is resumed by whoever starts it", async (t) => {
  const provider = manual("eliza");
  const { service } = await loaded(t, { providers: [provider] });
  const [cancelled, paused] = [await service.createTask("a", "b"), await service.createTask("c", "d")];
  await service.cancelTask(cancelled.id);
  await refusedWith("ILLEGAL_TRANSITION", () => service.startTaskExecution(cancelled.id));
  await service.pauseTask(paused.id);
  const run = service.startTaskExecution(paused.id);
  (await provider.call(0)).resolve("done");
  assert.deepEqual([(await run).status, provider.calls.length], ["completed", 1]);
  assert.equal((await service.getTask(cancelled.id)).metadata.error, "Cancelled by user");
});

test("fault 07: a completed task keeps the error of an earlier cancel; here a new run begins clean", async (t) => {
  const { service } = await loaded(t);
  const { id } = await service.createTask("a", "b");
  await service.cancelTask(id);
  await service.orchestrator.restartTask(id);
  const { metadata } = await service.getTask(id);
  assert.deepEqual([metadata.status, "error" in metadata], ["completed", false]);
});

test("fault 08: a result after the cancel is told as completed; here nothing is told but the cancel", async (t) => {
  const provider = manual("eliza");
  const { service } = await loaded(t, { providers: [provider] });
  const events = heard(service);
  const { id } = await service.createTask("a", "b");
  const run = service.startTaskExecution(id);
  const { resolve } = await provider.call(0);
  await service.cancelTask(id);
  resolve({ success: true, summary: "too late" });
  assert.equal((await run).status, "cancelled");
  await turn();
  assert.deepEqual(types(events).slice(2), ["task:cancelled", "task:late"]);
});

test("fault 09: resume makes a task run that has ended, or says running where nobody works; here it is refused, or somebody works", async (t) => {
  const provider = manual("eliza");
  const { service, chat } = await loaded(t, { providers: [provider] });
  const { id } = await service.createTask("login", "b", ROOM);
  await refusedWith("ILLEGAL_TRANSITION", () => service.resumeTask(id));
  void service.startTaskExecution(id);
  (await provider.call(0)).resolve("done");
  await turn();
  await refusedWith("ILLEGAL_TRANSITION", () => service.resumeTask(id));
  assert.match(await chat.say("RESUME_TASK", "resume the login task"), /^Cannot resume task login: .*\nIt is completed\. Say "restart" to run it again\.$/);
  assert.deepEqual([(await service.getTask(id)).status, provider.calls.length], ["completed", 1]);
});

test("fault 10: pausing tells twice, and an unknown id leaves traces; here one fact is one event, and an unknown id is refused", async (t) => {
  const { service } = await loaded(t);
  const events = heard(service);
  const { id } = await service.createTask("a", "b");
  await service.pauseTask(id);
  await service.pauseTask(id);
  for (const method of ["pauseTask", "resumeTask", "cancelTask", "deleteTask", "startTaskExecution", "setCurrentTask"]) await refusedWith("TASK_NOT_FOUND", () => service[method]("nobody"));
  for (const [method, ...rest] of [["updateTaskStatus", "running"], ["updateTaskProgress", 5], ["appendOutput", "x"], ["addStep", "x"], ["updateStep", "s1", "completed"], ["setTaskResult", { success: true }], ["setTaskError", "x"], ["setUserStatus", "done"], ["renameTask", "x"], ["setTaskSubAgentType", "eliza"]]) {
    await refusedWith("TASK_NOT_FOUND", () => service[method]("nobody", ...rest));
  }
  await turn();
  assert.deepEqual([types(events), service.isTaskPaused("nobody"), service.isTaskCancelled("nobody")], [["task:created", "task:paused"], false, false]);
});

test("fault 11: a search for code, task or queue finds every task, and actions take the first; here they find what has the word, and doubt is a question", async (t) => {
  const { service, chat } = await loaded(t, { providers: [manual("eliza")] });
  for (const name of ["Login page", "Login form"]) await chat.act("CREATE_TASK", `create a task for ${name}`);
  for (const word of ["code", "queue", "orchestrator", "que"]) assert.deepEqual(await service.searchTasks(word), [], word);
  assert.match(await chat.say("CANCEL_TASK", "cancel the login task"), /^Which one\? 2 tasks match:\n1\. Login form — running 0%\n2\. Login page — running 0%\n/);
  assert.deepEqual((await service.getTasks()).map(({ status }) => status), ["running", "running"]);
});

test("fault 12: parts of words make an action valid, and its own similes do not; here whole words do", async (t) => {
  const { chat } = await loaded(t);
  const valid = {};
  for (const text of ["What is your address?", "the prefix is wrong", "abort task 2", "go to task 2", "all tasks", "run task login", "pause the running task", "cancel the task that creates users"]) valid[text] = await chat.valid(text);
  assert.deepEqual(valid, {
    "What is your address?": [], "the prefix is wrong": [], "abort task 2": ["CANCEL_TASK"], "go to task 2": ["SWITCH_TASK"], "all tasks": ["LIST_TASKS"],
    "run task login": ["RESUME_TASK"], "pause the running task": ["PAUSE_TASK"], "cancel the task that creates users": ["CANCEL_TASK"],
  });
});

test("fault 13: one current task for everybody, and anybody cancels anything; here each room and user has one, and a room has its own tasks", async (t) => {
  const { service, chat } = await loaded(t, { providers: [manual("eliza")] });
  const bob = { user: BOB };
  await chat.act("CREATE_TASK", "create a task for login");
  await chat.act("CREATE_TASK", "create a task for signup", bob);
  await chat.act("CREATE_TASK", "create a task for billing", { room: OTHER_ROOM });
  assert.equal(await chat.say("PAUSE_TASK", "pause my task", bob), "Paused task: signup");
  assert.equal(await chat.say("PAUSE_TASK", "pause my task"), "Paused task: login");
  assert.equal(await chat.say("PAUSE_TASK", "pause it", { room: OTHER_ROOM }), "Paused task: billing");
  assert.match(await chat.say("CANCEL_TASK", "cancel the billing task"), /another room/);
  assert.deepEqual((await service.getTasks()).map(({ entityId }) => entityId), [ANN, BOB, ANN]);
});

test("fault 14: no limit to what runs at once; here there is one, and what waits says so", async (t) => {
  const provider = manual("eliza");
  const { service } = await loaded(t, { providers: [provider], maxConcurrency: 1 });
  const [first, second] = [await service.createTask("a", "b"), await service.createTask("c", "d")];
  for (const { id } of [first, second]) void service.startTaskExecution(id);
  await provider.call(0);
  const { status, waitingFor } = await service.getTask(second.id);
  assert.deepEqual([status, waitingFor, provider.calls.length], ["pending", "capacity", 1]);
  provider.calls[0].resolve("done");
  await provider.call(1);
});

test("fault 15: CREATE_TASK cannot choose a provider, nor wait, and counts blank steps; here it does, and drops them", async (t) => {
  const { service, chat } = await loaded(t, { providers: [instant("1", "eliza"), { ...instant("2", "codex"), label: "Codex" }] });
  await chat.act("CREATE_TASK", "create a task for login using codex", { options: { parameters: { steps: ["one", " ", "", "two"], start: false } } });
  const [{ name, providerId, status, steps, output }] = await service.getTasks();
  assert.deepEqual([name, providerId, status, steps.map(({ description }) => description), output], ["login", "codex", "pending", ["one", "two"], ["Plan:", "1. one", "2. two"]]);
});

test("fault 16: of what a provider throws only the message is left, and the end of the service lets it work on; here the cause is there, and it is told to stop", async (t) => {
  const thrown = new TypeError("no such tool");
  const provider = manual("eliza");
  const { service } = await loaded(t, { providers: [{ id: "broken", executeTask: () => Promise.reject(thrown) }, provider], defaultProviderId: "eliza" });
  const broken = await service.createTask("a", "b", ROOM, "broken");
  assert.equal((await service.startTaskExecution(broken.id)).cause, thrown);
  const { id } = await service.createTask("c", "d");
  service.startTaskExecution(id);
  const { context } = await provider.call(0);
  await service.stop();
  assert.deepEqual([context.signal.aborted, context.isCancelled()], [true, true]);
});

test("fault 17: one configuration for the process, that cannot be reset; here it can, and plugins have their own", async (t) => {
  configureAgentOrchestratorPlugin({ providers: [instant("1", "one")], defaultProviderId: "one", journal: null });
  const first = await load(t, agentOrchestratorPlugin);
  configureAgentOrchestratorPlugin({ providers: [instant("2", "two")], defaultProviderId: "two", journal: null });
  const second = await load(t, agentOrchestratorPlugin);
  resetAgentOrchestratorPlugin();
  await refusedWith("NOT_CONFIGURED", () => load(t, agentOrchestratorPlugin));
  const third = await loaded(t, { providers: [instant("3", "three")] });
  const used = [];
  for (const { service } of [first, second, third]) used.push((await service.createTask("a", "b")).providerId);
  assert.deepEqual(used, ["one", "two", "three"]);
});

test("integration fault a: what the planner found is ignored; here it comes first", async (t) => {
  const { chat } = await loaded(t, { providers: [manual("eliza")] });
  for (const name of ["login", "signup"]) await chat.act("CREATE_TASK", `create a task for ${name}`);
  assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", { options: { parameters: { task: "signup" } } }), "Cancelled task: signup");
  assert.equal(await chat.say("SEARCH_TASKS", "find tasks about signup", { options: { parameters: { query: "login" } } }), 'Found 1 task(s) matching "login":\n1. login — running 0%');
});

test("integration fault b: the reply is where no runtime looks; here it is the content", async (t) => {
  const { chat } = await loaded(t);
  const { contents } = await chat.act("LIST_TASKS", "list tasks");
  assert.deepEqual(contents, [{ text: "No tasks.", actions: ["LIST_TASKS"], source: "test" }]);
});

test("integration fault c: a listener that throws breaks the call that caused the event; here it is warned of", async (t) => {
  const { service, runtime: into } = await loaded(t);
  const told = [];
  const broken = () => { throw new Error("no screen"); };
  service.on("task", broken);
  service.on("task", ({ type }) => told.push(type));
  await service.createTask("a", "b");
  await turn();
  service.off("task", broken);
  await service.createTask("c", "d");
  await turn();
  assert.deepEqual([told, into.warnings.map(({ error }) => error)], [["task:created", "task:created"], ["no screen"]]);
});
