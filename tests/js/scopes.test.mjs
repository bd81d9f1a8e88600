// Scopes: a current task for each room, each user, whatever the host names so; and lists of a room or a world.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { open } from "./help/open.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const named = (task) => task?.name;

describe("switchTask with a scope", () => {
  test("is about that scope alone, and is told once", async (t) => {
    const orchestrator = await open(t);
    const [, b] = await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
    const told = [];
    orchestrator.subscribe((event) => told.push(event), { types: ["task:message"] });
    assert.equal(named(await orchestrator.switchTask(b.id, { scope: "room" })), "b");
    await orchestrator.switchTask("b", { scope: "room" });
    assert.equal(named(orchestrator.currentTaskIn("room")), "b");
    assert.equal(orchestrator.currentTaskIn("another"), undefined);
    assert.equal(named(orchestrator.currentTask), "a");
    await orchestrator.switchTask(null, { scope: "room" });
    assert.equal(orchestrator.currentTaskIn("room"), undefined);
    await orchestrator.switchTask(b.id);
    await orchestrator.flush();
    assert.deepEqual(told.map(({ taskId, about, scope }) => ({ taskId, about, scope })), [
      { taskId: b.id, about: "current", scope: "room" }, { taskId: b.id, about: "current", scope: "room" },
      { taskId: b.id, about: "current", scope: undefined },
    ]);
    assert.deepEqual(told.map((event) => "scope" in event), [true, true, false]);
    const was = async (event) => named((await orchestrator.at(event.seq)).currentTaskIn("room"));
    assert.deepEqual([await was(told[0]), await was(told[1])], ["b", undefined]);
  });

  test("is kept in the journal, and forgotten with its task", async (t) => {
    const journal = memoryJournal();
    const before = await open(t, { journal });
    const [a, b] = await before.createTasks([{ name: "a" }, { name: "b" }]);
    await before.switchTask(a.id, { scope: "räume|ann" });
    await before.switchTask(b.id, { scope: "room" });
    await before.compact();
    await before.dispose();
    const orchestrator = await open(t, { journal });
    assert.equal(named(orchestrator.currentTaskIn("räume|ann")), "a");
    await orchestrator.deleteTask(a.id);
    assert.equal(orchestrator.currentTaskIn("räume|ann"), undefined);
    assert.equal(named(orchestrator.currentTaskIn("room")), "b");
  });

  test("refuses a blank or long name, and a task that is not there", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({ name: "a" });
    for (const [code, call] of [
      ["INVALID_ARGUMENT", () => orchestrator.switchTask(id, { scope: " " })],
      ["LIMIT_EXCEEDED", () => orchestrator.switchTask(id, { scope: "x".repeat(257) })],
      ["TASK_NOT_FOUND", () => orchestrator.switchTask("nobody", { scope: "room" })],
    ]) await refused(orchestrator, code, call);
  });
});

test("a room and a world are listed and searched, each alone and both", async (t) => {
  const orchestrator = await open(t);
  await orchestrator.createTasks([
    { name: "fix one", roomId: "r1", worldId: "w1" }, { name: "two", roomId: "r2", worldId: "w1" },
    { name: "three", roomId: "r1" }, { name: "four" },
  ]);
  const names = (query) => orchestrator.listTasks({ sort: "createdAt", ...query }).tasks.map(named);
  assert.deepEqual(names({ roomId: "r1" }), ["fix one", "three"]);
  assert.deepEqual(names({ worldId: "w1" }), ["fix one", "two"]);
  assert.deepEqual(names({ roomId: "r1", worldId: "w1" }), ["fix one"]);
  assert.deepEqual(names({ roomId: "r1", text: "fix" }), ["fix one"]);
  assert.deepEqual(names({ roomId: "w1" }), []);
});

test("the text of a task is of the one that is asked for", async (t) => {
  const orchestrator = await open(t);
  const [, b] = await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
  assert.match(orchestrator.taskContext(b.id), /^## Current Task \(selected\): b\n/);
  assert.match(orchestrator.taskContext(), /^## Current Task \(selected\): a\n/);
  await refused(orchestrator, "TASK_NOT_FOUND", () => orchestrator.taskContext("nobody"));
});
