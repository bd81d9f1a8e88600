// Tasks in the runtime's own task table: it follows the journal, whatever the table does.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AGENT, ANN, ROOM, WORLD, loaded, runtime } from "./help/eliza.mjs";
import { turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import "./help/unhandled.mjs";

const of = (into) => Object.fromEntries([...into.rows.values()].map(({ name, metadata }) => [name, metadata.status]));

/** A runtime whose table waits, or fails, until the test says otherwise; each call is written down. */
function stubborn() {
  const into = runtime();
  const calls = [];
  const table = { shut: false, failing: undefined, waiting: [] };
  for (const method of ["getTasks", "createTask", "updateTask", "deleteTask"]) {
    const own = into[method];
    into[method] = async (...args) => {
      calls.push([method, method === "createTask" ? args[0].name : typeof args[0] === "string" ? into.rows.get(args[0])?.name : "all", args.at(-1)?.metadata?.status]);
      if (table.shut) await new Promise((resolve) => table.waiting.push(resolve));
      if (table.failing?.(method, args)) throw new Error("the database is gone");
      return own(...args);
    };
  }
  table.open = () => {
    table.shut = false;
    for (const resolve of table.waiting.splice(0)) resolve();
  };
  return { into, calls, table };
}

describe("a row", () => {
  test("is the whole task, in the form that elizaOS knows", async (t) => {
    const { service, chat, runtime: into } = await loaded(t);
    await chat.act("CREATE_TASK", "create a task for login");
    await service.flush();
    const [{ id, metadata, ...row }] = into.rows.values();
    assert.deepEqual(row, { name: "login", description: "create a task for login", roomId: ROOM, worldId: WORLD, entityId: ANN, agentId: AGENT, tags: ["orchestrator", "code"] });
    const task = await service.getTask(id);
    assert.deepEqual(metadata, { ...JSON.parse(JSON.stringify(task.metadata)), managedBy: "agent-orchestrator-wasm" });
    assert.deepEqual([metadata.status, metadata.progress, metadata.entityId, metadata.result.summary], ["completed", 100, ANN, "done"]);
  });
  test("never has the tag by which the core's scheduler would take it for its own", async (t) => {
    const { service, runtime: into } = await loaded(t);
    await service.orchestrator.createTask({ id: crypto.randomUUID(), name: "a", tags: ["mine"] });
    await service.flush();
    assert.deepEqual([...into.rows.values()].map(({ tags }) => tags), [["orchestrator", "code", "mine"]]);
  });
  test("goes with its task, and with those above it", async (t) => {
    const { service, runtime: into } = await loaded(t);
    const parent = await service.createTask("above", "a");
    await service.orchestrator.createTask({ id: crypto.randomUUID(), name: "below", parentId: parent.id });
    await service.createTask("beside", "b");
    await service.flush();
    await service.deleteTask(parent.id);
    await service.flush();
    assert.deepEqual(Object.keys(of(into)), ["beside"]);
  });
  test("has no zero character, which SQL refuses", async (t) => {
    const { service, runtime: into } = await loaded(t);
    const { id } = await service.createTask("a", "b");
    await service.appendOutput(id, "one\0two");
    await service.flush();
    assert.deepEqual(into.rows.get(id).metadata.output, ["one\ufffdtwo"]);
    assert.deepEqual((await service.getTask(id)).output, ["one\0two"]);
  });
  test("is not made of a task whose id SQL would refuse", async (t) => {
    const { service, runtime: into } = await loaded(t);
    await service.orchestrator.createTask({ id: "mine", name: "a" });
    await service.createTask("b", "b");
    await service.flush();
    assert.deepEqual([Object.keys(of(into)), into.warnings], [["b"], []]);
  });
});

describe("without a table", () => {
  for (const [what, own, options] of [
    ["the runtime has none", { createTask: undefined }, {}],
    ["the options do not want it", {}, { persistTasks: false }],
  ]) {
    test(`tasks are kept all the same: ${what}`, async (t) => {
      const { service, runtime: into } = await loaded(t, options, runtime(own));
      const { id } = await service.createTask("a", "b");
      await service.startTaskExecution(id);
      await service.flush();
      assert.deepEqual([into.rows.size, (await service.getTask(id)).metadata.status], [0, "completed"]);
    });
  }
});

describe("a slow table", () => {
  test("holds nobody up, and gets the last state and none of those between", async (t) => {
    const { into, calls, table } = stubborn();
    const provider = manual("eliza");
    const { service } = await loaded(t, { providers: [provider] }, into);
    await service.createTask("before", "b");
    await service.flush();
    calls.length = 0;
    table.shut = true;
    const { id } = await service.createTask("a", "b");
    await turn();
    const written = service.flush();
    while (calls.length === 0) await turn();
    const run = service.startTaskExecution(id);
    const { context, resolve } = await provider.call(0);
    for (let percent = 1; percent <= 50; percent++) context.updateProgress(percent);
    resolve("done");
    assert.equal((await run).status, "completed");
    table.open();
    await written;
    await service.flush();
    assert.deepEqual(calls, [["createTask", "a", "pending"], ["updateTask", "a", "completed"]]);
    assert.deepEqual([of(into), into.rows.get(id).metadata.progress], [{ before: "pending", a: "completed" }, 100]);
  });
  test("is given one write of a task at a time", async (t) => {
    let [under, most] = [0, 0];
    const into = runtime();
    const { updateTask } = into;
    into.updateTask = async (...args) => {
      most = Math.max(most, ++under);
      await turn();
      await updateTask(...args);
      under -= 1;
    };
    const { service } = await loaded(t, {}, into);
    const { id } = await service.createTask("a", "b");
    await service.flush();
    for (let n = 0; n < 20; n++) {
      await service.appendOutput(id, `line ${n}`);
      void service.flush();
    }
    await service.flush();
    assert.deepEqual([most, into.rows.get(id).metadata.output.length], [1, 20]);
  });
  test("does not keep the service from ending", async (t) => {
    const { into, table } = stubborn();
    const { service } = await loaded(t, {}, into);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await service.createTask("a", "b");
    table.shut = true;
    const stopped = service.stop();
    t.mock.timers.tick(5000);
    await stopped;
    assert.equal(service.orchestrator.disposed, true);
    table.open();
  });
  test("has everything when the service has ended", async (t) => {
    const { service, runtime: into } = await loaded(t);
    for (const name of ["a", "b", "c"]) await service.createTask(name, name);
    await service.stop();
    assert.deepEqual(of(into), { a: "pending", b: "pending", c: "pending" });
  });
});

describe("a table that fails", () => {
  test("fails no task, is warned of once, and has it all when it works again", async (t) => {
    const { into, table } = stubborn();
    const { service } = await loaded(t, {}, into);
    table.failing = () => true;
    const { id } = await service.createTask("a", "b");
    for (let n = 0; n < 3; n++) await service.flush();
    await service.startTaskExecution(id);
    await service.createTask("c", "d");
    await service.flush();
    assert.deepEqual(into.warnings.map(({ error, message }) => [error, message]), [["the database is gone", "The task table could not be written, and is tried again"]]);
    assert.deepEqual([of(into), (await service.getTask(id)).metadata.status], [{}, "completed"]);
    table.failing = undefined;
    await service.flush();
    assert.deepEqual(of(into), { a: "completed", c: "pending" });
  });
  test("is tried again by itself, later and later", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
    const { into, calls, table } = stubborn();
    table.failing = () => true;
    const { service } = await loaded(t, {}, into);
    await service.createTask("a", "b");
    const waits = [];
    for (let n = 0; n < 6; n++) {
      const before = calls.length;
      let waited = 0;
      while (calls.length === before) {
        t.mock.timers.tick(10);
        waited += 10;
        for (let turns = 0; turns < 5; turns++) await turn();
      }
      waits.push(waited);
    }
    assert.ok(waits[0] <= 60, "the first time soon");
    assert.ok(waits.slice(2).every((wait, index) => wait > waits[index + 1]), waits.join());
    table.failing = undefined;
    t.mock.timers.tick(30_000);
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.deepEqual(of(into), { a: "pending" });
  });
  test("for one row does not keep the others out", async (t) => {
    const { into, table } = stubborn();
    const { service } = await loaded(t, {}, into);
    table.failing = (method, [row]) => method === "createTask" && row.name === "refused";
    for (const name of ["a", "refused", "b", "c", "d"]) await service.createTask(name, name);
    for (let n = 0; n < 3; n++) await service.flush();
    assert.deepEqual(Object.keys(of(into)), ["a", "b", "c", "d"]);
    assert.equal(into.warnings.length, 1);
  });
  test("after it has written, and before it said so, makes no second row", async (t) => {
    const into = runtime();
    const { createTask } = into;
    let lost = true;
    into.createTask = async (row) => {
      assert.ok(!into.rows.has(row.id), "a second row");
      await createTask(row);
      if (lost) throw new Error("the answer was lost");
    };
    const { service } = await loaded(t, {}, into);
    await service.createTask("a", "b");
    await service.flush();
    lost = false;
    await service.flush();
    assert.deepEqual(of(into), { a: "pending" });
  });
});

describe("after a restart", () => {
  async function restarted(t, between = () => {}) {
    const [journal, into] = [memoryJournal(), runtime()];
    const options = { journal, providers: [manual("eliza"), instant("done", "codex")] };
    const first = await loaded(t, options, into);
    const ids = {};
    for (const [name, provider] of [["runs", "eliza"], ["done", "codex"], ["new", "eliza"]]) ids[name] = (await first.service.createTask(name, name, ROOM, provider)).id;
    void first.service.startTaskExecution(ids.runs).catch(() => {});
    await first.service.startTaskExecution(ids.done);
    await first.service.stop();
    assert.deepEqual(of(into), { runs: "running", done: "completed", new: "pending" });
    await between({ into, ids });
    const calls = [];
    for (const method of ["createTask", "updateTask", "deleteTask"]) {
      const own = into[method];
      into[method] = async (...args) => (calls.push(method), own(...args));
    }
    const { service } = await loaded(t, options, into);
    await service.flush();
    return { service, into, ids, calls };
  }
  test("unfinished rows say what became of their tasks, and rows that are right are left alone", async (t) => {
    const { into, calls } = await restarted(t);
    assert.deepEqual(of(into), { runs: "paused", done: "completed", new: "pending" });
    assert.deepEqual(calls, ["updateTask"]);
  });
  test("rows that are gone are made again", async (t) => {
    const { into, calls } = await restarted(t, ({ into, ids }) => into.rows.delete(ids.done));
    assert.deepEqual([of(into), calls.sort()], [{ runs: "paused", new: "pending", done: "completed" }, ["createTask", "updateTask"]]);
  });
  test("rows that somebody changed are put right", async (t) => {
    const { into, ids } = await restarted(t, ({ into, ids }) => into.updateTask(ids.new, { name: "hijacked", metadata: { ...into.rows.get(ids.new).metadata, status: "running" } }));
    assert.deepEqual([into.rows.get(ids.new).name, into.rows.get(ids.new).metadata.status], ["new", "pending"]);
  });
  test("a row that goes on, of a task that the journal does not know, is failed; one that has ended, and those of others, are left alone", async (t) => {
    const lost = (id, status, managedBy) => ({ id, name: `${managedBy ?? "foreign"} ${status}`, description: "", tags: ["orchestrator"], metadata: { status, managedBy } });
    const { into } = await restarted(t, ({ into }) => {
      for (const [id, ...row] of [["1", "running", "agent-orchestrator-wasm"], ["2", "completed", "agent-orchestrator-wasm"], ["3", "running", undefined]]) into.rows.set(id, lost(id, ...row));
    });
    assert.deepEqual(["1", "2", "3"].map((id) => into.rows.get(id).metadata.status), ["failed", "completed", "running"]);
    assert.ok(into.rows.get("1").metadata.error.length > 0);
  });
});
