// Events from any position that is still kept; whoever misses some is told how many.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { collect, open, record, turn, types } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import "./help/unhandled.mjs";

/** As little as can be kept: the log drops its oldest events by chunks of 32 KiB. */
const SMALL = { eventLogBytes: 1 };

/** Takes effect at once; nobody is told before the turn is over. */
function fill(orchestrator, count, bytes = 1000) {
  if (orchestrator.currentTask === undefined) orchestrator.createTask({ name: "noisy" });
  const { id } = orchestrator.currentTask;
  for (let n = 0; n < count; n++) orchestrator.appendOutput(id, "x".repeat(bytes));
  return id;
}
/** What a subscriber got: events without gaps, save where `subscriber:lagged` says how many. */
function withoutGaps(events, first = 1) {
  let next = first;
  for (const event of events) {
    if (event.type === "subscriber:lagged") {
      assert.ok(event.dropped > 0 && Object.isFrozen(event));
      next += event.dropped;
    }
    assert.equal(event.seq, next, `${event.type} ${event.seq}`);
    if (event.type !== "subscriber:lagged") next += 1;
  }
  return next;
}

describe("from a position", () => {
  for (const [from, first] of [[0, 1], [1, 1], [2, 2], [4, 4], [5, undefined], [100, undefined]]) {
    test(`${from}`, async (t) => {
      const orchestrator = await open(t);
      await orchestrator.createTasks([{ name: "a" }, { name: "b" }]);
      await turn();
      const events = record(orchestrator, { from });
      await turn();
      assert.equal(events[0]?.seq, first);
      withoutGaps(events, first);
    });
  }

  test("that is yet to come: silence until then", async (t) => {
    const orchestrator = await open(t);
    const events = record(orchestrator, { from: 5 });
    const iterator = orchestrator.events({ from: 5 });
    await orchestrator.createTasks(["a", "b", "c", "d"].map((name) => ({ name })));
    await turn();
    assert.deepEqual(events.map(({ seq }) => seq), [5, 6]);
    assert.equal((await iterator.next()).value.seq, 5);
  });

  test("through more than one batch, then live, each event once", async (t) => {
    const orchestrator = await open(t);
    fill(orchestrator, 5000, 1);
    await turn();
    const events = record(orchestrator);
    const iterator = orchestrator.events({ from: 0, buffer: 10_000 });
    fill(orchestrator, 3, 1);
    await turn();
    fill(orchestrator, 3, 1);
    await turn();
    assert.equal(withoutGaps(events), 5010);
    const read = [];
    while (read.length < 5009) read.push((await iterator.next()).value);
    assert.deepEqual(read, events);
  });

  test("with filters", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    await Promise.all([orchestrator.runTask({ name: "a", id: "a" }), orchestrator.runTask({ name: "b", id: "b" })]);
    await turn();
    const events = record(orchestrator, { types: ["task:completed"], taskId: "b" });
    await turn();
    assert.deepEqual(events.map(({ taskId, type }) => [taskId, type]), [["b", "task:completed"]]);
  });

  test("what is replayed is what was heard live, also of tasks that are gone", async (t) => {
    const orchestrator = await open(t, { providers: [instant((_, context) => {
      context.appendOutput("x");
      context.addStep("s");
      return { success: false, summary: "s", error: "e", extra: [1] };
    })] });
    const live = record(orchestrator);
    await orchestrator.runTask({ name: "a", id: "mine", tags: ["t"] });
    await orchestrator.createTask({ name: "child", parentId: "mine", outlivesParent: true });
    await orchestrator.switchTask(null);
    await orchestrator.deleteTask("mine");
    await turn();
    const replayed = record(orchestrator);
    await turn();
    assert.deepEqual(replayed, live);
    const created = replayed.find(({ name }) => name === "child");
    assert.equal(created.parentId, "mine");
  });
});

describe("after trimming", () => {
  test("a replay begins with the number that is missing", async (t) => {
    const orchestrator = await open(t, SMALL);
    fill(orchestrator, 200);
    await turn();
    const events = record(orchestrator);
    const iterator = orchestrator.events({ from: 0 });
    await turn();
    assert.equal(events[0].type, "subscriber:lagged");
    assert.equal(events[0].seq, events[1].seq, "it stands where the gap ends");
    assert.equal(events[0].dropped, events[1].seq - 1);
    assert.equal(withoutGaps(events), 204);
    assert.deepEqual((await iterator.next()).value, events[0]);
    assert.deepEqual((await iterator.next()).value, events[1]);
  });

  test("a replay together with what is not handed out yet gives each event once", async (t) => {
    const orchestrator = await open(t, SMALL);
    fill(orchestrator, 200);
    await turn();
    // All in one turn: the subscriber is behind, and so are the others.
    fill(orchestrator, 3);
    const events = record(orchestrator);
    const iterator = orchestrator.events({ from: 0 });
    const read = [(await iterator.next()).value];
    await turn();
    assert.equal(withoutGaps(events), 207);
    while (read.at(-1).seq < 206) read.push((await iterator.next()).value);
    assert.deepEqual(read, events);
    fill(orchestrator, 1);
    await turn();
    assert.equal(withoutGaps(events), 208);
  });

  test("a subscriber that more events passed by in one turn than are kept is told", async (t) => {
    const orchestrator = await open(t, SMALL);
    const events = record(orchestrator);
    await turn();
    fill(orchestrator, 500);
    await turn();
    assert.deepEqual([events[1].seq, events[2].type], [2, "subscriber:lagged"]);
    assert.equal(withoutGaps(events), 504);
  });

  test("so is one that only then asks for the first", async (t) => {
    const orchestrator = await open(t, SMALL);
    await turn();
    fill(orchestrator, 500);
    const events = record(orchestrator);
    await turn();
    assert.equal(events[0].type, "subscriber:lagged");
    assert.equal(withoutGaps(events), 504);
  });

  test("it comes through every filter", async (t) => {
    const orchestrator = await open(t, SMALL);
    const id = fill(orchestrator, 200);
    await turn();
    const events = record(orchestrator, { types: ["task:completed"], taskId: id });
    await turn();
    assert.deepEqual(types(events), ["subscriber:lagged"]);
  });
});

describe("an iterator", () => {
  test("gives what was and what comes, until it is left", async (t) => {
    const orchestrator = await open(t);
    const seen = [];
    setImmediate(() => orchestrator.createTask({ name: "later" }));
    for await (const event of orchestrator.events({ from: 0 })) {
      seen.push(event.type);
      if (event.type === "task:created") break;
    }
    assert.deepEqual(seen, ["journal:opened", "provider:registered", "task:created"]);
  });

  test("that is slow keeps the newest, and is told how many it missed", async (t) => {
    const orchestrator = await open(t);
    const iterator = orchestrator.events({ buffer: 3 });
    fill(orchestrator, 9, 1);
    await turn();
    const read = [];
    for (let n = 0; n < 4; n++) read.push((await iterator.next()).value);
    assert.deepEqual(read.map(({ type, seq, dropped }) => [type, seq, dropped]), [
      ["subscriber:lagged", 10, 7], ["task:output", 10, undefined], ["task:output", 11, undefined], ["task:output", 12, undefined],
    ]);
    fill(orchestrator, 1, 1);
    assert.equal((await iterator.next()).value.seq, 13, "and goes on from there");
  });

  test("that replays misses nothing, however slow it is", async (t) => {
    const orchestrator = await open(t);
    const iterator = orchestrator.events({ from: 0, buffer: 2 });
    fill(orchestrator, 50, 1);
    await turn();
    const read = [];
    while (read.at(-1)?.seq !== 53) read.push((await iterator.next()).value);
    withoutGaps(read);
  });

  test("ends by return, and gives nothing after it", async (t) => {
    const orchestrator = await open(t);
    const iterator = orchestrator.events({ from: 0 });
    await iterator.next();
    const asked = iterator.next();
    assert.deepEqual(await iterator.return(), { done: true, value: undefined });
    assert.equal((await asked).done, false, "what was asked for before still comes");
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  test("ends those who wait for it", async (t) => {
    const orchestrator = await open(t);
    for (const end of [(iterator) => iterator.return(), (_, controller) => controller.abort(), () => orchestrator.dispose()]) {
      const controller = new AbortController();
      const iterator = orchestrator.events({ signal: controller.signal });
      const waiting = [iterator.next(), iterator.next()];
      end(iterator, controller);
      assert.ok((await Promise.all(waiting)).every(({ done }) => done));
    }
  });

  test("with a signal that is aborted already is at its end", async (t) => {
    const orchestrator = await open(t);
    assert.deepEqual(await collect(orchestrator.events({ from: 0, signal: AbortSignal.abort() })), []);
  });

  test("may be read by several, each event for one of them", async (t) => {
    const orchestrator = await open(t);
    const iterator = orchestrator.events();
    const readers = [iterator.next(), iterator.next(), iterator.next()];
    await orchestrator.createTasks(["a", "b", "c"].map((name) => ({ name })));
    assert.deepEqual((await Promise.all(readers)).map(({ value }) => value.name), ["a", "b", "c"]);
  });

  test("does not take from another", async (t) => {
    const orchestrator = await open(t);
    const iterators = [orchestrator.events({ from: 0 }), orchestrator.events({ from: 0 }), orchestrator.events({ from: 2 })];
    assert.deepEqual((await Promise.all(iterators.map((iterator) => iterator.next()))).map(({ value }) => value.seq), [1, 1, 2]);
  });

  test("lets go of its signal", async (t) => {
    const orchestrator = await open(t);
    const { signal } = new AbortController();
    const iterators = [orchestrator.events({ signal }), orchestrator.events({ signal, from: 0 })];
    assert.equal(getEventListeners(signal, "abort").length, 2);
    await iterators[0].return();
    await orchestrator.dispose();
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});

describe("a run", () => {
  const noisy = () => instant((_, context) => {
    for (let n = 0; n < 200; n++) context.appendOutput("x".repeat(1000));
  });

  test("can be iterated for its task's events, to the last, and awaited too", async (t) => {
    const orchestrator = await open(t, { providers: [instant((_, context) => void context.appendOutput("x"))] });
    orchestrator.runTask({ name: "another" });
    const run = orchestrator.runTask({ name: "a" });
    const events = await collect(run);
    assert.deepEqual(types(events), ["task:created", "task:started", "task:output", "task:completed"]);
    assert.ok(events.every(({ taskId }) => taskId === run.taskId));
    assert.equal((await run).status, "completed");
    assert.deepEqual(await collect(run), events, "again, after it has ended");
  });

  test("ends at a failure, a cancel and a delete", async (t) => {
    for (const [act, last] of [["cancelTask", "task:cancelled"], ["deleteTask", "task:cancelled"]]) {
      const orchestrator = await open(t);
      const run = orchestrator.runTask({ name: "a" });
      setImmediate(() => orchestrator[act](run.taskId));
      assert.equal((await collect(run)).at(-1).type, last);
    }
    const orchestrator = await open(t, { providers: [instant(() => Promise.reject(new Error("no")))] });
    assert.equal((await collect(orchestrator.runTask({ name: "a" }))).at(-1).type, "task:failed");
  });

  test("left early lets the task go on", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const run = orchestrator.runTask({ name: "a" });
    for await (const _ of run) break;
    assert.equal((await run).status, "completed");
  });

  test("that was refused says why when it is iterated", async (t) => {
    const orchestrator = await open(t);
    await assert.rejects(collect(orchestrator.startTask("nobody")), { code: "TASK_NOT_FOUND" });
  });

  test("of a second attempt begins with the second attempt", async (t) => {
    const orchestrator = await open(t, { providers: [instant()] });
    const first = orchestrator.runTask({ name: "a" });
    await first;
    const second = orchestrator.restartTask(first.taskId);
    assert.deepEqual((await collect(second)).map(({ type, attempt }) => [type, attempt]), [["task:started", 2], ["task:completed", 2]]);
    assert.deepEqual(types(await collect(first)), ["task:created", "task:started", "task:completed"]);
  });

  test("ends also when its end is no longer kept", async (t) => {
    const orchestrator = await open(t, { ...SMALL, providers: [noisy()] });
    const run = orchestrator.runTask({ name: "a" });
    await run;
    const { id } = await orchestrator.createTask({ name: "noise" });
    for (let n = 0; n < 200; n++) orchestrator.appendOutput(id, "x".repeat(1000));
    assert.ok((await collect(run)).every(({ type }) => type === "subscriber:lagged"));
  });

  test("that loses events on the way is told, and ends", async (t) => {
    const orchestrator = await open(t, { ...SMALL, providers: [noisy()] });
    const events = await collect(orchestrator.runTask({ name: "a" }));
    assert.ok(types(events).includes("subscriber:lagged"));
    assert.equal(events.at(-1).type, "task:completed");
  });
});

test("an iterator that is asked from within a listener gets no event twice", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  await turn();
  const iterator = orchestrator.events({ from: 1 });
  let first;
  orchestrator.subscribe(() => (first ??= iterator.next()));
  for (const name of ["a", "b", "c"]) orchestrator.createTask({ name });
  await turn();
  orchestrator.createTask({ name: "d" });
  const events = [(await first).value];
  while (events.at(-1).name !== "d") events.push((await iterator.next()).value);
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
});
