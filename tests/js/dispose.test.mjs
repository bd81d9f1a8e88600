// The end: at any time, from anywhere, more than once; and whoever waits is told.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { collect, open, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

test("in mid-flight everything settles", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider], maxConcurrency: 2 });
  const runs = Array.from({ length: 3 }, (_, n) => orchestrator.runTask({ name: String(n) }));
  const { id } = await orchestrator.createTask({ name: "idle" });
  const held = await provider.call(1);
  await orchestrator.pauseTask(runs[1].taskId);
  const waits = [orchestrator.waitForTask(runs[0].taskId), orchestrator.waitForTask(id), held.context.untilResumed(), runs[0].unwrap()];
  const iterator = orchestrator.events();
  const next = iterator.next();
  const iterated = collect(runs[2]);
  const signals = provider.calls.map(({ context }) => context.signal);

  const disposed = orchestrator.dispose();
  const settled = await Promise.allSettled([...runs, ...waits]);
  assert.ok(settled.every(({ reason }) => reason?.code === "DISPOSED"));
  assert.equal((await next).done, true);
  await iterated;
  assert.ok(signals.every(({ aborted, reason }) => aborted && reason.code === "DISPOSED"));
  await disposed;
});

test("runs settle in the same turn of the event loop", async (t) => {
  const orchestrator = await open(t);
  const order = [];
  const immediate = new Promise((resolve) => setImmediate(resolve)).then(() => order.push("immediate"));
  const run = orchestrator.runTask({ name: "a" }).catch(({ code }) => order.push(code));
  orchestrator.dispose();
  await run;
  assert.deepEqual(order, ["DISPOSED"]);
  await immediate;
});

test("a second time does nothing", async (t) => {
  const orchestrator = await open(t);
  assert.equal(orchestrator.disposed, false);
  await Promise.all([orchestrator.dispose(), orchestrator.dispose()]);
  await orchestrator.dispose();
  await orchestrator[Symbol.asyncDispose]();
  assert.equal(orchestrator.disposed, true);
});

test("by `await using`, also when the block throws", async () => {
  // What `await using` does; the words themselves are too new for the oldest Node that is supported.
  let kept;
  const block = async () => {
    const orchestrator = await AgentOrchestrator.open({ providers: [manual()] });
    try {
      kept = orchestrator.runTask({ name: "a" });
      throw new Error("in the block");
    } finally {
      await orchestrator[Symbol.asyncDispose]();
    }
  };
  await assert.rejects(block, /in the block/);
  await refusedWith("DISPOSED", () => kept);
});

describe("from inside", () => {
  test("a listener: nobody hears more", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const heard = [];
    orchestrator.subscribe(({ type }) => {
      heard.push(type);
      orchestrator.dispose();
    });
    orchestrator.subscribe(({ type }) => heard.push(`second ${type}`));
    const run = orchestrator.runTask({ name: "a" });
    await refusedWith("DISPOSED", () => run);
    await turn();
    assert.deepEqual(heard, ["task:created"]);
  });

  test("a replay", async (t) => {
    const orchestrator = await open(t);
    const heard = [];
    orchestrator.subscribe(({ seq }) => {
      heard.push(seq);
      orchestrator.dispose();
    }, { from: 0 });
    await turn();
    assert.deepEqual(heard, [1]);
  });

  test("a provider, before and after it awaits", async (t) => {
    for (const wait of [false, true]) {
      const seen = [];
      const orchestrator = await open(t, {
        providers: [instant(async (_, context) => {
          if (wait) await turn();
          await orchestrator.dispose();
          seen.push(context.isCancelled(), context.signal.aborted, context.appendOutput("x"), context.addStep("x").id);
          return "too late";
        })],
      });
      const runs = [orchestrator.runTask({ name: "a" }), orchestrator.runTask({ name: "b" })];
      for (const run of runs) await refusedWith("DISPOSED", () => run);
      await turn();
      assert.deepEqual(seen.slice(0, 4), [true, true, false, "s0"]);
    }
  });

  test("a provider that answers at once, and one that gives lines", async (t) => {
    let orchestrator;
    for (const executeTask of [() => void orchestrator.dispose(), function* () { yield "x"; orchestrator.dispose(); yield "y"; }]) {
      orchestrator = await open(t, { providers: [{ id: "p", executeTask }] });
      await refusedWith("DISPOSED", () => orchestrator.runTask({ name: "a" }));
    }
  });

  test("a listener of a task's signal", async (t) => {
    const provider = manual();
    const orchestrator = await open(t, { providers: [provider] });
    const runs = [orchestrator.runTask({ name: "a" }), orchestrator.runTask({ name: "b" })];
    const { context } = await provider.call(0);
    context.signal.addEventListener("abort", () => orchestrator.dispose());
    await orchestrator.cancelTask(runs[0].taskId);
    assert.equal((await runs[0]).status, "cancelled");
    await refusedWith("DISPOSED", () => runs[1]);
  });

  test("onError", async (t) => {
    const orchestrator = await open(t, { onError: () => orchestrator.dispose() });
    orchestrator.subscribe(() => {
      throw new Error("bad");
    });
    const run = orchestrator.runTask({ name: "a" });
    await refusedWith("DISPOSED", () => run);
  });
});

test("every call after it says DISPOSED", async (t) => {
  const orchestrator = await open(t);
  const { id } = await orchestrator.createTask({ name: "a" });
  const unregister = orchestrator.registerProvider(instant());
  const unsubscribe = orchestrator.subscribe(() => {});
  const iterator = orchestrator.events({ from: 0 });
  await orchestrator.dispose();
  for (const call of [
    () => orchestrator.createTask({ name: "a" }), () => orchestrator.createTasks([{ name: "a" }]), () => orchestrator.startTask(id),
    () => orchestrator.runTask({ name: "a" }), () => orchestrator.restartTask(id), () => orchestrator.waitForTask(id), () => orchestrator.pauseTask(id),
    () => orchestrator.resumeTask(id), () => orchestrator.cancelTask(id), () => orchestrator.deleteTask(id), () => orchestrator.renameTask(id, "b"),
    () => orchestrator.reassignTask(id, "manual"), () => orchestrator.setUserStatus(id, "done"), () => orchestrator.appendOutput(id, "x"),
    () => orchestrator.updateProgress(id, 5), () => orchestrator.addStep(id, "x"), () => orchestrator.updateStep(id, "s1", "completed"),
    () => orchestrator.getTask(id), () => orchestrator.listTasks(), () => orchestrator.searchTasks("a"), () => orchestrator.countTasks(),
    () => orchestrator.currentTask, () => orchestrator.currentTaskIn("room"), () => orchestrator.switchTask(id, { scope: "room" }), () => orchestrator.taskContext(id), () => orchestrator.switchTask(id), () => orchestrator.switchTask(null), () => orchestrator.taskContext(),
    () => orchestrator.registerProvider(instant()), () => orchestrator.subscribe(() => {}), () => orchestrator.subscribe(() => {}, { from: 0 }),
    () => orchestrator.events(), () => orchestrator.events({ from: 0 }), () => orchestrator.journalHash(), () => orchestrator.stateHash(),
  ]) {
    await refusedWith("DISPOSED", call);
  }
  // What ends something has nothing left to end.
  unregister();
  unsubscribe();
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test("what an iterator holds can still be read", async (t) => {
  const orchestrator = await open(t);
  const iterator = orchestrator.events();
  await orchestrator.createTask({ name: "a" });
  await turn();
  await orchestrator.dispose();
  assert.deepEqual((await collect(iterator)).map(({ type }) => type), ["task:created"]);
});

test("a provider that answers afterwards is not heard, and harms nobody", async (t) => {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider] });
  const runs = ["a", "b"].map((name) => orchestrator.runTask({ name }));
  await provider.call(1);
  await orchestrator.dispose();
  provider.calls[0].resolve("late");
  provider.calls[1].reject(new Error("late"));
  for (const run of runs) await refusedWith("DISPOSED", () => run);
  await turn();
});

test("lets go of every signal it was given", async (t) => {
  const orchestrator = await open(t);
  const { signal } = new AbortController();
  const run = orchestrator.runTask({ name: "a" }, { signal });
  const wait = orchestrator.waitForTask(run.taskId, { signal });
  orchestrator.subscribe(() => {}, { signal });
  orchestrator.events({ signal });
  assert.equal(getEventListeners(signal, "abort").length, 4);
  await orchestrator.dispose();
  await Promise.allSettled([run, wait]);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("many orchestrators one after the other take no more memory than a few", async () => {
  const round = async (count) => {
    for (let n = 0; n < count; n++) {
      const orchestrator = await AgentOrchestrator.open({ providers: [instant()] });
      await orchestrator.runTask({ name: "a", description: "x".repeat(50_000) });
      await orchestrator.dispose();
    }
    globalThis.gc?.();
    return process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  };
  const few = await round(50);
  const many = await round(1000);
  assert.ok(many < few + 20e6, `${few} bytes, then ${many}`);
});
