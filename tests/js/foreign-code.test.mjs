// Code of others that runs in the middle of a call: clocks, directories, getters, thenables. It may throw, and it may call back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { START, hashes, open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const boom = () => {
  throw new Error("boom");
};

describe("a clock", () => {
  test("that calls back does not mix up what is being said", async (t) => {
    let orchestrator;
    const now = () => {
      orchestrator?.getTask("somebody-else-entirely-with-a-long-id");
      return START;
    };
    const provider = manual();
    orchestrator = await open(t, { now, providers: [provider] });
    const { id, name } = await orchestrator.createTask({ name: "my own name" });
    assert.equal(name, "my own name");
    assert.equal(orchestrator.listTasks().tasks[0].name, "my own name");
    await orchestrator.renameTask(id, "another name");
    await orchestrator.appendOutput(id, "my own line");
    await orchestrator.addStep(id, "my own step");
    const run = orchestrator.startTask(id);
    const { context, resolve } = await provider.call(0);
    context.appendOutput("the provider's line");
    context.addStep("the provider's step");
    context.updateStep("s1", "completed", "the step's output");
    resolve({ success: false, summary: "the summary", error: "the error" });
    await run;
    const task = orchestrator.listTasks().tasks[0];
    assert.deepEqual([task.name, task.output, task.result.summary, task.error], ["another name", ["my own line", "the provider's line"], "the summary", "the error"]);
    assert.deepEqual(task.steps.map(({ description, output }) => [description, output]), [["my own step", "the step's output"], ["the provider's step", undefined]]);
    const failing = orchestrator.restartTask(id);
    (await provider.call(1)).reject(new Error("the thrown error"));
    assert.equal((await failing).error, "the thrown error");
  });

  test("that changes things in the middle of a call gets its change, and so does the call", async (t) => {
    let [orchestrator, nested] = [undefined, 0];
    const now = () => {
      if (orchestrator !== undefined && nested++ === 0) orchestrator.createTask({ name: "nested" });
      return START;
    };
    orchestrator = await open(t, { now });
    const events = record(orchestrator, { types: ["task:created"] });
    const { name } = await orchestrator.createTask({ name: "outer" });
    await turn();
    assert.equal(name, "outer");
    assert.deepEqual(events.map((event) => event.name), ["nested", "outer"]);
  });

  test("that disposes of the orchestrator in the middle of a call", async (t) => {
    for (const call of [(o) => o.createTask({ name: "a" }), (o) => o.appendOutput("x", "line"), (o) => o.runTask({ name: "a" }), (o) => o.registerProvider(instant()), (o) => o.createTasks([{ name: "a", tags: ["t"] }])]) {
      let [orchestrator, armed] = [undefined, false];
      orchestrator = await open(t, {
        now: () => {
          if (armed) orchestrator.dispose();
          return START;
        },
      });
      await orchestrator.createTask({ name: "x", id: "x" });
      armed = true;
      await refusedWith("DISPOSED", () => call(orchestrator));
    }
  });

  for (const [what, bad] of [["throws", boom], ["says NaN", () => NaN], ["runs before 1970", () => -1], ["gives text", () => "now"]]) {
    test(`that ${what} refuses calls until it is well again`, async (t) => {
      let read = () => START;
      const orchestrator = await open(t, { now: () => read() });
      const { id } = await orchestrator.createTask({ name: "a" });
      read = bad;
      for (const call of [
        () => orchestrator.createTask({ name: "b" }), () => orchestrator.startTask(id), () => orchestrator.cancelTask(id), () => orchestrator.appendOutput(id, "x"),
        () => orchestrator.registerProvider(instant()), () => orchestrator.deleteTask(id),
      ]) {
        await refused(orchestrator, "INVALID_ARGUMENT", call);
      }
      read = () => START;
      await orchestrator.cancelTask(id);
      assert.equal(orchestrator.getTask(id).status, "cancelled");
    });

    test(`that ${what} when a provider answers does not lose the answer`, async (t) => {
      let read = () => START;
      const provider = manual();
      const orchestrator = await open(t, { now: () => read(), providers: [provider] });
      const runs = ["good", "bad"].map((name) => orchestrator.runTask({ name }));
      await provider.call(1);
      read = bad;
      provider.calls[0].resolve("done");
      provider.calls[1].reject(new Error("no"));
      assert.deepEqual((await Promise.all(runs)).map(({ status }) => status), ["completed", "failed"]);
    });
  }

  test("that throws when a signal is aborted is complained about, and harms nobody", async (t) => {
    let read = () => START;
    const complaints = [];
    const orchestrator = await open(t, { now: () => read(), onError: (error, where) => complaints.push([error.code, where]) });
    const controller = new AbortController();
    const run = orchestrator.runTask({ name: "a" }, { signal: controller.signal });
    read = boom;
    controller.abort();
    read = () => START;
    assert.equal(orchestrator.getTask(run.taskId).status, "running");
    assert.equal(complaints.length, 1);
    assert.equal(complaints[0][0], "INVALID_ARGUMENT");
  });
});

describe("a working directory", () => {
  for (const [what, directory] of [["that throws", boom], ["that is no text", () => 5], ["that is half of a surrogate pair", () => "\ud800"]]) {
    test(`${what} refuses the task`, async (t) => {
      const orchestrator = await open(t, { workingDirectory: directory });
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask({ name: "a" }));
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTasks([{ name: "a", tags: ["t"] }]));
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.runTask({ name: "a" }));
    });
  }

  test("that is too long refuses the task", async (t) => {
    const orchestrator = await open(t, { workingDirectory: () => "x".repeat(5000) });
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.createTask({ name: "a" }));
  });

  test("may call back, and may dispose", async (t) => {
    const orchestrator = await open(t, { workingDirectory: () => orchestrator.getTask("a-rather-long-id-of-nobody")?.name ?? "/work" });
    const { name, workingDirectory } = await orchestrator.createTask({ name: "my own name" });
    assert.deepEqual([name, workingDirectory], ["my own name", "/work"]);
    const gone = await open(t, { workingDirectory: () => (gone.dispose(), "/work") });
    await refusedWith("DISPOSED", () => gone.createTask({ name: "a" }));
  });
});

describe("getters", () => {
  test("are read once, and what they said first is what is checked and used", async (t) => {
    const orchestrator = await open(t);
    let reads = 0;
    const { name } = await orchestrator.createTask({
      get name() {
        return reads++ === 0 ? "fine" : 5;
      },
    });
    assert.deepEqual([name, reads], ["fine", 1]);
  });

  test("may call back", async (t) => {
    const orchestrator = await open(t);
    const { id } = await orchestrator.createTask({
      get name() {
        orchestrator.createTask({ name: "from the getter" });
        return "outer";
      },
    });
    assert.equal(orchestrator.getTask(id).name, "outer");
    assert.equal(orchestrator.countTasks().total, 2);
  });

  test("that throw anywhere refuse the call, with what they threw as the cause", async (t) => {
    const orchestrator = await open(t);
    const cause = new Error("mine");
    const throwing = (name) => Object.defineProperty({ name: "a" }, name, { get() { throw cause; }, enumerable: true });
    await orchestrator.createTask({ name: "x", id: "x" });
    for (const call of [
      ...["name", "description", "id", "providerId", "parentId", "tags", "steps", "metadata", "roomId"].map((name) => () => orchestrator.createTask(throwing(name))),
      () => orchestrator.createTasks([{ name: "fine" }, throwing("tags")]),
      () => orchestrator.startTask("x", throwing("signal")),
      () => orchestrator.cancelTask("x", throwing("reason")),
      () => orchestrator.waitForTask("x", throwing("signal")),
      () => orchestrator.listTasks(throwing("limit")),
      () => orchestrator.subscribe(() => {}, throwing("from")),
      () => orchestrator.events(throwing("buffer")),
      () => orchestrator.registerProvider(throwing("executeTask")),
    ]) {
      assert.equal((await refused(orchestrator, "INVALID_ARGUMENT", call)).cause, cause, String(call));
    }
  });

  test("of tasks that are given as a list may not be a list at all", async (t) => {
    const orchestrator = await open(t);
    for (const tasks of [new Array(3), [{ name: "fine" }, , { name: "fine" }], new Proxy([{ name: "a" }], { get: boom })]) {
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTasks(tasks));
    }
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask({ name: "a", tags: new Array(2) }));
    assert.equal(orchestrator.countTasks().total, 0);
  });
});

test("keys that reach for prototypes change nothing of a task", async (t) => {
  const orchestrator = await open(t);
  const task = await orchestrator.createTask(JSON.parse('{"name":"a","__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"then":"x"}'));
  assert.equal({}.isAdmin, undefined);
  assert.equal(task.isAdmin, undefined);
  assert.ok(!("then" in task), "or awaiting it would go wrong");
  for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.equal(orchestrator.getTask(id), undefined);
    assert.equal((await orchestrator.createTask({ name: "a", id, tags: [id], roomId: id, providerId: "manual" })).id, id);
    assert.deepEqual(orchestrator.listTasks({ tag: id }).tasks.map((found) => found.id), [id]);
  }
});

test("a thenable in place of an argument is not awaited", async (t) => {
  const orchestrator = await open(t);
  let asked = false;
  const thenable = {
    get then() {
      asked = true;
      return () => {};
    },
  };
  await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.createTask({ name: thenable }));
  await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.startTask(thenable));
  assert.equal(asked, false);
});

test("what was passed in may change afterwards without effect", async (t) => {
  const orchestrator = await open(t);
  const [tags, steps, metadata] = [["t"], ["s"], { deep: [1] }];
  const created = orchestrator.createTask({ name: "a", tags, steps, metadata });
  tags.push("more");
  steps[0] = "other";
  metadata.deep.push(2);
  const { id } = await created;
  const task = orchestrator.getTask(id);
  assert.deepEqual([task.tags, task.steps[0].description, task.metadata], [["t"], "s", { deep: [1] }]);
});

test("two orchestrators share nothing", async (t) => {
  const [one, two] = [await open(t), await open(t)];
  const before = hashes(two);
  const events = record(two);
  await one.createTasks([{ name: "a", id: "a" }, { name: "b", tags: ["t"] }]);
  one.runTask({ name: "c" });
  await turn();
  assert.deepEqual(hashes(two), before);
  assert.deepEqual(types(events), ["journal:opened", "provider:registered"]);
  assert.equal(two.getTask("a"), undefined);
});

test("one that is disposed of writes nothing where another lives now", async (t) => {
  for (let n = 0; n < 20; n++) {
    const old = await AgentOrchestrator.open({ providers: [manual()] });
    await old.createTask({ name: "a" });
    await old.dispose();
    const live = await open(t);
    await live.createTasks(Array.from({ length: 50 }, (_, k) => ({ name: `task ${k}`, description: "d".repeat(100 * n), metadata: { k } })));
    const before = [hashes(live), live.listTasks({ limit: 50 })];
    const noise = "\u00ff".repeat(300);
    for (const call of [() => old.getTask(noise), () => old.createTask({ name: noise }), () => old.startTask(noise), () => old.appendOutput("x", noise)]) {
      await refusedWith("DISPOSED", call);
    }
    assert.deepEqual([hashes(live), live.listTasks({ limit: 50 })], before);
    await live.dispose();
  }
});
