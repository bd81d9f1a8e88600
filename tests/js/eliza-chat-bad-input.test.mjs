// Texts and parameters that are too long, of the wrong kind, or hostile: answered or passed over, nothing done, in time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { english, readIntent } from "agent-orchestrator-wasm/chat";
import { ann, chatting } from "./help/chat.mjs";
import { CODES } from "./help/refused.mjs";
import { hashes } from "./help/open.mjs";
import "./help/unhandled.mjs";

const MEGABYTE = 1 << 20;
/** Milliseconds. Reading takes a tenth of this even on a busy machine; in time that grows with the square it would take minutes. */
const LONGEST = 5000;

/** Says something, which must be passed over or refused with nothing changed. */
async function unmoved({ orchestrator, say }, text, more = {}) {
  const before = hashes(orchestrator);
  const reply = await say(text, more);
  assert.deepEqual(hashes(orchestrator), before, `changed something: ${String(text).slice(0, 80)}`);
  if (reply === undefined) return undefined;
  assert.equal(typeof reply.text, "string");
  assert.ok(reply.text.length < 20_000, "an answer of bounded length");
  assert.ok([undefined, "AMBIGUOUS", "FOREIGN", "NOT_FOUND", "NOTHING_SELECTED", ...CODES].includes(reply.data.code), reply.data.code);
  return reply;
}

describe("a text is read in time that grows with it, whatever it repeats", () => {
  const read = (text) => {
    const begin = performance.now();
    readIntent(english, text);
    const took = performance.now() - begin;
    assert.ok(took < LONGEST, `${JSON.stringify(text.slice(0, 40))} took ${Math.round(took)} ms`);
  };
  for (const part of [
    "a", " ", "\n", ".", "'", "‘", "\"", "“", "„", "`", "🎉", "\ud800", "no ", "please ", "and ", "then ", "the ", "task ", "tasks, ", "not ", "cancel ", "cancel the ", "cancel it ", "stop it x ",
    "stop it please ", "pause a and run ", "pause the ", "cancel task and ", "create ", "create a ", "show ", "find task ", "list a b c d task. ", "one more ", "go on ", "\"a\" ", "'a ", "#1 ",
    "first one ", "a,", "x, ", "! ? ; ", "do ", "using ", "with x ", "cancel the login task and cancel ", "\u0301", "İ", "ß",
  ]) {
    test(JSON.stringify(part), () => {
      const repeated = part.repeat(Math.ceil(MEGABYTE / 16 / part.length));
      for (const text of [repeated, `cancel the ${repeated}`, `${repeated} cancel it`, `create a task to ${repeated}`, `list tasks ${repeated} x`]) read(text);
    });
  }

  test("also of a megabyte", () => {
    for (const part of ["word ", "stop it x ", "please ", "x".repeat(4096)]) read(part.repeat(Math.ceil(MEGABYTE / part.length)));
  });
});

describe("a long text", () => {
  test("of ten thousand words is no name", async (t) => {
    const chatted = await chatting(t);
    await chatted.add("Login");
    for (const text of [`cancel the task ${"word ".repeat(10_000)}`, `cancel "${"word ".repeat(10_000)}"`]) await unmoved(chatted, text);
    for (const task of ["word ".repeat(10_000), "x".repeat(MEGABYTE), `"${"x".repeat(MEGABYTE)}"`]) {
      assert.equal((await unmoved(chatted, "cancel it", { action: "CANCEL_TASK", parameters: { task } })).data.code, "NOT_FOUND");
    }
    assert.equal((await unmoved(chatted, "", { action: "CANCEL_TASK", parameters: { taskId: "x".repeat(MEGABYTE) } })).data.code, "NOT_FOUND");
    assert.equal((await unmoved(chatted, "", { action: "SEARCH_TASKS", parameters: { query: "word ".repeat(10_000) } })).data.code, "LIMIT_EXCEEDED");
  });

  test("makes one task, with a name and a description of bounded length", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { data } = await say(`create a task for ${"word ".repeat(200_000)}`);
    const { name, description } = orchestrator.getTask(data.taskId);
    assert.deepEqual([name.length <= 100, description.length <= 4000, orchestrator.countTasks().total], [true, true, 1]);
  });
});

describe("texts that say nothing", () => {
  for (const text of ["", " ", "\n\n", "\"\"", "\"\"\"\"", "“”", "''", "``", "\" \"", "?", "…", "\0", "🎉", "\ud800", "\udc00\ud800", undefined, null, 5, {}, []]) {
    test(JSON.stringify(text) ?? "undefined", async (t) => {
      const chatted = await chatting(t);
      await chatted.say("create a task for the report");
      assert.equal(await unmoved(chatted, text), undefined);
      assert.equal(chatted.chat.validate("CANCEL_TASK", text), false);
    });
  }
});

describe("half of a surrogate pair", () => {
  test("is refused where it would be kept, and found nowhere", async (t) => {
    const chatted = await chatting(t);
    assert.equal((await unmoved(chatted, "create a task for \ud800")).data.code, "INVALID_ARGUMENT");
    assert.equal((await unmoved(chatted, "cancel the x\ud800y task")).success, false);
    for (const parameters of [{ title: "\ud800" }, { description: "\ud800" }, { steps: ["\ud800"] }, { provider: "\udfff" }]) {
      assert.equal((await unmoved(chatted, "create a task", { parameters })).data.code, "INVALID_ARGUMENT", JSON.stringify(parameters));
    }
  });
});

describe("parameters", () => {
  const cyclic = { name: "x" };
  cyclic.title = cyclic;
  const trap = (thrown) => new Proxy({}, { get: () => { throw thrown; }, getOwnPropertyDescriptor: () => { throw thrown; }, has: () => { throw thrown; } });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  for (const [what, action, parameters] of [
    ["that are no object", "CREATE_TASK", "title"],
    ["that are a number", "LIST_TASKS", 5],
    ["that are a function", "CANCEL_TASK", () => {}],
    ["a title that is a number", "CREATE_TASK", { title: 5 }],
    ["a title that is an object, and holds itself", "CREATE_TASK", cyclic],
    ["a description that is a list", "CREATE_TASK", { title: "x", description: ["x"] }],
    ["steps that are an object", "CREATE_TASK", { title: "x", steps: { 0: "x" } }],
    ["a step that is a number", "CREATE_TASK", { title: "x", steps: ["x", 5] }],
    ["a list of steps with a billion holes", "CREATE_TASK", { title: "x", steps: new Array(1_000_000_000) }],
    ["more steps than a task may have", "CREATE_TASK", { title: "x", steps: new Array(1001).fill("x") }],
    ["a start that is a word", "CREATE_TASK", { title: "x", start: "yes" }],
    ["a provider that is an object", "CREATE_TASK", { title: "x", provider: {} }],
    ["a provider that is not there", "CREATE_TASK", { title: "x", provider: "nobody" }],
    ["a limit that is a word", "LIST_TASKS", { limit: "5" }],
    ["a limit of 0", "LIST_TASKS", { limit: 0 }],
    ["a limit of 101", "LIST_TASKS", { limit: 101 }],
    ["a limit that is not whole", "LIST_TASKS", { limit: 1.5 }],
    ["a status that is none", "LIST_TASKS", { status: "sleeping" }],
    ["a status of two words", "LIST_TASKS", { status: "paused done" }],
    ["a status that is an object", "LIST_TASKS", { status: {} }],
    ["a query that is a list", "SEARCH_TASKS", { query: ["x"] }],
    ["an id that is a number", "CANCEL_TASK", { taskId: 5 }],
    ["a target that is an object", "PAUSE_TASK", { task: {} }],
    ["a restart that is a word", "RESUME_TASK", { restart: "true" }],
    ["that throw when they are read", "CREATE_TASK", trap(new Error("no"))],
    ["that throw what is no error", "CANCEL_TASK", trap(null)],
    ["that are gone", "PAUSE_TASK", revoked.proxy],
    ["a getter that throws", "CREATE_TASK", { get title() { throw new Error("no"); } }],
  ]) {
    test(`${what}: nothing is done, and the answer says why`, async (t) => {
      const chatted = await chatting(t);
      await chatted.say("create a task for the report");
      const reply = await unmoved(chatted, "the report", { action, parameters });
      assert.equal(reply.success, false);
      assert.match(reply.text, /^That did not work: ./);
      assert.ok(CODES.includes(reply.data.code), reply.data.code);
    });
  }

  test("that are absent, null or blank are read from the text", async (t) => {
    const { say, orchestrator } = await chatting(t);
    const { data } = await say("create a task for the report using codex", { action: "CREATE_TASK", parameters: { title: "", name: null, description: undefined, provider: " ", steps: null, start: null } });
    const task = orchestrator.getTask(data.taskId);
    assert.deepEqual([task.name, task.providerId, task.status], ["the report", "codex", "running"]);
    assert.equal((await say("pause the report task", { parameters: { taskId: " ", task: null } })).success, true);
    assert.equal((await say("find tasks about the report", { parameters: { query: null } })).data.taskIds.length, 1);
  });

  test("that are there win over the text", async (t) => {
    const { say, add, orchestrator } = await chatting(t);
    const { id } = await add("Login");
    await add("Report");
    assert.deepEqual((await say("pause the report task", { parameters: { task: "the login task" } })).data, { taskId: id });
    assert.deepEqual((await say("cancel the report task", { parameters: { taskId: id, task: "report" } })).data, { taskId: id });
    const { data } = await say("create a task for the letter using codex", { parameters: { title: "A", description: "B", provider: "eliza", steps: "one\n\ntwo", start: false } });
    const { name, description, providerId, steps, status } = orchestrator.getTask(data.taskId);
    assert.deepEqual([name, description, providerId, steps.map((step) => step.description), status], ["A", "B", "eliza", ["one", "two"], "pending"]);
    assert.equal((await say("start it", { action: "RESUME_TASK", parameters: { task: "A", restart: false } })).text, "Resumed task: A");
  });

  test("an id is exact or nothing", async (t) => {
    const { say, add } = await chatting(t);
    await add("Login", { id: "login-1" });
    for (const taskId of ["login", "Login", "LOGIN-1", "login-1x", "1"]) assert.equal((await say("", { action: "CANCEL_TASK", parameters: { taskId } })).data.code, "NOT_FOUND", taskId);
    assert.equal((await say("", { action: "CANCEL_TASK", parameters: { id: "login-1" } })).success, true);
  });

  test("are only those that are the object's own: nothing is inherited", async (t) => {
    const { say, orchestrator } = await chatting(t);
    for (const parameters of [Object.create({ title: "inherited" }), JSON.parse('{"__proto__":{"title":"inherited"},"constructor":{"title":"x"}}'), { __proto__: { title: "inherited" } }]) {
      const { data } = await say("create a task for the report", { parameters });
      assert.equal(orchestrator.getTask(data.taskId).name, "the report");
    }
    assert.equal({}.title, undefined);
  });

  test("are not of a prototype in the texts either", async (t) => {
    const { say, add } = await chatting(t);
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      await add(name);
      assert.equal((await say(`cancel the ${name} task`)).text, `Cancelled task: ${name}`);
      assert.equal((await say("list tasks", { parameters: { status: name } })).data.code, "INVALID_ARGUMENT");
    }
  });
});

describe("an orchestrator", () => {
  test("that was disposed of is answered for", async (t) => {
    const { say, orchestrator } = await chatting(t);
    await say("create a task for the report");
    await orchestrator.dispose();
    for (const text of ["create a task for the letter", "list tasks", "find tasks about login", "pause the report task"]) {
      const reply = await say(text);
      assert.deepEqual([reply.success, reply.data.code], [false, "DISPOSED"], text);
    }
  });

  test("whose task could not be made says why, whatever was thrown", async (t) => {
    const { orchestrator } = await chatting(t);
    const { Chat } = await import("agent-orchestrator-wasm/chat");
    for (const thrown of [new Error("no room in the table"), null, Object.create(null)]) {
      const reply = await new Chat({ orchestrator, create: () => Promise.reject(thrown) }).respond(ann, "create a task for the report");
      assert.deepEqual([reply.success, reply.data], [false, {}]);
      assert.match(reply.text, /^That did not work: ./);
    }
    assert.equal(orchestrator.countTasks().total, 0);
  });
});
