// How agents end: they are stopped, drained, called off, or end by themselves; and how everything ends with the orchestrator.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AT_ONCE, actor, puppet, settled, stage, statuses } from "./help/agents.mjs";
import { gate } from "./help/kept.mjs";
import { turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import { trappedCopy } from "./help/trapped-copy.mjs";
import "./help/unhandled.mjs";

const codes = async (replies) => (await Promise.allSettled(replies)).map(({ reason, value }) => reason?.code ?? value);

describe("stop", () => {
  test("lets the message be finished that the agent is at; those that wait are told that it ended", async (t) => {
    const { orchestrator } = await stage(t);
    const { factory, call, stops } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const replies = [handle.send("1"), handle.send("2")];
    const { resolve, context } = await call(0);
    const stopping = handle.stop({ reason: "for the night" });
    assert.deepEqual([handle.status, context.isCancelled], ["stopping", false]);
    await refusedWith("AGENT_NOT_RUNNING", () => handle.send("3"));
    resolve("done");
    assert.deepEqual(await stopping, { agent: "a", status: "completed", error: undefined, restarts: 0, lastResult: "done" });
    assert.deepEqual([await codes(replies), stops, handle.isDone], [["done", "AGENT_STOPPED"], [1], true]);
    assert.deepEqual(await handle.stop(), await handle.ended(), "once more does no harm");
  });

  test("drops an agent where it stands when its grace is over", async (t) => {
    const { orchestrator, clock, events } = await stage(t);
    const { factory, call, stops } = puppet();
    orchestrator.addAgent("a", factory, { grace: 100 });
    const handle = orchestrator.spawn("a");
    const reply = handle.send("1");
    const { context, resolve } = await call(0);
    const { signal } = context;
    const stopping = handle.stop();
    await clock.advance(99);
    assert.equal(handle.status, "stopping");
    await clock.advance(1);
    assert.equal((await stopping).status, "completed");
    await refusedWith("AGENT_STOPPED", () => reply);
    assert.deepEqual([signal.aborted, signal.reason.code, stops], [true, "AGENT_STOPPED", []]);
    resolve("nobody hears it");
    await settled();
    assert.equal(events.find(({ type }) => type === "agent:stopped").overdue, true);
  });

  test("of a parent stops those below it first, the last one added first", async (t) => {
    const { orchestrator } = await stage(t);
    const seen = [];
    orchestrator.addAgent("root", actor(seen));
    for (const [name, parent] of [["a", "root"], ["a1", "a"], ["b", "root"]]) orchestrator.addChild(name, parent, actor(seen));
    const root = orchestrator.spawn("root");
    await settled();
    seen.length = 0;
    await root.stop();
    assert.deepEqual(seen, ["b 1 stopped", "a1 1 stopped", "a 1 stopped", "root 1 stopped"]);
    assert.deepEqual(statuses(orchestrator), { root: "completed", a: "completed", a1: "completed", b: "completed" });
  });

  test("asks an agent to go also when it fails at its last message", async (t) => {
    const { orchestrator } = await stage(t);
    const { factory, call, stops } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const reply = handle.send("1");
    const { reject } = await call(0);
    const stopping = handle.stop();
    reject(new Error("no"));
    await refusedWith("AGENT_FAILED", () => reply);
    const { status, error } = await stopping;
    assert.deepEqual([status, error, stops], ["completed", undefined, [1]]);
  });

  test("waits for what the agent does to go, within its grace", async (t) => {
    const { orchestrator, clock } = await stage(t);
    let go;
    orchestrator.addAgent("tidy", () => ({ prompt() {}, stopped: () => new Promise((resolve) => (go = resolve)) }));
    orchestrator.addAgent("endless", () => ({ prompt() {}, stopped: () => new Promise(() => {}) }), { grace: 50 });
    const [tidy, endless] = ["tidy", "endless"].map((name) => orchestrator.spawn(name));
    await settled();
    const ends = [tidy.stop(), endless.stop()];
    await settled();
    assert.deepEqual([tidy.status, endless.status], ["stopping", "stopping"]);
    go();
    assert.equal((await ends[0]).status, "completed");
    await clock.advance(50);
    assert.equal((await ends[1]).status, "completed");
  });

  test("while the factory is at it: what it makes is told to stop", async (t) => {
    const { orchestrator } = await stage(t);
    const seen = [];
    let make;
    orchestrator.addAgent("a", (start) => new Promise((resolve) => (make = () => resolve(actor(seen)(start)))));
    const handle = orchestrator.spawn("a");
    await turn();
    const stopping = handle.stop();
    make();
    assert.equal((await stopping).status, "completed");
    assert.deepEqual(seen, ["a 1 made", "a 1 stopped"]);
  });

  test("is what the end of an `await using` does", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor());
    const handle = orchestrator.spawn("a");
    assert.equal(await handle[Symbol.asyncDispose](), undefined);
    assert.equal(handle.status, "completed");
    await orchestrator.dispose();
    await handle[Symbol.asyncDispose]();
  });
});

test("awaitResult takes no more messages, has all answered that are there, and gives the last reply", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("a", actor());
  const handle = orchestrator.spawn("a");
  const replies = ["1", "2", "3"].map((text) => handle.send(text));
  const result = handle.awaitResult();
  await refusedWith("AGENT_NOT_RUNNING", () => handle.send("4"));
  assert.deepEqual(await result, { agent: "a", status: "completed", error: undefined, restarts: 0, lastResult: "3, says a" });
  assert.deepEqual(await codes(replies), ["1, says a", "2, says a", "3, says a"]);
  assert.deepEqual(await handle.awaitResult(), await result);
});

describe("cancel", () => {
  test("tells everybody who waits at once, whatever the agent does, and aborts its signal", async (t) => {
    const { orchestrator, clock } = await stage(t);
    const { factory, call, stops } = puppet();
    orchestrator.addAgent("a", factory, { inboxCapacity: 1, grace: 100 });
    const handle = orchestrator.spawn("a");
    const replies = [handle.send("1")];
    const { context } = await call(0);
    const { signal } = context;
    replies.push(handle.send("2"), handle.send("waits for room"));
    handle.cancel("enough");
    assert.deepEqual([handle.status, context.isCancelled], ["stopping", true]);
    assert.deepEqual(await codes(replies), ["ABORTED", "ABORTED", "AGENT_NOT_RUNNING"]);
    assert.deepEqual([signal.aborted, signal.reason.code], [true, "ABORTED"]);
    handle.cancel();
    const ended = handle.ended();
    await clock.advance(100);
    assert.deepEqual([(await ended).status, stops], ["cancelled", []], "an agent that does not look is dropped after its grace");
  });

  test("lets an agent go that listens", async (t) => {
    const { orchestrator } = await stage(t);
    const seen = [];
    orchestrator.addAgent("a", actor(seen));
    const handle = orchestrator.spawn("a");
    const reply = handle.send("hang");
    await turn();
    handle.cancel();
    await refusedWith("ABORTED", () => reply);
    assert.equal((await handle.ended()).status, "cancelled");
    assert.deepEqual(seen, ["a 1 made", "a 1 hang", "a 1 stopped"]);
  });

  test("reaches all below, and a restart that waits", async (t) => {
    const { orchestrator, clock } = await stage(t);
    orchestrator.addAgent("root", actor());
    orchestrator.addChild("child", "root", actor(), { backoff: { delay: 1000 } });
    const root = orchestrator.spawn("root");
    await refusedWith("AGENT_FAILED", () => orchestrator.agent("child").send("fail"));
    const waiting = orchestrator.agent("child").send("hello");
    root.cancel();
    await refusedWith("ABORTED", () => waiting);
    assert.equal((await root.ended()).status, "cancelled");
    assert.deepEqual([statuses(orchestrator), clock.timers], [{ root: "cancelled", child: "cancelled" }, 0]);
  });

  test("an agent that was called off can be spawned again, with what it kept", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor());
    const handle = orchestrator.spawn("a");
    assert.equal(await handle.send("count"), 1);
    handle.cancel();
    await handle.ended();
    orchestrator.spawn("a");
    assert.deepEqual([await handle.send("state"), await handle.send("count")], [1, 2]);
  });
});

test("an agent that ends by itself answers its message first; those behind it are told", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.addAgent("a", actor(seen));
  const handle = orchestrator.spawn("a");
  assert.deepEqual(await codes([handle.send("quit"), handle.send("more")]), ["quit, says a", "AGENT_STOPPED"]);
  assert.equal((await handle.ended()).status, "completed");
  assert.deepEqual(seen, ["a 1 made", "a 1 quit", "a 1 stopped"]);
});

describe("the end of everything", () => {
  /** One of each who waits. */
  async function busy(orchestrator, agent) {
    orchestrator.addAgent("a", agent.factory, { inboxCapacity: 1 });
    const handle = orchestrator.spawn("a");
    const waits = [handle.send("at it")];
    const { context } = await agent.call(0);
    const { signal } = context;
    waits.push(handle.send("in the inbox"), handle.send("waits for room"), handle.ended(), handle.awaitResult());
    return { handle, context, signal, waits };
  }

  test("dispose: whoever waits is told DISPOSED, signals are aborted, and later calls are refused", async (t) => {
    const { orchestrator } = await stage(t);
    const agent = puppet();
    const { handle, context, signal, waits } = await busy(orchestrator, agent);
    const events = handle[Symbol.asyncIterator]();
    await orchestrator.dispose();
    assert.deepEqual(new Set(await codes(waits)), new Set(["DISPOSED"]));
    assert.deepEqual([signal.aborted, signal.reason.code, context.isCancelled, context.state], [true, "DISPOSED", true, undefined]);
    context.state = "nobody keeps it";
    context.stop();
    for (const call of [
      () => handle.send("x"), () => handle.stop(), () => handle.awaitResult(), () => handle.ended(), () => handle.cancel(),
      () => orchestrator.addAgent("b", agent.factory), () => orchestrator.addChild("b", "a", agent.factory), () => orchestrator.spawn("a"), () => orchestrator.agent("a"),
      () => orchestrator.removeAgent("a"), () => orchestrator.names(), () => orchestrator.contains("a"), () => orchestrator.parentOf("a"), () => orchestrator.childrenOf("a"),
      () => orchestrator.tree(), () => orchestrator.deadLetters(), () => events.next(),
    ]) await refusedWith("DISPOSED", call);
    assert.deepEqual([handle.status, handle.isDone], ["cancelled", true]);
    agent.calls[0].resolve("nobody hears it");
    await settled();
  });

  test("dispose: an agent that ended before, or never ran, stands as it stood", async (t) => {
    const { orchestrator } = await stage(t);
    for (const name of ["a", "b", "c"]) orchestrator.addAgent(name, actor());
    const handles = ["a", "b", "c"].map((name) => orchestrator.agent(name));
    for (const name of ["b", "c"]) orchestrator.spawn(name);
    await handles[1].stop();
    await handles[2].stop();
    orchestrator.spawn("c");
    await settled();
    await orchestrator.dispose();
    assert.deepEqual(handles.map(({ status, isDone }) => [status, isDone]), [["registered", false], ["completed", true], ["cancelled", true]]);
  });

  test("a journal that fails: whoever waits is told with its code, and signals are aborted", async (t) => {
    const journal = gate(memoryJournal());
    const { orchestrator } = await stage(t, { journal });
    const agent = puppet();
    orchestrator.addAgent("a", agent.factory);
    const handle = orchestrator.spawn("a");
    const waits = [handle.send("1"), handle.ended()];
    const events = (async () => {
      for await (const event of handle) assert.equal(event.agent, "a");
    })();
    const { context, resolve } = await agent.call(0);
    const { signal } = context;
    journal.fail("JOURNAL_FULL");
    waits.push(handle.send("2"));
    assert.deepEqual(await codes([...waits, events]), ["JOURNAL_FULL", "JOURNAL_FULL", "JOURNAL_FULL", "JOURNAL_FULL"]);
    assert.deepEqual([signal.aborted, signal.reason.code], [true, "JOURNAL_FULL"]);
    context.state = "nobody keeps it";
    resolve("nobody hears it");
    for (const call of [() => handle.send("x"), () => handle.ended(), () => handle.stop(), () => orchestrator.spawn("a")]) await refusedWith("JOURNAL_FULL", call);
    assert.deepEqual([handle.status, handle.isDone], ["cancelled", true]);
    await settled();
  });

  for (const name of ["core_sendMessage", "core_agentReplied", "core_stopAgent", "core_agentTree"]) {
    test(`a bug in the core (${name}): whoever waits is told POISONED, and signals are aborted`, async (t) => {
      const { AgentOrchestrator } = await trappedCopy(t, name);
      const orchestrator = await AgentOrchestrator.open();
      t.after(() => orchestrator.dispose());
      const agent = puppet();
      orchestrator.addAgent("a", agent.factory);
      const handle = orchestrator.spawn("a");
      const waiting = handle.ended();
      const calls = {
        core_sendMessage: () => handle.send("x"), core_stopAgent: () => handle.stop(), core_agentTree: () => orchestrator.tree(),
        core_agentReplied: async () => {
          const reply = handle.send("x");
          (await agent.call(0)).resolve("y");
          return reply;
        },
      };
      await turn();
      await refusedWith("POISONED", calls[name]);
      await refusedWith("POISONED", () => waiting);
      await refusedWith("POISONED", () => handle.send("x"));
    });
  }
});

test("nothing is left behind by a thousand agents that came and went", async (t) => {
  const { orchestrator, clock } = await stage(t);
  for (let round = 0; round < 1000; round++) {
    orchestrator.addAgent("a", actor(), AT_ONCE);
    const handle = orchestrator.spawn("a");
    assert.equal(await handle.send("hello"), "hello, says a");
    await handle.stop();
    await orchestrator.removeAgent("a");
  }
  assert.deepEqual([orchestrator.names(), clock.timers], [[], 0]);
});
