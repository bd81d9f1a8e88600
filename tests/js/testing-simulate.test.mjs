// Simulations: they find what is wrong, make it small, and are the same for the same seed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OrchestratorError } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { SimulationError, defaultScenario, faultPlan, simulate } from "agent-orchestrator-wasm/testing";
import { refusedWith } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** What a simulation that must fail says. */
async function failureOf(options) {
  const error = await simulate(options).then((report) => assert.fail(`nothing was found: ${JSON.stringify({ ...report, journal: undefined })}`), (thrown) => thrown);
  assert.ok(error instanceof SimulationError, error?.stack);
  return error;
}

/** Runs the line again that a failure prints. */
async function replayed(error, options) {
  const line = error.message.split("\n").find((text) => text.startsWith("replay with "));
  const written = new Function("simulate", "options", `return ${line.slice("replay with ".length)}`);
  let given;
  written((replay) => (given = replay), options);
  assert.deepEqual([given.seed, given.steps, given.skip ?? []], [error.seed, error.steps, error.skip]);
  return failureOf(given);
}

test("hundreds of seeds keep every promise, and enough happens in them", async () => {
  const report = await simulate({ seeds: 250, steps: 40 });
  const least = { seeds: 250, steps: 10_000, calls: 9000, refusals: 500, acknowledgements: 3000, starts: 1500, events: 7000, crashes: 400, faults: 50 };
  for (const [name, count] of Object.entries(least)) assert.ok(report[name] >= count, `${name}: ${report[name]}`);
});

test("the same seed gives the same journal, byte for byte", async () => {
  for (const seed of [3, 77, 2 ** 45]) {
    const [one, other] = [await simulate({ seed, steps: 60 }), await simulate({ seed, steps: 60 })];
    assert.deepEqual(one, other);
    assert.ok(one.journal.length > 500);
    assert.notDeepEqual((await simulate({ seed: seed + 1, steps: 60 })).journal, one.journal);
  }
});

test("no real time is used, and no chance", async (t) => {
  const used = [];
  const watch = (object, names) => names.forEach((name) => t.mock.method(object, name, () => assert.fail(used.push(name))));
  watch(globalThis, ["setTimeout", "setInterval"]);
  watch(Date, ["now"]);
  watch(performance, ["now"]);
  watch(Math, ["random"]);
  try {
    await simulate({ seeds: 20, steps: 40 });
  } finally {
    t.mock.restoreAll();
  }
  assert.deepEqual(used, []);
});

/** A journal that says that it has kept a frame when it has not, until the next one comes. */
function lazyJournal(disk) {
  const kept = memoryJournal();
  let loaded;
  let late;
  const load = async () => {
    for (const [method, position, frame] of disk) await kept[method](position, frame);
  };
  const write = async (method, position, frame) => {
    await (loaded ??= load());
    await kept[method](position, frame);
    if (late !== undefined) disk.push(late);
    late = [method, position, frame?.slice()];
  };
  return {
    load: async (options) => (await (loaded ??= load()), kept.load(options)),
    append: (position, frame) => write("append", position, frame),
    snapshot: (position, frame) => write("snapshot", position, frame),
    truncateBefore: (position) => write("truncateBefore", position),
    close: async () => void (late !== undefined && (disk.push(late), (late = undefined))),
  };
}

test("finds a journal that acknowledges before it has kept", async () => {
  const options = { state: () => [], journal: ({ state }) => lazyJournal(state), faults: { crash: 50 }, seeds: 50 };
  const error = await failureOf(options);
  assert.ok(["acknowledged", "gaps", "attempts", "again"].includes(error.check), error.check);
  assert.ok(error.steps - error.skip.length < 10, `${error.steps} steps without ${error.skip.length}`);
  assert.match(error.message, /\n {2}step \d+: crash\(\)/);
  const again = await replayed(error, options);
  assert.deepEqual([again.check, again.seed, again.calls], [error.check, error.seed, error.calls]);
  // The same journal does well as long as nobody crashes.
  await simulate({ ...options, faults: {} });
});

const sleep = (clock, delay) => new Promise((resolve) => clock.setTimeout(resolve, delay));

/** Pays once for each task, or, if it does not look first, perhaps more than once. */
const cashier = ({ state, clock }, looks) => [{
  id: "cashier",
  async executeTask(task) {
    await sleep(clock, 50);
    if (!looks || !state.paid.includes(task.id)) state.paid.push(task.id);
    await sleep(clock, 50);
  },
}];
const payments = (looks) => ({
  state: () => ({ paid: [] }),
  faults: { crash: 60 },
  seeds: 60,
  steps: 30,
  options: { onInterrupt: "retry" },
  providers: (context) => cashier(context, looks),
  scenario: ({ orchestrator, step }) => orchestrator.createTask({ id: `order-${step}`, name: "Pay", start: "now" }),
  check({ state, orchestrator, taskIds, ended }) {
    assert.equal(new Set(state.paid).size, state.paid.length, "paid twice");
    if (ended) for (const id of taskIds) if (orchestrator.getTask(id)) assert.ok(state.paid.includes(id), `${id} is not paid`);
  },
});

test("finds a provider that does things twice when it is called again", async () => {
  const error = await failureOf(payments(false));
  assert.equal(error.check, "check");
  assert.match(error.message, /paid twice/);
  assert.match(error.message, /^replay with simulate\(\{ \.\.\.options, seed: \d+, seeds: 1, steps: \d+/m);
  assert.ok(error.steps - error.skip.length <= 3, `${error.steps} steps without ${error.skip.length}`);
  await simulate(payments(true));
});

test("a failing scenario or check says what it threw, and its cause", async () => {
  const mine = new Error("mine");
  const scenario = await failureOf({ scenario: ({ step }) => { if (step === 7) throw mine; } });
  assert.deepEqual([scenario.check, scenario.cause, scenario.steps], ["scenario", mine, 8]);
  assert.deepEqual(scenario.skip, [0, 1, 2, 3, 4, 5, 6]);
  const later = await failureOf({ scenario: async ({ clock, step }) => { await sleep(clock, 1); if (step === 3) throw mine; } });
  assert.deepEqual([later.check, later.cause], ["scenario", mine]);
  const check = await failureOf({ seed: 5, check: async ({ ended }) => { await undefined; if (ended) throw mine; } });
  assert.deepEqual([check.check, check.cause, check.seed, check.steps - check.skip.length], ["check", mine, 5, 0]);
  const hangs = await failureOf({ seed: 5, check: () => new Promise(() => {}) });
  assert.match(hangs.message, /never settles/);
});

test("a scenario has its orchestrator, its clock and its numbers, and refusals do no harm", async () => {
  const seen = [];
  const report = await simulate({
    seed: 9, steps: 20, faults: {},
    async scenario(context) {
      const { orchestrator, random, step, taskIds, clock, seed, life, ended } = context;
      seen.push([step, random.below(1e9), taskIds.length, seed, ended, life > 0, clock.now() > 0]);
      if (step % 2 === 0) defaultScenario(context);
      await orchestrator.startTask("nobody");
    },
  });
  assert.deepEqual(seen.map(([step]) => step), Array.from({ length: 20 }, (_, step) => step));
  assert.equal(new Set(seen.map(([, number]) => number)).size, 20);
  assert.ok(report.refusals >= 20);
  assert.ok(seen.every(([, , , seed, ended, life, clock]) => seed === 9 && !ended && life && clock));
});

test("runs of any number of steps, from any seed, with any faults", async () => {
  assert.equal((await simulate({ seed: 0, steps: 0 })).steps, 0);
  assert.equal((await simulate({ seed: 4, seeds: 3, steps: 2 })).steps, 6);
  assert.equal((await simulate({ seed: 4, steps: 5, skip: [1, 3] })).steps, 3);
  const harsh = await simulate({ seeds: 20, steps: 30, faults: (seed) => ({ ...faultPlan(seed), crash: 300, torn: 200, never: 100, conflict: 50 }) });
  assert.ok(harsh.faults > 50 && harsh.crashes > 200, JSON.stringify({ ...harsh, journal: undefined }));
});

test("what makes no sense is refused", async () => {
  const bad = [
    null, 5, { seed: -1 }, { seed: 0.5 }, { seeds: 0 }, { steps: "5" }, { steps: -1 }, { scenario: 5 }, { check: {} }, { journal: memoryJournal() }, { providers: [] },
    { state: 5 }, { skip: 5 }, { skip: [-1] }, { faults: 5 }, { faults: { crash: "often" } },
  ];
  for (const options of bad) await refusedWith("INVALID_ARGUMENT", () => simulate(options));
  assert.ok(!OrchestratorError.isInstance(await failureOf({ scenario: () => { throw new Error("mine"); } })));
});
