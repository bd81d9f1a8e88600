// Who is begun anew, when, how often, and with whom.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AT_ONCE, actor, puppet, settled, stage, statuses, told } from "./help/agents.mjs";
import { turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const fails = (handle, text = "fail") => refusedWith("AGENT_FAILED", () => handle.send(text));

test("an agent that fails is begun anew by its factory, after a wait that doubles up to the longest", async (t) => {
  const { orchestrator, clock, events } = await stage(t);
  const seen = [];
  orchestrator.addAgent("a", actor(seen), { maxRestarts: 5, backoff: { delay: 100, maxDelay: 300, factor: 2, jitter: 0 } });
  const handle = orchestrator.spawn("a");
  for (const [number, wait] of [100, 200, 300, 300].entries()) {
    await fails(handle);
    assert.equal(handle.status, "restarting");
    await clock.advance(wait - 1);
    assert.equal(seen.at(-1), `a ${number + 1} fail`);
    await clock.advance(1);
    assert.equal(seen.at(-1), `a ${number + 2} made`);
  }
  assert.deepEqual([handle.status, orchestrator.tree()[0].restarts], ["running", 4]);
  const restarting = events.filter(({ type }) => type === "agent:restarting");
  assert.deepEqual(restarting.map(({ restarts, dueAt, at }) => [restarts, dueAt - at]), [[1, 100], [2, 200], [3, 300], [4, 300]]);
  assert.ok(!seen.some((line) => line.includes("stopped")), "one that failed is not asked to stop");
});

test("jitter takes away up to its share of the wait, the same for the same seed", async (t) => {
  const waits = async () => {
    const { orchestrator, clock, events } = await stage(t);
    orchestrator.addAgent("a", actor(), { maxRestarts: 9, backoff: { delay: 1000, factor: 1, jitter: 0.5 } });
    const handle = orchestrator.spawn("a");
    for (let failure = 0; failure < 5; failure++) {
      await fails(handle);
      await clock.advance(1000);
    }
    return events.filter(({ type }) => type === "agent:restarting").map(({ dueAt, at }) => dueAt - at);
  };
  const [first, second] = [await waits(), await waits()];
  assert.deepEqual(first, second);
  assert.ok(first.every((wait) => wait >= 500 && wait <= 1000) && new Set(first).size > 1, String(first));
});

test("the message that it failed at is answered with the error, and not given to the next start; those behind it are", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.addAgent("a", actor(seen), AT_ONCE);
  const handle = orchestrator.spawn("a");
  const [first, second] = await Promise.allSettled([handle.send("fail"), handle.send("hello")]);
  assert.deepEqual([first.reason.code, first.reason.cause.message, second.value], ["AGENT_FAILED", "it went wrong", "hello, says a"]);
  assert.deepEqual(seen, ["a 1 made", "a 1 fail", "a 2 made", "a 2 hello"]);
});

test("what it asked to keep is handed back to the next start, as a copy", async (t) => {
  const { orchestrator, events } = await stage(t);
  const { factory, call } = puppet();
  orchestrator.addAgent("a", factory, AT_ONCE);
  const handle = orchestrator.spawn("a");
  void handle.send("1");
  const first = await call(0);
  assert.deepEqual([first.start.state, first.context.state], [undefined, undefined]);
  const state = { list: [1] };
  first.context.state = state;
  state.list.push(2);
  assert.deepEqual(first.context.state, { list: [1] });
  assert.notEqual(first.context.state, first.context.state);
  first.reject(new Error("no"));
  void handle.send("2");
  const second = await call(1);
  assert.deepEqual([second.start, second.context.state], [{ name: "a", incarnation: 2, state: { list: [1] } }, { list: [1] }]);
  first.context.state = "too late";
  assert.deepEqual(first.context.state, { list: [1] }, "what a start that is over wants to keep is not kept");
  second.context.state = undefined;
  assert.equal(second.context.state, undefined);
  second.reject(new Error("no"));
  void handle.send("3");
  const third = await call(2);
  assert.equal(third.start.state, undefined);
  third.resolve();
  await turn();
  assert.deepEqual(events.filter(({ type }) => type === "agent:state").map(({ state }) => state), [{ list: [1] }, null]);
  assert.deepEqual(told(events, /late/), ["a late 1"]);
});

test("what cannot be kept is refused where it is said", async (t) => {
  const { orchestrator } = await stage(t);
  const circle = {};
  circle.self = circle;
  let state;
  orchestrator.addAgent("a", () => ({ prompt: (_, context) => void (context.state = state) }), { maxRestarts: 9, ...AT_ONCE });
  const handle = orchestrator.spawn("a");
  for (const [wrong, code] of [[1n, "INVALID_ARGUMENT"], [circle, "INVALID_ARGUMENT"], [() => {}, "INVALID_ARGUMENT"], ["x".repeat(300_000), "LIMIT_EXCEEDED"]]) {
    state = wrong;
    const { cause } = await fails(handle, "keep");
    assert.equal(cause.code, code);
    if (orchestrator.agent("a").isDone) orchestrator.spawn("a");
  }
});

test("without a policy, one that can do no better ends, and who waits is told", async (t) => {
  const { orchestrator, events } = await stage(t);
  orchestrator.addAgent("a", actor());
  const handle = orchestrator.spawn("a");
  const ended = handle.ended();
  const replies = await Promise.allSettled([handle.send("fatal"), handle.send("hello")]);
  assert.deepEqual(replies.map(({ reason }) => reason.code), ["AGENT_FAILED", "AGENT_STOPPED"]);
  assert.deepEqual(await ended, { agent: "a", status: "failed", error: "it went wrong for good", restarts: 0, lastResult: undefined });
  await turn();
  assert.deepEqual(told(events, /dropped|stopped/), ["a dropped failed", "a dropped stopped", "a stopped failed"]);
});

describe("limits", () => {
  test("one restart more than the limit, with nothing answered between, ends an agent that has nobody above it", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor(), { maxRestarts: 2, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    const replies = await Promise.allSettled(Array.from({ length: 4 }, () => handle.send("fail")));
    assert.deepEqual(replies.map(({ reason }) => reason.code), ["AGENT_FAILED", "AGENT_FAILED", "AGENT_FAILED", "AGENT_STOPPED"]);
    const { status, restarts } = await handle.ended();
    assert.deepEqual([status, restarts], ["failed", 2]);
  });

  test("an answer begins the count anew", async (t) => {
    const { orchestrator, events } = await stage(t);
    orchestrator.addAgent("a", actor(), { maxRestarts: 1, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    for (let round = 0; round < 3; round++) {
      await fails(handle);
      await handle.send("hello");
    }
    assert.deepEqual([handle.status, orchestrator.tree()[0].restarts], ["running", 3]);
    await turn();
    assert.equal(told(events, /steady/).length, 3);
  });

  test("within a window they count whatever was answered, and after it no more", async (t) => {
    const { orchestrator, clock } = await stage(t);
    orchestrator.addAgent("a", actor(), { maxRestarts: 2, restartWindow: 1000, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    for (let round = 0; round < 5; round++) {
      await fails(handle);
      assert.equal(await handle.send("hello"), "hello, says a");
      await clock.advance(500);
    }
    await fails(handle);
    await fails(handle).catch(() => {});
    await clock.advance(1);
    assert.equal(handle.status, "failed");
  });

  test("the orchestrator's are those of agents that do not say", async (t) => {
    const { orchestrator } = await stage(t, { maxRestarts: 0, inboxCapacity: 1 });
    orchestrator.addAgent("a", actor());
    orchestrator.addAgent("b", actor(), { maxRestarts: 1, ...AT_ONCE });
    orchestrator.addAgent("c", actor(), { overflow: "refuse" });
    for (const name of ["a", "b"]) await fails(orchestrator.spawn(name));
    await turn();
    assert.deepEqual(statuses(orchestrator), { a: "failed", b: "running", c: "registered" });
    const c = orchestrator.spawn("c");
    const replies = await Promise.allSettled([c.send("1"), c.send("2"), c.send("3")]);
    assert.ok(replies.some(({ reason }) => reason?.code === "INBOX_FULL"));
  });

  test("beyond the limit the failure goes to the parent, which is begun anew with all below it", async (t) => {
    const { orchestrator, events } = await stage(t);
    const seen = [];
    orchestrator.addAgent("root", actor(seen), AT_ONCE);
    orchestrator.addChild("child", "root", actor(seen), { maxRestarts: 0 });
    orchestrator.addChild("beside", "root", actor(seen));
    orchestrator.spawn("root");
    await fails(orchestrator.agent("child"));
    assert.equal(await orchestrator.agent("child").send("hello"), "hello, says child");
    assert.deepEqual(seen, [
      "root 1 made", "child 1 made", "beside 1 made", "child 1 fail", "beside 1 stopped", "root 1 stopped", "root 2 made", "child 2 made", "beside 2 made", "child 2 hello",
    ]);
    await turn();
    assert.deepEqual(events.filter(({ type }) => type === "agent:escalated").map(({ agent, origin, to }) => [agent, origin, to]), [["child", "child", "root"]]);
  });
});

describe("strategies: who is begun anew with one of three", () => {
  const expected = { one_for_one: ["b"], one_for_all: ["a", "b", "c"], rest_for_one: ["b", "c"] };
  for (const [strategy, anew] of Object.entries(expected)) {
    test(strategy, async (t) => {
      const { orchestrator, events } = await stage(t);
      orchestrator.addAgent("root", actor(), { strategy });
      for (const name of ["a", "b", "c"]) orchestrator.addChild(name, "root", actor(), AT_ONCE);
      orchestrator.spawn("root");
      await settled();
      const before = events.length;
      await fails(orchestrator.agent("b"));
      await settled();
      const after = events.slice(before);
      assert.deepEqual(told(after, /restarted/), anew.map((name) => `${name} restarted 2`), "first those added first");
      const down = after.filter(({ type, restart }) => type === "agent:stopping" && restart).map(({ agent }) => agent);
      assert.deepEqual(down, anew);
      assert.deepEqual(statuses(orchestrator), { root: "running", a: "running", b: "running", c: "running" });
    });
  }

  test("a sibling that is at a message may finish it within its grace, and is then begun anew", async (t) => {
    const { orchestrator, clock } = await stage(t);
    const { factory, call, stops } = puppet();
    orchestrator.addAgent("root", actor(), { strategy: "one_for_all" });
    orchestrator.addChild("slow", "root", factory, { ...AT_ONCE, grace: 50 });
    orchestrator.addChild("hurt", "root", actor(), AT_ONCE);
    orchestrator.spawn("root");
    const slow = orchestrator.agent("slow");
    const first = slow.send("1");
    await call(0);
    await fails(orchestrator.agent("hurt"));
    (await call(0)).resolve("done");
    assert.equal(await first, "done");
    await clock.advance(1);
    assert.deepEqual([stops, slow.status], [[1], "running"]);
    const second = slow.send("2");
    const { context } = await call(1);
    await fails(orchestrator.agent("hurt"));
    await clock.advance(49);
    assert.equal(context.isCancelled, false);
    await clock.advance(1);
    await refusedWith("AGENT_STOPPED", () => second);
    assert.deepEqual([context.isCancelled, context.signal.aborted, context.signal.reason.code, stops], [true, true, "AGENT_STOPPED", [1]]);
    assert.equal(slow.status, "running");
  });
});

describe("a policy", () => {
  test("is told who failed and why, after the call that led to it, and its word holds", async (t) => {
    const asked = [];
    const { orchestrator } = await stage(t, { supervisor: (name, error) => asked.push([name, error]) && "stop" });
    orchestrator.addAgent("a", actor());
    const handle = orchestrator.spawn("a");
    const { cause } = await fails(handle);
    const [[name, error]] = asked;
    assert.deepEqual([name, { ...error }], ["a", { agent: "a", failure: "message", message: "it went wrong", retryable: true, cause }]);
    assert.ok(Object.isFrozen(error));
    assert.deepEqual([asked.length, (await handle.ended()).status], [1, "failed"]);
  });

  test("of the nearest agent above decides; the orchestrator's about the rest", async (t) => {
    const asked = [];
    const policy = (who) => (name) => asked.push(`${who} about ${name}`) && "restart";
    const { orchestrator } = await stage(t, { supervisor: policy("the orchestrator") });
    orchestrator.addAgent("root", actor(), { ...AT_ONCE, supervisor: policy("root") });
    orchestrator.addChild("middle", "root", actor(), AT_ONCE);
    orchestrator.addChild("leaf", "middle", actor(), AT_ONCE);
    orchestrator.spawn("root");
    await fails(orchestrator.agent("leaf"));
    await fails(orchestrator.agent("root"));
    assert.deepEqual(asked, ["root about leaf", "the orchestrator about root"]);
    assert.equal(await orchestrator.agent("leaf").send("hello"), "hello, says leaf");
  });

  test("may let an agent go on as it is", async (t) => {
    const { orchestrator } = await stage(t, { supervisor: () => "resume" });
    const seen = [];
    orchestrator.addAgent("a", actor(seen));
    const handle = orchestrator.spawn("a");
    await fails(handle);
    assert.equal(await handle.send("hello"), "hello, says a");
    await handle.stop();
    assert.deepEqual(seen, ["a 1 made", "a 1 fail", "a 1 hello", "a 1 stopped"]);
  });

  test("that escalates has the next one above asked about the parent; at the top the tree fails, visibly", async (t) => {
    const asked = [];
    const { orchestrator, events } = await stage(t, { supervisor: (name, { agent }) => asked.push([name, agent]) && "escalate" });
    const seen = [];
    orchestrator.addAgent("root", actor(seen));
    orchestrator.addChild("middle", "root", actor(seen));
    orchestrator.addChild("leaf", "middle", actor(seen));
    orchestrator.addChild("other", "root", actor(seen));
    const root = orchestrator.spawn("root");
    const leaf = orchestrator.agent("leaf");
    await fails(leaf);
    assert.deepEqual([(await root.ended()).status, (await leaf.ended()).status], ["failed", "failed"]);
    assert.deepEqual(asked, [["leaf", "leaf"], ["middle", "leaf"], ["root", "leaf"]]);
    assert.deepEqual(statuses(orchestrator), { root: "failed", middle: "cancelled", leaf: "failed", other: "cancelled" });
    assert.deepEqual(events.filter(({ type }) => type === "agent:escalated").map(({ agent, to }) => [agent, to]), [["leaf", "middle"], ["middle", "root"], ["root", undefined]]);
    assert.deepEqual(seen.filter((line) => line.endsWith("stopped")), ["other 1 stopped", "middle 1 stopped", "root 1 stopped"], "those below first, the last one first");
  });

  const nonsense = { "nothing": () => {}, "a word that is none": () => "explode", "a promise": async () => "restart", "a promise that is rejected": async () => { throw new Error("no"); }, "an error": () => { throw new Error("no"); } };
  for (const [name, supervisor] of Object.entries(nonsense)) {
    test(`that gives ${name} counts as escalate, and is told of`, async (t) => {
      const { orchestrator, complaints } = await stage(t, { supervisor });
      orchestrator.addAgent("a", actor());
      orchestrator.addAgent("bystander", actor());
      const handle = orchestrator.spawn("a");
      orchestrator.spawn("bystander");
      await fails(handle);
      assert.equal((await handle.ended()).status, "failed");
      assert.equal(await orchestrator.agent("bystander").send("hello"), "hello, says bystander");
      assert.deepEqual(complaints.splice(0).map(({ where }) => where), ["a supervisor"]);
    });
  }

  test("may call back, and even dispose of everything", async (t) => {
    let orchestrator;
    ({ orchestrator } = await stage(t, {
      supervisor: (name) => {
        if (name === "b") void orchestrator.dispose();
        else orchestrator.agent("a").cancel("from the policy");
        return "restart";
      },
    }));
    for (const name of ["a", "b"]) orchestrator.addAgent(name, actor(), AT_ONCE);
    const [a, b] = ["a", "b"].map((name) => orchestrator.spawn(name));
    await refusedWith(undefined, () => a.send("fail"));
    assert.equal((await a.ended()).status, "cancelled");
    await refusedWith("DISPOSED", () => b.send("fail"));
    assert.ok(orchestrator.disposed);
  });
});

describe("restart types", () => {
  const ends = {
    permanent: { quit: "running", fatal: "failed" },
    transient: { quit: "completed", fatal: "failed" },
    temporary: { quit: "completed", fatal: "failed" },
  };
  for (const [restart, { quit }] of Object.entries(ends)) {
    test(`${restart}: one that ends by itself is ${quit} then`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", actor(), { restart, ...AT_ONCE });
      const handle = orchestrator.spawn("a");
      assert.equal(await handle.send("quit"), "quit, says a");
      await turn();
      assert.equal(handle.status, quit);
    });
  }

  test("temporary: one that fails is not begun anew", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", actor(), { restart: "temporary" });
    const handle = orchestrator.spawn("a");
    await fails(handle);
    assert.equal((await handle.ended()).status, "failed");
  });
});

describe("a factory", () => {
  const broken = {
    "throws": () => { throw new Error("no"); }, "rejects": async () => { throw new Error("no"); },
    "is followed by a thenable that throws": () => ({ then() { throw new Error("no"); } }),
    "has a getter that throws": () => ({ get prompt() { throw new Error("no"); } }),
  };
  for (const [name, factory] of Object.entries(broken)) {
    test(`that ${name} is called again up to the limit, and then the agent has failed`, async (t) => {
      const { orchestrator, events } = await stage(t);
      let called = 0;
      orchestrator.addAgent("a", () => (called++, factory()), { maxRestarts: 2, ...AT_ONCE });
      const handle = orchestrator.spawn("a");
      await refusedWith("AGENT_STOPPED", () => handle.send("hello"));
      const { status, error, restarts } = await handle.ended();
      assert.deepEqual([status, error, restarts, called], ["failed", "no", 2, 3]);
      assert.ok(events.filter(({ type }) => type === "agent:failed").every(({ failure, messageId }) => failure === "factory" && messageId === undefined));
    });
  }

  for (const [name, made] of [["nothing", undefined], ["null", null], ["text", "agent"], ["an object without prompt", {}], ["a prompt that is none", { prompt: "x" }], ["a stopped that is none", { prompt() {}, stopped: 1 }]]) {
    test(`that gives ${name} fails for good`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", () => made);
      const { status, error } = await orchestrator.spawn("a").ended();
      assert.equal(status, "failed");
      assert.match(error, /the factory of the agent "a" gave/);
    });
  }

  test("that takes longer than a message may is a failure; what it makes later is told to stop", async (t) => {
    const { orchestrator, clock, events } = await stage(t);
    const seen = [];
    const made = [];
    orchestrator.addAgent("a", (start) => new Promise((resolve) => made.push(() => resolve(actor(seen)(start)))), { messageTimeout: 100, ...AT_ONCE });
    const handle = orchestrator.spawn("a");
    const reply = handle.send("hello");
    await clock.advance(100);
    assert.equal(made.length, 2);
    made[0]();
    await turn();
    assert.deepEqual(seen, ["a 1 made", "a 1 stopped"]);
    made[1]();
    assert.equal(await reply, "hello, says a");
    await turn();
    assert.deepEqual(told(events, /failed|late/), ["a failed 1", "a late 1"]);
  });
});
