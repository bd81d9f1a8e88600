// What providers may answer, and what becomes of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, record, turn } from "./help/open.mjs";
import "./help/unhandled.mjs";

const run = async (t, answer) => {
  const executeTask = typeof answer === "function" ? answer : () => answer;
  const orchestrator = await open(t, { providers: [{ id: "p", executeTask }] });
  const events = record(orchestrator);
  const started = orchestrator.runTask({ name: "a" });
  const outcome = await started;
  await turn();
  return { orchestrator, outcome, task: orchestrator.getTask(started.taskId), events };
};

const bare = { error: undefined, filesCreated: [], filesModified: [] };

describe("success", () => {
  for (const [what, answer, result] of [
    ["text", "well done", { ...bare, success: true, summary: "well done" }],
    ["nothing", undefined, { ...bare, success: true, summary: "" }],
    ["null", null, { ...bare, success: true, summary: "" }],
    ["only success", { success: true }, { ...bare, success: true, summary: "" }],
    ["null fields", { success: true, summary: null, error: null }, { ...bare, success: true, summary: "" }],
    ["files", { success: true, summary: "s", filesCreated: ["a", "a"], filesModified: ["b"] },
      { success: true, summary: "s", error: undefined, filesCreated: ["a", "a"], filesModified: ["b"] }],
    ["more", { success: true, score: 0.1, deep: { list: [1, null, "x"] }, gone: undefined },
      { ...bare, success: true, summary: "", score: 0.1, deep: { list: [1, null, "x"] } }],
    ["an error beside success", { success: true, error: "a warning" }, { ...bare, success: true, summary: "", error: "a warning" }],
  ]) {
    test(what, async (t) => {
      const { outcome, task, events } = await run(t, answer);
      assert.deepEqual(outcome.result, result);
      assert.deepEqual(task.result, result);
      assert.deepEqual([task.filesCreated, task.filesModified], [result.filesCreated, result.filesModified]);
      assert.deepEqual([outcome.status, outcome.success, outcome.summary, outcome.error], ["completed", true, result.summary, undefined]);
      const told = events.at(-1);
      assert.deepEqual([told.type, told.success, told.summary, told.result], ["task:completed", true, result.summary, result]);
      assert.ok(Object.isFrozen(task.result) && Object.isFrozen(outcome.result) && Object.isFrozen(told.result));
    });
  }
});

describe("failure", () => {
  for (const [what, answer, error, summary] of [
    ["with an error", { success: false, summary: "tried", error: "no disk" }, "no disk", "tried"],
    ["with a summary only", { success: false, summary: "tried" }, "tried", "tried"],
    ["with a blank error", { success: false, summary: "tried", error: " " }, "tried", "tried"],
    ["without a word", { success: false }, "The provider gave no reason", ""],
  ]) {
    test(what, async (t) => {
      const { outcome, task, events } = await run(t, answer);
      assert.deepEqual([outcome.status, outcome.success, outcome.error, outcome.summary], ["failed", false, error, summary]);
      assert.deepEqual([task.status, task.error, task.result.success, task.result.summary], ["failed", error, false, summary]);
      const told = events.at(-1);
      assert.deepEqual([told.type, told.success, told.error, told.summary], ["task:failed", false, error, summary]);
    });
  }
});

class Odd extends Error {
  get message() {
    throw new Error("unreadable");
  }
}
const throwing = (value) => () => {
  throw value;
};

describe("thrown", () => {
  const error = new Error("broken");
  for (const [what, thrown, words] of [
    ["an error", error, "broken"],
    ["an error without words", new TypeError(""), "TypeError"],
    ["text", "just text", "just text"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { toString: () => "speaks" }, "speaks"],
    ["blank text", "  ", "The provider gave no reason"],
    ["an object that cannot be shown", Object.create(null), "something that cannot be shown was thrown"],
    ["an error that cannot be read", new Odd(), "something that cannot be shown was thrown"],
    ["an error whose message is a list", Object.assign(new Error(), { message: ["x", "y"] }), "x,y"],
    ["an error whose message is an object", Object.assign(new Error(), { message: { length: 3 } }), "[object Object]"],
  ]) {
    for (const [how, answer] of [["at once", throwing(thrown)], ["as a rejection", () => Promise.reject(thrown)]]) {
      test(`${what}, ${how}`, async (t) => {
        const { outcome, task } = await run(t, answer);
        assert.deepEqual([outcome.status, outcome.error, task.error, task.result], ["failed", words, words, undefined]);
        assert.equal(outcome.cause, thrown, "the cause is the very thing that was thrown");
      });
    }
  }

  test("a long error is cut, with a mark", async (t) => {
    const { task } = await run(t, throwing(new Error("é".repeat(500_000))));
    assert.ok(Buffer.byteLength(task.error) <= 16 * 1024);
    assert.ok(task.error.endsWith("… (cut)"));
  });
});

const cyclic = { success: true };
cyclic.self = cyclic;
let deep = { success: true };
for (let n = 0; n < 70; n++) deep = { success: true, deep };
let abyss = [];
for (let n = 0; n < 100_000; n++) abyss = [abyss];

describe("rubbish fails the task, and says what was wrong", () => {
  for (const [what, answer, words] of [
    ["a number", 5, /a number/],
    ["a boolean", true, /a boolean/],
    ["a BigInt", 5n, /a bigint/],
    ["a symbol", Symbol("x"), /a symbol/],
    ["a function", () => "done", /a function/],
    ["an object without success", { summary: "done" }, /without `success`/],
    ["success as text", { success: "false" }, /success that is a string/],
    ["a summary that is no text", { success: true, summary: 5 }, /summary that is a number/],
    ["an error that is no text", { success: false, error: new Error("x") }, /error that is an object/],
    ["files that are no list", { success: true, filesCreated: "a.txt" }, /filesCreated/],
    ["files that are no text", { success: true, filesModified: [1] }, /filesModified/],
    ["a list of numbers", [1, 2], /yielded a number/],
    ["a map", new Map([["success", true]]), /yielded an array/],
    ["bytes", new Uint8Array(3), /yielded a number/],
    ["a cycle", cyclic, /JSON/],
    ["a BigInt inside", { success: true, big: 5n }, /JSON/],
    ["too deep", deep, /levels of nesting/],
    ["far too deep", { success: true, abyss }, /JSON/],
    ["half of a surrogate pair inside", { success: true, half: "\ud800" }, /JSON/],
    ["too large a summary", "x".repeat(64 * 1024 + 1), /a result summary has 65537 bytes/],
    ["too large a result", { success: true, more: "x".repeat(1024 * 1024) }, /a result as JSON/],
    ["a getter that throws", { get success() { throw new Error("unreadable"); } }, /unreadable/],
    ["a proxy that throws", new Proxy({}, { ownKeys: throwing(new Error("no keys")), get: () => undefined }), /no keys/],
    ["a proxy that throws at everything", new Proxy({}, { get: throwing(new Error("no touching")) }), /no touching/],
    ["a toJSON that throws", { success: true, more: { toJSON: throwing(new Error("not JSON")) } }, /not JSON/],
    ["a `then` that throws", { get then() { throw new Error("no then"); } }, /no then/],
  ]) {
    for (const [how, given] of [["at once", () => answer], ["as a promise", async () => answer]]) {
      // Only what is returned itself is read as lines; what a promise resolves to is a result.
      if (how === "as a promise" && [..."a list of numbers|a map|bytes".split("|")].includes(what)) continue;
      test(`${what}, ${how}`, async (t) => {
        const { outcome, task } = await run(t, given);
        assert.deepEqual([outcome.status, task.status], ["failed", "failed"]);
        assert.match(outcome.error, words);
      });
    }
  }

  test("a getter is read once, and what it said first counts", async (t) => {
    let reads = 0;
    const { outcome } = await run(t, {
      get success() {
        return reads++ === 0;
      },
      summary: "s",
    });
    assert.deepEqual([outcome.status, reads], ["completed", 1]);
  });

  test("keys that reach for prototypes are data", async (t) => {
    const answer = JSON.parse('{"success":true,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"then":1,"toString":"x"}');
    const { outcome, task, events } = await run(t, answer);
    for (const result of [outcome.result, task.result, events.at(-1).result]) {
      assert.deepEqual(Object.getOwnPropertyDescriptor(result, "__proto__").value, { isAdmin: true });
      assert.deepEqual(result.constructor, { prototype: { isAdmin: true } });
      assert.equal(result.then, 1);
      assert.equal(Object.getPrototypeOf(result), Object.prototype);
    }
    assert.equal({}.isAdmin, undefined);
  });
});
