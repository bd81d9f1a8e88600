// Lists: every filter, every order, and pages without loss or doubles.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { START, clock, open } from "./help/open.mjs";
import { instant, manual } from "./help/providers.mjs";
import { random } from "./help/random.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const ids = (page) => page.tasks.map(({ id }) => id);

function* pages(orchestrator, query) {
  let cursor;
  do {
    const page = orchestrator.listTasks({ ...query, cursor });
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
const all = (orchestrator, query) => [...pages(orchestrator, query)].flatMap(ids);

/** Six tasks, one in each status, with different everything. */
async function six(t) {
  const now = clock();
  const held = manual();
  const orchestrator = await open(t, { providers: [held, instant("done", "quick"), instant(() => Promise.reject(new Error("no")), "bad")], now });
  const create = (id, rest) => {
    now.at += 1000;
    return orchestrator.createTask({ name: `name of ${id}`, id, providerId: "manual", ...rest });
  };
  await create("pending", { tags: ["x"], roomId: "r1" });
  await create("running", { tags: ["x", "y"], roomId: "r2" });
  await create("paused", { parentId: "running", roomId: "r1" });
  await create("completed", { providerId: "quick", tags: ["y"] });
  await create("failed", { providerId: "bad" });
  await create("cancelled", { parentId: "running", tags: ["x"] });
  orchestrator.startTask("running");
  orchestrator.startTask("paused");
  await orchestrator.pauseTask("paused");
  await Promise.all(["completed", "failed"].map((id) => orchestrator.startTask(id)));
  await orchestrator.cancelTask("cancelled");
  await orchestrator.setUserStatus("failed", "done");
  return { orchestrator, now };
}

describe("filters", () => {
  for (const [query, expected] of [
    [{}, ["pending", "running", "paused", "completed", "failed", "cancelled"]],
    ...["pending", "running", "paused", "completed", "failed", "cancelled"].map((status) => [{ status }, [status]]),
    [{ status: ["failed", "pending", "failed"] }, ["pending", "failed"]],
    [{ status: [] }, ["pending", "running", "paused", "completed", "failed", "cancelled"]],
    [{ userStatus: "done" }, ["failed"]],
    [{ userStatus: "open", status: "failed" }, []],
    [{ providerId: "manual" }, ["pending", "running", "paused", "cancelled"]],
    [{ providerId: "nobody" }, []],
    [{ tag: "x" }, ["pending", "running", "cancelled"]],
    [{ tag: "x", status: ["pending", "cancelled"] }, ["pending", "cancelled"]],
    [{ tag: "X" }, []],
    [{ parent: "running" }, ["paused", "cancelled"]],
    [{ parent: "running", tag: "x" }, ["cancelled"]],
    [{ parent: null }, ["pending", "running", "completed", "failed"]],
    [{ parent: "pending" }, []],
    [{ parent: "nobody" }, []],
    [{ roomId: "r1" }, ["pending", "paused"]],
    [{ text: "paused" }, ["paused"]],
    [{ text: "name", status: "running" }, ["running"]],
    [{ status: undefined, tag: undefined, limit: undefined, cursor: undefined, sort: undefined }, ["pending", "running", "paused", "completed", "failed", "cancelled"]],
  ]) {
    test(JSON.stringify(query), async (t) => {
      const { orchestrator } = await six(t);
      assert.deepEqual(ids(orchestrator.listTasks({ sort: "createdAt", ...query, ...(query.sort === undefined && { sort: "createdAt" }) })), expected);
    });
  }

  test("counts agree with lists", async (t) => {
    const { orchestrator } = await six(t);
    assert.deepEqual(orchestrator.countTasks(), { pending: 1, blocked: 0, running: 1, paused: 1, completed: 1, failed: 1, cancelled: 1, total: 6 });
    assert.ok(Object.isFrozen(orchestrator.countTasks()));
  });
});

describe("orders", () => {
  async function three(t) {
    const now = clock();
    const orchestrator = await open(t, { now });
    for (const [id, name, at] of [["1", "b", 1], ["2", "a", 1], ["3", "b", 2]]) {
      now.at = START + at;
      await orchestrator.createTask({ id, name });
    }
    now.at = START + 10;
    await orchestrator.updateProgress("1", 5);
    return orchestrator;
  }
  for (const [sort, expected] of [
    [undefined, "321"], ["createdAt", "123"], ["-createdAt", "321"], ["updatedAt", "231"], ["-updatedAt", "132"], ["name", "213"], ["-name", "312"],
  ]) {
    test(`${sort}: equal ones in order of creation, in the same direction`, async (t) => {
      const orchestrator = await three(t);
      assert.equal(ids(orchestrator.listTasks({ sort })).join(""), expected);
      for (const limit of [1, 2]) assert.equal(all(orchestrator, { sort, limit }).join(""), expected, `pages of ${limit}`);
    });
  }
});

describe("pages", () => {
  const SORTS = [undefined, "createdAt", "-createdAt", "updatedAt", "-updatedAt", "name", "-name"];

  for (const sort of SORTS) {
    test(`of any size give every task once, sorted by ${sort}`, async (t) => {
      const { below, pick } = random(3);
      const now = clock();
      const orchestrator = await open(t, { now });
      for (let n = 0; n < 137; n++) {
        now.at += below(3);
        const { id } = await orchestrator.createTask({ name: pick(["a", "b", "c:d", "1.2", "ü"]), tags: [pick(["even", "odd"])] });
        if (below(4) === 0) await orchestrator.cancelTask(id);
      }
      for (const query of [{}, { status: ["pending", "cancelled"] }, { status: "pending" }, { tag: "odd" }, { text: "b" }]) {
        const whole = ids(orchestrator.listTasks({ ...query, sort, limit: 1000 }));
        for (const limit of [1, 7, 20, 136, 137, 138]) {
          const parts = [...pages(orchestrator, { ...query, sort, limit })];
          assert.deepEqual(parts.flatMap(ids), whole);
          assert.ok(parts.every(({ tasks }) => tasks.length <= limit));
          assert.ok(whole.length === 0 || parts.at(-1).tasks.length > 0, "no empty page at the end");
        }
        assert.equal(new Set(whole).size, whole.length);
      }
    });
  }

  test("lose and double nothing while tasks are added and removed", async (t) => {
    for (const sort of ["createdAt", "-createdAt", "name", "-name"]) {
      const orchestrator = await open(t);
      const before = await orchestrator.createTasks(Array.from({ length: 50 }, (_, n) => ({ name: `n${n % 9}` })));
      const seen = [];
      let added = 0;
      for (const page of pages(orchestrator, { sort, limit: 7 })) {
        seen.push(...ids(page));
        if (added++ < 8) await orchestrator.createTask({ name: `n${added}` });
        // What was seen may go, also the one that the cursor stands on.
        await orchestrator.deleteTask(seen.at(-1));
      }
      assert.equal(new Set(seen).size, seen.length, sort);
      assert.deepEqual(before.filter(({ id }) => !seen.includes(id)), [], sort);
    }
  });

  test("of a search go on in order of rank", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTasks(Array.from({ length: 30 }, (_, n) => ({ name: n % 3 === 0 ? "login" : "logins", description: "x" })));
    const whole = ids(orchestrator.listTasks({ text: "login", limit: 100 }));
    assert.equal(whole.length, 30);
    assert.deepEqual(all(orchestrator, { text: "login", limit: 4 }), whole);
  });

  test("have 20 tasks when nothing else is said, and at most 1000", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTasks(Array.from({ length: 1001 }, () => ({ name: "a" })));
    assert.equal(orchestrator.listTasks().tasks.length, 20);
    assert.equal(orchestrator.listTasks({ limit: 1000 }).tasks.length, 1000);
    assert.equal(orchestrator.searchTasks("a").length, 20);
    assert.equal(orchestrator.searchTasks("a", { limit: 3 }).length, 3);
  });

  test("count all that meet the conditions when asked, on whatever page they are", async (t) => {
    const orchestrator = await open(t);
    assert.equal(orchestrator.listTasks({ total: true }).total, 0);
    await orchestrator.createTasks(Array.from({ length: 25 }, (_, number) => ({ name: `fix ${number}`, roomId: number % 2 === 0 ? "even" : "odd" })));
    const [first, second] = pages(orchestrator, { total: true });
    assert.deepEqual([first.tasks.length, first.total, second.tasks.length, second.total], [20, 25, 5, 25]);
    const counted = (query) => orchestrator.listTasks({ ...query, limit: 1, total: true }).total;
    assert.deepEqual([counted({ roomId: "even" }), counted({ text: "fix" }), counted({ text: "24" }), counted({ roomId: "none" }), counted({ parent: "nobody" })], [13, 25, 1, 0, 0]);
    assert.ok(!("total" in orchestrator.listTasks({ total: false })), "it is not counted when nobody asks");
  });

  test("are frozen, and of a list without tasks there is one, without a cursor", async (t) => {
    const orchestrator = await open(t);
    const page = orchestrator.listTasks();
    assert.deepEqual(page, { tasks: [], nextCursor: undefined });
    assert.ok(Object.isFrozen(page) && Object.isFrozen(page.tasks));
  });
});

describe("refuses", () => {
  for (const query of [
    { limit: 0 }, { limit: -1 }, { limit: 1001 }, { limit: 1.5 }, { limit: NaN }, { limit: Infinity }, { limit: 1e9 }, { limit: "5" }, { limit: null },
    { sort: "createdat" }, { sort: "" }, { sort: null }, { sort: 1 }, { sort: "__proto__" },
    { status: "done" }, { status: ["pending", "done"] }, { status: null }, { status: 1 }, { userStatus: "closed" }, { userStatus: null },
    { providerId: 1 }, { tag: null }, { roomId: 5 }, { parent: 5 }, { text: 5 }, { text: "" }, { text: " \n" }, { text: "\ud800" },
    { cursor: "" }, { cursor: "x" }, { cursor: "-1" }, { cursor: "1.5" }, { cursor: "1:a" }, { cursor: "99999999999" }, { cursor: 1 }, { cursor: null },
    { sort: "name", cursor: "1" }, { sort: "name", cursor: "1.5" }, { sort: "updatedAt", cursor: "1" }, { sort: "updatedAt", cursor: "1:a" }, { text: "a", cursor: "1" },
  ]) {
    test(JSON.stringify(query, (_, value) => (Number.isFinite(value) || typeof value !== "number" ? value : String(value))), async (t) => {
      const orchestrator = await open(t);
      await orchestrator.createTask({ name: "a" });
      await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.listTasks(query));
    });
  }
  test("a search text of more than 1 KiB", async (t) => {
    const orchestrator = await open(t);
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.listTasks({ text: "x".repeat(1025) }));
    await refused(orchestrator, "LIMIT_EXCEEDED", () => orchestrator.searchTasks("x ".repeat(500_000)));
  });
});

test("a key of the query that is not known is not taken for another", async (t) => {
  const { orchestrator } = await six(t);
  assert.equal(orchestrator.listTasks({ __proto__: { limit: 1 } }).tasks.length, 1, "inherited ones count, as with any options");
  assert.equal(orchestrator.listTasks({ constructor: 1, unknown: 2 }).tasks.length, 6);
});
