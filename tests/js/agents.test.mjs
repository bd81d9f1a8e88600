// Agents are added, spawned, sent messages and looked at.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentHandle, OrchestratorError } from "agent-orchestrator-wasm";
import { actor, puppet, stage } from "./help/agents.mjs";
import { turn } from "./help/open.mjs";
import { refused, refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const agent = () => ({ prompt: (messages) => messages[0].content });

test("names, parents and children are told in the order of addition", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("root", agent);
  orchestrator.addChild("b", "root", agent);
  orchestrator.addChild("a", "root", agent);
  orchestrator.addChild("c", "a", agent);
  assert.deepEqual(orchestrator.names(), ["root", "b", "a", "c"]);
  assert.deepEqual(["root", "b", "a", "c"].map((name) => orchestrator.parentOf(name)), [undefined, "root", "root", "a"]);
  assert.deepEqual(["root", "b", "a", "nobody"].map((name) => orchestrator.childrenOf(name)), [["b", "a"], [], ["c"], undefined]);
  assert.deepEqual([orchestrator.contains("c"), orchestrator.contains("nobody"), orchestrator.parentOf("nobody")], [true, false, undefined]);
  assert.ok(Object.isFrozen(orchestrator.names()) && Object.isFrozen(orchestrator.childrenOf("root")));
});

test("a name that is taken, and a parent that is not there, are refused, and nothing changes", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("root", agent);
  orchestrator.addChild("child", "root", agent);
  await refused(orchestrator, "AGENT_EXISTS", () => orchestrator.addAgent("root", agent));
  await refused(orchestrator, "AGENT_EXISTS", () => orchestrator.addAgent("child", agent));
  await refused(orchestrator, "AGENT_EXISTS", () => orchestrator.addChild("child", "root", agent));
  await refused(orchestrator, "AGENT_NOT_FOUND", () => orchestrator.addChild("other", "nobody", agent));
  await refused(orchestrator, "AGENT_NOT_FOUND", () => orchestrator.spawn("nobody"));
  await refused(orchestrator, "AGENT_NOT_FOUND", () => orchestrator.removeAgent("nobody"));
  assert.equal(orchestrator.agent("nobody"), undefined);
  assert.deepEqual([orchestrator.names(), orchestrator.parentOf("child")], [["root", "child"], "root"]);
});

test("a spawned agent is made by its factory, answers one message after the other, and stays", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.addAgent("writer", actor(seen));
  const registered = orchestrator.agent("writer");
  assert.deepEqual([registered.status, registered.isDone, seen], ["registered", false, []]);
  const writer = orchestrator.spawn("writer");
  assert.ok(writer instanceof AgentHandle);
  assert.equal(writer.name, "writer");
  assert.deepEqual(seen, [], "the factory is called after the call");
  const replies = await Promise.all(["one", "two", "three"].map((text) => writer.send(text)));
  assert.deepEqual(replies, ["one, says writer", "two, says writer", "three, says writer"]);
  assert.deepEqual(seen, ["writer 1 made", "writer 1 one", "writer 1 two", "writer 1 three"]);
  assert.deepEqual([writer.status, writer.isDone, registered.status], ["running", false, "running"]);
});

test("spawning starts those below, too; spawning again gives one more handle to the same agent", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.addAgent("root", actor(seen));
  orchestrator.addChild("child", "root", actor(seen));
  await refused(orchestrator, "AGENT_NOT_RUNNING", () => orchestrator.spawn("child"));
  const first = orchestrator.spawn("root");
  const second = orchestrator.spawn("root");
  assert.equal(await orchestrator.agent("child").send("hello"), "hello, says child");
  await Promise.all([first.send("a"), second.send("b")]);
  assert.deepEqual(seen, ["root 1 made", "child 1 made", "child 1 hello", "root 1 a", "root 1 b"]);
});

test("a message is sent to an agent that runs, or is about to", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("late", async () => {
    await turn();
    return agent();
  });
  await refused(orchestrator, "AGENT_NOT_RUNNING", () => orchestrator.agent("late").send("too early"));
  const late = orchestrator.spawn("late");
  const reply = late.send("early");
  await Promise.resolve();
  assert.equal(late.status, "starting");
  assert.equal(await reply, "early");
});

describe("what is sent", () => {
  test("text is one message of the user; messages may be given whole, alone or in a list", async (t) => {
    const { orchestrator } = await stage(t);
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const sent = ["hello", { role: "system", content: { deep: [1] } }, [{ role: "tool", content: null, more: 1 }, { role: "assistant", content: "x" }]];
    const expected = [[{ role: "user", content: "hello" }], [{ role: "system", content: { deep: [1] } }], [{ role: "tool", content: null }, { role: "assistant", content: "x" }]];
    for (const [number, input] of sent.entries()) {
      const reply = handle.send(input);
      const { messages, resolve, context } = await call(number);
      assert.deepEqual(messages, expected[number]);
      assert.ok(Object.isFrozen(messages) && messages.every(Object.isFrozen));
      assert.deepEqual([context.messageId, context.name, context.incarnation], [number + 1, "a", 1]);
      resolve();
      assert.equal(await reply, undefined);
    }
  });

  test("is a copy: what is changed afterwards is changed for one side only", async (t) => {
    const { orchestrator } = await stage(t);
    const { factory, call } = puppet();
    orchestrator.addAgent("a", factory);
    const handle = orchestrator.spawn("a");
    const content = { list: [1] };
    const reply = handle.send({ role: "user", content });
    content.list.push(2);
    const { messages, resolve } = await call(0);
    assert.deepEqual(messages[0].content, { list: [1] });
    assert.throws(() => messages[0].content.list.push(3), TypeError);
    const answer = { list: [1] };
    resolve(answer);
    const got = await reply;
    answer.list.push(2);
    assert.deepEqual(got, { list: [1] });
  });

  const wrong = {
    nothing: undefined, null: null, "a number": 1, "a function": () => {}, "an empty list": [], "no object": [1], "no role": { content: "x" },
    "a role that is none": { role: "boss", content: "x" }, "no content": { role: "user" }, "a BigInt": { role: "user", content: 1n },
    "a function inside": { role: "user", content: () => {} }, "half of a surrogate pair": "\ud800", "such a content": { role: "user", content: "\udc00" },
    "a circle": (() => { const content = []; content.push(content); return { role: "user", content }; })(),
    "a getter that throws": { get role() { throw new Error("no"); } },
    "a list that throws": new Proxy([], { get() { throw new Error("no"); } }),
    "a toJSON that throws": { role: "user", content: { toJSON() { throw new Error("no"); } } },
  };
  for (const [name, input] of Object.entries(wrong)) {
    test(`is refused when it is ${name}`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", agent);
      const handle = orchestrator.spawn("a");
      await turn();
      await refused(orchestrator, "INVALID_ARGUMENT", () => handle.send(input));
      assert.equal(await handle.send("and the next"), "and the next");
    });
  }

  for (const recordMessages of [false, true]) {
    test(`is refused when it is too long, ${recordMessages ? "recorded" : "in memory"}`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", () => ({ prompt: ([{ content }]) => (typeof content === "string" ? content.length : 0) }), { recordMessages });
      const handle = orchestrator.spawn("a");
      const most = 2 ** 20 - 100;
      assert.equal(await handle.send("x".repeat(most)), most);
      assert.equal(await handle.send("é".repeat(most / 2)), most / 2);
      for (const input of ["x".repeat(2 ** 20 + 1), "é".repeat(2 ** 19 + 1), "x".repeat(2 ** 22 + 1), { role: "user", content: { text: "x".repeat(2 ** 20) } },
        Array.from({ length: 2 }, () => ({ role: "user", content: "x".repeat(2 ** 19 + 1) }))]) {
        await refusedWith("LIMIT_EXCEEDED", () => handle.send(input));
      }
      assert.equal(await handle.send("and the next"), 12);
    });

    test(`fails the agent when its reply is too long, ${recordMessages ? "recorded" : "in memory"}`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", () => ({ prompt: ([{ content }]) => (content === "text" ? "x".repeat(2 ** 20 + 1) : ["x".repeat(2 ** 20)]) }), { recordMessages });
      for (const kind of ["text", "list"]) {
        const { cause } = await refusedWith("AGENT_FAILED", () => orchestrator.spawn("a").send(kind));
        assert.equal(cause.code, "LIMIT_EXCEEDED");
        await turn();
      }
    });
  }
});

describe("what is replied", () => {
  const replies = [
    ["text", "hello", "hello"], ["nothing", undefined, undefined], ["null", null, null], ["a number", 1.5, 1.5], ["false", false, false],
    ["a list", [1, { a: "b" }], [1, { a: "b" }]], ["what is no number", NaN, null], ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a map, which has no form of its own", new Map([[1, 2]]), {}], ["an object with success", { success: true, summary: "done" }, { success: true, summary: "done" }],
    ["half of a surrogate pair", "a\ud800", "a\ufffd"],
  ];
  for (const recordMessages of [false, true]) {
    for (const [name, given, got] of replies) {
      test(`${name} comes as a copy in JSON${recordMessages ? ", also when it is recorded" : ""}`, async (t) => {
        const { orchestrator } = await stage(t);
        orchestrator.addAgent("a", () => ({ prompt: () => given }), { recordMessages });
        assert.deepEqual(await orchestrator.spawn("a").send("x"), got);
      });
    }
  }

  const circle = {};
  circle.self = circle;
  for (const [name, given] of [["a BigInt", 1n], ["a circle", circle], ["a function", () => {}], ["a symbol", Symbol("x")], ["a toJSON that throws", { toJSON() { throw new Error("no"); } }]]) {
    test(`${name} is no reply, and a failure for good`, async (t) => {
      const { orchestrator } = await stage(t);
      orchestrator.addAgent("a", () => ({ prompt: () => given }));
      const handle = orchestrator.spawn("a");
      const { cause } = await refusedWith("AGENT_FAILED", () => handle.send("x"));
      assert.equal(cause.code, "INVALID_RESULT");
      assert.equal((await handle.ended()).status, "failed");
    });
  }

  test("an object that says it failed is a failure, which may do better unless it says otherwise", async (t) => {
    const { orchestrator, events } = await stage(t);
    const answers = [{ stopReason: "error", error: "no model" }, { success: false }, { success: false, error: "never", retryable: false }];
    orchestrator.addAgent("a", () => ({ prompt: async () => answers.shift() }), { backoff: { delay: 0 } });
    const handle = orchestrator.spawn("a");
    for (const [words, cause] of [["no model", answers[0]], ["the agent says that it failed", answers[1]], ["never", answers[2]]]) {
      const error = await refusedWith("AGENT_FAILED", () => handle.send("x"));
      assert.ok(error.message.endsWith(`: ${words}`), error.message);
      assert.deepEqual(error.cause, cause);
      await orchestrator.flush();
    }
    await turn();
    assert.deepEqual(events.filter(({ type }) => type === "agent:failed").map(({ error, retryable, failure }) => [error, retryable, failure]), [
      ["no model", true, "message"], ["the agent says that it failed", true, "message"], ["never", false, "message"],
    ]);
    assert.equal(handle.status, "failed");
  });

  test("one that is too deep for the journal is a failure", async (t) => {
    const { orchestrator } = await stage(t);
    let deep = 0;
    for (let level = 0; level < 2000; level++) deep = [deep];
    orchestrator.addAgent("a", () => ({ prompt: () => deep }), { recordMessages: true });
    const { cause } = await refusedWith("AGENT_FAILED", () => orchestrator.spawn("a").send("x"));
    assert.equal(cause.code, "LIMIT_EXCEEDED");
  });
});

test("the tree tells how every agent stands", async (t) => {
  const { orchestrator, clock } = await stage(t);
  const { factory, call } = puppet();
  orchestrator.addAgent("root", actor(), { strategy: "rest_for_one", restart: "permanent" });
  orchestrator.addChild("busy", "root", factory);
  orchestrator.addChild("hurt", "root", actor());
  orchestrator.addAgent("other", actor());
  orchestrator.spawn("root");
  const busy = orchestrator.agent("busy");
  const replies = [busy.send("1"), busy.send("2"), busy.send("3")];
  await call(0);
  await refusedWith("AGENT_FAILED", () => orchestrator.agent("hurt").send("fail"));
  const [root, other] = orchestrator.tree();
  const plain = { restarts: 0, queued: 0, strategy: "one_for_one", restart: "transient", attached: true, children: [] };
  assert.deepEqual(other, { ...plain, name: "other", status: "registered", incarnation: 0 });
  assert.deepEqual({ ...root, children: root.children.length }, { ...plain, name: "root", status: "running", incarnation: 1, strategy: "rest_for_one", restart: "permanent", children: 2 });
  assert.deepEqual(root.children, [
    { ...plain, name: "busy", status: "running", incarnation: 1, queued: 2, busy: 1 },
    { ...plain, name: "hurt", status: "restarting", incarnation: 1, restarts: 1, lastError: "it went wrong" },
  ]);
  assert.ok(Object.isFrozen(root) && Object.isFrozen(root.children) && Object.isFrozen(root.children[0]));
  await clock.advance(200);
  assert.equal(orchestrator.agent("hurt").status, "running");
  orchestrator.agent("root").cancel();
  await Promise.allSettled(replies);
});

describe("bad options", () => {
  const wrong = {
    strategy: ["all", 1, null], restart: ["always", {}], overflow: ["drop", 0], maxRestarts: [-1, 1.5, "3", NaN], restartWindow: [0, -1, 0.5, Infinity, "1"],
    grace: [-1, 1.5, null], inboxCapacity: [0, -1, 2.5], messageTimeout: [0, -5, "5"], retryMessage: [-1, 0.1], supervisor: ["stop", {}, null],
    recordMessages: ["yes", 1, null], backoff: [5, "fast", { delay: -1 }, { factor: 0.5 }, { factor: 101 }, { jitter: 2 }, { jitter: -1 }, { maxDelay: "x" }],
  };
  for (const [option, values] of Object.entries(wrong)) {
    test(option, async (t) => {
      const { orchestrator } = await stage(t);
      for (const value of values) {
        const { message } = await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.addAgent("a", agent, { [option]: value }));
        assert.ok(message.length > 10, message);
      }
      for (const [name, value] of [["maxRestarts", 1001], ["inboxCapacity", 100_001], ["retryMessage", 101]]) {
        if (name === option) await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.addAgent("a", agent, { [option]: value }));
      }
    });
  }

  test("names, factories and objects that are none", async (t) => {
    const { orchestrator } = await stage(t);
    for (const name of [undefined, null, 1, {}, "", "\ud800", "  "]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.addAgent(name, agent));
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.addAgent("x".repeat(129), agent));
    for (const factory of [undefined, null, "f", {}, { prompt() {} }]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.addAgent("a", factory));
    for (const options of [null, 1, "x", { get strategy() { throw new Error("no"); } }, new Proxy({}, { get() { throw new Error("no"); } })]) {
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.addAgent("a", agent, options));
    }
    for (const call of ["spawn", "agent", "contains", "parentOf", "childrenOf", "removeAgent"]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator[call](7));
  });

  test("of an orchestrator", async () => {
    const { AgentOrchestrator } = await import("agent-orchestrator-wasm");
    for (const options of [{ supervisor: "restart" }, { maxRestarts: -1 }, { inboxCapacity: 0 }]) await refusedWith("INVALID_ARGUMENT", () => AgentOrchestrator.open(options));
  });

  test("of the calls of a handle", async (t) => {
    const { orchestrator } = await stage(t);
    orchestrator.addAgent("a", agent);
    const handle = orchestrator.spawn("a");
    await turn();
    for (const options of [null, 1, { signal: 5 }, { signal: null }, { get signal() { throw new Error("no"); } }]) await refused(orchestrator, "INVALID_ARGUMENT", () => handle.send("x", options));
    for (const options of [null, 1, { reason: 5 }]) await refused(orchestrator, "INVALID_ARGUMENT", () => handle.stop(options));
    await refused(orchestrator, "INVALID_ARGUMENT", () => handle.cancel(5));
  });
});

test("the events of an agent come through its handle, from its making on, until it ends", async (t) => {
  const { orchestrator } = await stage(t);
  for (const name of ["a", "b"]) orchestrator.addAgent(name, actor());
  const a = orchestrator.spawn("a");
  orchestrator.spawn("b");
  const types = [];
  const listening = (async () => {
    for await (const event of a) types.push(`${event.agent} ${event.type}`);
  })();
  await a.send("hello");
  await orchestrator.agent("b").send("hello");
  await a.stop();
  await listening;
  assert.deepEqual(types, ["a agent:waiting", "a agent:spawned", "a agent:ready", "a agent:stopping", "a agent:stopped"]);
  const again = [];
  for await (const event of a) again.push(event.type);
  assert.equal(again.length, 5, "what was is told again, and nothing is waited for");
});

test("events can be had of one agent alone, by a listener and by an iterator", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.subscribe((event) => seen.push(event), { agent: "b", types: ["agent:added", "agent:ready"], from: 0 });
  const iterator = orchestrator.events({ agent: "b" });
  for (const name of ["a", "b"]) {
    orchestrator.addAgent(name, actor());
    orchestrator.spawn(name);
  }
  await orchestrator.createTask({ name: "beside" }).catch(() => {});
  await orchestrator.agent("b").send("hello");
  assert.deepEqual(seen.map(({ type, agent }) => [type, agent]), [["agent:added", "b"], ["agent:ready", "b"]]);
  assert.ok(seen.every((event) => Object.isFrozen(event) && event.seq > 0 && event.at > 0));
  assert.equal((await iterator.next()).value.type, "agent:added");
  await iterator.return();
  await refusedWith("INVALID_ARGUMENT", () => orchestrator.subscribe(() => {}, { agent: 5 }));
});

test("messages are told of as events only where they are recorded", async (t) => {
  const { orchestrator, events } = await stage(t);
  orchestrator.addAgent("quiet", actor());
  orchestrator.addAgent("loud", actor(), { recordMessages: true });
  for (const name of ["quiet", "loud"]) await orchestrator.spawn(name).send("hello");
  await turn();
  const mail = events.filter(({ type }) => /message|prompted|replied/.test(type)).map(({ seq, at, ...rest }) => rest);
  assert.deepEqual(mail, [
    { type: "agent:message", agent: "loud", messageId: 1, messages: [{ role: "user", content: "hello" }] },
    { type: "agent:prompted", agent: "loud", messageId: 1 },
    { type: "agent:replied", agent: "loud", messageId: 1, reply: "hello, says loud" },
  ]);
  assert.ok(Object.isFrozen(events.find(({ type }) => type === "agent:message").messages[0]));
});

test("an agent that ended can be removed, with all below it, and its name is free again", async (t) => {
  const { orchestrator } = await stage(t);
  const seen = [];
  orchestrator.addAgent("root", actor(seen));
  orchestrator.addChild("child", "root", actor(seen));
  const root = orchestrator.spawn("root");
  const child = orchestrator.agent("child");
  await child.send("hello");
  await refused(orchestrator, "ILLEGAL_TRANSITION", () => orchestrator.removeAgent("root"));
  await root.stop();
  await orchestrator.removeAgent("root");
  assert.deepEqual([orchestrator.names(), orchestrator.tree()], [[], []]);
  assert.deepEqual([root.status, root.isDone, child.status], ["completed", true, "completed"], "a handle remembers how it ended");
  for (const call of [() => root.send("x"), () => child.send("x")]) await refusedWith("AGENT_NOT_FOUND", call);
  assert.equal((await root.stop()).status, "completed");
  orchestrator.addAgent("root", actor(seen));
  assert.equal(await orchestrator.spawn("root").send("anew"), "anew, says root");
  assert.equal(root.status, "completed", "a handle of the former one is not one of the new one");
});

test("an agent that was never spawned does not end, and who would wait for that is told", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("a", agent);
  const handle = orchestrator.agent("a");
  for (const call of [() => handle.ended(), () => handle.stop(), () => handle.awaitResult()]) await refused(orchestrator, "AGENT_NOT_RUNNING", call);
  handle.cancel();
  await handle[Symbol.asyncDispose]();
  await orchestrator.removeAgent("a");
  for (const call of [() => handle.ended(), () => handle.stop(), () => handle.awaitResult()]) await refusedWith("AGENT_NOT_FOUND", call);
  assert.deepEqual([handle.status, handle.isDone], ["registered", false]);
});

test("errors are of ours, with a code and a message that names the agent", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("the agent", actor());
  const handle = orchestrator.agent("the agent");
  for (const code of ["AGENT_NOT_RUNNING", "AGENT_FAILED"]) {
    const error = await refusedWith(code, () => handle.send("fail"));
    assert.ok(error instanceof OrchestratorError && error.message.includes("the agent"), error.message);
    orchestrator.spawn("the agent");
  }
});
