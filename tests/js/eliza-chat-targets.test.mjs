// Which task a chat acts on: the one that is meant, if it may be seen, and none when more than one can be meant.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Chat } from "agent-orchestrator-wasm/chat";
import { ann, bob, cat, chatting } from "./help/chat.mjs";
import { random } from "./help/random.mjs";
import "./help/unhandled.mjs";

const FOREIGN = "That task belongs to another room. Only that room or an owner can cancel it.";

describe("finding", () => {
  async function found(t, names, text) {
    const { say, add, orchestrator } = await chatting(t);
    for (const [index, name] of names.entries()) await add(name, { id: `id-${index}` });
    const reply = await say(text);
    return [reply.data.taskId ?? reply.data.code, ...orchestrator.listTasks({ status: "cancelled" }).tasks.map(({ id }) => id)];
  }
  for (const [rule, names, text, id] of [
    ["an exact name comes before names that have its words", ["Login page", "Login"], "cancel the login task", "id-1"],
    ["a name that has all words, whole, comes before what the search finds", ["Logins", "The big login page"], "cancel the login task", "id-1"],
    ["what only the search finds is taken when nothing is better", ["Authentication"], "cancel the auth task", "id-0"],
    ["words of a description count when no name has them", ["Sign in"], "cancel the sign task", "id-0"],
    ["an article before a name is of no account", ["The report", "Other"], "cancel the report task", "id-0"],
    ["white space is", ["Great   report", "Great"], "cancel \"great report\"", "id-0"],
    ["a name may be that of a place in a list", ["Task 3", "B", "C", "D"], "cancel task 3", "id-0"],
    ["letters are compared whatever their case", ["ΊΣΩΣ", "Other"], "cancel the ίσως task", "id-0"],
    ["a double s is a sharp one", ["STRASSE", "Other"], "cancel the Straße task", "id-0"],
    ["names may be in any script", ["日本語のテスト", "задача отчёт"], "cancel the задача отчёт task", "id-1"],
    ["and be found by a part where words are not spaced", ["日本語のテスト", "задача"], "cancel the テスト task", "id-0"],
    ["a name of no letters can be quoted", ["🎉", "Party"], "cancel \"🎉\"", "id-0"],
    ["also without quotes", ["🎉", "Party"], "cancel the 🎉 task", "id-0"],
    ["a smile at the end is no name", ["Login"], "cancel the login task 🙂", "id-0"],
    ["a name that is a word to begin with is heard", ["Hello", "World"], "cancel hello task", "id-0"],
    ["so is one that has a verb", ["Build and run", "Other"], "cancel the build and run task", "id-0"],
    ["an id is found by its beginning", ["A", "B"], "cancel task id-1", "id-1"],
    ["the first is the newest", ["A", "B", "C"], "cancel the first task", "id-2"],
    ["the oldest is at the end", ["A", "B", "C"], "cancel the oldest task", "id-0"],
    ["words narrow down which is the second", ["Login A", "Login B", "Other", "Login C"], "cancel the second login task", "id-1"],
    ["a word of status finds those that stand so", ["A"], "cancel the pending task", "id-0"],
  ]) {
    test(rule, async (t) => assert.deepEqual(await found(t, names, text), [id, id]));
  }

  for (const [rule, names, text, code] of [
    ["nothing is done when two names have the words", ["Login page", "Login form"], "cancel the login task", "AMBIGUOUS"],
    ["nor when two have the same name", ["Login", "Login"], "cancel \"login\"", "AMBIGUOUS"],
    ["nor when the last of the list is not the last that was made", ["A", "B"], "cancel the last task", "AMBIGUOUS"],
    ["nor when a place and a name are meant", ["Second opinion", "B", "C"], "cancel the second task", "AMBIGUOUS"],
    ["nor when one name has an article more", ["The report", "Report"], "cancel the report task", "AMBIGUOUS"],
    ["nor when several have a status", ["A", "B"], "cancel the pending task", "AMBIGUOUS"],
    ["nor when all that were only guessed at are asked for", ["Logins", "Logistics"], "cancel all log tasks", "AMBIGUOUS"],
    ["nor when nothing fits", ["Login"], "cancel the report task", "NOT_FOUND"],
    ["nor when a quoted name is not that of a task", ["Login page"], "cancel \"report\"", "NOT_FOUND"],
    ["nor when nothing is said and nothing is selected", ["Login"], "cancel the task", "NOTHING_SELECTED"],
    ["nor for the place after the end", ["A"], "cancel task 2", "NOT_FOUND"],
    ["nor for place 0", ["A"], "cancel task 0", "NOT_FOUND"],
  ]) {
    test(rule, async (t) => assert.deepEqual(await found(t, names, text), [code]));
  }

  test("a sign that is no name is not the current task", async (t) => {
    const { say } = await chatting(t);
    await say("create a task for the report");
    assert.deepEqual((await say("cancel the 🎉 task")).data, { code: "NOT_FOUND" });
    assert.deepEqual((await say("cancel the +++ task")).data, { code: "NOT_FOUND" });
    assert.equal((await say("🎉 pause it 🙂!")).text, "Paused task: the report");
  });

  test("a word to begin with may be the name, also where there is a current task", async (t) => {
    const { say, add } = await chatting(t);
    await say("create a task for the report");
    assert.equal((await say("pause the task now")).text, "Paused task: the report");
    await add("Now");
    assert.equal((await say("cancel the task now")).data.code, "AMBIGUOUS");
  });

  test("where one of several can be meant it is that one", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    await orchestrator.cancelTask((await add("Login page")).id);
    const { id } = await add("Login form");
    assert.deepEqual((await say("cancel the login task")).data, { taskId: id });
  });

  test("where none of several can be meant all are shown", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    for (const name of ["Login page", "Login form"]) await orchestrator.cancelTask((await add(name)).id);
    assert.equal((await say("pause the login task")).text, "Which one? 2 tasks match:\n1. Login form — cancelled 0%\n2. Login page — cancelled 0%\nSay it with the number, for example: pause task 2");
  });

  test("of many that match ten are shown", async (t) => {
    const { say, add } = await chatting(t);
    for (let number = 0; number < 12; number += 1) await add("Same");
    const lines = (await say("restart the same task")).text.split("\n");
    assert.deepEqual([lines.length, lines[0], lines[11], lines[12]], [13, "Which one? 12 tasks match:", "… and 2 more", "Say it with the number, for example: restart task 2"]);
  });

  test("all are those with which it can be done, each of them", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    const ids = [];
    for (let number = 0; number < 12; number += 1) ids.push((await add(`Number ${number}`)).id);
    await orchestrator.cancelTask(ids[0]);
    const { text, data } = await say("pause all tasks");
    assert.deepEqual([text.split("\n")[0], text.split("\n").at(-1), data.taskIds.length], ["Paused task: Number 11", "… and 1 more", 11]);
    assert.equal(orchestrator.countTasks().paused, 11);
    assert.deepEqual((await say("switch to all tasks")).data.code, "AMBIGUOUS");
  });
});

describe("numbers are those that were shown", () => {
  test("also when a task has come in between", async (t) => {
    const { say, add } = await chatting(t);
    for (const name of ["A", "B", "C"]) await add(name);
    await say("list tasks");
    await add("D");
    assert.equal((await say("pause task 1")).text, "Paused task: C");
    assert.equal((await say("pause the third one")).text, "Paused task: A");
  });

  test("and when one has gone", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    const { id } = await add("A");
    await add("B");
    await say("list tasks");
    await orchestrator.deleteTask((await say("pause task 1")).data.taskId);
    assert.equal((await say("pause task 1")).data.code, "NOT_FOUND");
    assert.deepEqual((await say("pause task 2")).data, { taskId: id });
  });

  test("to each in each room his own", async (t) => {
    const { say, add } = await chatting(t);
    await add("Login A");
    await add("B");
    await say("find tasks about login");
    assert.equal((await say("pause task 1")).text, "Paused task: Login A");
    assert.equal((await say("pause task 1", { viewer: bob })).text, "Paused task: B");
  });

  test("in answers that asked which", async (t) => {
    const { say, add } = await chatting(t);
    for (const name of ["Login A", "Other", "Login B"]) await add(name);
    assert.equal((await say("pause the login task")).data.code, "AMBIGUOUS");
    assert.equal((await say("pause task 2")).text, "Paused task: Login A");
  });

  test("and a number that words narrow down is asked about where it could be either", async (t) => {
    const { say, add } = await chatting(t);
    for (const name of ["Login A", "Login B", "Other"]) await add(name);
    await say("list tasks");
    assert.equal((await say("pause login task 2")).data.code, "AMBIGUOUS");
    await say("list tasks");
    assert.equal((await say("pause login task 3")).text, "Paused task: Login A");
  });

  test("a thousand viewers are remembered, not more", async (t) => {
    const { say, add } = await chatting(t);
    await add("A");
    await add("B");
    await say("find tasks about a", { parameters: { query: "A" } });
    for (let number = 0; number < 1000; number += 1) await say("list tasks", { viewer: { room: "r1", user: `user ${number}` } });
    assert.equal((await say("pause task 1")).text, "Paused task: B");
  });
});

describe("whose tasks they are", () => {
  test("somebody in another room sees none of them", async (t) => {
    const { say, chat, orchestrator } = await chatting(t);
    const { taskId } = (await say("create a task for the report")).data;
    assert.equal((await say("list tasks", { viewer: cat })).text, "No tasks.");
    assert.equal((await say("find tasks about report", { viewer: cat })).success, true);
    assert.deepEqual((await say("find tasks about report", { viewer: cat })).data, { taskIds: [] });
    assert.equal(chat.context(cat).data.taskCount, 0);
    for (const [text, parameters] of [[`cancel task ${taskId}`], ['cancel "the report"'], ["", { taskId }]]) {
      const reply = await say(text, { viewer: cat, action: "CANCEL_TASK", parameters });
      assert.deepEqual([reply.success, reply.text, reply.data], [false, FOREIGN, { code: "FOREIGN" }], text);
    }
    assert.equal((await say("cancel it", { viewer: cat })).data.code, "NOTHING_SELECTED");
    assert.equal((await say("cancel all tasks", { viewer: cat })).data.code, "NOTHING_SELECTED");
    assert.equal(orchestrator.getTask(taskId).status, "running");
  });

  test("the owner of a world sees those of his world, and an owner all", async (t) => {
    const { say } = await chatting(t);
    await say("create a task for the report");
    await say("create a task for the letter", { viewer: cat });
    for (const [viewer, names] of [
      [{ ...cat, role: "member" }, ["the letter"]],
      [{ ...cat, role: "worldOwner" }, ["the letter", "the report"]],
      [{ room: "r3", world: "w2", role: "worldOwner" }, []],
      [{ room: "r3", role: "worldOwner" }, []],
      [{ room: "r3", role: "owner" }, ["the letter", "the report"]],
    ]) {
      const { text } = await say("list tasks", { viewer });
      assert.deepEqual([...text.matchAll(/\d\. (.*) —/g)].map(([, name]) => name).sort(), names, JSON.stringify(viewer));
    }
    assert.equal((await say("cancel the report task", { viewer: { ...cat, role: "worldOwner" } })).text, "Cancelled task: the report");
  });

  test("a task in no room is an owner's", async (t) => {
    const { say, orchestrator } = await chatting(t);
    await orchestrator.createTask({ name: "Of nobody" });
    assert.equal((await say('pause "of nobody"')).data.code, "FOREIGN");
    assert.equal((await say('pause "of nobody"', { viewer: { ...ann, role: "owner" } })).success, true);
  });

  test("it is the current task of who asks, then that of the room", async (t) => {
    const { say } = await chatting(t);
    await say("create a task for the report");
    assert.equal((await say("pause it", { viewer: bob })).text, "Paused task: the report");
    await say("create a task for the letter", { viewer: bob });
    assert.equal((await say("pause it", { viewer: bob })).text, "Paused task: the letter");
    assert.equal((await say("resume it", { viewer: ann })).text, "Resumed task: the report");
  });

  test("my task is never that of somebody else", async (t) => {
    const { say } = await chatting(t);
    await say("create a task for the report");
    for (const text of ["pause my task", "cancel mine", "switch to my task"]) assert.equal((await say(text, { viewer: bob })).data.code, "NOTHING_SELECTED", text);
    assert.equal((await say("pause my task")).text, "Paused task: the report");
    assert.equal((await say("resume my task", { viewer: { room: "r1" } })).text, "Resumed task: the report", "who is unknown has the room's");
  });

  test("switching is for both, and a task that is deleted is nobody's current one", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    await say("create a task for the report");
    const { id } = await add("The letter");
    await say("switch to the letter task", { viewer: bob });
    assert.equal((await say("pause it", { viewer: ann })).text, "Paused task: the report");
    assert.equal((await say("pause it", { viewer: { room: "r1", user: "dan" } })).text, "Paused task: The letter");
    await orchestrator.deleteTask(id);
    assert.equal((await say("resume it", { viewer: bob })).data.code, "NOTHING_SELECTED");
  });
});

describe("no text acts where more than one fits", () => {
  const verbs = ["cancel", "pause", "resume", "restart", "switch to", "stop", "abort", "delete", "continue", "run again", "please cancel", "I think you should pause", "Eliza, halt"];
  const words = [
    "the", "my", "a", "task", "tasks", "login", "page", "form", "report", "fix", "and", "then", "it", "this", "that", "ones", "running", "pending", "paused", "about",
    "for", "called", "named", "please", "now", "“login page”", "\"report\"", "'fix'", "#", ".", "!", ",", "not", "no", "again", "hello", "address", "prefix", "create", "new", "with", "🎉", "in", "room",
  ];
  const places = ["first", "second", "last", "newest", "oldest", "2", "task 3", "#1", "number two", "id-4", "id-"];
  const names = ["Login page", "Login form", "Report", "Fix the report", "Fix", "Login", "Page and form"];

  /** Each name twice, so that no name says which. */
  async function twins(t) {
    const chatted = await chatting(t);
    for (const [index, name] of [...names, ...names].entries()) {
      const { id } = await chatted.add(name, { id: `id-${index}` });
      if (index % names.length < 3) void chatted.orchestrator.startTask(id);
    }
    return chatted;
  }
  const sentence = (choose, pieces) => `${choose.pick(verbs)} ${Array.from({ length: choose.below(7) }, () => choose.pick(pieces)).join(" ")}`;

  test("when it says no place and no id, whatever else it says", async (t) => {
    const { standing, orchestrator, say } = await twins(t);
    const before = standing();
    const choose = random(20_260_811);
    for (let round = 0; round < 1500; round += 1) {
      const text = sentence(choose, words);
      const reply = await say(text);
      // "Abort, and fix the report" may well ask for a new one.
      if (reply?.action === "CREATE_TASK") await orchestrator.deleteTask(reply.data.taskId);
      assert.deepEqual(standing(), before, text);
      if (/PAUSE|RESUME|CANCEL|SWITCH/.test(reply?.action)) assert.equal(reply.success, false, text);
    }
  });

  test("and when it does, it acts on one at most", async (t) => {
    const { standing, orchestrator, say } = await twins(t);
    let before = standing();
    let acted = 0;
    const choose = random(77);
    for (let round = 0; round < 1500; round += 1) {
      const text = sentence(choose, [...words, ...places, ...places]);
      const reply = await say(text);
      if (reply?.action === "CREATE_TASK") await orchestrator.deleteTask(reply.data.taskId);
      const after = standing();
      const changed = Object.keys(after).filter((id) => after[id] !== before[id]);
      assert.ok(changed.length <= 1, text);
      if (changed.length > 0) assert.deepEqual([reply.success, reply.data.taskId], [true, changed[0]], text);
      acted += changed.length;
      before = after;
    }
    assert.ok(acted > 20, `the texts mean something: ${acted}`);
  });
});

test("what was shown is one chat's own", async (t) => {
  const { say, add, orchestrator } = await chatting(t);
  await add("A");
  await add("B");
  await say("", { action: "SEARCH_TASKS", parameters: { query: "A" } });
  assert.equal((await new Chat({ orchestrator }).respond(ann, "pause task 1")).text, "Paused task: B");
});
