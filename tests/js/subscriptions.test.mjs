// Listeners: who hears what, in which order, and that none can harm another.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { open, record, turn, types } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

test("every event is heard once, in order, without gaps, and frozen to its leaves", async (t) => {
  const orchestrator = await open(t, {
    providers: [instant((_, context) => {
      context.appendOutput("x\ny");
      context.addStep("s");
      context.updateStep("s1", "completed", "out");
      return { success: true, summary: "", filesCreated: ["f"], more: { deep: [1] } };
    })],
  });
  const events = record(orchestrator);
  await Promise.all(["a", "b", "c"].map((name) => orchestrator.runTask({ name })));
  await turn();
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
  const frozen = (value) => typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
  assert.ok(events.every(frozen));
});

test("nothing is heard before the call that caused it has returned", async (t) => {
  const orchestrator = await open(t);
  const heard = [];
  orchestrator.subscribe(({ type }) => heard.push(type));
  const created = orchestrator.createTask({ name: "a" });
  assert.deepEqual(heard, []);
  await created;
  await turn();
  assert.deepEqual(heard, ["task:created"]);
});

test("only what happens from then on, when nothing else is said", async (t) => {
  const orchestrator = await open(t);
  orchestrator.createTask({ name: "before, not handed out yet" });
  const events = [];
  orchestrator.subscribe((event) => events.push(event));
  const { id } = await orchestrator.createTask({ name: "after" });
  await turn();
  assert.deepEqual(events.map(({ taskId }) => taskId), [id]);
});

describe("filters", () => {
  test("by type", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const events = record(orchestrator, { types: ["task:started", "task:completed"] });
    await orchestrator.runTask({ name: "a" });
    await turn();
    assert.deepEqual(types(events), ["task:started", "task:completed"]);
  });

  test("by task, also one with an id of its own, and both together", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const mine = record(orchestrator, { taskId: "mine" });
    const both = record(orchestrator, { taskId: "mine", types: ["task:completed"] });
    await Promise.all([orchestrator.runTask({ name: "a", id: "mine" }), orchestrator.runTask({ name: "b" })]);
    await turn();
    assert.deepEqual(types(mine), ["task:created", "task:started", "task:completed"]);
    assert.deepEqual(types(both), ["task:completed"]);
  });

  test("an empty list of types lets nothing through", async (t) => {
    const orchestrator = await open(t);
    const events = record(orchestrator, { types: [] });
    await orchestrator.createTask({ name: "a" });
    await turn();
    assert.deepEqual(events, []);
  });
});

describe("ending", () => {
  test("by the function that subscribe gives, more than once", async (t) => {
    const orchestrator = await open(t);
    const heard = [];
    const end = orchestrator.subscribe(({ type }) => heard.push(type));
    await orchestrator.createTask({ name: "a" });
    await turn();
    end();
    end();
    await orchestrator.createTask({ name: "b" });
    await turn();
    assert.equal(heard.length, 1);
  });

  test("before what is under way is handed out", async (t) => {
    const orchestrator = await open(t);
    const heard = [];
    const end = orchestrator.subscribe(({ type }) => heard.push(type));
    orchestrator.createTask({ name: "a" });
    end();
    await turn();
    assert.deepEqual(heard, []);
  });

  test("by a signal, which is let go of", async (t) => {
    const orchestrator = await open(t);
    const heard = [];
    const controller = new AbortController();
    orchestrator.subscribe(({ type }) => heard.push(type), { signal: controller.signal });
    const end = orchestrator.subscribe(() => {}, { signal: controller.signal });
    assert.equal(getEventListeners(controller.signal, "abort").length, 2);
    end();
    assert.equal(getEventListeners(controller.signal, "abort").length, 1);
    controller.abort();
    orchestrator.subscribe(({ type }) => heard.push(type), { signal: controller.signal, from: 0 });
    await orchestrator.createTask({ name: "a" });
    await turn();
    assert.deepEqual(heard, []);
  });
});

describe("a listener", () => {
  test("that throws or rejects harms nobody, and onError is told", async (t) => {
    const complaints = [];
    const orchestrator = await open(t, { onError: (error, where) => complaints.push([error.message, where]), providers: [instant()] });
    const before = record(orchestrator, { types: ["task:completed"] });
    orchestrator.subscribe(() => {
      throw new Error("thrown");
    }, { types: ["task:completed"] });
    orchestrator.subscribe(async () => {
      throw new Error("rejected");
    }, { types: ["task:completed"] });
    const after = record(orchestrator, { types: ["task:completed"] });
    assert.equal((await orchestrator.runTask({ name: "a" })).status, "completed");
    await turn();
    assert.deepEqual([before.length, after.length], [1, 1]);
    assert.deepEqual(complaints, [["thrown", "a listener"], ["rejected", "a listener"]]);
  });

  test("an onError that throws harms nobody either", async (t) => {
    const orchestrator = await open(t, {
      onError() {
        throw new Error("worse");
      },
    });
    orchestrator.subscribe(() => {
      throw new Error("bad");
    });
    const after = record(orchestrator, { types: ["task:created"] });
    await orchestrator.createTask({ name: "a" });
    await orchestrator.createTask({ name: "b" });
    await turn();
    assert.equal(after.length, 2);
  });

  test("may change things; what it causes comes after what it hears", async (t) => {
    const orchestrator = await open(t);
    const [first, second] = [[], []];
    orchestrator.subscribe(({ type, taskId, seq }) => {
      first.push(seq);
      if (type === "task:created") {
        orchestrator.renameTask(taskId, "seen");
        assert.equal(orchestrator.getTask(taskId).name, "seen");
      }
    });
    orchestrator.subscribe(({ seq }) => second.push(seq));
    const { id } = await orchestrator.createTask({ name: "a" });
    await turn();
    assert.equal(orchestrator.getTask(id).name, "seen");
    assert.deepEqual(first, [3, 4]);
    assert.deepEqual(second, first);
  });

  test("may start, cancel and delete what it hears of", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const events = record(orchestrator, { types: ["task:completed", "task:deleted"] });
    orchestrator.subscribe(({ type, taskId }) => {
      if (type === "task:created") orchestrator.startTask(taskId);
      if (type === "task:completed") orchestrator.deleteTask(taskId);
    });
    await orchestrator.createTask({ name: "a" });
    await turn();
    assert.deepEqual(types(events), ["task:completed", "task:deleted"]);
    assert.equal(orchestrator.countTasks().total, 0);
  });

  test("may end itself or another", async (t) => {
    const orchestrator = await open(t);
    const heard = [];
    let endOther = () => {};
    const endSelf = orchestrator.subscribe(() => {
      heard.push("self");
      endSelf();
      endOther();
    });
    endOther = orchestrator.subscribe(() => heard.push("other"));
    await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
    await turn();
    assert.deepEqual(heard, ["self"]);
  });

  test("may subscribe another, from now on or from the first", async (t) => {
    const orchestrator = await open(t);
    const [fresh, replayed] = [[], []];
    const end = orchestrator.subscribe(() => {
      end();
      orchestrator.subscribe(({ seq }) => fresh.push(seq));
      orchestrator.subscribe(({ seq }) => replayed.push(seq), { from: 0 });
    });
    await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
    await turn();
    assert.deepEqual([fresh, replayed], [[], [1, 2, 3, 4]], "also when nothing else happens");
    await orchestrator.createTask({ name: "c" });
    await turn();
    assert.deepEqual([fresh, replayed], [[5], [1, 2, 3, 4, 5]]);
  });

  test("may read everything", async (t) => {
    const orchestrator = await open(t);
    const seen = [];
    orchestrator.subscribe(({ taskId }) => {
      seen.push([
        orchestrator.getTask(taskId).name, orchestrator.listTasks().tasks.length, orchestrator.searchTasks("look").length,
        orchestrator.countTasks().total, orchestrator.currentTask.name, orchestrator.taskContext().length > 0, orchestrator.journalHash().length,
      ]);
    });
    await orchestrator.createTask({ name: "look" });
    await turn();
    assert.deepEqual(seen, [["look", 1, 1, 1, "look", true, 32]]);
  });
});

test("a provider may call everything while it runs", async (t) => {
  const orchestrator = await open(t, {
    providers: [instant(async ({ id }, context) => {
      orchestrator.pauseTask(id);
      assert.equal(context.isPaused(), true);
      await orchestrator.resumeTask(id);
      await orchestrator.renameTask(id, "renamed from inside");
      const child = orchestrator.startTask((await orchestrator.createTask({ name: "child", providerId: "other", parentId: id })).id);
      return (await child).summary;
    }), instant("from the child", "other")],
    defaultProviderId: "instant",
  });
  const run = orchestrator.runTask({ name: "a" });
  assert.equal((await run).summary, "from the child");
  assert.equal(orchestrator.getTask(run.taskId).name, "renamed from inside");
});

test("a provider may cancel or delete its own task", async (t) => {
  for (const verb of ["cancelTask", "deleteTask"]) {
    const orchestrator = await open(t, {
      providers: [instant(async ({ id }, { signal }) => {
        await orchestrator[verb](id);
        await turn();
        assert.equal(signal.aborted, true);
        return "too late";
      })],
    });
    assert.equal((await orchestrator.runTask({ name: "a" })).status, "cancelled");
    await turn();
  }
});

describe("refuses", () => {
  const notFunctions = [undefined, null, 5, "x", {}, Symbol("s")];
  for (const listener of notFunctions) {
    test(`a listener that is ${String(listener)}`, async (t) => {
      const orchestrator = await open(t);
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.subscribe(listener));
    });
  }
  for (const [what, options] of [
    ["null", null], ["text", "task:created"], ["types that are no list", { types: "task:created" }], ["a type that is no text", { types: [5] }],
    ["a task that is no text", { taskId: 5 }], ["from: -1", { from: -1 }], ["from: 1.5", { from: 1.5 }], ["from: NaN", { from: NaN }],
    ["from: Infinity", { from: Infinity }], ["from as text", { from: "1" }], ["a signal that is none", { signal: {} }],
    ["a getter that throws", { get types() { throw new Error("no"); } }],
  ]) {
    test(`options that are ${what}`, async (t) => {
      const orchestrator = await open(t);
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.subscribe(() => {}, options));
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.events(options));
    });
  }
  for (const buffer of [0, -1, 1.5, NaN, "10", null]) {
    test(`a buffer of ${String(buffer)}`, async (t) => {
      const orchestrator = await open(t);
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.events({ buffer }));
    });
  }
});
