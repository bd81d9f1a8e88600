// The actions as the original's own suite had them (33 behaviours; the three about a missing service are the plugin's), through the chat.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACTIONS } from "agent-orchestrator-wasm/chat";
import { ann, chatting } from "./help/chat.mjs";
import "./help/unhandled.mjs";

const similes = (name) => ACTIONS.find((action) => action.name === name)?.similes;

function validates(action, accepted, refused) {
  for (const text of accepted) {
    test(`is what "${text}" asks for`, async (t) => assert.equal((await chatting(t)).chat.validate(action, text), true));
  }
  for (const text of refused) {
    test(`is not what "${text}" asks for`, async (t) => assert.equal((await chatting(t)).chat.validate(action, text), false));
  }
}

test("the seven are offered in the order of the original, each with a description and parameters", () => {
  assert.deepEqual(ACTIONS.map(({ name }) => name), ["CREATE_TASK", "LIST_TASKS", "SWITCH_TASK", "SEARCH_TASKS", "PAUSE_TASK", "RESUME_TASK", "CANCEL_TASK"]);
  for (const { description, parameters } of ACTIONS) {
    assert.ok(description.length > 0 && parameters.length > 0);
    for (const parameter of parameters) assert.ok(parameter.name && parameter.description && parameter.schema.type && parameter.required === false);
  }
});

describe("CREATE_TASK", () => {
  test("has its similes", () => assert.deepEqual(similes("CREATE_TASK"), ["START_TASK", "SPAWN_TASK", "NEW_TASK", "BEGIN_TASK"]));
  validates("CREATE_TASK", ["create task for refactoring", "implement feature X", "fix the login bug"], ["hello world", "What is your address?", "the prefix is wrong"]);

  test("makes a task of the text in the room, and answers once", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const reply = await say("implement feature X");
    const task = orchestrator.getTask(reply.data.taskId);
    assert.deepEqual([task.name, task.description, task.roomId, task.worldId, task.metadata], ["implement feature X", "implement feature X", "r1", "w1", { entityId: "ann" }]);
    assert.deepEqual(reply, {
      action: "CREATE_TASK", success: true, text: "Created task: implement feature X\nProvider: Eliza\nStarting execution…", data: { taskId: task.id },
    });
  });

  test("takes steps, drops blank ones, and writes the plan into the output", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { data } = await say("implement feature X", { parameters: { steps: ["Think", " ", "Write it\ndown"] } });
    const { steps, output } = orchestrator.getTask(data.taskId);
    assert.deepEqual(steps.map(({ description }) => description), ["Think", "Write it\ndown"]);
    assert.deepEqual(output, ["Plan:", "1. Think", "2. Write it down"]);
  });

  test("starts the task and does not wait for it", async (t) => {
    const { say, orchestrator, provider } = await chatting(t);
    const { data } = await say("create a task for the report");
    assert.equal(orchestrator.getTask(data.taskId).status, "running");
    (await provider.call(0)).resolve("done");
    assert.equal((await orchestrator.waitForTask(data.taskId)).status, "completed");
  });

  test("makes the first task the current one of user and room, and leaves it", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const first = (await say("create a task for one thing")).data.taskId;
    await say("create a task for another thing");
    assert.equal(orchestrator.currentTaskIn("room:r1|user:ann").id, first);
    assert.equal(orchestrator.currentTaskIn("room:r1").id, first);
  });
});

describe("LIST_TASKS", () => {
  test("has its similes", () => assert.deepEqual(similes("LIST_TASKS"), ["SHOW_TASKS", "GET_TASKS", "TASKS", "VIEW_TASKS"]));
  validates("LIST_TASKS", ["list tasks", "show tasks", "tasks", "my tasks", "all tasks"], ["hello world"]);

  test("says so when there are none", async (t) => {
    const reply = await (await chatting(t)).say("list tasks");
    assert.deepEqual([reply.text, reply.success, reply.data], ["No tasks.", true, { taskIds: [] }]);
  });

  test("lists names and statuses, and marks the current one", async (t) => {
    const { say } = await chatting(t);
    await say("create a task for one thing");
    await say("create a task for another thing", { parameters: { start: false } });
    assert.equal((await say("list tasks")).text, "Tasks:\n1. another thing — pending 0%\n2. one thing — running 0% (current)");
  });

  test("lists twenty and counts the rest, or as many as are asked for", async (t) => {
    const { say, add } = await chatting(t);
    for (let number = 1; number <= 23; number += 1) await add(`Number ${number}`);
    const lines = (await say("list tasks")).text.split("\n");
    assert.deepEqual([lines.length, lines[1], lines[20], lines[21]], [22, "1. Number 23 — pending 0%", "20. Number 4 — pending 0%", "… and 3 more"]);
    assert.equal((await say("list tasks", { parameters: { limit: 2 } })).text, "Tasks:\n1. Number 23 — pending 0%\n2. Number 22 — pending 0%\n… and 21 more");
  });

  test("lists those of a status, of the text or as a parameter", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    await orchestrator.pauseTask((await add("Held")).id);
    await add("Open");
    for (const [text, parameters] of [["show the paused tasks"], ["tasks", { status: "PAUSED" }], ["show pending tasks", { status: "interrupted" }]]) {
      assert.equal((await say(text, { parameters })).text, "Tasks:\n1. Held — paused 0%", text);
    }
    assert.equal((await say("show the paused tasks", { parameters: { status: "all" } })).data.taskIds.length, 2);
  });
});

describe("SWITCH_TASK", () => {
  test("has its similes", () => assert.deepEqual(similes("SWITCH_TASK"), ["SELECT_TASK", "SET_TASK", "CHANGE_TASK", "GO_TO_TASK"]));
  validates("SWITCH_TASK", ["switch to task foo", "select task foo", "go to task 3"], ["switch to dark mode"]);

  test("asks which when nothing is said", async (t) => {
    const { say, add } = await chatting(t);
    await add("Foo");
    const reply = await say("switch to task");
    assert.deepEqual([reply.success, reply.text], [false, "Please specify which task to switch to (by name or id)."]);
  });

  test("says so when nothing matches", async (t) => {
    const reply = await (await chatting(t)).say("switch to task foo");
    assert.deepEqual([reply.success, reply.text, reply.data], [false, 'No task found matching: "foo"', { code: "NOT_FOUND" }]);
  });

  test("makes the match the current task of user and room", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    const { id } = await add("Foo");
    const reply = await say("switch to task foo");
    assert.deepEqual([reply.success, reply.text, reply.data], [true, "Switched to task: Foo", { taskId: id }]);
    assert.deepEqual(["room:r1|user:ann", "room:r1"].map((scope) => orchestrator.currentTaskIn(scope)?.id), [id, id]);
  });
});

describe("SEARCH_TASKS", () => {
  test("has its similes", () => assert.deepEqual(similes("SEARCH_TASKS"), ["FIND_TASK", "LOOKUP_TASK"]));
  validates("SEARCH_TASKS", ["search tasks for login", "find task login", "look for task login"], ["find my keys"]);

  test("asks for a query when there is none", async (t) => {
    const reply = await (await chatting(t)).say("search tasks", { parameters: { query: "  " } });
    assert.deepEqual([reply.success, reply.text], [false, "What would you like to search for?"]);
  });

  test("takes the query of the parameters before that of the text", async (t) => {
    const { say, add } = await chatting(t);
    await add("The login page");
    await add("The report");
    assert.equal((await say("find tasks about the report", { parameters: { query: "login" } })).text, 'Found 1 task(s) matching "login":\n1. The login page — pending 0%');
  });

  test("finding nothing is no failure", async (t) => {
    const reply = await (await chatting(t)).say("find tasks about nothing");
    assert.deepEqual([reply.success, reply.text], [true, 'No tasks found matching: "nothing"']);
  });

  test("counts all and shows ten", async (t) => {
    const { say, add } = await chatting(t);
    for (let number = 0; number < 12; number += 1) await add(`Report ${number}`);
    const { text, data } = await say("find tasks about reports", { parameters: { query: "report" } });
    assert.deepEqual([text.split("\n")[0], text.split("\n").length, data.taskIds.length], ['Found 12 task(s) matching "report":', 11, 10]);
  });

  test("finds no words of the system's own", async (t) => {
    const { say, add } = await chatting(t);
    await add("The report");
    for (const query of ["code", "task", "or", "que", "orchestrator", "eliza"]) assert.match((await say("", { action: "SEARCH_TASKS", parameters: { query } })).text, /^No tasks found/, query);
  });
});

/** The three that act on a task which is there or not. */
function controls(action, known, { accepted, refused, none, done, prepare = () => {}, status }) {
  describe(action, () => {
    test("has its similes", () => assert.deepEqual(similes(action), known));
    validates(action, accepted, refused);

    test("says so when there is no task", async (t) => {
      const reply = await (await chatting(t)).say(accepted[0]);
      assert.deepEqual([reply.success, reply.text, reply.data], [false, none, { code: "NOTHING_SELECTED" }]);
    });

    test("does it to the current task", async (t) => {
      const { say, orchestrator } = await chatting(t);
      const { taskId } = (await say("create a task for the report")).data;
      await prepare(orchestrator, taskId);
      const reply = await say(accepted[0]);
      assert.deepEqual([reply.success, reply.text, reply.data], [true, `${done}: the report`, { taskId }]);
      assert.equal(orchestrator.getTask(taskId).status, status);
    });

    test("does it to the task that is named", async (t) => {
      const { say, orchestrator } = await chatting(t);
      await say("create a task for the report");
      const { taskId } = (await say("create a task for the letter")).data;
      await prepare(orchestrator, taskId);
      assert.equal((await say(accepted[0].replace("task", "the letter task"))).text, `${done}: the letter`);
      assert.equal(orchestrator.getTask(taskId).status, status);
    });
  });
}

controls("PAUSE_TASK", ["STOP_TASK", "HALT_TASK"], {
  accepted: ["pause task", "stop the task", "halt my task"], refused: ["hello world", "stop it with the jokes"], none: "No task to pause.", done: "Paused task", status: "paused",
});
controls("RESUME_TASK", ["CONTINUE_TASK", "RESTART_TASK", "RUN_TASK"], {
  accepted: ["resume task", "restart the task", "continue my task", "run task login"], refused: ["hello world", "run along"],
  none: "No task to resume.", done: "Resumed task", status: "running", prepare: (orchestrator, id) => orchestrator.pauseTask(id),
});
controls("CANCEL_TASK", ["DELETE_TASK", "REMOVE_TASK", "ABORT_TASK"], {
  accepted: ["cancel task", "delete the task", "remove my task", "abort task"], refused: ["hello world", "cancel my subscription"], none: "No task to cancel.", done: "Cancelled task", status: "cancelled",
});

describe("what the original did wrong", () => {
  test("a task that was never started is started, and runs once", async (t) => {
    const { say, provider, orchestrator } = await chatting(t);
    const { taskId } = (await say("create a task for the report", { parameters: { start: false } })).data;
    assert.equal((await say("resume it")).text, "Resumed task: the report");
    await say("resume it");
    assert.equal(provider.calls.length, 1);
    assert.equal(orchestrator.getTask(taskId).status, "running");
  });

  test("a task that has ended is not resumed: only a restart begins it anew", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { taskId } = (await say("create a task for the report")).data;
    await orchestrator.cancelTask(taskId);
    const reply = await say("resume it");
    assert.deepEqual([reply.success, reply.data], [false, { taskId, code: "ILLEGAL_TRANSITION" }]);
    assert.match(reply.text, /^Cannot resume task the report: .+\nIt is cancelled\. Say "restart" to run it again\.$/);
    assert.equal((await say("restart it")).text, "Restarted task: the report");
    assert.deepEqual([orchestrator.getTask(taskId).status, orchestrator.getTask(taskId).attempt], ["running", 2]);
  });

  test("cancelling cancels, and never deletes", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { taskId } = (await say("create a task for the report")).data;
    assert.equal((await say("delete the task")).text, "Cancelled task: the report");
    assert.equal(orchestrator.getTask(taskId).status, "cancelled");
  });

  test("a provider can be chosen in the text, by id or label in any case", async (t) => {
    const { say, orchestrator } = await chatting(t);
    for (const [text, name, providerId] of [
      ["create a task for the report using CODEX", "the report", "codex"],
      ['create a task for the letter with "codex pro"', "the letter", "codex"],
      ["create a task to log in with google", "log in with google", "eliza"],
      ["fix the parser using codex", "fix the parser", "codex"],
    ]) {
      const task = orchestrator.getTask((await say(text)).data.taskId);
      assert.deepEqual([task.name, task.providerId], [name, providerId], text);
    }
  });

  test("a start that is refused is told, and leaves nothing behind", async (t) => {
    const { say, orchestrator } = await chatting(t, { maxConcurrency: 1, maxQueued: 1 });
    await say("create a task for one thing");
    await say("create a task for a second thing");
    const reply = await say("create a task for a third thing");
    assert.deepEqual([reply.success, reply.data.code], [false, "QUEUE_FULL"]);
    assert.match(reply.text, /^That did not work: /);
    assert.equal(orchestrator.countTasks().total, 2);
    await orchestrator.cancelTask(orchestrator.listTasks({ sort: "createdAt" }).tasks[1].id);
    await say("create a task for a fourth thing", { parameters: { start: false } });
    await say("create a task for a fifth thing");
    const refused = await say("resume the fourth thing task");
    assert.deepEqual([refused.success, refused.data.code], [false, "QUEUE_FULL"]);
    assert.equal(orchestrator.countTasks().total, 4);
  });

  test("a room of a name that is too long for a current task has none, and all else", async (t) => {
    const { say } = await chatting(t);
    const viewer = { room: "r".repeat(300), user: "ann" };
    assert.equal((await say("create a task for the report", { viewer })).success, true);
    assert.equal((await say("list tasks", { viewer })).text, "Tasks:\n1. the report — running 0%");
    assert.equal((await say("pause it", { viewer })).data.code, "NOTHING_SELECTED");
    assert.equal((await say("pause the report task", { viewer })).success, true);
    assert.equal((await say("switch to the report task", { viewer })).data.code, "LIMIT_EXCEEDED");
  });

  test("a name is at most a hundred characters, none of them cut in half, and a description four thousand", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { data } = await say(`create a task for ${"🎉x".repeat(3000)}`);
    const { name, description } = orchestrator.getTask(data.taskId);
    assert.equal(name, "🎉x".repeat(50));
    assert.equal([...description].length, 4000);
    assert.ok(description.isWellFormed());
  });

  test("what a name says is never filled in", async (t) => {
    const { say } = await chatting(t);
    assert.equal((await say("create a task for {provider} and {name}")).text, "Created task: {provider} and {name}\nProvider: Eliza\nStarting execution…");
  });

  test("a task is made by who embeds the chat, if he wants to", async (t) => {
    const { orchestrator } = await chatting(t);
    const { Chat } = await import("agent-orchestrator-wasm/chat");
    const wanted = [];
    const chat = new Chat({ orchestrator, worldOf: () => "agent", create: (task) => (wanted.push(task), orchestrator.createTask({ ...task, id: "own" })) });
    assert.deepEqual((await chat.respond(ann, "create a task for the report")).data, { taskId: "own" });
    assert.deepEqual(wanted, [{ name: "the report", description: "create a task for the report", steps: [], providerId: undefined, roomId: "r1", worldId: "agent", userId: "ann" }]);
  });
});
