// A bug in the core stops that orchestrator, says so, and takes nothing else with it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as healthy from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { collect, open, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { refusedWith } from "./help/refused.mjs";
import { copyOfPackage, trappedCopy } from "./help/trapped-copy.mjs";
import "./help/unhandled.mjs";

/** A call that runs into each function. */
const traps = {
  core_pause: (orchestrator, id) => orchestrator.pauseTask(id),
  core_rename: (orchestrator, id) => orchestrator.renameTask(id, "another name"),
  core_createMany: (orchestrator) => orchestrator.createTasks([{ name: "a", tags: ["t"] }]),
  core_list: (orchestrator) => orchestrator.listTasks(),
  core_count: (orchestrator) => orchestrator.countTasks(),
  core_taskContext: (orchestrator) => orchestrator.taskContext(),
  core_stateHash: (orchestrator) => orchestrator.stateHash(),
};

for (const [name, call] of Object.entries(traps)) {
  test(`${name}: everybody who waits is told, and later calls too`, async (t) => {
    const { AgentOrchestrator, OrchestratorError } = await trappedCopy(t, name);
    const provider = manual();
    const orchestrator = await AgentOrchestrator.open({ providers: [provider] });
    const bystander = await AgentOrchestrator.open({ providers: [instant()] });
    t.after(() => Promise.all([orchestrator.dispose(), bystander.dispose()]));
    const run = orchestrator.runTask({ name: "a" });
    const id = run.taskId;
    const { context } = await provider.call(0);
    const { signal } = context;
    const waits = [run, orchestrator.waitForTask(id), run.unwrap()];
    const iterator = orchestrator.events();
    const next = iterator.next();
    // So that nothing else is under way that would notice the trap.
    await turn();

    const error = await refusedWith("POISONED", () => call(orchestrator, id));
    assert.ok(error instanceof OrchestratorError && error.cause instanceof WebAssembly.RuntimeError, "the cause is the trap");
    const settled = await Promise.allSettled(waits);
    assert.ok(settled.every(({ reason }) => reason?.code === "POISONED"));
    assert.equal((await next).done, true);
    assert.deepEqual([signal.aborted, signal.reason.code], [true, "POISONED"]);

    for (const later of [
      () => call(orchestrator, id), () => orchestrator.createTask({ name: "b" }), () => orchestrator.getTask(id), () => orchestrator.startTask(id),
      () => orchestrator.subscribe(() => {}), () => orchestrator.events({ from: 0 }), () => orchestrator.registerProvider(instant()), () => orchestrator.journalHash(),
    ]) {
      await refusedWith("POISONED", later);
    }
    assert.deepEqual([context.isCancelled(), context.isPaused(), context.appendOutput("x"), context.addStep("x").id], [true, false, false, "s0"]);
    provider.calls[0].resolve("late");
    await turn();
    await orchestrator.dispose();
    await refusedWith("POISONED", () => orchestrator.getTask(id));

    assert.equal((await bystander.runTask({ name: "b" })).status, "completed", "another one of the same copy goes on");
    const fresh = await AgentOrchestrator.open({ providers: [instant()] });
    assert.equal((await fresh.runTask({ name: "c" })).status, "completed", "and a new one can be opened");
    await fresh.dispose();
    const other = await open(t, { providers: [instant()] });
    assert.equal((await other.runTask({ name: "d" })).status, "completed", "another copy does not know of it");
  });
}

describe("a trap while nobody calls", () => {
  test("in a provider's answer", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_finish");
    const orchestrator = await AgentOrchestrator.open({ providers: [instant()] });
    const runs = [orchestrator.runTask({ name: "a" }), orchestrator.runTask({ name: "b" })];
    for (const run of runs) await refusedWith("POISONED", () => run);
    await refusedWith("POISONED", () => orchestrator.countTasks());
  });

  test("in a provider's failure", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_fail");
    const orchestrator = await AgentOrchestrator.open({ providers: [instant(() => Promise.reject(new Error("no")))] });
    await refusedWith("POISONED", () => orchestrator.runTask({ name: "a" }));
  });

  test("in handing out events", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_drain");
    const orchestrator = await AgentOrchestrator.open({ providers: [manual()] });
    const run = orchestrator.runTask({ name: "a" });
    orchestrator.subscribe(() => {});
    const next = orchestrator.events().next();
    await refusedWith("POISONED", () => run);
    assert.equal((await next).done, true);
  });

  test("in a replay, also of an iterator that is read later", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_replay");
    const orchestrator = await AgentOrchestrator.open({ providers: [manual()] });
    const run = orchestrator.runTask({ name: "a" });
    const iterator = orchestrator.events({ from: 0 });
    await turn();
    await refusedWith("POISONED", () => collect(iterator));
    await refusedWith("POISONED", () => run);
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  test("in a cancel by a signal", async (t) => {
    const complaints = [];
    const { AgentOrchestrator } = await trappedCopy(t, "core_cancel");
    const orchestrator = await AgentOrchestrator.open({ providers: [manual()], onError: (error) => complaints.push(error.code) });
    const controller = new AbortController();
    const run = orchestrator.runTask({ name: "a" }, { signal: controller.signal });
    controller.abort();
    await refusedWith("POISONED", () => run);
    assert.deepEqual(complaints, ["POISONED"]);
  });
});

test("the copy that traps nowhere is as well as any", async (t) => {
  // What is not called does no harm: the rewritten file is a good one.
  const { AgentOrchestrator } = await trappedCopy(t, "core_pause");
  const [orchestrator, original] = [await AgentOrchestrator.open({ seed: 1, now: () => 1 }), await healthy.AgentOrchestrator.open({ seed: 1, now: () => 1 })];
  for (const each of [orchestrator, original]) {
    each.registerProvider(instant());
    await each.runTask({ name: "a" });
  }
  assert.equal(orchestrator.stateHash(), original.stateHash());
  await Promise.all([orchestrator.dispose(), original.dispose()]);
});

test("before init a browser's entry says what is missing", async (t) => {
  const { AgentOrchestrator } = await copyOfPackage(t);
  const error = await AgentOrchestrator.open().catch((thrown) => thrown);
  assert.equal(error.code, "NOT_INITIALIZED");
  assert.match(error.message, /init/);
});

describe("with a journal, a trap lets go of it", () => {
  /** A journal in memory that counts how often it was closed. */
  const counted = () => Object.assign(memoryJournal(), { closed: 0, async close() { this.closed += 1; } });
  for (const name of ["core_pollWrite", "core_takeFrame", "core_written", "core_recover"]) {
    test(`in ${name}, when it is opened`, async (t) => {
      const { AgentOrchestrator } = await trappedCopy(t, name);
      const journal = counted();
      await refusedWith("POISONED", () => AgentOrchestrator.open({ journal, providers: [instant()] }));
      assert.equal(journal.closed, 1);
    });
  }

  test("in a call, while others wait for what they did to be kept", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_pause");
    const journal = counted();
    const orchestrator = await AgentOrchestrator.open({ journal, providers: [manual()] });
    const run = orchestrator.runTask({ name: "a", id: "a" });
    const created = orchestrator.createTask({ name: "b" });
    const refusals = [refusedWith("POISONED", () => run), refusedWith("POISONED", () => created)];
    await refusedWith("POISONED", () => orchestrator.pauseTask("a"));
    await Promise.all(refusals);
    await orchestrator.dispose();
    assert.equal(journal.closed, 1);
  });

  test("at the end", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_finishUp");
    const journal = counted();
    const orchestrator = await AgentOrchestrator.open({ journal, providers: [instant()] });
    await orchestrator.createTask({ name: "a" });
    await orchestrator.dispose();
    assert.equal(journal.closed, 1);
    await refusedWith(undefined, () => orchestrator.countTasks());
  });

  test("in what is due", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_handleTimeout");
    const provider = manual();
    const orchestrator = await AgentOrchestrator.open({ providers: [provider] });
    await refusedWith("POISONED", () => orchestrator.runTask({ name: "a", timeout: 5 }));
    assert.equal((await provider.call(0)).context.signal.aborted, true);
  });

  test("in a look at the past, which harms only the look", async (t) => {
    const { AgentOrchestrator } = await trappedCopy(t, "core_past");
    const orchestrator = await AgentOrchestrator.open({ providers: [instant()] });
    t.after(() => orchestrator.dispose());
    await orchestrator.createTask({ name: "a", id: "a" });
    await refusedWith("POISONED", () => orchestrator.at(1));
    assert.equal(orchestrator.getTask("a").name, "a");
  });
});
