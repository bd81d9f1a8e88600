// A journal that is slow, fails and tears as a plan says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { VirtualClock, faultPlan, faultyJournal, journalConformance, journalFaults, scriptedProvider } from "agent-orchestrator-wasm/testing";
import { frame } from "./help/journals.mjs";
import { record } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const journals = new Map();
const named = (name) => journals.get(name) ?? journals.set(name, faultyJournal(memoryJournal())).get(name);
for (const { name, run } of journalConformance(named)) test(`without faults it is a journal: ${name}`, run);

async function open(t, journal, clock = new VirtualClock()) {
  const orchestrator = await AgentOrchestrator.open({ clock, journal, providers: [scriptedProvider([], { clock })] });
  t.after(() => orchestrator.dispose());
  return orchestrator;
}

const position = async (journal) => (await journal.load({ history: true })).frames.length;

const faults = { fail: "JOURNAL_FAILED", torn: "JOURNAL_FAILED", kept: "JOURNAL_FAILED", conflict: "CONFLICT", full: "JOURNAL_FULL" };
for (const [fault, code] of Object.entries(faults)) {
  test(`a write fails: ${fault}`, async () => {
    const inner = memoryJournal();
    const journal = faultyJournal(inner, { faults: { 2: fault } });
    await journal.append(0, frame({ seq: 1 }));
    const second = frame({ seq: 2, payload: [1, 2, 3] });
    await refusedWith(code, () => journal.append(1, second));
    assert.equal(journal.writes, 2);
    assert.equal(await position(inner), fault === "kept" ? 2 : 1);
    // What is open after a failure stays closed until the journal is read again.
    if (code === "JOURNAL_FAILED") await refusedWith(code, () => journal.append(1, second));
    const { frames, cut } = await journal.load();
    assert.deepEqual([frames.length, cut], [fault === "kept" ? 2 : 1, fault === "torn" ? second.length >> 1 : 0]);
    assert.equal((await journal.load()).cut, 0, "what was cut is gone");
    if (fault !== "kept") await journal.append(1, second);
    assert.equal(await position(inner), 2);
  });
  test(`an orchestrator reads only after that: ${fault}`, async (t) => {
    const journal = faultyJournal(memoryJournal(), { faults: { 3: fault } });
    const orchestrator = await open(t, journal);
    const events = record(orchestrator, { types: ["journal:failed"] });
    const refusals = [];
    for (let n = 0; n < 5; n++) await orchestrator.createTask({ id: `t${n}`, name: "A" }).catch((error) => refusals.push(error.code));
    assert.deepEqual(events.map((event) => event.code), [code]);
    assert.ok(refusals.length > 0 && refusals.every((refusal) => refusal === code), refusals.join());
    assert.equal(orchestrator.getTask("t0").id, "t0");
    const again = await open(t, journal.crash());
    for (let n = 0; n < 5 - refusals.length; n++) assert.ok(again.getTask(`t${n}`), `t${n} was acknowledged`);
  });
}

test("a slow write takes the time of the clock, half of it before it is kept", async () => {
  const [clock, inner] = [new VirtualClock(), memoryJournal()];
  const journal = faultyJournal(inner, { clock, delay: 1000 });
  let told = false;
  const written = journal.append(0, frame({ seq: 1 })).then(() => (told = true));
  await clock.advance(499);
  assert.equal(await position(inner), 0);
  await clock.advance(1);
  assert.deepEqual([await position(inner), told], [1, false]);
  await clock.advance(500);
  assert.equal(told, true);
  await written;
});

test("a write that never settles holds up those who wait, and nobody else", async (t) => {
  const [clock, journal] = [new VirtualClock(), faultyJournal(memoryJournal(), { faults: (write) => (write === 2 ? "never" : undefined) })];
  const orchestrator = await open(t, journal, clock);
  let settled = false;
  const created = orchestrator.createTask({ id: "a", name: "A" }).finally(() => (settled = true));
  await clock.advance(1e9);
  assert.deepEqual([settled, journal.hangs, orchestrator.getTask("a").id], [false, true, "a"]);
  const next = journal.crash();
  await refusedWith("JOURNAL_FAILED", () => created);
  assert.equal((await open(t, next, clock)).getTask("a"), undefined);
});

test("after a crash a journal refuses, and the next one finds what was kept, or half of a write", async (t) => {
  for (const torn of [false, true]) {
    const clock = new VirtualClock();
    let delay = 0;
    const journal = faultyJournal(memoryJournal(), { clock, delay: () => delay });
    const orchestrator = await open(t, journal, clock);
    await orchestrator.createTask({ id: "kept", name: "Kept" });
    delay = 1000;
    const lost = orchestrator.createTask({ id: "lost", name: "Lost" });
    await clock.advance(100);
    delay = 0;
    const next = journal.crash({ torn });
    await refusedWith("JOURNAL_FAILED", () => lost);
    for (const call of [() => journal.load(), () => journal.append(0, frame({ seq: 1 })), () => journal.snapshot(0, frame({ kind: 2, seq: 0 })), () => journal.truncateBefore(0)]) {
      await refusedWith("JOURNAL_FAILED", call);
    }
    await journal.close();
    const again = await open(t, next, clock);
    const [recovered] = record(again).filter(({ type }) => type === "journal:recovered");
    assert.deepEqual([again.getTask("kept")?.name, again.getTask("lost")], ["Kept", undefined]);
    const { value } = await again.events({ from: 1, types: ["journal:recovered"] }).next();
    assert.equal(value.cut > 0, torn, JSON.stringify([value, recovered]));
  }
});

test("the next process may open another object", async () => {
  const [first, second] = [memoryJournal(), memoryJournal()];
  const next = faultyJournal(first).crash({ reopen: () => second });
  await next.append(0, frame({ seq: 1 }));
  assert.deepEqual([await position(first), await position(second)], [0, 1]);
});

test("faults follow from the seed, and all kinds come", () => {
  const kinds = new Set();
  for (let seed = 0; seed < 300; seed++) {
    assert.deepEqual(faultPlan(seed), faultPlan(seed));
    const faults = Array.from({ length: 200 }, (_, write) => journalFaults(seed)(write));
    assert.deepEqual(faults, Array.from({ length: 200 }, (_, write) => journalFaults(seed, faultPlan(seed))(write)));
    for (const fault of faults) kinds.add(fault);
  }
  assert.deepEqual([...kinds].sort(), ["conflict", "fail", "full", "kept", "never", "torn", undefined]);
});

test("what makes no sense is refused", async () => {
  for (const bad of [undefined, null, 5]) await refusedWith("INVALID_ARGUMENT", async () => faultyJournal(bad));
  for (const bad of [null, 5, { faults: 5 }]) await refusedWith("INVALID_ARGUMENT", async () => faultyJournal(memoryJournal(), bad));
  for (const plan of [{ delay: 5 }, { delay: -1 }, { delay: "5" }, { faults: { 1: "sing" } }]) {
    await refusedWith("INVALID_ARGUMENT", () => faultyJournal(memoryJournal(), plan).append(0, frame({ seq: 1 })));
  }
});
