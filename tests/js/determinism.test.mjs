// The same commands with the same seed and clock give the same journal and the same state; whatever the commands are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AgentOrchestrator, OrchestratorError } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { START, clock, hashes, turn } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { random } from "./help/random.mjs";
import "./help/unhandled.mjs";

const STATUSES = ["pending", "running", "paused", "completed", "failed", "cancelled"];
const TERMINAL = ["completed", "failed", "cancelled"];
/** What a step may be given, the good as well as the bad. */
const junk = [undefined, null, 5, NaN, "", "\ud800", {}, [], "nobody", "x".repeat(2000), Symbol("s"), 1n];

/** One orchestrator under a stream of random commands; `check` is called after each of them. */
async function play(seed, steps, check = () => {}, options = {}) {
  const { below, pick, next } = random(seed);
  const now = clock();
  const held = manual("held");
  const orchestrator = await AgentOrchestrator.open({
    seed, now, maxConcurrency: 1 + below(4), maxOutputLines: 5, maxTasks: 40, defaultProviderId: "held",
    providers: [held, instant("done", "quick"), instant(() => Promise.reject(new Error("no")), "bad"), manual("narrow", { maxConcurrency: 1 })],
    ...options,
  });
  const ids = ["nobody"];
  const unregister = [];
  let answered = 0;
  const id = () => (next() < 0.05 ? pick(junk) : pick(ids));
  const or = (value) => (next() < 0.1 ? pick(junk) : value);
  const create = () => ({
    name: or(pick(["alpha", "beta", "gamma delta"])), id: next() < 0.5 ? undefined : or(`own-${below(60)}`), parentId: next() < 0.8 ? undefined : id(),
    providerId: next() < 0.5 ? undefined : or(pick(["held", "quick", "bad", "narrow", "extra"])), tags: next() < 0.7 ? undefined : or([pick(["t1", "t2"])]),
    steps: next() < 0.8 ? undefined : or(["one", "two"]), metadata: next() < 0.8 ? undefined : or({ n: below(5) }),
  });
  const made = (task) => (ids.push(task.id), task);
  const commands = [
    () => orchestrator.createTask(create()).then(made),
    () => orchestrator.createTasks([create(), create()]).then((tasks) => tasks.map(made)),
    () => watched(orchestrator.runTask(create())),
    () => watched(orchestrator.startTask(id())),
    () => watched(orchestrator.restartTask(id())),
    () => orchestrator.pauseTask(id()),
    () => orchestrator.resumeTask(id()),
    () => orchestrator.cancelTask(id(), { reason: or("enough") }),
    () => orchestrator.deleteTask(id()),
    () => orchestrator.renameTask(id(), or("renamed")),
    () => orchestrator.reassignTask(id(), or(pick(["held", "quick", "bad", "narrow", "extra"]))),
    () => orchestrator.setUserStatus(id(), or(pick(["open", "done"]))),
    () => orchestrator.appendOutput(id(), or("a\nb")),
    () => orchestrator.updateProgress(id(), or(below(120))),
    () => orchestrator.addStep(id(), or("step")),
    () => orchestrator.updateStep(id(), or(`s${1 + below(3)}`), or(pick(STATUSES)), or("out")),
    () => orchestrator.switchTask(next() < 0.2 ? null : id()),
    () => void unregister.push(orchestrator.registerProvider(instant("extra", or("extra")))),
    () => void unregister.pop()?.(),
    () => {
      // The provider that is held in hand says something, often of an attempt that no longer counts.
      const call = held.calls[below(held.calls.length || 1)];
      if (call === undefined) return;
      call.context.appendOutput("from inside");
      call.context.updateProgress(below(100));
      if (next() < 0.5) call[pick(["resolve", "reject"])](pick(["fine", { success: false, error: "not fine" }, 5]));
      answered += 1;
    },
  ];
  const watched = async (run) => {
    if (run.taskId !== "") ids.push(run.taskId);
    const error = await Promise.race([run.then(() => undefined, (thrown) => thrown), turn()]);
    if (error !== undefined) throw error;
  };
  for (let step = 0; step < steps; step++) {
    now.at += below(5);
    const command = pick(commands);
    const before = hashes(orchestrator);
    let error;
    try {
      await command();
    } catch (thrown) {
      error = thrown;
    }
    await check({ orchestrator, error, before, command });
    await turn();
  }
  return { orchestrator, answered };
}

test("the same seed and clock give the same hashes and ids, step by step", async () => {
  const trail = async (seed) => {
    const seen = [];
    const { orchestrator } = await play(seed, 60, ({ orchestrator: o }) => seen.push(...hashes(o)));
    seen.push(JSON.stringify(orchestrator.listTasks({ limit: 100 })));
    await orchestrator.dispose();
    return seen;
  };
  for (const seed of [1, 2, 3]) assert.deepEqual(await trail(seed), await trail(seed));
  assert.notDeepEqual(await trail(1), await trail(2));
});

describe("one thing that differs makes the hashes differ", () => {
  const make = async (options, name = "a") => {
    const orchestrator = await AgentOrchestrator.open({ seed: 1, now: clock(), providers: [instant()], ...options });
    await orchestrator.runTask({ name });
    const all = hashes(orchestrator);
    await orchestrator.dispose();
    return all;
  };
  for (const [what, options, name] of [["the seed", { seed: 2 }], ["the clock", { now: clock(START + 1) }], ["a name", {}, "b"], ["an answer", { providers: [instant("other")] }]]) {
    test(what, async () => {
      const [usual, different] = [await make({}), await make(options, name)];
      assert.deepEqual(await make({}), usual);
      assert.notEqual(different[0], usual[0]);
      assert.notEqual(different[1], usual[1]);
    });
  }
  test("not who listens, nor how much is kept for replay", async () => {
    const [usual, small] = [await make({}), await make({ eventLogBytes: 1 })];
    assert.deepEqual(small, usual);
  });
});

test("without a seed ids differ", async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => {
    const orchestrator = await AgentOrchestrator.open({ providers: [instant()], now: clock() });
    const { id } = await orchestrator.createTask({ name: "a" });
    await orchestrator.dispose();
    return id;
  }));
  assert.ok(new Set(ids).size > 1);
});

const SEQUENCES = 200;
test(`${SEQUENCES} random sequences: refusals change nothing, and events tell all that happens`, async () => {
  let [refusals, replies] = [0, 0];
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const [told, begun] = [new Map(), new Map()];
    let events = [];
    const at = (what) => `sequence ${seed}: ${what}`;
    const { orchestrator, answered } = await play(seed, 100, async ({ orchestrator: o, error, before, command }) => {
      if (events.length === 0) {
        events = [{ seq: 0, at: 0 }];
        o.subscribe((event) => {
          assert.equal(event.seq, events.at(-1).seq + 1, at("no gaps"));
          assert.ok(event.at >= events.at(-1).at, at("time runs forwards"));
          events.push(event);
          fold(told, begun, event);
        }, { from: 0 });
      }
      if (error === undefined) return;
      refusals += 1;
      assert.ok(OrchestratorError.isInstance(error), at(`${command} threw ${error?.stack ?? String(error)}`));
      assert.notEqual(error.code, "POISONED", at(String(command)));
      assert.deepEqual(hashes(o), before, at(`${command} was refused with ${error.code} and changed something`));
    });
    replies += answered;
    await turn();
    const tasks = orchestrator.listTasks({ limit: 1000 }).tasks;
    assert.deepEqual(Object.fromEntries(tasks.map(({ id, status }) => [id, status])), Object.fromEntries(told), at("what was told is what is"));
    const counts = orchestrator.countTasks();
    assert.equal(counts.total, tasks.length);
    for (const status of STATUSES) assert.equal(counts[status], tasks.filter((task) => task.status === status).length, at(status));
    for (const task of tasks) {
      assert.deepEqual(orchestrator.getTask(task.id), task, at("found alone as in the list"));
      assert.ok(task.progress >= 0 && task.progress <= 100 && task.output.length <= 5);
      assert.equal(TERMINAL.includes(task.status), task.completedAt !== undefined, at("an end has a time"));
      if (task.status === "running") assert.equal(task.waitingFor, undefined);
    }
    await orchestrator.dispose();
  }
  assert.ok(refusals > 1000 && replies > 300, `${refusals} refusals and ${replies} reports: the sequences are no good`);
});

test("random sequences over a journal: what was acknowledged is there when it is opened again", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const at = (what) => `sequence ${seed}: ${what}`;
    const journal = memoryJournal();
    const kept = { journal, keepHistory: seed % 2 === 0, snapshotBytes: seed % 3 === 0 ? 0 : 1500 };
    const { orchestrator } = await play(seed, 60, undefined, kept);
    await orchestrator.flush();
    await orchestrator.verify();
    const before = orchestrator.listTasks({ limit: 1000, sort: "createdAt" }).tasks;
    // Without a goodbye, or with one: all is there either way, but what was under way is interrupted.
    if (seed % 5 === 0) await orchestrator.dispose();
    const again = await AgentOrchestrator.open({ ...kept, now: clock(START + 1_000_000) });
    const after = again.listTasks({ limit: 1000, sort: "createdAt" }).tasks;
    assert.deepEqual(after.map(({ id }) => id), before.map(({ id }) => id), at("the same tasks"));
    for (const [index, task] of before.entries()) {
      if (TERMINAL.includes(task.status) || task.attempt === 0) assert.deepEqual(after[index], task, at(task.id));
      assert.ok(after[index].attempt >= task.attempt, at(`${task.id} goes on`));
    }
    await again.verify();
    await again.dispose();
    await orchestrator.dispose();
  }
});

/** What the events alone say of the tasks' statuses. */
function fold(told, begun, { type, taskId }) {
  const to = { "task:created": "pending", "task:queued": "pending", "task:started": "running", "task:paused": "paused", "task:completed": "completed", "task:failed": "failed", "task:cancelled": "cancelled" }[type];
  if (type === "task:created") begun.set(taskId, false);
  if (type === "task:started") begun.set(taskId, true);
  if (type === "task:queued" || TERMINAL.includes(to)) begun.set(taskId, false);
  if (to !== undefined) told.set(taskId, to);
  if (type === "task:resumed") told.set(taskId, begun.get(taskId) ? "running" : "pending");
  if (type === "task:deleted") told.delete(taskId);
}
