// Every argument of every method, with every wrong type: refused, with a code, and nothing is changed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { open, turn } from "./help/open.mjs";
import { manual } from "./help/providers.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const boom = () => {
  throw new Error("boom");
};
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();

/** Whatever a caller without types may pass. */
const wrong = {
  undefined, null: null, true: true, "a number": 5, NaN: NaN, Infinity: Infinity, "a BigInt": 5n, "a symbol": Symbol("s"), "a function": () => {},
  "an empty text": "", "half of a surrogate pair": "\ud800", "1 MB of text": "x".repeat(1e6), "a text object": new String("x"), "a list": [], "an object": {},
  "no prototype": Object.create(null), "a date": new Date(0), "a promise that never settles": new Promise(() => {}), "a thenable": { then() {} },
  "a proxy that throws": new Proxy({}, { get: boom, has: boom, ownKeys: boom, getOwnPropertyDescriptor: boom }), "a revoked proxy": revoked,
  "an object that throws as text": { toString: boom, valueOf: boom, [Symbol.toPrimitive]: boom },
};

const isText = (value) => typeof value === "string" && value.isWellFormed();
const never = () => false;
const isList = (value) => value === wrong["a list"];

/**
 * Each argument by itself, the others being right, and which of the values above are right for it.
 * `x` is a running task with a step; its provider never answers.
 */
const calls = {
  "createTask: task": [(o, v) => o.createTask(v), never],
  "createTask: name": [(o, v) => o.createTask({ name: v }), never],
  "createTask: description": [(o, v) => o.createTask({ name: "a", description: v }), (v) => v === undefined || v === ""],
  "createTask: id": [(o, v) => o.createTask({ name: "a", id: v }), (v) => v === undefined],
  "createTask: providerId": [(o, v) => o.createTask({ name: "a", providerId: v }), (v) => v === undefined],
  "createTask: subAgentType": [(o, v) => o.createTask({ name: "a", subAgentType: v }), (v) => v === undefined || v === ""],
  "createTask: workingDirectory": [(o, v) => o.createTask({ name: "a", workingDirectory: v }), (v) => v === undefined || v === ""],
  "createTask: roomId": [(o, v) => o.createTask({ name: "a", roomId: v }), (v) => v === undefined || v === ""],
  "createTask: worldId": [(o, v) => o.createTask({ name: "a", worldId: v }), (v) => v === undefined || v === ""],
  "createTask: parentId": [(o, v) => o.createTask({ name: "a", parentId: v }), (v) => v === undefined],
  "createTask: tags": [(o, v) => o.createTask({ name: "a", tags: v }), (v) => v === undefined || isList(v)],
  "createTask: a tag": [(o, v) => o.createTask({ name: "a", tags: ["fine", v] }), never],
  "createTask: steps": [(o, v) => o.createTask({ name: "a", steps: v }), (v) => v === undefined || isList(v)],
  "createTask: a step": [(o, v) => o.createTask({ name: "a", steps: ["fine", v] }), never],
  "createTasks: tasks": [(o, v) => o.createTasks(v), isList],
  "createTasks: a task": [(o, v) => o.createTasks([{ name: "fine" }, v]), never],
  "startTask: id": [(o, v) => o.startTask(v), never],
  "startTask: options": [(o, v) => o.startTask("x", v), (v) => v === undefined || plain(v)],
  "startTask: signal": [(o, v) => o.startTask("x", { signal: v }), (v) => v === undefined],
  "runTask: task": [(o, v) => o.runTask(v), never],
  "runTask: options": [(o, v) => o.runTask({ name: "a" }, v), (v) => v === undefined || plain(v)],
  "restartTask: id": [(o, v) => o.restartTask(v), never],
  "waitForTask: id": [(o, v) => o.waitForTask(v), never],
  "waitForTask: options": [(o, v) => o.waitForTask("x", v), (v) => v === undefined || plain(v)],
  "pauseTask: id": [(o, v) => o.pauseTask(v), never],
  "resumeTask: id": [(o, v) => o.resumeTask(v), never],
  "cancelTask: id": [(o, v) => o.cancelTask(v), never],
  "cancelTask: options": [(o, v) => o.cancelTask("y", v), (v) => v === undefined || plain(v)],
  "cancelTask: reason": [(o, v) => o.cancelTask("y", { reason: v }), (v) => v === undefined || isText(v)],
  "deleteTask: id": [(o, v) => o.deleteTask(v), never],
  "renameTask: id": [(o, v) => o.renameTask(v, "b"), never],
  "renameTask: name": [(o, v) => o.renameTask("x", v), never],
  "reassignTask: id": [(o, v) => o.reassignTask(v, "manual"), never],
  "reassignTask: providerId": [(o, v) => o.reassignTask("y", v), never],
  "setUserStatus: id": [(o, v) => o.setUserStatus(v, "done"), never],
  "setUserStatus: status": [(o, v) => o.setUserStatus("x", v), never],
  "appendOutput: id": [(o, v) => o.appendOutput(v, "line"), never],
  "appendOutput: text": [(o, v) => o.appendOutput("x", v), (v) => typeof v === "string"],
  "updateProgress: id": [(o, v) => o.updateProgress(v, 5), never],
  "updateProgress: percent": [(o, v) => o.updateProgress("x", v), Number.isFinite],
  "addStep: id": [(o, v) => o.addStep(v, "step"), never],
  "addStep: description": [(o, v) => o.addStep("x", v), never],
  "updateStep: id": [(o, v) => o.updateStep(v, "s1", "running"), never],
  "updateStep: step": [(o, v) => o.updateStep("x", v, "running"), never],
  "updateStep: status": [(o, v) => o.updateStep("x", "s1", v), never],
  "updateStep: output": [(o, v) => o.updateStep("x", "s1", "running", v), (v) => v === undefined || v === ""],
  "switchTask: options": [(o, v) => o.switchTask(null, v), (v) => v === undefined || plain(v)],
  "switchTask: scope": [(o, v) => o.switchTask(null, { scope: v }), (v) => v === undefined],
  "currentTaskIn": [(o, v) => o.currentTaskIn(v), isText],
  "taskContext": [(o, v) => o.taskContext(v), (v) => v === undefined],
  "switchTask: text": [(o, v) => o.switchTask(v), (v) => v === null],
  "getTask: id": [async (o, v) => assert.equal(o.getTask(v), undefined), isText],
  "listTasks: total": [(o, v) => o.listTasks({ total: v }), (v) => v === undefined || v === true],
  "listTasks: query": [(o, v) => o.listTasks(v), (v) => v === undefined || (plain(v) && !isList(v))],
  "searchTasks: text": [(o, v) => o.searchTasks(v), never],
  "registerProvider: provider": [(o, v) => o.registerProvider(v), never],
  "subscribe: listener": [(o, v) => o.subscribe(v), (v) => typeof v === "function"],
  "subscribe: options": [(o, v) => o.subscribe(() => {}, v), (v) => v === undefined || plain(v)],
  "events: options": [(o, v) => o.events(v), (v) => v === undefined || plain(v)],
};
/** Options that say nothing. */
function plain(value) {
  return typeof value === "object" && value !== null && value !== wrong["a proxy that throws"] && value !== revoked;
}

for (const [what, [call, allows]] of Object.entries(calls)) {
  describe(what, () => {
    for (const [name, value] of Object.entries(wrong)) {
      if (allows(value)) continue;
      test(name, async (t) => {
        const orchestrator = await open(t);
        orchestrator.runTask({ name: "x", id: "x", steps: ["step"] });
        await orchestrator.createTask({ name: "y", id: "y" });
        await turn();
        await refused(orchestrator, undefined, () => call(orchestrator, value));
        await turn();
        assert.equal(orchestrator.countTasks().total, 2);
      });
    }
  });
}

test("what the tables call right is taken", async (t) => {
  for (const [what, [call, allows]] of Object.entries(calls)) {
    for (const [name, value] of Object.entries(wrong)) {
      if (!allows(value)) continue;
      const orchestrator = await open(t);
      orchestrator.runTask({ name: "x", id: "x", steps: ["step"] });
      await orchestrator.createTask({ name: "y", id: "y" });
      // A run or a wait goes on for as long as its task does.
      const verdict = await Promise.race([Promise.resolve(call(orchestrator, value)).then(() => "taken", (error) => error), turn()]);
      assert.ok(verdict === undefined || verdict === "taken", `${what}: ${name}: ${verdict}`);
    }
  }
});

describe("open", () => {
  const options = {
    options: [(v) => v, (v) => v === undefined || plain(v)],
    providers: [(v) => ({ providers: v }), (v) => v === undefined || isList(v)],
    "a provider": [(v) => ({ providers: [v] }), never],
    defaultProviderId: [(v) => ({ defaultProviderId: v }), (v) => v === undefined],
    workingDirectory: [(v) => ({ workingDirectory: v }), (v) => v === undefined || typeof v === "function" || isText(v)],
    maxConcurrency: [(v) => ({ maxConcurrency: v }), (v) => v === undefined || v === 5],
    maxTasks: [(v) => ({ maxTasks: v }), (v) => v === undefined || v === 5],
    maxOutputLines: [(v) => ({ maxOutputLines: v }), (v) => v === undefined || v === 5],
    eventLogBytes: [(v) => ({ eventLogBytes: v }), (v) => v === undefined || v === 5],
    now: [(v) => ({ now: v }), (v) => v === undefined],
    seed: [(v) => ({ seed: v }), (v) => v === undefined || v === 5],
    onError: [(v) => ({ onError: v }), (v) => v === undefined || typeof v === "function"],
  };
  const numbers = { "-1": -1, "0.5": 0.5, "2^53": 2 ** 53, "1e400": Infinity, "minus nothing": -0 };
  for (const [what, [make, allows]] of Object.entries(options)) {
    test(what, async () => {
      for (const value of Object.values(wrong)) {
        if (allows(value)) continue;
        await refusedWith(undefined, () => AgentOrchestrator.open(make(value)));
      }
    });
  }
  for (const what of ["maxConcurrency", "maxTasks", "maxOutputLines", "eventLogBytes"]) {
    for (const [name, value] of Object.entries({ ...numbers, 0: 0, "2^32": 2 ** 32 })) {
      test(`${what}: ${name}`, () => refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ [what]: value })));
    }
  }
  for (const [name, value] of Object.entries({ "-1": -1, "0.5": 0.5, "2^53": 2 ** 53 })) {
    test(`seed: ${name}`, () => refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ seed: value })));
  }
  for (const value of [NaN, -1, Infinity, "now", undefined, 2 ** 53, {}, 5n]) {
    test(`a clock that says ${String(value)}`, () => refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ now: () => value })));
  }
  test("a clock that throws", () => refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ now: boom })));
  test("two providers with one id", () => refusedWith("PROVIDER_EXISTS", () => AgentOrchestrator.open({ providers: [manual(), manual()] })));
  test("a default that is not there", () => refusedWith("PROVIDER_NOT_FOUND", () => AgentOrchestrator.open({ providers: [manual()], defaultProviderId: "x" })));
  test("a provider after a good one", () => refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ providers: [manual(), {}] })));

  test("the largest numbers are taken", async (t) => {
    const largest = 2 ** 32 - 1;
    const orchestrator = await open(t, {
      maxConcurrency: largest, maxTasks: largest, maxOutputLines: largest, eventLogBytes: largest, seed: Number.MAX_SAFE_INTEGER, now: () => Number.MAX_SAFE_INTEGER,
    });
    const { createdAt } = await orchestrator.createTask({ name: "a" });
    assert.equal(createdAt, Number.MAX_SAFE_INTEGER);
  });

  test("the smallest too", async (t) => {
    const orchestrator = await open(t, { maxConcurrency: 1, maxTasks: 1, maxOutputLines: 1, eventLogBytes: 1, seed: 0, now: () => 0 });
    const { id } = await orchestrator.createTask({ name: "a" });
    await orchestrator.appendOutput(id, "one\ntwo");
    assert.deepEqual(orchestrator.getTask(id).output, ["two"]);
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "b" }));
    await orchestrator.deleteTask(id);
    await orchestrator.createTask({ name: "b" });
  });
});
