// Agents with a journal: what is told is kept, and what was kept comes back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { AT_ONCE, actor, puppet, settled, stage, statuses, told } from "./help/agents.mjs";
import { folder } from "./help/journals.mjs";
import { gate } from "./help/kept.mjs";
import { hashes, turn } from "./help/open.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** The same journal for the next life: as after a crash, the life before never closes it. */
const crashed = (journal) => ({ ...Object.fromEntries(["load", "append", "snapshot", "truncateBefore"].map((name) => [name, (...given) => journal[name](...given)])), close: async () => {} });

test("nothing is called, told or answered before it is kept", async (t) => {
  const journal = gate();
  const { orchestrator, events } = await stage(t, { journal });
  const { factory, call, calls } = puppet();
  await turn();
  journal.shut();
  let made = 0;
  orchestrator.addAgent("a", (start) => (made++, factory(start)));
  const handle = orchestrator.spawn("a");
  let reply;
  const sent = handle.send("hello").then((value) => (reply = value));
  await settled();
  assert.deepEqual([made, calls.length, events.filter(({ type }) => type.startsWith("agent:")).length, handle.status], [0, 0, 0, "starting"]);
  journal.open();
  const { resolve } = await call(0);
  journal.shut();
  resolve({ n: 1 });
  await settled();
  assert.equal(reply, undefined);
  journal.open();
  await sent;
  assert.deepEqual(reply, { n: 1 });
});

test("an abort is told at once, also while the journal is busy, and the agent hears of it when that is kept", async (t) => {
  const journal = gate();
  const { orchestrator } = await stage(t, { journal });
  const { factory, call } = puppet();
  orchestrator.addAgent("a", factory);
  const handle = orchestrator.spawn("a");
  const controller = new AbortController();
  const reply = handle.send("x", { signal: controller.signal });
  const { context, resolve } = await call(0);
  const { signal } = context;
  journal.shut();
  controller.abort();
  await refusedWith("ABORTED", () => reply);
  await settled();
  assert.deepEqual([context.isCancelled, signal.aborted], [true, false]);
  journal.open();
  await settled();
  assert.equal(signal.aborted, true);
  resolve();
});

for (const [name, make] of [["memory", () => memoryJournal()], ["files", (t) => nodeJournal(folder(t))]]) {
  test(`in ${name}: a tree comes back as it was, and goes on when its factories are there`, async (t) => {
    const journal = make(t);
    const first = await stage(t, { journal });
    const seen = [];
    first.orchestrator.addAgent("root", actor(seen), { strategy: "one_for_all", restart: "permanent" });
    first.orchestrator.addChild("child", "root", actor(seen));
    first.orchestrator.addAgent("other", actor(seen));
    first.orchestrator.spawn("root");
    const child = first.orchestrator.agent("child");
    assert.deepEqual([await child.send("count"), await child.send("count")], [1, 2]);
    await first.orchestrator.flush();
    const before = hashes(first.orchestrator);
    await first.orchestrator.dispose();

    seen.length = 0;
    const { orchestrator } = await stage(t, { journal });
    assert.notDeepEqual(hashes(orchestrator), before, "that it was opened again is an event");
    assert.deepEqual(statuses(orchestrator), { root: "restarting", child: "restarting", other: "registered" });
    assert.ok(orchestrator.tree().every(({ attached }) => !attached));
    await refused(orchestrator, "AGENT_NOT_FOUND", () => orchestrator.spawn("other"));
    await refused(orchestrator, "AGENT_EXISTS", () => orchestrator.addAgent("child", actor(seen)));
    const handle = orchestrator.spawn("child");
    const early = handle.send("state");
    orchestrator.addAgent("root", actor(seen), { strategy: "one_for_all" });
    while (seen.length === 0) await turn();
    await orchestrator.flush();
    await settled();
    assert.deepEqual(seen, ["root 2 made"]);
    orchestrator.addChild("child", "root", actor(seen));
    assert.deepEqual([await early, await handle.send("count")], [2, 3]);
    assert.deepEqual(seen, ["root 2 made", "child 2 made", "child 2 state", "child 2 count"]);
    await refused(orchestrator, "AGENT_EXISTS", () => orchestrator.addChild("child", "root", actor(seen)));
  });
}

test("after a crash, messages that were not answered are given out again, in order, and their replies kept", async (t) => {
  const journal = memoryJournal();
  const first = await stage(t, { journal: crashed(journal) });
  const { factory, call } = puppet();
  first.orchestrator.addAgent("a", factory);
  const handle = first.orchestrator.spawn("a");
  const replies = [handle.send("1"), handle.send({ role: "system", content: [2] }), handle.send("3")];
  (await call(0)).resolve("done");
  assert.equal(await replies[0], "done");
  await call(1);
  await first.orchestrator.flush();

  const { orchestrator, events } = await stage(t, { journal: crashed(journal) });
  const again = puppet();
  assert.equal(orchestrator.tree()[0].queued, 2);
  orchestrator.addAgent("a", again.factory);
  const second = await again.call(0);
  assert.deepEqual([second.messages, second.context.messageId, second.start.incarnation], [[{ role: "system", content: [2] }], 2, 2]);
  second.resolve("again");
  const third = await again.call(1);
  assert.equal(third.text, 3 + "");
  third.resolve("and again");
  assert.equal((await orchestrator.agent("a").awaitResult()).lastResult, "and again");
  await settled();
  assert.deepEqual(events.filter(({ type }) => type === "agent:replied").map(({ messageId, reply }) => [messageId, reply]), [[1, "done"], [2, "again"], [3, "and again"]]);
  await first.orchestrator.dispose();
});

test("a message at which the process ends each time is given up, and is a dead letter", async (t) => {
  const journal = memoryJournal();
  let lives = 0;
  for (; lives < 150; lives++) {
    const orchestrator = await AgentOrchestrator.open({ seed: 7, journal: crashed(journal) });
    t.after(() => orchestrator.dispose());
    const { factory, calls } = puppet();
    orchestrator.addAgent("a", factory);
    if (lives === 0) void orchestrator.spawn("a").send("deadly");
    await orchestrator.flush();
    await settled();
    await orchestrator.flush();
    if (calls.length === 0) break;
  }
  const orchestrator = await AgentOrchestrator.open({ journal: crashed(journal) });
  t.after(() => orchestrator.dispose());
  const { letters } = orchestrator.deadLetters();
  assert.deepEqual(letters.map(({ agent, messages, deliveries }) => [agent, messages[0].content, deliveries]), [["a", "deadly", lives]]);
});

test("a restart that was waiting waits on after a crash, for what is left of it", async (t) => {
  const journal = memoryJournal();
  const first = await stage(t, { journal: crashed(journal) });
  first.orchestrator.addAgent("a", actor(), { backoff: { delay: 1000, jitter: 0 } });
  await refusedWith("AGENT_FAILED", () => first.orchestrator.spawn("a").send("fail"));
  await first.orchestrator.flush();
  await first.clock.advance(400);
  const { orchestrator, clock } = await stage(t, { journal: crashed(journal), clock: first.clock });
  const seen = [];
  orchestrator.addAgent("a", actor(seen), { backoff: { delay: 1000, jitter: 0 } });
  await settled();
  await clock.advance(599);
  assert.deepEqual(seen, []);
  await clock.advance(1);
  await settled();
  assert.deepEqual(seen, ["a 2 made"]);
  await first.orchestrator.dispose();
});

test("messages that are not recorded are not kept, and their agents come back without them", async (t) => {
  const journal = memoryJournal();
  const first = await stage(t, { journal: crashed(journal) });
  const { factory, call } = puppet();
  first.orchestrator.addAgent("a", factory, { recordMessages: false });
  const handle = first.orchestrator.spawn("a");
  void handle.send("1");
  await call(0);
  await first.orchestrator.flush();
  const { orchestrator, events } = await stage(t, { journal: crashed(journal) });
  const seen = [];
  orchestrator.addAgent("a", actor(seen), { recordMessages: false });
  assert.equal(await orchestrator.agent("a").send("hello"), "hello, says a");
  await settled();
  assert.deepEqual([seen, told(events, /message|prompted|replied/)], [["a 2 made", "a 2 hello"], []]);
  await first.orchestrator.dispose();
});

test("who waits for an end hears of that end, though the agent was spawned again, or removed, before it was kept", async (t) => {
  const journal = gate();
  const { orchestrator } = await stage(t, { journal });
  const { factory, call } = puppet({ stopped: journal.shut });
  orchestrator.addAgent("a", factory);
  const handle = orchestrator.spawn("a");
  const reply = handle.send("x");
  (await call(0)).resolve("done");
  await reply;
  let told = 0;
  const first = handle.stop().finally(() => (told += 1));
  await settled();
  assert.deepEqual([handle.status, told], ["completed", 0]);
  orchestrator.spawn("a");
  const second = handle.ended().finally(() => (told += 1));
  journal.open();
  assert.deepEqual([(await first).status, handle.status, told], ["completed", "running", 1]);
  void handle.stop();
  await settled();
  assert.equal(handle.status, "completed");
  const removed = orchestrator.removeAgent("a");
  await settled();
  assert.equal(told, 1);
  journal.open();
  await removed;
  assert.equal((await second).status, "completed");
});

test("the journal with its agents verifies, is exported, forked and looked back at", async (t) => {
  const { orchestrator } = await stage(t, { journal: memoryJournal(), keepHistory: true });
  orchestrator.addAgent("a", actor(), AT_ONCE);
  const handle = orchestrator.spawn("a");
  await handle.send("count");
  await refusedWith("AGENT_FAILED", () => handle.send("fail"));
  assert.equal(await handle.send("state"), 1);
  await orchestrator.verify();
  await orchestrator.compact();
  await orchestrator.verify();
  const { seq } = await orchestrator.verify();
  assert.ok((await orchestrator.exportJournal({ history: true })).length > 0);
  (await orchestrator.at(seq)).dispose();
  const fork = await orchestrator.fork(seq, { onError: assert.ifError });
  t.after(() => fork.dispose());
  fork.addAgent("a", actor(), AT_ONCE);
  assert.deepEqual([await fork.agent("a").send("state"), await fork.agent("a").send("count")], [1, 2]);
  assert.equal(await handle.send("count"), 2, "the original goes its own way");
});

describe("overload", () => {
  test("a journal that cannot keep up refuses new messages, and takes replies", async (t) => {
    const journal = gate();
    const { orchestrator } = await stage(t, { journal, maxUnwrittenBytes: 2000 });
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const first = handle.send("x");
    const { resolve } = await call(0);
    journal.shut();
    const second = handle.send("y".repeat(3000));
    await settled();
    await refused(orchestrator, "OVERLOADED", () => handle.send("z"));
    resolve("fine");
    journal.open();
    assert.equal(await first, "fine");
    (await call(1)).resolve("fine, too");
    assert.equal(await second, "fine, too");
  });
});

test("the past has its agents, and a fork goes on with them", async (t) => {
  const { orchestrator } = await stage(t, { eventLogBytes: 1e6 });
  orchestrator.addAgent("desk", () => ({ prompt: () => "open" }), { recordMessages: true });
  orchestrator.addChild("writer", "desk", () => ({ prompt: ([{ content }]) => `about ${content}` }), { recordMessages: true });
  const { seq: before } = await orchestrator.verify();
  orchestrator.spawn("desk");
  assert.equal(await orchestrator.agent("writer").send("ink"), "about ink");
  const { seq: between } = await orchestrator.verify();
  await orchestrator.agent("desk").stop();

  const past = await orchestrator.at(before);
  t.after(() => past.dispose());
  assert.deepEqual(past.tree().map(({ name, status, children }) => [name, status, children.length]), [["desk", "registered", 1]]);
  const later = await orchestrator.at(between);
  t.after(() => later.dispose());
  assert.deepEqual(later.tree()[0].children.map(({ name, status, queued }) => [name, status, queued]), [["writer", "running", 0]]);
  assert.deepEqual(later.deadLetters(), { letters: [], dropped: 0 });

  const fork = await orchestrator.fork(between);
  t.after(() => fork.dispose());
  assert.equal(fork.tree()[0].attached, false);
  fork.addAgent("desk", () => ({ prompt: () => "open again" }));
  fork.addChild("writer", "desk", () => ({ prompt: ([{ content }]) => `more about ${content}` }));
  assert.equal(await fork.agent("writer").send("ink"), "more about ink");
  assert.equal(orchestrator.agent("writer").status, "completed");
});
