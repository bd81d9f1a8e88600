// Each fault that was proven of the supervised agents of an earlier system, and what happens here instead.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AT_ONCE, actor, puppet, settled, stage, statuses } from "./help/agents.mjs";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

describe("1. supervision was dead code: failures came back as results", () => {
  for (const [name, answer] of [["an answer that says so", () => ({ stopReason: "error", error: "throttled" })], ["an error", () => { throw new Error("throttled"); }], ["a rejection", () => Promise.reject(new Error("throttled"))]]) {
    test(`${name} reaches the policy, the sender and the status`, async (t) => {
      const asked = [];
      const { orchestrator } = await stage(t, { supervisor: (who, { message }) => asked.push([who, message]) && "restart" });
      orchestrator.addAgent("a", () => ({ prompt: answer }));
      const handle = orchestrator.spawn("a");
      await refusedWith("AGENT_FAILED", () => handle.send("x"));
      assert.deepEqual([asked, handle.status], [[["a", "throttled"]], "restarting"]);
    });
  }
});

test("2. a panic of a provider was an empty success: what is thrown anywhere in a prompt is a failure, with its cause", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("a", () => ({ prompt: async () => undefined.model }));
  const { cause } = await refusedWith("AGENT_FAILED", () => orchestrator.spawn("a").send("x"));
  assert.ok(cause instanceof TypeError);
});

test("3. a factory that failed left its agent running for ever: here it has failed, and is done", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("a", () => { throw Object.assign(new Error("no key"), { retryable: false }); });
  const handle = orchestrator.spawn("a");
  const replies = await Promise.allSettled([handle.send("1"), handle.send("2")]);
  assert.deepEqual(replies.map(({ reason }) => reason.code), ["AGENT_STOPPED", "AGENT_STOPPED"]);
  const { status, error } = await handle.ended();
  assert.deepEqual([status, error, handle.isDone], ["failed", "no key", true]);
});

describe("4. limits were ignored, restarts came without a wait, forgot everything, and never tried a message again", () => {
  test("the limit holds", async (t) => {
    const { orchestrator } = await stage(t, { supervisor: () => "restart", maxRestarts: 2 });
    const seen = [];
    orchestrator.addAgent("a", actor(seen), AT_ONCE);
    const handle = orchestrator.spawn("a");
    void handle.send("fail");
    void handle.send("fail");
    void handle.send("fail");
    assert.deepEqual([(await handle.ended()).status, seen.filter((line) => line.endsWith("made")).length], ["failed", 3]);
  });

  test("a restart waits, keeps what it was asked to keep, and tries again if it is to", async (t) => {
    const { orchestrator, clock } = await stage(t);
    let tries = 0;
    orchestrator.addAgent("a", ({ state }) => ({
      prompt: (_, context) => {
        context.state = [...(state ?? []), ++tries];
        if (tries < 3) throw new Error("not yet");
        return context.state;
      },
    }), { retryMessage: 2, backoff: { delay: 100, jitter: 0 } });
    const reply = orchestrator.spawn("a").send("x");
    await settled();
    assert.equal(tries, 1);
    await clock.advance(300);
    assert.deepEqual(await reply, [1, 2, 3]);
  });
});

test("5. a cancel gave those in the queue another error: here all get the same one", async (t) => {
  const { orchestrator } = await stage(t);
  const { factory, call } = puppet();
  orchestrator.addAgent("a", factory);
  const handle = orchestrator.spawn("a");
  const replies = ["1", "2", "3"].map((text) => handle.send(text));
  await call(0);
  handle.cancel();
  const codes = (await Promise.allSettled(replies)).map(({ reason }) => reason.code);
  assert.deepEqual(codes, ["ABORTED", "ABORTED", "ABORTED"]);
});

test("6. parents and children had nothing to do with each other: here they start, stop and are called off together", async (t) => {
  const { orchestrator } = await stage(t);
  orchestrator.addAgent("root", actor());
  orchestrator.addChild("child", "root", actor());
  const root = orchestrator.spawn("root");
  await settled();
  assert.deepEqual(statuses(orchestrator), { root: "running", child: "running" });
  root.cancel();
  await root.ended();
  assert.deepEqual(statuses(orchestrator), { root: "cancelled", child: "cancelled" });
});

test("7. the same name could run many times, and nobody knew which did: here there is one, which can be found and shut down", async (t) => {
  const { orchestrator } = await stage(t);
  let made = 0;
  orchestrator.addAgent("a", (start) => (made++, actor()(start)));
  const handles = [orchestrator.spawn("a"), orchestrator.spawn("a"), orchestrator.agent("a")];
  await Promise.all(handles.map((handle) => handle.send("hello")));
  assert.deepEqual([made, orchestrator.tree().length], [1, 1]);
  await handles[2].stop();
  assert.ok(handles.every(({ isDone }) => isDone));
});

test("8. the final result was empty: here it is the last one, with how it went", async (t) => {
  const { orchestrator } = await stage(t, { journal: memoryJournal() });
  orchestrator.addAgent("a", actor(), AT_ONCE);
  const handle = orchestrator.spawn("a");
  void handle.send("fail");
  void handle.send("hello");
  assert.deepEqual(await handle.awaitResult(), { agent: "a", status: "completed", error: undefined, restarts: 1, lastResult: "hello, says a" });
});
