// Search: ids and their beginnings, else the words that people gave; never anything of the system's own.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open } from "./help/open.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const tasks = [
  { id: "login", name: "Fix the login page", description: "Users cannot sign in", tags: ["auth", "urgent"] },
  { id: "logout", name: "Log out everywhere", description: "Also ends the login of other devices" },
  { id: "address", name: "Change address form", description: "Postal numbers", tags: ["forms"] },
  { id: "unicode", name: "Größe der ÉCOLE prüfen", description: "ΊΣΩΣ, 日本語のテスト" },
  { id: "other", name: "Unrelated", description: "Nothing to see" },
];

async function find(t) {
  const orchestrator = await open(t);
  await orchestrator.createTasks(tasks);
  return (text) => orchestrator.searchTasks(text).map(({ id }) => id);
}

describe("words", () => {
  for (const [text, expected] of [
    ["login", ["login", "logout"]],
    ["LOGIN", ["login", "logout"]],
    ["  login  ", ["login", "logout"]],
    ["log", ["logout", "login"]],
    ["sign", ["login"]],
    ["urgent", ["login"]],
    ["fix login", ["login"]],
    ["login fix", ["login"]],
    ["auth sign", ["login"]],
    ["login urgent nonsense", []],
    ["fix, (login)!", ["login"]],
    ["ogin", []],
    ["dress", []],
    ["add", ["address"]],
    ["größe", ["unicode"]],
    ["GRÖSSE", ["unicode"]],
    ["école", ["unicode"]],
    ["ίσως", ["unicode"]],
    ["日本", ["unicode"]],
    ["テスト", ["unicode"]],
    [".*", []],
    ["(q+)+$", []],
    ["log*", ["logout", "login"]],
    ["🎉", []],
  ]) {
    test(text, async (t) => {
      const found = (await find(t))(text);
      assert.deepEqual([...found].sort(), [...expected].sort());
      assert.equal(found[0], expected[0], "the best comes first");
    });
  }

  test("of the system's own making match nothing", async (t) => {
    const search = await find(t);
    for (const word of ["code", "task", "or", "que", "queue", "orchestrator", "manual", "pending", "open", "undefined", "room", "provider"]) {
      assert.deepEqual(search(word), [], word);
    }
  });
});

describe("rank", () => {
  test("whole words before beginnings; name before tags before description; then the newest", async (t) => {
    const orchestrator = await open(t);
    const made = {
      "begins, description": { description: "searching" },
      "whole, description": { description: "search" },
      "begins, name": { name: "searching" },
      "whole, tag": { tags: ["search"] },
      "whole, name": { name: "search" },
      "whole, name, newer": { name: "search" },
    };
    for (const [what, spec] of Object.entries(made)) {
      await orchestrator.createTask({ name: "x", description: "y", ...spec, metadata: { what } });
    }
    const found = orchestrator.searchTasks("search").map(({ metadata }) => metadata.what);
    const place = (what) => found.indexOf(what);
    assert.deepEqual([...found].sort(), Object.keys(made).sort());
    assert.ok(place("whole, name, newer") < place("whole, name"));
    assert.ok(place("whole, name") < place("whole, tag"));
    assert.ok(place("whole, name") < place("begins, name"));
    assert.ok(place("whole, description") < place("begins, description"));
    assert.ok(place("whole, tag") < place("whole, description"));
  });
});

describe("ids", () => {
  test("the beginning of an id, of at least four letters, comes before words", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTasks([{ name: "abcd in words" }, { name: "x", id: "abcdefgh" }]);
    assert.deepEqual(orchestrator.searchTasks("abcd").map(({ name }) => name), ["x", "abcd in words"]);
    assert.deepEqual(orchestrator.searchTasks("abc").map(({ name }) => name), ["abcd in words"]);
    assert.equal(orchestrator.searchTasks("abcdefgh")[0].name, "x");
    assert.deepEqual(orchestrator.searchTasks("abcdefghi"), []);
    assert.deepEqual(orchestrator.searchTasks("ABCDEFGH"), [], "ids are exact");
  });

  test("an exact id wins over all that begin with it", async (t) => {
    const orchestrator = await open(t);
    await orchestrator.createTasks([{ name: "one", id: "task-1" }, { name: "many", id: "task-10" }, { name: "more", id: "task-100" }]);
    assert.equal((await orchestrator.switchTask("task-1")).name, "one");
    assert.equal((await orchestrator.switchTask("task-100")).name, "more");
    await refused(orchestrator, "TASK_AMBIGUOUS", () => orchestrator.switchTask("task-"));
  });

  test("made here can be given by their beginning when that is enough", async (t) => {
    const orchestrator = await open(t);
    const made = await orchestrator.createTasks(Array.from({ length: 40 }, (_, n) => ({ name: `n${n}` })));
    assert.equal((await orchestrator.switchTask(made[7].id)).name, "n7");
    // 40 numbers need two digits of base 32, so all but the last digit stand for 32 tasks.
    assert.equal(orchestrator.searchTasks(made[0].id.slice(0, -1), { limit: 100 }).length, 32);
    await refused(orchestrator, "TASK_AMBIGUOUS", () => orchestrator.switchTask(made[0].id.slice(0, -1)));
  });
});

test("a clear best match is no ambiguity", async (t) => {
  const orchestrator = await open(t);
  await orchestrator.createTasks([{ name: "Deploy" }, { name: "Deployment notes" }]);
  assert.equal((await orchestrator.switchTask("deploy")).name, "Deploy");
});

test("a search needs a text", async (t) => {
  const orchestrator = await open(t);
  await orchestrator.createTask({ name: "a" });
  for (const text of ["", " ", undefined, null, 5, {}, [], Symbol("s")]) await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.searchTasks(text));
  for (const options of [null, 5, "x", { limit: 0 }, { limit: 1001 }, { get limit() { throw new Error("no"); } }]) {
    await refused(orchestrator, "INVALID_ARGUMENT", () => orchestrator.searchTasks("a", options));
  }
});
