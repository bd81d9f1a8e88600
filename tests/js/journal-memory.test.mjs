// The journal in memory, and what every journal says to calls that make no sense.
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexedDbJournal } from "agent-orchestrator-wasm/indexeddb";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { opfsJournal } from "agent-orchestrator-wasm/opfs";
import { journalConformance } from "agent-orchestrator-wasm/testing";
import { frame, kept } from "./help/journals.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const journals = new Map();
const named = (name) => journals.get(name) ?? journals.set(name, memoryJournal()).get(name);
for (const { name, run } of journalConformance(named)) test(`memory: ${name}`, run);

test("of two owners the slower one is refused", async () => {
  const journal = memoryJournal();
  const [one, other] = [await journal.load(), await journal.load()];
  assert.deepEqual([one, other], [{ frames: [], cut: 0 }, { frames: [], cut: 0 }]);
  await journal.append(0, frame({ seq: 1, count: 2 }));
  await refusedWith("CONFLICT", () => journal.append(0, frame({ seq: 1 })));
  await journal.append(2, frame({ seq: 3 }));
  assert.equal((await kept(journal)).length, 96);
});

test("what is no frame is refused, and nothing is kept of it", async () => {
  const journal = memoryJournal();
  const good = frame({ seq: 1, payload: [1, 2, 3] });
  const bad = [
    undefined, null, "frame", [1, 2], new ArrayBuffer(48), new Uint8Array(0), new Uint8Array(48), good.subarray(0, 47), good.subarray(0, 50),
    Uint8Array.of(...good, 0), Uint8Array.of(...good, ...good), frame({ seq: 1, kind: 2 }), frame({ seq: 1, kind: 4 }),
    frame({ seq: 1, count: 0 }), frame({ seq: 0, kind: 3, count: 1 }),
  ];
  for (const bytes of bad) await refusedWith("INVALID_ARGUMENT", () => journal.append(0, bytes));
  for (const position of [-1, 0.5, NaN, Infinity, "0", null, undefined, 2 ** 53]) await refusedWith("INVALID_ARGUMENT", () => journal.append(position, good));
  await refusedWith("INVALID_ARGUMENT", () => journal.snapshot(0, good));
  await refusedWith("CONFLICT", () => journal.append(0, frame({ seq: 2 })));
  await refusedWith("CONFLICT", () => journal.append(0, frame({ seq: 1, kind: 3 })));
  assert.equal((await kept(journal)).length, 0);
});

test("a journal may begin with the state of another one", async () => {
  const journal = memoryJournal();
  await refusedWith("CONFLICT", () => journal.snapshot(500, frame({ kind: 2, seq: 499 })));
  await journal.snapshot(500, frame({ kind: 2, seq: 500 }));
  await journal.append(500, frame({ seq: 501 }));
  assert.equal((await journal.load()).frames.length, 2);
});

test("positions go further than 32 bits", async () => {
  const journal = memoryJournal();
  const far = 2 ** 40;
  await journal.snapshot(far, frame({ kind: 2, seq: far }));
  await journal.append(far, frame({ seq: far + 1, count: 7 }));
  await journal.append(far + 7, frame({ seq: far + 8 }));
});

test("the journals of browsers say so where there is no browser", async () => {
  for (const [journal, pattern] of [[indexedDbJournal("app"), /IndexedDB cannot be used here/], [opfsJournal("app"), /private file system/]]) {
    assert.match((await refusedWith("JOURNAL_FAILED", () => journal.load())).message, pattern);
    await refusedWith("JOURNAL_FAILED", () => journal.append(0, frame({ seq: 1 })));
    await journal.close();
    await journal.close();
  }
  assert.equal(await indexedDbJournal("app").persisted, false);
  for (const bad of ["", 5, null, undefined, "\ud800"]) for (const make of [indexedDbJournal, opfsJournal]) await refusedWith("INVALID_ARGUMENT", () => make(bad));
  for (const bad of [null, 5, { wait: 1 }, { signal: {} }]) await refusedWith("INVALID_ARGUMENT", () => indexedDbJournal("app", bad));
});

test("the suite finds what a journal does wrong", async () => {
  const broken = {
    "does not check the position": (journal) => ({ ...journal, append: async (_, bytes) => journal.append(new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true) - 1, bytes).catch(() => {}) }),
    "keeps no snapshot": (journal) => ({ ...journal, snapshot: async () => {} }),
    "forgets everything when closed": (journal, name) => ({ ...journal, close: async () => { names.delete(name); } }),
    "never lets go": (journal) => ({ ...journal, truncateBefore: async () => {} }),
    "gives it in the wrong order": (journal) => ({ ...journal, load: async (options) => ({ frames: (await journal.load(options)).frames.reverse(), cut: 0 }) }),
    "gives no history": (journal) => ({ ...journal, load: () => journal.load() }),
  };
  const methods = (journal) => Object.fromEntries(["load", "append", "snapshot", "truncateBefore", "close"].map((name) => [name, journal[name].bind(journal)]));
  let names;
  for (const [what, breaks] of Object.entries(broken)) {
    names = new Map();
    const open = (name) => breaks(methods(names.get(name) ?? names.set(name, memoryJournal()).get(name)), name);
    const results = await Promise.allSettled(journalConformance(open).map(({ run }) => run()));
    assert.ok(results.some(({ status }) => status === "rejected"), what);
  }
});
