// Any state there ever was can be looked at, compared, checked, and gone on from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { OrchestratorError, importJournal } from "agent-orchestrator-wasm";
import { host, task } from "./help/kept.mjs";
import { turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

async function run({ orchestrator, called }, id) {
  const run = orchestrator.runTask(task(id));
  await orchestrator.flush();
  await turn();
  called(id, 1).context.appendOutput("at work");
  called(id, 1).resolve("done");
  await run;
}

const seqOf = async ({ orchestrator }) => (await orchestrator.verify()).seq;

/** Every state on the way, by position: the hash that the orchestrator had. */
async function walk(host) {
  const states = [];
  for (let n = 0; n < 30; n++) {
    await run(host, `t${n}`);
    if (n % 5 === 4) await host.orchestrator.deleteTask(`t${n - 2}`);
    states.push([await seqOf(host), host.orchestrator.stateHash()]);
  }
  return states;
}

const kinds = {
  "memory": { journal: undefined },
  "a journal with snapshots": { snapshotBytes: 2000, keepHistory: true, eventLogBytes: 1 },
};
for (const [name, options] of Object.entries(kinds)) {
  test(`every state can be looked at, from ${name}`, async (t) => {
    const here = await host(t, options);
    const { orchestrator } = here;
    for (const [seq, hash] of await walk(here)) {
      const past = await orchestrator.at(seq);
      assert.deepEqual([past.seq, past.stateHash()], [seq, hash]);
      past.dispose();
    }
    const end = await seqOf(here);
    for (let seq = 1; seq <= end; seq += 7) assert.equal((await orchestrator.at(seq)).seq, seq);
    for (const wrong of [0, end + 1, Number.MAX_SAFE_INTEGER, -1, 1.5, NaN, "1", undefined]) {
      await refusedWith("INVALID_ARGUMENT", () => orchestrator.at(wrong));
      await refusedWith("INVALID_ARGUMENT", () => orchestrator.diff(1, wrong));
    }
    const { seq, events, stateHash, journalHash } = await orchestrator.verify();
    assert.deepEqual([seq, events, stateHash, journalHash], [end, end, orchestrator.stateHash(), orchestrator.journalHash()]);
  });
}

test("the past is as it was", async (t) => {
  const here = await host(t, { journal: undefined });
  const { orchestrator, clock } = here;
  await run(here, "a");
  const before = await seqOf(here);
  const { updatedAt } = orchestrator.getTask("a");
  const context = orchestrator.taskContext();
  clock.jump(5000);
  await run(here, "b");
  await orchestrator.renameTask("a", "another name");
  const past = await orchestrator.at(before);
  assert.equal(past.at, updatedAt);
  assert.equal(past.getTask("a").name, "a");
  assert.equal(past.getTask("b"), undefined);
  assert.equal(past.listTasks().tasks.length, 1);
  assert.deepEqual(past.searchTasks("a").map(({ id }) => id), ["a"]);
  assert.equal(past.countTasks().completed, 1);
  assert.equal(past.currentTask.id, "a");
  assert.equal(past.currentTask.providerLabel, "worker");
  assert.equal(past.taskContext(), context);

  const diff = await orchestrator.diff(before, await seqOf(here));
  assert.deepEqual([diff.created.map(({ id }) => id), diff.deleted, diff.changed.length], [["b"], [], 1]);
  const [{ taskId, fields, before: was, after }] = diff.changed;
  assert.deepEqual([taskId, fields, was.name, after.name], ["a", ["name", "updatedAt"], "a", "another name"]);
  assert.ok(Object.isFrozen(diff) && Object.isFrozen(diff.changed[0].fields));
  const back = await orchestrator.diff(diff.to, diff.from);
  assert.deepEqual([back.created, back.deleted.map(({ id }) => id)], [[], ["b"]]);
  const same = await orchestrator.diff(before, before);
  assert.deepEqual([same.created, same.deleted, same.changed], [[], [], []]);
});

test("a look at the past gives its memory back once, and refuses what comes after", async (t) => {
  const here = await host(t, { journal: undefined });
  await run(here, "a");
  const past = await here.orchestrator.at(2);
  past.dispose();
  past[Symbol.dispose]();
  for (const look of [() => past.getTask("a"), () => past.listTasks(), () => past.stateHash(), () => past.currentTask]) await refusedWith("DISPOSED", look);
  assert.equal(here.orchestrator.getTask("a").status, "completed");
});

test("what is not kept is said so", async (t) => {
  const short = await host(t, { snapshotBytes: 1000 });
  await walk(short);
  await refusedWith("HISTORY_GONE", () => short.orchestrator.at(3));
  await refusedWith("HISTORY_GONE", () => short.orchestrator.fork(3));
  const { seq, events } = await short.orchestrator.verify();
  assert.ok(events < seq);
  const { orchestrator } = await host(t, { journal: undefined, eventLogBytes: 1 });
  await orchestrator.createTasks(Array.from({ length: 1000 }, (_, n) => ({ name: `task ${n}` })));
  await orchestrator.createTasks(Array.from({ length: 1000 }, (_, n) => ({ name: `task ${n}` })));
  await refusedWith("HISTORY_GONE", () => orchestrator.at(3));
});

test("a fork goes on by itself", async (t) => {
  const here = await host(t, { journal: undefined });
  await run(here, "a");
  here.orchestrator.runTask(task("b"));
  const there = await seqOf(here);
  await run(here, "c");
  const journal = memoryJournal();
  const worker = (await host(t)).worker;
  for (const options of [{ journal }, {}]) {
    const fork = await here.orchestrator.fork(there, { ...options, providers: [worker], clock: here.clock });
    t.after(() => fork.dispose());
    assert.deepEqual(["a", "b", "c"].map((id) => fork.getTask(id)?.status), ["completed", "paused", undefined]);
    await fork.resumeTask("b");
    await turn();
    assert.equal(fork.getTask("b").attempt, 2);
    assert.equal(here.orchestrator.getTask("b").attempt, 1);
    const { seq } = await fork.verify();
    assert.ok(seq > there);
    await refusedWith("HISTORY_GONE", () => fork.at(there - 1));
  }
  await refusedWith("CONFLICT", () => here.orchestrator.fork(there, { journal, providers: [worker] }));
  await refusedWith("INVALID_ARGUMENT", () => here.orchestrator.fork(there, { journal: 5 }));
});

test("a fork onto its own journal is refused, and harms nothing", async (t) => {
  const { orchestrator, journal } = await host(t);
  await refusedWith("CONFLICT", () => orchestrator.fork(2, { journal }));
  await orchestrator.createTask(task("a"));
});

test("an exported journal is the same one elsewhere", async (t) => {
  const here = await host(t, { snapshotBytes: 3000 });
  await walk(here);
  await here.orchestrator.compact();
  await run(here, "after");
  const bytes = await here.orchestrator.exportJournal();
  const other = memoryJournal();
  await importJournal(other, bytes);
  assert.deepEqual(new Uint8Array(Buffer.concat((await other.load()).frames)), bytes);
  const { orchestrator } = await host(t, { journal: other, clock: here.clock });
  assert.deepEqual(orchestrator.getTask("after"), here.orchestrator.getTask("after"));
  await refusedWith("CONFLICT", () => importJournal(other, bytes));
  for (const end of [0, 1, 47, bytes.length - 1]) {
    await refusedWith("JOURNAL_DAMAGED", () => importJournal(memoryJournal(), bytes.subarray(0, end)));
  }
  await refusedWith("INVALID_ARGUMENT", () => importJournal(memoryJournal(), "bytes"));
  await refusedWith("INVALID_ARGUMENT", () => importJournal({}, bytes));
  // Without a journal, the state is exported as one.
  const plain = await host(t, { journal: undefined });
  await run(plain, "x");
  const state = memoryJournal();
  await importJournal(state, await plain.orchestrator.exportJournal({ history: true }));
  const opened = await host(t, { journal: state });
  assert.equal(opened.orchestrator.getTask("x").status, "completed");
});

test("with history, an exported journal has every state", async (t) => {
  const here = await host(t, { snapshotBytes: 2000, keepHistory: true });
  const states = await walk(here);
  const other = memoryJournal();
  await importJournal(other, await here.orchestrator.exportJournal({ history: true }));
  const { orchestrator } = await host(t, { journal: other, keepHistory: true });
  for (const [seq, hash] of states) assert.equal((await orchestrator.at(seq)).stateHash(), hash);
});

test("compact makes the journal short", async (t) => {
  const here = await host(t, { snapshotBytes: 0 });
  await walk(here);
  const length = (await here.orchestrator.exportJournal()).length;
  await here.orchestrator.compact();
  const compacted = await here.orchestrator.exportJournal({ history: true });
  assert.ok(compacted.length < length / 2, `${compacted.length} of ${length}`);
  await here.orchestrator.verify();
});

test("a journal that says something else than the orchestrator is found out", async (t) => {
  const inner = memoryJournal();
  let forge = false;
  const other = await host(t);
  await walk(other);
  const journal = {
    load: (options) => (forge ? other.journal : inner).load(options),
    append: (position, frame) => inner.append(position, frame),
    snapshot: (position, frame) => inner.snapshot(position, frame),
    truncateBefore: (position) => inner.truncateBefore(position),
    close: () => inner.close(),
  };
  const here = await host(t, { journal });
  await run(here, "a");
  await here.orchestrator.verify();
  forge = true;
  const error = await refusedWith("JOURNAL_DAMAGED", () => here.orchestrator.verify());
  assert.ok(OrchestratorError.isInstance(error));
});
