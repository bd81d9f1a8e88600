// Agents that the test holds in hand, in an orchestrator whose time stands still until it is told otherwise.
import assert from "node:assert/strict";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { record, turn } from "./open.mjs";
import { virtualClock } from "./time.mjs";

/** A virtual clock on which what is due at once rings by itself: restarts without a wait. */
export function promptClock() {
  const clock = virtualClock();
  const { setTimeout: later, clearTimeout: clear } = clock;
  return Object.assign(clock, {
    setTimeout: (callback, milliseconds) => (milliseconds > 0 ? later(callback, milliseconds) : { now: setImmediate(callback) }),
    clearTimeout: (handle) => (typeof handle === "object" ? clearImmediate(handle.now) : clear(handle)),
  });
}

/** Opened for one test; what was complained of is in `complaints`, and must be nothing unless the test takes it out. */
export async function stage(t, options = {}) {
  const clock = options.clock ?? promptClock();
  const complaints = [];
  const orchestrator = await AgentOrchestrator.open({ seed: 7, onError: (error, where) => complaints.push({ error, where }), ...options, clock });
  t.after(async () => {
    await orchestrator.dispose();
    assert.deepEqual(complaints, []);
  });
  return { orchestrator, clock, complaints, events: record(orchestrator) };
}

/** A factory whose agents do what the text of a message says; what became of them is written down. */
export function actor(seen = []) {
  return ({ name, incarnation, state }) => {
    seen.push(`${name} ${incarnation} made`);
    return {
      prompt([{ content }], context) {
        seen.push(`${name} ${incarnation} ${content}`);
        if (content === "fail") throw new Error("it went wrong");
        if (content === "fatal") throw Object.assign(new Error("it went wrong for good"), { retryable: false });
        if (content === "hang") return new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
        if (content === "quit") context.stop();
        if (content === "count") return (context.state = (context.state ?? 0) + 1);
        return content === "state" ? (state ?? null) : `${content}, says ${name}`;
      },
      stopped: () => void seen.push(`${name} ${incarnation} stopped`),
    };
  };
}

/** An agent of which the test answers every message. */
export function puppet(rest = {}) {
  const [calls, stops] = [[], []];
  let wake = () => {};
  const factory = (start) => ({
    prompt: (messages, context) =>
      new Promise((resolve, reject) => {
        calls.push({ start, messages, context, text: messages[0].content, resolve, reject });
        wake();
      }),
    stopped: () => void stops.push(start.incarnation),
    ...rest,
  });
  /** The call with this number, once it has come. */
  const call = async (number) => {
    while (calls.length <= number) await new Promise((resolve) => (wake = resolve));
    return calls[number];
  };
  return { factory, calls, call, stops };
}

/** Lets everything happen that needs no time to pass. */
export async function settled() {
  for (let turns = 0; turns < 20; turns++) await turn();
}

/** Restarts without a wait. */
export const AT_ONCE = { backoff: { delay: 0 } };

/** What happened, as lines. */
export const told = (events, kinds = /./) =>
  events.filter(({ type }) => type.startsWith("agent:") && kinds.test(type)).map(({ type, agent, incarnation, reason, status }) => [agent, type.slice(6), incarnation ?? status ?? reason].filter((part) => part !== undefined).join(" "));

/** The status of each agent in the tree. */
export const statuses = (orchestrator) => Object.fromEntries(orchestrator.names().map((name) => [name, orchestrator.agent(name).status]));
