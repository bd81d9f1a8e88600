// The plugin in real runtimes of elizaOS, in a process that is killed: messages go in where a connector puts them, and what
// counts is what comes out of the core's callback.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { folder, start } from "./help/started.mjs";

const CORES = [[1, "@elizaos/core 1.7.2, tables in PGlite"], [2, "@elizaos/core 2.0.0-alpha.537, tables in memory"]];

/** Rows by name: what somebody who looks into the runtime's own table sees. */
const rows = async (agent) => Object.fromEntries((await agent.order("rows")).map(({ name, tags, metadata }) => [name, [metadata.status, metadata.progress, tags.includes("orchestrator"), tags.includes("queue")]]));
const status = async (agent) => Object.fromEntries((await agent.order("tasks")).map(({ name, metadata }) => [name, metadata.status]));

for (const [version, name] of CORES) {
  describe(name, () => {
    test("the seven actions by messages, and tasks that outlive the process", async (t) => {
      const path = folder(t);
      let agent = await start(t, { version, folder: path });

      // Each message has exactly one reply, in the words of the chat, attributed to its action.
      const first = await agent.order("say", { text: "Please create a task for login" });
      assert.deepEqual(first.replies, [{ text: "Created task: login\nProvider: Eliza\nStarting execution…", actions: ["CREATE_TASK"] }]);
      assert.equal(await agent.say("new task: the signup page using codex"), "Created task: the signup page\nProvider: Codex\nStarting execution…");
      assert.equal(await agent.say("create a task for billing"), "Created task: billing\nProvider: Eliza\nStarting execution…");
      assert.equal(await agent.say("show my tasks"), "Tasks:\n1. billing — running 40%\n2. the signup page — completed 100%\n3. login — running 40% (current)");
      assert.equal(await agent.say("switch to task 1"), "Switched to task: billing");
      assert.equal(await agent.say("find tasks about login"), 'Found 1 task(s) matching "login":\n1. login — running 40%');
      assert.equal(await agent.say("pause it"), "Paused task: billing");
      assert.equal(await agent.say("resume the billing task"), "Resumed task: billing");
      assert.equal(await agent.say("cancel the billing task"), "Cancelled task: billing");
      assert.equal(await agent.say("What is your address?"), "I have nothing to do with that.");
      assert.deepEqual(await rows(agent), {
        login: ["running", 40, true, false], "the signup page": ["completed", 100, true, false], billing: ["cancelled", 40, true, false],
      });

      assert.equal(await agent.kill(), "SIGKILL");
      agent = await start(t, { version, folder: path });

      assert.deepEqual(await status(agent), { login: "paused", "the signup page": "completed", billing: "cancelled" });
      assert.deepEqual((await agent.order("interrupted")).map(({ name, waitingFor, output }) => [name, waitingFor, output.at(-1)]), [["login", "interrupted", "Paused due to restart."]]);
      assert.deepEqual((await rows(agent)).login, ["paused", 0, true, false]);
      const offer = 'Interrupted by a restart, and waiting to be resumed:\n1. login — paused 0%\nSay "resume task" and the name to go on.';
      assert.ok((await agent.order("context", {})).includes(offer));

      // The core of version 1 knows the room from its tables and can send there; the other has forgotten it, and the next reply says it.
      const sent = await agent.order("sent");
      assert.deepEqual(sent.map(({ channel, text }) => [channel, text]), version === 1 ? [["r1", offer]] : []);
      const list = "Tasks:\n1. billing — cancelled 40% (current)\n2. the signup page — completed 100%\n3. login — paused 0%";
      assert.equal(await agent.say("tasks"), version === 1 ? list : `${list}\n\n${offer}`);
      assert.equal(await agent.say("resume task login"), "Resumed task: login");
      await agent.order("finish", { name: "login" });
      const [{ id }] = await agent.order("tasks");
      assert.equal((await agent.order("wait", { id })).summary, "finished login");
      assert.deepEqual((await rows(agent)).login, ["completed", 100, true, false]);
      assert.deepEqual(await agent.order("interrupted"), []);

      // An orderly end, and a third start: nothing is offered twice.
      await agent.order("stop");
      await agent.kill();
      agent = await start(t, { version, folder: path });
      assert.deepEqual([await agent.order("sent"), await agent.say("tasks")], [[], "Tasks:\n1. billing — cancelled 40% (current)\n2. the signup page — completed 100%\n3. login — completed 100%"]);
    });

    test("a task belongs to the room that made it, and to the owner of the agent", async (t) => {
      const agent = await start(t, { version, folder: folder(t), owner: "root" });
      await agent.say("create a task for login");
      const foreign = "That task belongs to another room. Only that room or an owner can cancel it.";
      assert.equal(await agent.say("cancel the login task", { room: "r2", user: "bob" }), foreign);
      assert.equal(await agent.say("list tasks", { room: "r2", user: "bob" }), "No tasks.");
      assert.deepEqual(await status(agent), { login: "running" });
      assert.equal(await agent.say("list tasks", { room: "r2", user: "root" }), "Tasks:\n1. login — running 40%");
      assert.equal(await agent.say("cancel the login task", { room: "r2", user: "root" }), "Cancelled task: login");
    });

    test("the core's setting names the active provider", async (t) => {
      const agent = await start(t, { version, folder: folder(t), settings: { ELIZA_CODE_ACTIVE_SUB_AGENT: "codex" } });
      assert.equal(await agent.say("create a task for login"), "Created task: login\nProvider: Codex\nStarting execution…");
    });

    test("without a configuration the agent starts, and says why there are no tasks", async (t) => {
      const agent = await start(t, { version, folder: folder(t), configured: false });
      const [why, service] = await agent.order("missing");
      assert.equal(service, null);
      assert.match(why + agent.logged(), /call configureAgentOrchestratorPlugin\(\) before the runtime starts/);
      assert.equal(await agent.say("create a task for login"), "I have nothing to do with that.");
    });
  });
}

test("what the core of version 1 finds when it plans in steps comes before the words, too", async (t) => {
  const agent = await start(t, { version: 1, folder: folder(t), settings: { USE_MULTI_STEP: "true" } });
  const parameters = { title: "From the planner", provider: "codex" };
  assert.match(await agent.say("create a task for whatever", { parameters }), /In short: 1 step/);
  const [{ name, providerId, status }] = await agent.order("tasks");
  assert.deepEqual([name, providerId, status], ["From the planner", "codex", "completed"]);
});

describe("what only the core of version 2 has", () => {
  const version = 2;
  test("the planner is offered the one action that the message asks for, with its parameters", async (t) => {
    const agent = await start(t, { version, folder: folder(t) });
    await agent.say("create a task for login");
    const prompt = await agent.order("prompt");
    assert.match(prompt, /- CREATE_TASK: Create an orchestrated background task/);
    assert.match(prompt, /title\?:string - The name of the task\./);
    for (const other of ["LIST_TASKS", "CANCEL_TASK", "PAUSE_TASK"]) assert.ok(!prompt.includes(`- ${other}:`), other);
    await agent.say("What is your address?");
    assert.ok(!(await agent.order("prompt")).includes("- CREATE_TASK:"));
  });

  test("what the planner finds in a message comes before its words", async (t) => {
    const agent = await start(t, { version, folder: folder(t) });
    const parameters = { title: "From the planner", description: "in full", steps: ["one", "two"], provider: "codex", start: false };
    assert.equal(await agent.say("create a task for whatever", { parameters }), "Created task: From the planner\nProvider: Codex");
    const [{ name, description, steps, output, metadata }] = await agent.order("tasks");
    assert.deepEqual([name, description, steps.map((step) => step.description), output, metadata.status], ["From the planner", "in full", ["one", "two"], ["Plan:", "1. one", "2. two"], "pending"]);
    assert.equal(await agent.say("start the task", { parameters: { task: "planner" } }), "Resumed task: From the planner");
  });

  test("with an open gate the planner decides alone", async (t) => {
    const agent = await start(t, { version, folder: folder(t), gate: "open" });
    assert.equal(await agent.say("Kümmere dich um die Anmeldung", { parameters: { title: "Anmeldung" } }), "Created task: Anmeldung\nProvider: Eliza\nStarting execution…");
  });

  test("the core's scheduler leaves our rows alone, also when a worker has the name of the task", async (t) => {
    const agent = await start(t, { version, folder: folder(t) });
    await agent.say("create a task for login");
    assert.equal(await agent.order("due", { name: "login" }), 0);
    assert.deepEqual((await rows(agent)).login, ["running", 40, true, false]);
  });

  test("the plugin can be unloaded and loaded again, and has its tasks", async (t) => {
    const agent = await start(t, { version, folder: folder(t) });
    await agent.say("create a task for login");
    assert.deepEqual(await agent.order("reload"), [null, 0]);
    assert.deepEqual(await status(agent), { login: "paused" });
    assert.equal(await agent.say("resume it"), "Resumed task: login");
  });
});
