// Messages: full inboxes, signals, deadlines, further tries, dead letters.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AT_ONCE, actor, puppet, settled, stage, told } from "./help/agents.mjs";
import { gate } from "./help/kept.mjs";
import { turn } from "./help/open.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** An agent that is at its first message, with a full inbox of two behind it. */
async function full(t, options) {
  const opened = await stage(t);
  const { factory, calls, call } = puppet();
  opened.orchestrator.addAgent("a", factory, { inboxCapacity: 2, ...options });
  const handle = opened.orchestrator.spawn("a");
  const replies = ["1"].map((text) => handle.send(text));
  await call(0);
  replies.push(handle.send("2"), handle.send("3"));
  return { ...opened, handle, replies, calls, call };
}

describe("a full inbox", () => {
  test("lets senders wait, first come, first served", async (t) => {
    const { orchestrator, handle, replies, call, calls } = await full(t, {});
    replies.push(handle.send("4"), handle.send("5"));
    await turn();
    assert.equal(orchestrator.tree()[0].queued, 2, "those who wait for room are not in it");
    (await call(0)).resolve("done");
    await call(1);
    replies.push(handle.send("6"));
    await turn();
    assert.equal(orchestrator.tree()[0].queued, 2);
    for (let number = 1; number < 6; number++) (await call(number)).resolve("done");
    assert.deepEqual((await Promise.all(replies)).length, 6);
    assert.deepEqual(calls.map(({ text }) => text), ["1", "2", "3", "4", "5", "6"]);
  });

  test("refuses, if it is to", async (t) => {
    const { orchestrator, handle, replies, call } = await full(t, { overflow: "refuse" });
    await refused(orchestrator, "INBOX_FULL", () => handle.send("4"));
    (await call(0)).resolve("done");
    await call(1);
    replies.push(handle.send("4"));
    for (let number = 1; number < 4; number++) (await call(number)).resolve("done");
    await Promise.all(replies);
  });

  test("drops the oldest that waits, if it is to, and tells its sender and everybody", async (t) => {
    const { handle, replies, call, calls, events } = await full(t, { overflow: "drop_oldest" });
    replies.push(handle.send("4"), handle.send("5"));
    for (let number = 0; number < 3; number++) (await call(number)).resolve("done");
    const ends = await Promise.allSettled(replies);
    assert.deepEqual(ends.map(({ reason, value }) => reason?.code ?? value), ["done", "MESSAGE_DROPPED", "MESSAGE_DROPPED", "done", "done"]);
    assert.deepEqual([calls.map(({ text }) => text), told(events, /dropped/)], [["1", "4", "5"], ["a dropped overflow", "a dropped overflow"]]);
  });

  test("those who wait for room are refused when the agent ends", async (t) => {
    const { handle, replies, call } = await full(t, {});
    replies.push(handle.send("4"), handle.send("5"));
    const ended = handle.stop();
    (await call(0)).resolve("done");
    await ended;
    const ends = await Promise.allSettled(replies);
    assert.deepEqual(ends.map(({ reason, value }) => reason?.code ?? value), ["done", "AGENT_STOPPED", "AGENT_STOPPED", "AGENT_NOT_RUNNING", "AGENT_NOT_RUNNING"]);
  });

  test("room is also made by one that is taken back", async (t) => {
    const { handle, call, calls } = await full(t, {});
    const aside = new AbortController();
    const [gone, stays] = [handle.send("4", { signal: aside.signal }), handle.send("5")];
    aside.abort();
    await refusedWith("ABORTED", () => gone);
    for (let number = 0; number < 4; number++) (await call(number)).resolve("done");
    assert.equal(await stays, "done");
    assert.deepEqual(calls.map(({ text }) => text), ["1", "2", "3", "5"]);
  });

  test("is left alone by a restart", async (t) => {
    const { handle, replies, call, calls } = await full(t, AT_ONCE);
    replies.push(handle.send("4"));
    (await call(0)).reject(new Error("no"));
    for (let number = 1; number < 4; number++) (await call(number)).resolve("done");
    const ends = await Promise.allSettled(replies);
    assert.deepEqual(ends.map(({ reason, value }) => reason?.code ?? value), ["AGENT_FAILED", "done", "done", "done"]);
    assert.deepEqual(calls.map(({ text, start }) => [text, start.incarnation]), [["1", 1], ["2", 2], ["3", 2], ["4", 2]]);
  });
});

describe("a signal", () => {
  test("that is aborted already: nothing is sent", async (t) => {
    const { orchestrator } = await stage(t);
    const seen = [];
    orchestrator.addAgent("a", actor(seen), { recordMessages: true });
    const handle = orchestrator.spawn("a");
    await turn();
    const { cause } = await refused(orchestrator, "ABORTED", () => handle.send("hello", { signal: AbortSignal.abort("no time") }));
    assert.deepEqual([cause, seen], ["no time", ["a 1 made"]]);
  });

  test("takes a message back that waits", async (t) => {
    const { orchestrator, events } = await stage(t);
    const { factory, call, calls } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const first = handle.send("1");
    await call(0);
    const controller = new AbortController();
    const second = handle.send("2", { signal: controller.signal });
    const third = handle.send("3");
    controller.abort(new Error("enough"));
    const { cause } = await refusedWith("ABORTED", () => second);
    assert.equal(cause.message, "enough");
    assert.equal(orchestrator.tree()[0].queued, 1);
    (await call(0)).resolve();
    (await call(1)).resolve();
    await Promise.all([first, third]);
    await turn();
    assert.deepEqual([calls.map(({ text }) => text), told(events, /dropped/)], [["1", "3"], ["a dropped withdrawn"]]);
  });

  test("reaches the agent that is at the message; its sender is told at once, and the next message waits for the agent", async (t) => {
    const { orchestrator } = await stage(t);
    const { factory, call, calls } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const controller = new AbortController();
    const first = handle.send("1", { signal: controller.signal });
    const second = handle.send("2");
    const { context, resolve } = await call(0);
    const { signal } = context;
    controller.abort("enough");
    await refusedWith("ABORTED", () => first);
    await turn();
    assert.deepEqual([context.isCancelled, signal.aborted, signal.reason.code, handle.status, calls.length], [true, true, "ABORTED", "running", 1]);
    resolve("too late");
    (await call(1)).resolve("fine");
    assert.equal(await second, "fine");
    controller.abort();
  });

  test("that is aborted before the message is given out: the agent never sees it", async (t) => {
    const { orchestrator } = await stage(t);
    const seen = [];
    orchestrator.addAgent("a", actor(seen));
    const handle = orchestrator.spawn("a");
    await handle.send("first");
    const controller = new AbortController();
    const reply = handle.send("never", { signal: controller.signal });
    const [next, last] = [handle.send("next"), handle.send("last")];
    controller.abort();
    await refusedWith("ABORTED", () => reply);
    assert.deepEqual([await next, await last], ["next, says a", "last, says a"]);
    assert.deepEqual(seen, ["a 1 made", "a 1 first", "a 1 next", "a 1 last"]);
  });

  test("is let go of when the reply is there, and aborted afterwards changes nothing", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor());
    const handle = orchestrator.spawn("a");
    let listeners = 0;
    const controller = new AbortController();
    const { signal } = controller;
    const counted = new Proxy(signal, {
      get(target, name) {
        const found = Reflect.get(target, name);
        if (typeof found !== "function") return found;
        return (...given) => {
          listeners += { addEventListener: 1, removeEventListener: -1 }[name];
          return Reflect.apply(found, target, given);
        };
      },
    });
    assert.equal(await handle.send("hello", { signal: counted }), "hello, says a");
    await refusedWith("AGENT_FAILED", () => handle.send("fatal", { signal: counted }));
    await refusedWith("AGENT_NOT_RUNNING", () => handle.send("hello", { signal: counted }));
    assert.equal(listeners, 0);
    controller.abort();
  });
});

test("many who wait for room may give up at once", async (t) => {
  const { orchestrator } = await stage(t);
  const { factory, call } = puppet();
  orchestrator.addAgent("a", factory, { inboxCapacity: 1 });
  const handle = orchestrator.spawn("a");
  const controller = new AbortController();
  const first = handle.send("1");
  await call(0);
  const others = Array.from({ length: 20_000 }, () => handle.send("x", { signal: controller.signal }));
  controller.abort();
  const ends = await Promise.allSettled(others);
  assert.ok(ends.every(({ reason }) => reason.code === "ABORTED"));
  (await call(0)).resolve("done");
  assert.equal(await first, "done");
});

describe("a deadline", () => {
  test("a message that is held for too long is a failure: its sender is told, its signal aborted, and the agent begun anew", async (t) => {
    const { orchestrator, clock, events } = await stage(t);
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory, { messageTimeout: 100, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    const [first, second] = [handle.send("1"), handle.send("2")];
    const held = await call(0);
    const { signal } = held.context;
    await clock.advance(99);
    assert.equal(signal.aborted, false);
    await clock.advance(1);
    await refusedWith("AGENT_TIMEOUT", () => first);
    assert.deepEqual([signal.aborted, signal.reason.code, held.context.isCancelled], [true, "AGENT_TIMEOUT", true]);
    held.resolve("too late");
    const next = await call(1);
    assert.deepEqual([next.text, next.start.incarnation], ["2", 2]);
    next.resolve("in time");
    assert.equal(await second, "in time");
    await settled();
    const { failure, retryable, error } = events.find(({ type }) => type === "agent:failed");
    assert.deepEqual([failure, retryable], ["timeout", true]);
    assert.match(error, /100 ms/);
    assert.deepEqual(told(events, /late/), ["a late 1"]);
  });

  test("a policy hears of it, and may let the agent go on: it gets the next message when it is done with this one", async (t) => {
    const faults = [];
    const { orchestrator, clock } = await stage(t, { supervisor: (name, fault) => faults.push(fault) && "resume" });
    const { factory, call, calls } = puppet();
    orchestrator.addAgent("a", factory, { messageTimeout: 100 });
    const handle = orchestrator.spawn("a");
    const [first, second] = [handle.send("1"), handle.send("2")];
    const { resolve } = await call(0);
    await clock.advance(100);
    await refusedWith("AGENT_TIMEOUT", () => first);
    assert.deepEqual([faults[0].failure, faults[0].cause, calls.length], ["timeout", undefined, 1]);
    resolve();
    (await call(1)).resolve("fine");
    assert.equal(await second, "fine");
    assert.equal(handle.status, "running");
  });
});

describe("a message that the agent failed at", () => {
  test("is given to it again as often as it says, and then is a dead letter", async (t) => {
    const { orchestrator, events } = await stage(t);
    const seen = [];
    orchestrator.addAgent("a", actor(seen), { retryMessage: 2, maxRestarts: 9, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    const [first, second] = await Promise.allSettled([handle.send("fail"), handle.send("hello")]);
    assert.deepEqual([first.reason.code, first.reason.cause.message, second.value], ["AGENT_FAILED", "it went wrong", "hello, says a"]);
    assert.deepEqual(seen.filter((line) => line.endsWith("fail")), ["a 1 fail", "a 2 fail", "a 3 fail"]);
    const { letters, dropped } = orchestrator.deadLetters();
    assert.deepEqual([letters.map(({ at, ...rest }) => rest), dropped], [
      [{ agent: "a", messageId: 1, messages: [{ role: "user", content: "fail" }], error: "it went wrong", deliveries: 3 }], 0,
    ]);
    assert.ok(Object.isFrozen(letters[0]) && letters[0].at > 0);
    await turn();
    assert.equal(events.filter(({ type }) => type === "agent:dead-letter").length, 1);
  });

  test("may do better the next time, and its sender never knows", async (t) => {
    const { orchestrator } = await stage(t);
    let tries = 0;
    orchestrator.addAgent("a", () => ({ prompt: () => { if (++tries < 3) throw new Error("not yet"); return tries; } }), { retryMessage: 5, ...AT_ONCE });
    assert.equal(await orchestrator.spawn("a").send({ role: "user", content: { a: 1 } }), 3);
    assert.deepEqual(orchestrator.deadLetters().letters, []);
  });

  test("and that is given to the next start: what the start before says of it later changes nothing", async (t) => {
    const journal = gate(memoryJournal());
    const { orchestrator, clock } = await stage(t, { journal });
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory, { messageTimeout: 100, retryMessage: 1, ...AT_ONCE });
    const reply = orchestrator.spawn("a").send("x");
    const first = await call(0);
    await clock.advance(100);
    const second = await call(1);
    journal.shut();
    second.resolve("the second");
    await settled();
    first.resolve("the first");
    await settled();
    journal.open();
    assert.equal(await reply, "the second");
  });

  test("is no dead letter when its sender alone has it, and has been told", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor(), AT_ONCE);
    await refusedWith("AGENT_FAILED", () => orchestrator.spawn("a").send("fail"));
    assert.deepEqual(orchestrator.deadLetters(), { letters: [], dropped: 0 });
  });
});

test("replies that nobody waits for, and refusals, are nobody's fault", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("a", actor());
  const handle = orchestrator.spawn("a");
  for (const input of ["hello", undefined, "fatal", "never"]) void handle.send(input);
  void handle.send("late", { signal: AbortSignal.abort() });
  void handle.ended();
  await settled();
  void handle.send("nobody is there");
});
