// 500 parts in a browser that is killed again and again, by its processes or page by page: as if nothing had happened.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chance } from "../crash/help/chance.mjs";
import { readHistory } from "../crash/help/history.mjs";
import { killableBrowser } from "./help/killable.mjs";

const PARTS = 500;
/** Parts that are left for those kills that strike late on a busy machine. */
const SPARE = 120;
/** After it was decided to kill a page it works on, but is no longer heard after so many reports, and waits for its end. */
const LATE = 50;

let browser;
let whole;
before(async () => {
  browser = await killableBrowser();
  const work = await openWork({ journal: "memory", name: "whole" });
  await work.start();
  await work.finished;
  whole = await work.ask("summary");
  assert.equal(whole.split("\n").length, PARTS);
  await work.page.close();
});
after(async () => {
  await browser.close();
  assert.deepEqual(browser.problems, []);
});

/** A tab that works once it is told to, and what is heard of it. `done` has the attempts that were heard to be completed, by task. */
async function openWork({ place = "page", journal, name, snapshotBytes = 0 }, done = new Map()) {
  let listen = () => false;
  let late = 0;
  let finish, fail;
  const finished = new Promise((resolve, reject) => { [finish, fail] = [resolve, reject]; });
  finished.catch(() => {});
  const told = (all) => {
    for (const [what, detail, attempt] of all) {
      if (what === "completed") done.set(detail, attempt);
      if (what === "finished") finish();
      if (what === "broken") fail(new Error(detail));
      if (listen()) late += 1;
    }
    return late > LATE ? new Promise(() => {}) : undefined;
  };
  const query = new URLSearchParams({ place, journal, name, snapshotBytes });
  const page = await browser.open(`tests/browser/pages/parts.html?${query}`, { functions: { told } });
  return {
    page,
    finished,
    start: () => page.evaluate(() => globalThis.start()),
    ask: (...values) => page.evaluate((values) => globalThis.ask(...values), values),
    /** Ready when `parts` more parts are done, and then so many slices, or other things, more. */
    until({ parts, more }) {
      const before = done.size;
      let left = more;
      return new Promise((resolve, reject) => {
        finished.then(() => reject(new Error("it was done before it was killed")), reject);
        listen = () => {
          const isTime = done.size - before >= parts && --left < 0;
          if (isTime) resolve();
          return isTime;
        };
      });
    },
  };
}

/** The ways to go without a goodbye. Each ends with a tab that works again. */
const kills = {
  async browser(_, again) {
    await browser.killAndRestart();
    return again();
  },
  async renderer({ page }, again) {
    const crashed = new Promise((resolve) => page.once("crash", resolve));
    const session = await page.context().newCDPSession(page);
    // Nobody is left to answer.
    session.send("Page.crash").catch(() => {});
    await crashed;
    await page.close();
    return again();
  },
  async tab({ page }, again) {
    await page.close();
    return again();
  },
};

/** Works to the end with these kills on the way. */
async function survive(t, which, ways, seed) {
  t.diagnostic(`seed ${seed}`);
  const random = chance(seed);
  const done = new Map();
  const again = () => openWork(which, done);
  let work = await again();
  for (const [kill, way] of ways.entries()) {
    const share = Math.floor((PARTS - SPARE - done.size) / (ways.length - kill));
    // The first one comes while the parts are planned.
    const parts = kill === 0 ? 0 : random.between(0, share);
    const isTime = work.until({ parts, more: random.between(0, kill === 0 ? 8 : 40) });
    await work.start();
    await isTime;
    work = await kills[way](work, again);
  }
  await work.start();
  await work.finished;
  return { ...work, done };
}

/** What the providers themselves have written down: nothing was done again that was heard to be completed. */
async function executionsOf(work) {
  const executions = await work.ask("executions");
  const last = new Map();
  for (const [task, attempt] of executions) last.set(task, Math.max(attempt, last.get(task) ?? 0));
  assert.equal(last.size, PARTS + 2);
  assert.ok(work.done.size > PARTS / 2);
  assert.deepEqual([...work.done].filter(([task, attempt]) => last.get(task) !== attempt), []);
  return { executions, last };
}

test("a page that is killed ten times finishes as if it had not been", { timeout: 120_000 }, async (t) => {
  const ways = ["renderer", "browser", "tab", "browser", "browser", "renderer", "browser", "tab", "renderer", "browser"];
  const work = await survive(t, { journal: "indexeddb", name: "killed" }, ways, 20_261_121);
  assert.equal(await work.ask("summary"), whole);

  const events = await work.ask("events");
  const { tasks, recoveries, interruptions } = readHistory(events);
  assert.equal(tasks.size, PARTS + 2);
  assert.deepEqual([...tasks.values()].filter(({ completed }) => completed !== 1), []);
  assert.ok(recoveries >= ways.length, `${recoveries} recoveries`);
  const again = [...tasks.values()].filter(({ interrupted }) => interrupted > 0);
  assert.ok(again.length >= ways.length, `only ${again.length} tasks were interrupted`);
  assert.deepEqual(again.filter(({ attempts }) => attempts.at(-1) === 1), [], "what was interrupted has a higher attempt");

  const { executions, last } = await executionsOf(work);
  const recorded = new Set([...tasks].flatMap(([id, { attempts }]) => attempts.map((attempt) => `${id} ${attempt}`)));
  assert.deepEqual(executions.filter((execution) => !recorded.has(execution.join(" "))), [], "all of them were recorded before");
  for (const [id, { attempts }] of tasks) assert.equal(last.get(id), attempts.at(-1), `${id} was completed by its last execution`);

  const { seq } = await work.ask("verify");
  assert.equal(seq, events.length);
  t.diagnostic(`${recoveries} restarts, ${interruptions} interrupted attempts, ${executions.length} executions, ${seq} events`);
});

test("a worker with files and snapshots that is killed three times, too", { timeout: 120_000 }, async (t) => {
  const which = { place: "worker", journal: "opfs", name: "files", snapshotBytes: 50_000 };
  const work = await survive(t, which, ["browser", "renderer", "tab"], 7);
  assert.equal(await work.ask("summary"), whole);
  assert.equal((await work.ask("tasks")).completed, PARTS + 2);
  const { executions } = await executionsOf(work);
  assert.ok(executions.length > PARTS + 2, "something was interrupted");
  // The whole history is there, also what lies before the snapshots.
  const completed = await work.ask("completedAt", 6);
  assert.deepEqual(completed, completed.toSorted((a, b) => a - b));
  assert.deepEqual([completed[0] < PARTS, completed.at(-1)], [true, PARTS + 2]);
});
