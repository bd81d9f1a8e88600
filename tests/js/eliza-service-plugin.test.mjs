// The plugin object: its configuration, its actions in the shape that the core expects, who may do what, and what a restart left.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { OrchestratorError } from "agent-orchestrator-wasm";
import * as eliza from "agent-orchestrator-wasm/eliza";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { ANN, BOB, OTHER_ROOM, ROOM, WORLD, load, loaded, runtime } from "./help/eliza.mjs";
import { turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const { agentOrchestratorPlugin, AgentOrchestratorService, configureAgentOrchestratorPlugin, createAgentOrchestratorPlugin } = eliza;
const OURS = ["CREATE_TASK", "LIST_TASKS", "SWITCH_TASK", "SEARCH_TASKS", "PAUSE_TASK", "RESUME_TASK", "CANCEL_TASK"];
const options = (rest = {}) => ({ providers: [instant("done", "eliza")], defaultProviderId: "eliza", getWorkingDirectory: () => "/work", journal: null, ...rest });

describe("the configuration", () => {
  const wrong = [
    ["no options", undefined, "INVALID_ARGUMENT"],
    ["no providers", options({ providers: [] }), "INVALID_ARGUMENT"],
    ["providers that are no list", options({ providers: { 0: instant() } }), "INVALID_ARGUMENT"],
    ["a provider that does nothing", options({ providers: [{ id: "eliza" }] }), "INVALID_ARGUMENT"],
    ["an id that is none", options({ providers: [instant("x", "custom:one")], defaultProviderId: "custom:one" }), "INVALID_ARGUMENT"],
    ["two providers with one id", options({ providers: [instant("1", "eliza"), instant("2", "eliza")] }), "PROVIDER_EXISTS"],
    ["no default", options({ defaultProviderId: undefined }), "INVALID_ARGUMENT"],
    ["a default that is nobody", options({ defaultProviderId: "nobody" }), "PROVIDER_NOT_FOUND"],
    ["a directory that cannot be asked for", options({ getWorkingDirectory: "/work" }), "INVALID_ARGUMENT"],
    ["a gate that is none", options({ gate: "shut" }), "INVALID_ARGUMENT"],
    ["a limit that is none", options({ maxConcurrency: 0 }), "INVALID_ARGUMENT"],
    ["a journal that is none", options({ journal: "./state" }), "INVALID_ARGUMENT"],
    ["an owner that cannot be asked", options({ isOwner: ANN }), "INVALID_ARGUMENT"],
  ];
  for (const [what, given, code] of wrong) {
    test(`is refused at once with ${what}, and what was configured before stays`, async () => {
      const before = options();
      configureAgentOrchestratorPlugin(before);
      for (const configure of [configureAgentOrchestratorPlugin, createAgentOrchestratorPlugin]) await refusedWith(code, () => configure(given));
      assert.equal(eliza.getConfiguredAgentOrchestratorOptions(), before);
      eliza.resetAgentOrchestratorPlugin();
    });
  }
  test("is none before, the last one after, and none again when it is reset", async () => {
    assert.equal(eliza.getConfiguredAgentOrchestratorOptions(), null);
    const [first, last] = [options(), options()];
    for (const each of [first, last]) configureAgentOrchestratorPlugin(each);
    assert.equal(eliza.getConfiguredAgentOrchestratorOptions(), last);
    eliza.resetAgentOrchestratorPlugin();
    assert.equal(eliza.getConfiguredAgentOrchestratorOptions(), null);
  });
  test("is read when the service starts: without one that is refused", async (t) => {
    const error = await refusedWith("NOT_CONFIGURED", () => load(t, agentOrchestratorPlugin));
    assert.match(error.message, /configureAgentOrchestratorPlugin\(\) before the runtime starts/);
    configureAgentOrchestratorPlugin(options());
    const { service } = await load(t, eliza.default);
    eliza.resetAgentOrchestratorPlugin();
    assert.equal((await service.createTask("a", "b")).metadata.providerId, "eliza");
  });
  test("of one plugin is none of another's, in one process and at the same time", async (t) => {
    const [one, two] = [await loaded(t, { providers: [instant("1", "one")] }), await loaded(t, { providers: [instant("2", "two")] })];
    configureAgentOrchestratorPlugin(options());
    t.after(eliza.resetAgentOrchestratorPlugin);
    const third = await load(t, agentOrchestratorPlugin);
    for (const { chat } of [one, two, third]) await chat.act("CREATE_TASK", "create a task for login");
    const tasks = await Promise.all([one, two, third].map(({ service }) => service.getTasks()));
    assert.deepEqual(tasks.map((each) => each.map(({ providerId }) => providerId)), [["one"], ["two"], ["eliza"]]);
    await one.service.stop();
    assert.equal(await two.chat.say("LIST_TASKS", "list tasks"), "Tasks:\n1. login — completed 100% (current)");
  });
  test("serves several agents, each with tasks of its own", async (t) => {
    const plugin = createAgentOrchestratorPlugin(options());
    const agents = await Promise.all(["a", "b"].map((agentId) => load(t, plugin, runtime({ agentId }))));
    await agents[0].chat.act("CREATE_TASK", "create a task for login");
    assert.deepEqual((await Promise.all(agents.map(({ service }) => service.getTasks()))).map(({ length }) => length), [1, 0]);
  });
});

describe("the plugin object", () => {
  test("has the names that elizaOS knows", () => {
    const { name, services, actions, providers } = agentOrchestratorPlugin;
    assert.deepEqual([name, services, actions.map((action) => action.name), providers.map((provider) => provider.name)], ["agent-orchestrator", [AgentOrchestratorService], OURS, ["TASK_CONTEXT"]]);
    assert.deepEqual([AgentOrchestratorService.serviceType, AgentOrchestratorService.name], ["CODE_TASK", "AgentOrchestratorService"]);
    const each = ["createTask", "listTasks", "switchTask", "searchTasks", "pauseTask", "resumeTask", "cancelTask"].map((verb) => eliza[`${verb}Action`]);
    assert.deepEqual(each, actions);
    for (const { similes, description, parameters, examples, suppressPostActionContinuation } of actions) {
      assert.ok(similes.length > 1 && description.length > 10 && parameters.every((parameter) => !parameter.required && parameter.schema.type), description);
      assert.ok(examples.length > 0 && suppressPostActionContinuation);
    }
  });
  test("is the same for import and require", () => {
    const required = createRequire(import.meta.url)("agent-orchestrator-wasm/eliza");
    assert.deepEqual(Object.keys(required).filter((name) => name !== "__esModule").sort(), Object.keys(eliza).sort());
  });
  test("starts a service once for a runtime, and anew when that has ended", async (t) => {
    const { plugin: { services: [service] }, runtime: into, service: first } = await loaded(t);
    assert.equal(await service.start(into), first);
    await first.stop();
    const second = await service.start(into);
    t.after(() => second.stop());
    assert.notEqual(second, first);
  });
  test("can be started again when it could not be started", async (t) => {
    let broken = true;
    const journal = memoryJournal();
    const plugin = createAgentOrchestratorPlugin(options({ journal: () => { if (broken) throw new OrchestratorError("LOCKED", "somebody has it"); return journal; } }));
    const into = runtime();
    await refusedWith("LOCKED", () => load(t, plugin, into));
    broken = false;
    assert.ok((await load(t, plugin, into)).service);
  });
  test("takes its service away when it is unloaded", async (t) => {
    const { plugin, runtime: into, service } = await loaded(t);
    await plugin.dispose(into);
    assert.deepEqual([into.getService("CODE_TASK"), service.orchestrator.disposed], [null, true]);
    await plugin.dispose(into);
  });
});

describe("the journal", () => {
  test("is that of the host when the options name none: in Node files below the working directory", async (t) => {
    const [folder, before] = [mkdtempSync(join(tmpdir(), "eliza-")), process.cwd()];
    process.chdir(folder);
    t.after(() => {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    });
    const into = () => runtime({ agentId: "../agent 1" });
    const plugin = createAgentOrchestratorPlugin(options({ journal: undefined }));
    const first = await load(t, plugin, into());
    const { id } = await first.service.createTask("a", "b");
    await refusedWith("LOCKED", () => load(t, plugin, into()));
    await first.service.stop();
    assert.ok(existsSync(join(folder, ".eliza", "agent-orchestrator", "..%2Fagent%201")));
    const second = await load(t, plugin, into());
    assert.equal((await second.service.getTask(id)).name, "a");
    await second.service.stop();
  });
  test("can be asked for with the id of the agent", async (t) => {
    const asked = [];
    await loaded(t, { journal: async (agentId) => (asked.push(agentId), memoryJournal()) }, runtime({ agentId: "me" }));
    assert.deepEqual(asked, ["me"]);
  });
  test("is memory where the host has no place for one, and that is warned of; not when it is meant", async (t) => {
    const { defaultJournal } = AgentOrchestratorService;
    t.after(() => (AgentOrchestratorService.defaultJournal = defaultJournal));
    const warnings = [];
    for (const [nothing, journal] of [[undefined, undefined], [async () => undefined, undefined], [undefined, null]]) {
      AgentOrchestratorService.defaultJournal = nothing;
      warnings.push((await loaded(t, { journal })).runtime.warnings.length);
    }
    assert.deepEqual(warnings, [1, 1, 0]);
  });
});

describe("an action", () => {
  test("tells the callback once, in the core's form, and gives the same back", async (t) => {
    const { service, chat } = await loaded(t);
    const { contents, result } = await chat.act("CREATE_TASK", "create a task for login");
    const [{ id }] = await service.getTasks();
    const text = "Created task: login\nProvider: Eliza\nStarting execution…";
    assert.deepEqual(contents, [{ text, actions: ["CREATE_TASK"], source: "test" }]);
    assert.deepEqual(result, { success: true, text, data: { actionName: "CREATE_TASK", taskId: id } });
    // The core writes into it.
    contents[0].responseId = "r";
  });
  test("needs no callback", async (t) => {
    const { plugin, runtime: into, chat } = await loaded(t);
    const { success } = await plugin.actions[0].handler(into, chat.message("create a task for login"));
    assert.equal(success, true);
  });
  for (const [what, callback] of [["throws", () => { throw new Error("no network"); }], ["rejects", () => Promise.reject(new Error("no network"))]]) {
    test(`is not undone by a callback that ${what}`, async (t) => {
      const { plugin, runtime: into, service, chat } = await loaded(t);
      let calls = 0;
      const result = await plugin.actions[0].handler(into, chat.message("create a task for login"), undefined, {}, () => (calls++, callback()));
      assert.deepEqual([result.success, calls, (await service.getTasks()).length, into.warnings.length], [true, 1, 1, 1]);
    });
  }
  test("is not valid, and refuses to be handled, without the service", async (t) => {
    const { plugin, chat, runtime: into } = await loaded(t);
    into.services.clear();
    assert.deepEqual(await chat.valid("create a task for login"), []);
    for (const action of plugin.actions) {
      await assert.rejects(action.handler(into, chat.message("create a task for login")), { message: "AgentOrchestratorService not available (CODE_TASK)", code: "NOT_CONFIGURED" });
    }
    into.services.set("CODE_TASK", { capabilityDescription: "of somebody else" });
    assert.deepEqual(await chat.valid("create a task for login"), []);
  });
  test("is valid when the words ask for it, or always with an open gate", async (t) => {
    const [words, open] = [await loaded(t), await loaded(t, { gate: "open" })];
    assert.deepEqual([await words.chat.valid("pause the login task"), await words.chat.valid("hello")], [["PAUSE_TASK"], []]);
    assert.deepEqual(await open.chat.valid("hello"), OURS);
  });
  test("takes parameters from the planner, or right from the options", async (t) => {
    const { service, chat } = await loaded(t);
    await chat.act("CREATE_TASK", "create a task for login", { options: { parameters: { title: "Of the planner" }, title: "unused", actionContext: {} } });
    await chat.act("CREATE_TASK", "create a task for login", { options: { title: "Of a caller", actionContext: {} } });
    assert.deepEqual((await service.getTasks()).map(({ name }) => name), ["Of the planner", "Of a caller"]);
  });
  test("takes what core 1 keeps for this action in the state, and nothing that it keeps for another", async (t) => {
    const { plugin, runtime: into, service, chat } = await loaded(t);
    const state = { data: { createtask: { title: "Of the state" }, canceltask: { task: "of another" }, actionParams: { title: "of the last step" } } };
    await plugin.actions[0].handler(into, chat.message("create a task for login"), state, { actionContext: {} });
    await plugin.actions[0].handler(into, chat.message("create a task for login"), state, { parameters: { title: "Of the planner" } });
    await plugin.actions[0].handler(into, chat.message("create a task for login"), { data: { canceltask: { title: "x" } } }, {});
    assert.deepEqual((await service.getTasks()).map(({ name }) => name), ["Of the state", "Of the planner", "login"]);
  });
  test("survives messages and options that are nothing of the kind", async (t) => {
    const { plugin, runtime: into, service } = await loaded(t);
    for (const message of [{ roomId: ROOM, content: {} }, { roomId: ROOM, content: { text: 7 } }, { content: { text: "create a task for login" } }, { roomId: 7, entityId: {}, content: { text: "\ud800" } }]) {
      for (const action of plugin.actions) {
        await action.validate(into, message);
        for (const given of [undefined, null, 7, { parameters: null }, { parameters: "x" }, { parameters: { taskId: 7, title: {} } }]) await action.handler(into, message, undefined, given, async () => {});
      }
    }
    assert.ok(Array.isArray(await service.getTasks()));
  });
});

describe("who may do what", () => {
  const foreign = (verb) => `That task belongs to another room. Only that room or an owner can ${verb} it.`;
  const bob = { room: OTHER_ROOM, user: BOB };
  async function withTask(t, given = {}, own = {}) {
    const all = await loaded(t, { providers: [manual("eliza")], ...given }, runtime(own));
    await all.chat.act("CREATE_TASK", "create a task for login");
    return all;
  }
  test("another room sees nothing and controls nothing", async (t) => {
    const { service, chat } = await withTask(t);
    const [{ id }] = await service.getTasks();
    assert.equal(await chat.say("LIST_TASKS", "list tasks", bob), "No tasks.");
    assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", bob), foreign("cancel"));
    assert.equal(await chat.say("PAUSE_TASK", `pause task ${id}`, bob), foreign("pause"));
    assert.deepEqual([(await service.getTask(id)).status, (await chat.context(bob)).data], ["running", { taskCount: 0, currentTaskId: null }]);
  });
  const owners = [
    ["the option isOwner", { isOwner: async (_, message) => message.entityId === BOB }, () => {}],
    ["the core's setting for its admin", {}, ({ settings }) => (settings.ELIZA_ADMIN_ENTITY_ID = BOB)],
    ["the core's setting for its owners' contacts", {}, ({ settings }) => (settings.ELIZA_OWNER_CONTACTS_JSON = JSON.stringify({ telegram: { entityId: BOB } }))],
    ["the ownership of the world", {}, ({ worlds }) => (worlds.get(WORLD).metadata = { ownership: { ownerId: BOB } })],
    ["the roles of the world", {}, ({ worlds }) => (worlds.get(WORLD).metadata = { roles: { [BOB]: "OWNER" } })],
  ];
  for (const [what, given, grant] of owners) {
    test(`who is an owner by ${what} sees and controls it`, async (t) => {
      const { chat, runtime: into } = await withTask(t, given);
      grant(into);
      assert.equal(await chat.say("LIST_TASKS", "list tasks", bob), "Tasks:\n1. login — running 0%");
      assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", bob), "Cancelled task: login");
    });
  }
  test("the owner of one world is nobody in another", async (t) => {
    const { chat, runtime: into } = await withTask(t);
    into.worlds.set("elsewhere", { metadata: { ownership: { ownerId: BOB } } });
    into.rooms.set(OTHER_ROOM, { worldId: "elsewhere" });
    assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", bob), foreign("cancel"));
  });
  test("an admin of the world is no owner", async (t) => {
    const { chat, runtime: into } = await withTask(t);
    into.worlds.get(WORLD).metadata = { roles: { [BOB]: "ADMIN" } };
    assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", bob), foreign("cancel"));
  });
  const doubts = [
    ["isOwner throws", { isOwner: () => { throw new Error("no database"); } }, {}],
    ["isOwner answers something else than true", { isOwner: () => "yes" }, {}],
    ["the settings throw", {}, { getSetting: () => { throw new Error("no salt"); } }],
    ["the contacts are no JSON", {}, { getSetting: (name) => (name.includes("CONTACTS") ? "{" : null) }],
    ["the world cannot be read", {}, { getWorld: async () => { throw new Error("no database"); } }],
    ["the room cannot be read", {}, { getRoom: async () => { throw new Error("no database"); } }],
    ["the runtime knows neither rooms nor worlds", {}, { getRoom: undefined, getWorld: undefined, getSetting: undefined }],
  ];
  for (const [what, given, own] of doubts) {
    test(`in doubt one is a member: ${what}`, async (t) => {
      const { chat } = await withTask(t, given, own);
      assert.equal(await chat.say("CANCEL_TASK", "cancel the login task", bob), foreign("cancel"));
      assert.equal(await chat.say("CANCEL_TASK", "cancel the login task"), "Cancelled task: login");
    });
  }
});

describe("the context of prompts", () => {
  test("is that of who asks", async (t) => {
    const { chat } = await loaded(t, { providers: [manual("eliza")] });
    await chat.act("CREATE_TASK", "create a task for login");
    const { text, values, data } = await chat.context();
    assert.match(text, /^# Task Context\n\n## Current Task \(selected\): login\n[^]*\n## Recent Tasks\n- login — 🔄 running 0% \(current\)$/);
    assert.deepEqual([values.currentTaskName, values.currentTaskStatus, data.taskCount], ["login", "running", 1]);
    assert.match((await chat.context({ room: OTHER_ROOM })).text, /No tasks have been created yet\./);
  });
  test("says so without the service", async (t) => {
    const { chat, runtime: into } = await loaded(t);
    into.services.clear();
    const noService = "Task orchestrator service is not available";
    assert.deepEqual(await chat.context(), { text: noService, values: { taskContext: noService, currentTaskName: "N/A", currentTaskStatus: "N/A" }, data: { taskCount: 0, currentTaskId: null } });
  });
});

describe("what a restart has interrupted", () => {
  const offerOf = (...names) => ["Interrupted by a restart, and waiting to be resumed:", ...names.map((name, index) => `${index + 1}. ${name} — paused 0%`), 'Say "resume task" and the name to go on.'].join("\n");
  /** A service whose process went away while these tasks ran, each a name and a room; started again into a runtime. */
  async function interrupted(t, tasks, own = {}) {
    const journal = memoryJournal();
    const given = { journal, providers: [manual("eliza")] };
    const first = await loaded(t, given);
    for (const [name, room] of tasks) void first.service.startTaskExecution((await first.service.createTask(name, name, room)).id).catch(() => {});
    await turn();
    await first.service.stop();
    const again = (more = runtime(own)) => loaded(t, given, more);
    const second = await again();
    for (let turns = 0; turns < 5; turns++) await turn();
    return { ...second, again };
  }
  test("is paused, found at once, and resumed on request", async (t) => {
    const { service, chat } = await interrupted(t, [["login", ROOM]]);
    assert.deepEqual(service.interruptedTasks.map(({ name, status, output }) => [name, status, output]), [["login", "paused", ["Paused due to restart."]]]);
    assert.deepEqual(await service.detectAndPauseInterruptedTasks(), service.interruptedTasks);
    assert.equal(await chat.say("RESUME_TASK", "resume task login"), "Resumed task: login");
    assert.deepEqual([service.interruptedTasks, (await service.getTasks())[0].status], [[], "running"]);
  });
  test("is told to each room, once", async (t) => {
    const { runtime: into, chat, service, again } = await interrupted(t, [["a", ROOM], ["b", ROOM], ["c", OTHER_ROOM], ["nowhere", undefined]]);
    assert.deepEqual(into.sent, [
      [OTHER_ROOM, ["c"]], [ROOM, ["b", "a"]],
    ].map(([roomId, names]) => ({ target: { source: "test", roomId, channelId: `channel ${roomId}`, serverId: undefined }, content: { text: offerOf(...names), source: "test" } })));
    assert.equal(await chat.say("SEARCH_TASKS", "find tasks about nothing"), 'No tasks found matching: "nothing"');
    // The next start interrupts nothing more, and has nothing to tell.
    await service.stop();
    const third = await again();
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.deepEqual([third.runtime.sent, third.service.interruptedTasks.length], [[], 4]);
  });
  test("is told again when it was resumed and interrupted once more", async (t) => {
    const { chat, service, again } = await interrupted(t, [["login", ROOM]]);
    await chat.act("RESUME_TASK", "resume task login");
    await turn();
    await service.stop();
    const third = await again();
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.deepEqual([third.runtime.sent.length, third.service.interruptedTasks[0].output], [1, ["Paused due to restart.", "Paused due to restart, in attempt 2."]]);
  });
  const mute = [
    ["nobody can send there", { sendMessageToTarget: async () => { throw new Error("No send handler registered for source: test"); } }],
    ["the runtime cannot send", { sendMessageToTarget: undefined }],
    ["the room is unknown", { getRoom: async () => null }],
    ["the room cannot be read", { getRoom: async () => { throw new Error("no database"); } }],
  ];
  for (const [what, own] of mute) {
    test(`is said in the next reply there, once, when ${what}`, async (t) => {
      const { chat } = await interrupted(t, [["login", ROOM]], own);
      assert.equal(await chat.say("LIST_TASKS", "list tasks", { room: OTHER_ROOM }), "No tasks.");
      const list = "Tasks:\n1. login — paused 0%";
      assert.deepEqual([await chat.say("LIST_TASKS", "list tasks"), await chat.say("LIST_TASKS", "list tasks")], [`${list}\n\n${offerOf("login")}`, list]);
    });
  }
  test("is in the context of prompts", async (t) => {
    const { chat } = await interrupted(t, [["login", ROOM]]);
    assert.ok((await chat.context()).text.includes(offerOf("login")));
    assert.ok(!(await chat.context({ room: OTHER_ROOM })).text.includes("Interrupted"));
  });
  test("keeps no agent from starting, when sending never ends", async (t) => {
    const { service } = await interrupted(t, [["login", ROOM]], { sendMessageToTarget: () => new Promise(() => {}) });
    assert.equal(service.interruptedTasks.length, 1);
  });
  test("is not offered of a task that the user is done with", async (t) => {
    const journal = memoryJournal();
    const given = { journal, providers: [manual("eliza")] };
    const first = await loaded(t, given);
    const { id } = await first.service.createTask("login", "login", ROOM);
    void first.service.startTaskExecution(id).catch(() => {});
    await first.service.setUserStatus(id, "done");
    await first.service.stop();
    assert.deepEqual((await loaded(t, given)).service.interruptedTasks, []);
  });
});
