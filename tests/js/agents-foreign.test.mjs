// Agents, policies and their users are code of others: it may throw, never answer, answer twice, and call back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AT_ONCE, actor, puppet, settled, stage } from "./help/agents.mjs";
import { turn } from "./help/open.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

describe("a prompt that misbehaves harms its own agent only", () => {
  const boom = () => { throw new Error("boom"); };
  const revoked = (() => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  })();
  const failing = {
    "throws": boom, "rejects": async () => boom(), "throws nothing": () => { throw undefined; }, "throws text": () => { throw "boom"; },
    "throws what cannot be shown": () => { throw { get message() { return boom(); }, toString: boom, get retryable() { return boom(); } }; },
    "throws a revoked proxy": () => { throw revoked; }, "returns a revoked proxy": () => revoked, "has a then that throws": () => ({ get then() { return boom(); } }),
    "is a thenable that throws": () => ({ then: boom }), "is a thenable that rejects twice": () => ({ then(_, reject) { reject(new Error("a")); reject(new Error("b")); } }),
    "returns a getter that throws": () => ({ get reply() { return boom(); } }),
  };
  for (const [name, prompt] of Object.entries(failing)) {
    test(`one that ${name} is a failure, which its sender and the policy hear of`, async (t) => {
      const faults = [];
      const { orchestrator } = await stage(t, { supervisor: (_, fault) => faults.push(fault) && "stop" });
      orchestrator.addAgent("bad", () => ({ prompt }));
      orchestrator.addAgent("good", actor());
      const [bad, good] = ["bad", "good"].map((name) => orchestrator.spawn(name));
      const replies = await Promise.allSettled([bad.send("x"), good.send("hello")]);
      assert.deepEqual([replies[0].reason.code, replies[1].value], ["AGENT_FAILED", "hello, says good"]);
      assert.deepEqual([faults.length, typeof faults[0].message], [1, "string"]);
      assert.equal((await bad.ended()).status, "failed");
      assert.equal(good.status, "running");
    });
  }

  test("one that answers twice is heard once", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", () => ({ prompt: () => ({ then(resolve) { resolve("first"); resolve("second"); throw new Error("third"); } }) }));
    const handle = orchestrator.spawn("a");
    assert.deepEqual([await handle.send("x"), await handle.send("y")], ["first", "first"]);
    await settled();
    assert.equal(handle.status, "running");
  });

  test("one that never answers holds up its own agent only", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("stuck", () => ({ prompt: () => new Promise(() => {}) }));
    orchestrator.addAgent("good", actor());
    const [stuck, good] = ["stuck", "good"].map((name) => orchestrator.spawn(name));
    const replies = [stuck.send("1"), stuck.send("2")];
    assert.equal(await good.send("hello"), "hello, says good");
    assert.equal(orchestrator.tree()[0].queued, 1);
    stuck.cancel();
    await Promise.all(replies.map((reply) => refusedWith("ABORTED", () => reply)));
  });

  test("what a start that is over rejects with is nobody's fault", async (t) => {
    const { orchestrator, clock } = await stage(t);
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory, { grace: 10 });
    const handle = orchestrator.spawn("a");
    void handle.send("x");
    const { reject } = await call(0);
    const stopping = handle.stop();
    await clock.advance(10);
    await stopping;
    await orchestrator.removeAgent("a");
    reject(new Error("nobody hears it"));
    await settled();
  });
});

describe("from inside its prompt an agent", () => {
  /** An agent whose prompt is this, with a handle to itself. */
  async function inside(t, prompt, options) {
    const opened = await stage(t);
    let handle;
    opened.orchestrator.addAgent("a", (start) => ({ prompt: ([{ content }], context) => prompt(content, handle, context, opened.orchestrator, start) }), options);
    handle = opened.orchestrator.spawn("a");
    return { ...opened, handle };
  }

  test("may send to itself, and gets that after this one", async (t) => {
    const seen = [];
    const { handle } = await inside(t, (content, self) => {
      seen.push(content);
      if (content === "1") void self.send("2");
      return content;
    });
    assert.equal(await handle.send("1"), "1");
    await settled();
    assert.deepEqual(seen, ["1", "2"]);
  });

  test("may ask another agent, and wait for the reply", async (t) => {
    const { handle, orchestrator } = await inside(t, (content, _, __, orchestrator) => orchestrator.agent("other").send(content));
    orchestrator.addAgent("other", actor());
    orchestrator.spawn("other");
    assert.equal(await handle.send("hello"), "hello, says other");
  });

  test("that waits for its own stop, or for itself, is dropped when its grace is over", async (t) => {
    const { handle, clock } = await inside(t, (_, self) => self.stop(), { grace: 100 });
    const reply = handle.send("x");
    await settled();
    await clock.advance(100);
    await refusedWith("AGENT_STOPPED", () => reply);
    assert.equal((await handle.ended()).status, "completed");
  });

  test("may call itself off", async (t) => {
    const { handle } = await inside(t, (_, self, context) => {
      self.cancel("by myself");
      return context.isCancelled;
    });
    await refusedWith("ABORTED", () => handle.send("x"));
    assert.equal((await handle.ended()).status, "cancelled");
  });

  test("may stop those below it, add and spawn others", async (t) => {
    const { handle, orchestrator } = await inside(t, async (content, _, __, orchestrator) => {
      orchestrator.addChild("child", "a", actor());
      const reply = await orchestrator.spawn("child").send(content);
      await orchestrator.agent("child").stop();
      await orchestrator.removeAgent("child");
      return reply;
    });
    assert.deepEqual([await handle.send("1"), await handle.send("2"), orchestrator.names()], ["1, says child", "2, says child", ["a"]]);
  });

  test("may dispose of everything", async (t) => {
    const { handle, orchestrator } = await inside(t, (_, __, ___, orchestrator) => void orchestrator.dispose());
    await refusedWith("DISPOSED", () => handle.send("x"));
    assert.ok(orchestrator.disposed);
  });

  test("may do so from its factory, too, and from the reading of its reply", async (t) => {
    for (const where of ["factory", "reply"]) {
      const { orchestrator } = await stage(t);
      const end = () => void orchestrator.dispose();
      orchestrator.addAgent("a", () => {
        if (where === "factory") end();
        return { prompt: () => ({ toJSON: end }) };
      });
      await refusedWith("DISPOSED", () => orchestrator.spawn("a").send("x"));
    }
  });
});

test("a stopped that throws or rejects is told of, and the agent ends all the same", async (t) => {
  const { orchestrator, complaints } = await stage(t);
  for (const [name, stopped] of Object.entries({ throws: () => { throw new Error("no"); }, rejects: async () => { throw new Error("no"); } })) {
    orchestrator.addAgent(name, () => ({ prompt() {}, stopped }));
    const handle = orchestrator.spawn(name);
    await turn();
    assert.equal((await handle.stop()).status, "completed");
    assert.deepEqual(complaints.splice(0).map(({ where }) => where), [`the agent "${name}", which was to stop`]);
  }
});

test("prompt and stopped are read once, and called on the agent that the factory gave", async (t) => {
  const { orchestrator } = await stage(t);
  const read = [];
  class Agent {
    #secret = "mine";
    get prompt() {
      read.push("prompt");
      return function () {
        return this.#secret;
      };
    }
    get stopped() {
      read.push("stopped");
      return function () {
        read.push(this.#secret);
      };
    }
  }
  orchestrator.addAgent("a", () => new Agent());
  const handle = orchestrator.spawn("a");
  assert.deepEqual([await handle.send("1"), await handle.send("2")], ["mine", "mine"]);
  await handle.stop();
  assert.deepEqual(read, ["prompt", "stopped", "mine"]);
});

test("a listener of a signal that throws is told of as any error in a listener, and stops nobody", async (t) => {
  const { orchestrator } = await stage(t);
  const { factory, call } = puppet();
  orchestrator.addAgent("a", factory);
  const handle = orchestrator.spawn("a");
  const reply = handle.send("x");
  const { context, resolve } = await call(0);
  let heard = 0;
  context.signal.addEventListener("abort", () => (heard += 1));
  handle.cancel();
  await refusedWith("ABORTED", () => reply);
  resolve();
  await handle.ended();
  assert.equal(heard, 1);
});

test("options are read once: what they become later changes nothing", async (t) => {
  const { orchestrator } = await stage(t);
  const options = { maxRestarts: 0, ...AT_ONCE };
  orchestrator.addAgent("a", actor(), options);
  options.maxRestarts = 9;
  const handle = orchestrator.spawn("a");
  await refusedWith("AGENT_FAILED", () => handle.send("fail"));
  assert.equal((await handle.ended()).status, "failed");
});
