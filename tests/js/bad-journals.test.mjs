// A journal is foreign code: whatever it does, it harms nothing but what waits for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AgentOrchestrator, OrchestratorError } from "agent-orchestrator-wasm";
import { host, task } from "./help/kept.mjs";
import { record, turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const methods = ["load", "append", "snapshot", "truncateBefore", "close"];
/** A journal of plain functions, with some of them replaced. */
const journal = (changes = {}, inner = memoryJournal()) => ({
  ...Object.fromEntries(methods.map((name) => [name, (...given) => inner[name](...given)])),
  ...changes,
});
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const noJournals = {
  "a number": 5, "a string": "journal", "null": null, "an empty object": {}, "a function": () => {}, "a revoked proxy": revoked(),
  ...Object.fromEntries(methods.map((name) => [`one without ${name}`, journal({ [name]: undefined })])),
  "a getter that throws": Object.defineProperty({}, "load", { get() { throw new Error("no"); } }),
};
for (const [name, value] of Object.entries(noJournals)) {
  test(`refused as a journal: ${name}`, async () => {
    await refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open({ journal: value }));
  });
}

const badLoads = {
  "throws at once": [() => { throw new Error("no"); }, "JOURNAL_FAILED"],
  "rejects": [async () => { throw new Error("no"); }, "JOURNAL_FAILED"],
  "rejects with nothing": [() => Promise.reject(undefined), "JOURNAL_FAILED"],
  "rejects with a revoked proxy": [() => Promise.reject(revoked()), "JOURNAL_FAILED"],
  "rejects with a code of its own": [() => Promise.reject(Object.assign(new Error("x"), { code: "ENOENT" })), "JOURNAL_FAILED"],
  "is locked": [() => Promise.reject(new OrchestratorError("LOCKED", "somebody has it")), "LOCKED"],
  "is locked, says another copy of the package": [() => Promise.reject(Object.assign(new Error("somebody has it"), { code: "LOCKED" })), "LOCKED"],
  "rejects with a code that is not a journal's": [() => Promise.reject(new OrchestratorError("TASK_EXISTS", "x")), "JOURNAL_FAILED"],
  "gives nothing": [() => undefined, "JOURNAL_FAILED"],
  "gives a number": [() => 5, "JOURNAL_FAILED"],
  "gives no frames": [() => ({ cut: 0 }), "JOURNAL_FAILED"],
  "gives frames that are none": [() => ({ frames: ["frame"], cut: 0 }), "JOURNAL_FAILED"],
  "gives no cut": [() => ({ frames: [] }), "JOURNAL_FAILED"],
  "gives a cut below 0": [() => ({ frames: [], cut: -1 }), "JOURNAL_FAILED"],
  "gives a revoked proxy": [() => ({ frames: revoked(), cut: 0 }), "JOURNAL_FAILED"],
  "gives getters that throw": [() => ({ get frames() { throw new Error("no"); } }), "JOURNAL_FAILED"],
  "gives rubbish": [() => ({ frames: [new Uint8Array(64).fill(9)], cut: 0 }), "JOURNAL_DAMAGED"],
};
for (const [name, [load, code]] of Object.entries(badLoads)) {
  test(`a load that ${name} refuses to open, and lets go`, async () => {
    let closed = 0;
    await refusedWith(code, () => AgentOrchestrator.open({ journal: journal({ load, close: () => void closed++ }) }));
    assert.equal(closed, 1);
  });
}

test("a close that fails does not hide why it could not be opened", async () => {
  const load = () => Promise.reject(new OrchestratorError("LOCKED", "somebody has it"));
  for (const close of [() => { throw new Error("no"); }, () => Promise.reject(new Error("no")), () => 7]) {
    await refusedWith("LOCKED", () => AgentOrchestrator.open({ journal: journal({ load, close }) }));
  }
});

const badAppends = {
  "throws at once": [() => { throw new Error("no"); }, "JOURNAL_FAILED"],
  "rejects": [async () => { throw new Error("no"); }, "JOURNAL_FAILED"],
  "rejects with nothing": [() => Promise.reject(undefined), "JOURNAL_FAILED"],
  "rejects with a revoked proxy": [() => Promise.reject(revoked()), "JOURNAL_FAILED"],
  "throws in a thenable": [() => ({ then() { throw new Error("no"); } }), "JOURNAL_FAILED"],
  "is full": [() => Promise.reject(new OrchestratorError("JOURNAL_FULL", "no room")), "JOURNAL_FULL"],
  "meets another writer": [() => Promise.reject(Object.assign(new Error("x"), { code: "CONFLICT" })), "CONFLICT"],
};
for (const [name, [append, code]] of Object.entries(badAppends)) {
  test(`an append that ${name} makes the orchestrator read only`, async (t) => {
    const bad = journal();
    const good = bad.append;
    let failing = false;
    bad.append = undefined;
    const { orchestrator, called } = await host(t, { journal: { ...bad, append: (...given) => (failing ? append() : good(...given)) } });
    const run = orchestrator.runTask(task("a"));
    await orchestrator.flush();
    await turn();
    const events = record(orchestrator);
    failing = true;
    await refusedWith(code, () => orchestrator.createTask(task("b")));
    await refusedWith(code, () => run);
    await refusedWith(code, () => orchestrator.cancelTask("a"));
    assert.equal(called("a", 1).context.signal.aborted, true);
    assert.equal(orchestrator.getTask("a").status, "running");
    assert.equal(orchestrator.listTasks().tasks.length, 2);
    await turn();
    assert.deepEqual(events.filter(({ type }) => type === "journal:failed").map((event) => event.code), [code]);
    await orchestrator.dispose();
  });
}

test("an append that gives anything but a promise counts as done", async (t) => {
  for (const value of [undefined, 7, "x", {}, [], null]) {
    const inner = memoryJournal();
    const { orchestrator } = await host(t, { journal: journal({ append: (...given) => (void inner.append(...given), value) }, inner) });
    assert.equal((await orchestrator.createTask(task("a"))).id, "a");
  }
});

test("an append that never settles holds up what waits for it, and nothing else", async (t) => {
  const bad = journal();
  const { append } = bad;
  let hanging = false;
  let settle;
  const hangs = { ...bad, append: (...given) => (hanging ? new Promise((resolve) => (settle = () => resolve(append(...given)))) : append(...given)) };
  const { orchestrator, called } = await host(t, { journal: hangs });
  const run = orchestrator.runTask(task("a"));
  await orchestrator.flush();
  await turn();
  hanging = true;
  let told = false;
  const created = orchestrator.createTask(task("b")).then(() => (told = true));
  await turn();
  assert.equal(told, false);
  // Reading, reports and further calls go on; another orchestrator does not notice.
  assert.equal(orchestrator.getTask("b").status, "pending");
  assert.equal(called("a", 1).context.appendOutput("line"), true);
  const other = await host(t);
  assert.equal((await other.orchestrator.createTask(task("c"))).id, "c");
  // To dispose of it settles at once all that waits, but for the journal.
  const { context } = called("a", 1);
  const rejected = refusedWith("DISPOSED", () => run);
  const disposed = orchestrator.dispose();
  await rejected;
  assert.equal(context.signal.aborted, true);
  hanging = false;
  settle();
  await disposed;
  await created;
});

test("a journal that calls back into its orchestrator gets what anybody gets", async (t) => {
  const inner = memoryJournal();
  let orchestrator;
  let calls = 0;
  const append = (position, frame) => {
    if (orchestrator !== undefined && calls++ < 3) {
      void orchestrator.createTask({ name: `from the journal ${calls}` });
      orchestrator.listTasks();
      orchestrator.stateHash();
    }
    return inner.append(position, frame);
  };
  ({ orchestrator } = await host(t, { journal: journal({ append }, inner) }));
  await orchestrator.createTask(task("a"));
  await orchestrator.flush();
  await turn();
  await orchestrator.flush();
  assert.equal(orchestrator.countTasks().total, 4);
  await orchestrator.verify();
});

test("a journal that disposes of its orchestrator ends it in good order", async (t) => {
  const inner = memoryJournal();
  let orchestrator;
  let disposed;
  const append = (position, frame) => {
    disposed ??= orchestrator?.dispose();
    return inner.append(position, frame);
  };
  ({ orchestrator } = await host(t, { journal: journal({ append }, inner) }));
  assert.equal((await orchestrator.createTask(task("a"))).id, "a");
  await disposed;
  const again = await host(t, { journal: inner });
  assert.equal(again.orchestrator.getTask("a").name, "a");
});

test("a journal that spoils the frames it is given spoils only its own", async (t) => {
  const inner = memoryJournal();
  const append = async (position, frame) => {
    await inner.append(position, frame);
    frame.fill(0);
  };
  const { orchestrator } = await host(t, { journal: journal({ append }, inner) });
  await orchestrator.createTask(task("a"));
  await orchestrator.createTask(task("b"));
  await orchestrator.verify();
});

for (const [method, provoke] of Object.entries({ snapshot: (orchestrator) => orchestrator.compact(), truncateBefore: (orchestrator) => orchestrator.compact() })) {
  test(`a ${method} that fails is told, and ends writing`, async (t) => {
    const { orchestrator } = await host(t, { journal: journal({ [method]: () => { throw new Error("no"); } }) });
    await orchestrator.createTask(task("a"));
    await refusedWith("JOURNAL_FAILED", () => provoke(orchestrator));
    await refusedWith("JOURNAL_FAILED", () => orchestrator.createTask(task("b")));
    assert.equal(orchestrator.getTask("a").name, "a");
  });
}

test("a close that fails ends the orchestrator all the same", async (t) => {
  for (const close of [() => { throw new Error("no"); }, () => Promise.reject(new Error("no"))]) {
    const { orchestrator } = await host(t, { journal: journal({ close }) });
    await orchestrator.createTask(task("a"));
    await orchestrator.dispose();
    await refusedWith("DISPOSED", () => orchestrator.createTask(task("b")));
  }
});
