// Providers of every make: whatever one does ends in one outcome of its own task, and touches no other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashes, open, record, turn, types } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const withProvider = (t, executeTask, options) => open(t, { providers: [{ id: "p", executeTask }], ...options });

describe("an answer may come as", () => {
  async function* lines() {
    yield "one";
    yield "two\nthree";
    return "summary";
  }
  const thenable = { then: (resolve) => void resolve("summary") };
  class Later extends Promise {}
  for (const [what, executeTask, output] of [
    ["a value", () => "summary", []],
    ["a promise", async () => "summary", []],
    ["a promise of another make", () => Later.resolve("summary"), []],
    ["a thenable", () => thenable, []],
    ["a promise of a thenable", async () => thenable, []],
    ["a generator", function* () { yield "one"; yield "two\nthree"; return "summary"; }, ["one", "two", "three"]],
    ["an async generator", lines, ["one", "two", "three"]],
    ["lines with blank ones between", function* () { yield ""; yield "one\r\n"; return "summary"; }, ["one"]],
  ]) {
    test(what, async (t) => {
      const orchestrator = await withProvider(t, executeTask);
      const run = orchestrator.runTask({ name: "a" });
      const outcome = await run;
      assert.deepEqual([outcome.status, outcome.summary], ["completed", "summary"]);
      assert.deepEqual(orchestrator.getTask(run.taskId).output, output);
    });
  }

  test("lines without a result", async (t) => {
    const orchestrator = await withProvider(t, () => ["one", "two"]);
    const run = orchestrator.runTask({ name: "a" });
    assert.deepEqual([(await run).status, orchestrator.getTask(run.taskId).output], ["completed", ["one", "two"]]);
  });

  test("lines whose result is a failure", async (t) => {
    const orchestrator = await withProvider(t, async function* () {
      yield "trying";
      return { success: false, error: "no" };
    });
    assert.equal((await orchestrator.runTask({ name: "a" })).error, "no");
  });
});

describe("lines that go wrong", () => {
  test("a generator that throws fails its task, and what it said before stays", async (t) => {
    const cause = new Error("broken off");
    const orchestrator = await withProvider(t, async function* () {
      yield "before";
      throw cause;
    });
    const run = orchestrator.runTask({ name: "a" });
    const outcome = await run;
    assert.deepEqual([outcome.status, outcome.error, outcome.cause], ["failed", "broken off", cause]);
    assert.deepEqual(orchestrator.getTask(run.taskId).output, ["before"]);
  });

  for (const [what, bad] of [["a number", 5], ["nothing", undefined], ["an object", {}]]) {
    test(`yielding ${what} fails the task and ends the generator`, async (t) => {
      let ended = false;
      const orchestrator = await withProvider(t, async function* () {
        try {
          yield bad;
        } finally {
          ended = true;
        }
      });
      const outcome = await orchestrator.runTask({ name: "a" });
      assert.equal(outcome.cause.code, "INVALID_RESULT");
      assert.deepEqual([outcome.status, ended], ["failed", true]);
    });
  }

  test("a generator is told to end when its task is cancelled", async (t) => {
    let [give, ended] = [undefined, false];
    const orchestrator = await withProvider(t, async function* () {
      try {
        for (;;) yield await new Promise((resolve) => (give = resolve));
      } finally {
        ended = true;
      }
    });
    const run = orchestrator.runTask({ name: "a" });
    await turn();
    await orchestrator.cancelTask(run.taskId);
    give("too late");
    await turn();
    assert.deepEqual([ended, orchestrator.getTask(run.taskId).output], [true, []]);
  });

  test("one that throws when told to end harms nobody", async (t) => {
    let give;
    const iterator = {
      next: () => new Promise((resolve) => (give = resolve)),
      return() {
        throw new Error("will not");
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const orchestrator = await withProvider(t, () => iterator);
    const run = orchestrator.runTask({ name: "a" });
    await turn();
    await orchestrator.cancelTask(run.taskId);
    give({ done: false, value: "too late" });
    await turn();
    assert.equal(orchestrator.getTask(run.taskId).status, "cancelled");
  });

  for (const [what, executeTask] of [
    ["generator", function* () { for (;;) yield "more"; }],
    ["async generator", async function* () { for (;;) yield "more"; }],
  ]) {
    test(`an endless ${what} that never waits holds up nobody, and can be cancelled`, async (t) => {
      const orchestrator = await withProvider(t, executeTask, { maxOutputLines: 3 });
      const run = orchestrator.runTask({ name: "a" });
      for (let n = 0; n < 3; n++) await turn();
      await orchestrator.cancelTask(run.taskId);
      assert.equal((await run).status, "cancelled");
      assert.equal(orchestrator.getTask(run.taskId).output.length, 3);
    });
  }

  test("an iterator that is none fails its task", async (t) => {
    for (const broken of [{ [Symbol.asyncIterator]: () => ({}) }, { [Symbol.iterator]: () => null }, { [Symbol.asyncIterator]: () => ({ next: () => 5 }) }]) {
      const orchestrator = await withProvider(t, () => broken);
      const outcome = await orchestrator.runTask({ name: "a" });
      // `5` has no `value`, so it yields nothing that is text.
      assert.equal(outcome.status, "failed");
    }
  });
});

describe("one outcome", () => {
  test("a thenable that settles twice is heard once", async (t) => {
    const orchestrator = await withProvider(t, () => ({
      then(resolve, reject) {
        resolve("first");
        resolve("second");
        reject(new Error("third"));
        throw new Error("fourth");
      },
    }));
    const events = record(orchestrator);
    assert.equal((await orchestrator.runTask({ name: "a" })).summary, "first");
    await turn();
    assert.deepEqual(types(events).slice(-2), ["task:started", "task:completed"]);
  });

  test("a promise whose `then` calls back twice cannot change what was said first", async (t) => {
    class Double extends Promise {
      then(resolve, reject) {
        resolve?.("first");
        reject?.(new Error("second"));
        return super.then(resolve, reject);
      }
    }
    const orchestrator = await withProvider(t, () => new Double((resolve) => resolve("third")));
    const outcome = await orchestrator.runTask({ name: "a" });
    await turn();
    const { status, result, error } = orchestrator.getTask(outcome.taskId);
    assert.deepEqual([outcome.summary, status, result.summary, error], ["first", "completed", "first", undefined]);
  });

  test("one that never settles holds up only its own task, and can be cancelled", async (t) => {
    for (const never of [new Promise(() => {}), { then() {} }]) {
      const orchestrator = await open(t, { providers: [instant(() => never, "never"), instant()], defaultProviderId: "instant" });
      const stuck = orchestrator.runTask({ name: "stuck", providerId: "never" });
      assert.equal((await orchestrator.runTask({ name: "other" })).status, "completed");
      await orchestrator.cancelTask(stuck.taskId);
      assert.equal((await stuck).status, "cancelled");
    }
  });

  test("one that throws at once harms no other that starts in the same turn", async (t) => {
    const orchestrator = await withProvider(t, ({ name }) => {
      if (name === "bad") throw new Error("bad");
      return name;
    });
    const outcomes = await Promise.all(["good", "bad", "fine"].map((name) => orchestrator.runTask({ name })));
    assert.deepEqual(outcomes.map(({ status }) => status), ["completed", "failed", "completed"]);
  });
});

describe("starting", () => {
  test("twice is one run, whoever asks, and both get its outcome", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const { id } = await orchestrator.createTask({ name: "a" });
    const runs = [orchestrator.startTask(id), orchestrator.startTask(id)];
    const call = await provider.call(0);
    runs.push(orchestrator.startTask(id));
    call.resolve("once");
    const outcomes = await Promise.all(runs);
    assert.ok(outcomes.every((outcome) => outcome === outcomes[0]));
    await turn();
    assert.equal(provider.calls.length, 1);
  });

  test("does not call the provider before the caller goes on", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const run = orchestrator.runTask({ name: "a" });
    assert.equal(provider.calls.length, 0);
    assert.equal(orchestrator.getTask(run.taskId).status, "running");
    await provider.call(0);
  });

  test("and cancelling at once never calls the provider", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const run = orchestrator.runTask({ name: "a" });
    orchestrator.cancelTask(run.taskId);
    assert.equal((await run).status, "cancelled");
    await turn();
    assert.equal(provider.calls.length, 0);
  });

  test("cancelling and restarting at once calls it for the second attempt only", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const first = orchestrator.runTask({ name: "a" });
    orchestrator.cancelTask(first.taskId);
    const second = orchestrator.restartTask(first.taskId);
    assert.equal((await first).status, "cancelled");
    (await provider.call(0)).resolve("done");
    assert.deepEqual([(await second).attempt, provider.calls.length], [2, 1]);
  });

  test("hands over the task as it is when it runs, and the provider as `this`", async (t) => {
    const provider = {
      id: "p",
      greeting: "hello",
      executeTask(task, context) {
        return { success: true, summary: this.greeting, seen: [task.status, task.attempt, task.name, context.taskId === task.id, Object.isFrozen(task)] };
      },
    };
    const orchestrator = await open(t, { providers: [provider] });
    const { summary, result } = await orchestrator.runTask({ name: "a" });
    assert.deepEqual([summary, result.seen], ["hello", ["running", 1, "a", true, true]]);
  });
});

describe("registering", () => {
  for (const [what, provider, code] of [
    ["no executeTask", { id: "a" }, "INVALID_ARGUMENT"],
    ["an executeTask that is no function", { id: "a", executeTask: {} }, "INVALID_ARGUMENT"],
    ["no id", { executeTask() {} }, "INVALID_ARGUMENT"],
    ["an empty id", { id: "", executeTask() {} }, "INVALID_ARGUMENT"],
    ["an id with a space", { id: "a b", executeTask() {} }, "INVALID_ARGUMENT"],
    ["an id that is a path", { id: "../a", executeTask() {} }, "INVALID_ARGUMENT"],
    ["an id outside ASCII", { id: "é", executeTask() {} }, "INVALID_ARGUMENT"],
    ["a long id", { id: "a".repeat(129), executeTask() {} }, "LIMIT_EXCEEDED"],
    ["a blank label", { id: "a", label: " ", executeTask() {} }, "INVALID_ARGUMENT"],
    ["a label that is no text", { id: "a", label: 5, executeTask() {} }, "INVALID_ARGUMENT"],
    ["a large description", { id: "a", description: "x".repeat(256 * 1024 + 1), executeTask() {} }, "LIMIT_EXCEEDED"],
    ["no room at all", { id: "a", maxConcurrency: 0, executeTask() {} }, "INVALID_ARGUMENT"],
    ["half a slot", { id: "a", maxConcurrency: 1.5, executeTask() {} }, "INVALID_ARGUMENT"],
    ["endless room", { id: "a", maxConcurrency: Infinity, executeTask() {} }, "INVALID_ARGUMENT"],
    ["a getter that throws", { get id() { throw new Error("no"); } }, "INVALID_ARGUMENT"],
    ["a proxy that throws", new Proxy({}, { get() { throw new Error("no"); } }), "INVALID_ARGUMENT"],
    ["nothing", undefined, "INVALID_ARGUMENT"],
    ["null", null, "INVALID_ARGUMENT"],
    ["a function", () => "done", "INVALID_ARGUMENT"],
    ["an id that is taken", { id: "manual", executeTask() {} }, "PROVIDER_EXISTS"],
  ]) {
    test(`refuses ${what}`, async (t) => {
      const orchestrator = await open(t);
      await refused(orchestrator, code, () => orchestrator.registerProvider(provider));
      assert.deepEqual(orchestrator.providers.map(({ id }) => id), ["manual"]);
      await refusedWith(code, () => open(t, { providers: [manual(), provider] }));
    });
  }

  test("an executeTask of the prototype counts", async (t) => {
    class Agent {
      id = "agent";
      executeTask() {
        return this.id;
      }
    }
    const orchestrator = await open(t, { providers: [new Agent()] });
    assert.equal((await orchestrator.runTask({ name: "a" })).summary, "agent");
  });

  test("tells who is there", async (t) => {
    const orchestrator = await open(t, { providers: [{ ...instant(), description: "quick" }] });
    const unregister = orchestrator.registerProvider({ ...manual("b"), label: "B" });
    const all = [{ id: "instant", label: "instant", description: "quick" }, { id: "b", label: "B", description: undefined }];
    assert.deepEqual(orchestrator.providers, all);
    assert.ok(Object.isFrozen(orchestrator.providers) && orchestrator.providers.every(Object.isFrozen));
    unregister();
    assert.deepEqual(orchestrator.providers, all.slice(0, 1));
  });

  test("ends once, and not for one that took its place", async (t) => {
    const orchestrator = await open(t, { providers: [] });
    const first = orchestrator.registerProvider(instant("1", "p"));
    first();
    const events = record(orchestrator);
    orchestrator.registerProvider(instant("2", "p"));
    const before = hashes(orchestrator);
    first();
    assert.deepEqual(hashes(orchestrator), before);
    assert.equal((await orchestrator.runTask({ name: "a" })).summary, "2");
    await turn();
    assert.equal(types(events).filter((type) => type === "provider:unregistered").length, 1);
  });
});

describe("a provider that goes", () => {
  test("refuses new tasks and starts, and running ones go on", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [] });
    const unregister = orchestrator.registerProvider(provider);
    const idle = await orchestrator.createTask({ name: "idle" });
    const run = orchestrator.runTask({ name: "a" });
    const { resolve, context } = await provider.call(0);
    unregister();
    await refused(orchestrator, "PROVIDER_NOT_FOUND", () => orchestrator.createTask({ name: "b", providerId: "manual" }));
    await refused(orchestrator, "PROVIDER_NOT_FOUND", () => orchestrator.startTask(idle.id));
    assert.equal(context.appendOutput("still here"), true);
    resolve("done");
    assert.equal((await run).status, "completed");
    await refused(orchestrator, "PROVIDER_NOT_FOUND", () => orchestrator.restartTask(run.taskId));
  });

  test("leaves what waits for it waiting, by name, until one with its id comes", async (t) => {
    const orchestrator = await open(t, { providers: [], maxConcurrency: 1 });
    const old = manual("p");
    const unregister = orchestrator.registerProvider(old);
    const [first, second] = [orchestrator.runTask({ name: "1" }), orchestrator.runTask({ name: "2" })];
    assert.equal(orchestrator.getTask(second.taskId).waitingFor, "capacity");
    const { resolve } = await old.call(0);
    unregister();
    assert.equal(orchestrator.getTask(second.taskId).waitingFor, "provider");
    resolve("old");
    assert.equal((await first).summary, "old");
    await turn();
    assert.equal(orchestrator.getTask(second.taskId).status, "pending");

    orchestrator.registerProvider(instant("new", "p"));
    assert.equal((await second).summary, "new");
    assert.equal(old.calls.length, 1);
  });

  test("right after a start still gets the task that was started", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [] });
    const unregister = orchestrator.registerProvider(provider);
    const run = orchestrator.runTask({ name: "a" });
    unregister();
    // The start was accepted and told of, so somebody must carry it out.
    await turn();
    assert.equal(provider.calls.length, 1);
    provider.calls[0].resolve("done");
    assert.equal((await run).status, "completed");
  });

  test("does not hold up others that wait", async (t) => {
    const orchestrator = await open(t, { providers: [manual("a"), manual("b")], maxConcurrency: 1 });
    const unregister = orchestrator.registerProvider(manual("c"));
    const blocker = orchestrator.runTask({ name: "1", providerId: "a" });
    orchestrator.runTask({ name: "2", providerId: "c" });
    const third = orchestrator.runTask({ name: "3", providerId: "b" });
    unregister();
    await orchestrator.cancelTask(blocker.taskId);
    assert.equal(orchestrator.getTask(third.taskId).status, "running");
  });
});
