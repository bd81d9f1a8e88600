// The user's own data: what goes in comes out, and nothing in it is ever more than data.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashes, open } from "./help/open.mjs";
import { random } from "./help/random.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const roundTrip = async (t, metadata) => {
  const orchestrator = await open(t);
  const { id, metadata: kept } = await orchestrator.createTask({ name: "a", metadata });
  assert.deepEqual(orchestrator.getTask(id).metadata, kept);
  assert.deepEqual(orchestrator.listTasks().tasks[0].metadata, kept);
  return kept;
};

describe("comes back as JSON would", () => {
  for (const [what, value] of [
    ["nothing", {}],
    ["all kinds", { text: "x", number: 1.5, yes: true, no: false, none: null, list: [1, [2, [3]]], object: { "": {} } }],
    ["any script", { "ключ 🎉": "値\u0000\u2028\"\\" }],
    ["numbers at the edges", { list: [0, -1, 9007199254740991, 9007199254740993, 2 ** 64, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 0.1] }],
    ["a long key", { ["k".repeat(1000)]: 1 }],
    ["63 levels", Array.from({ length: 62 }).reduce((inner) => ({ inner }), { end: true })],
  ]) {
    test(what, async (t) => assert.deepEqual(await roundTrip(t, value), value));
  }

  test("every double that was tried", async (t) => {
    const { next, below } = random(7);
    const bits = new DataView(new ArrayBuffer(8));
    const doubles = Array.from({ length: 2000 }, () => {
      bits.setUint32(0, below(2 ** 32));
      bits.setUint32(4, below(2 ** 32));
      const any = bits.getFloat64(0);
      return Number.isFinite(any) && next() < 0.8 ? any : next() * 10 ** below(20);
    });
    const kept = await roundTrip(t, { doubles });
    assert.deepEqual(doubles.filter((double, n) => kept.doubles[n] !== double).slice(0, 5), []);
  });

  test("without what JSON has no words for", async (t) => {
    const kept = await roundTrip(t, {
      undefined, method() {}, [Symbol("s")]: 1, nan: NaN, infinite: Infinity, minusZero: -0, date: new Date(0), list: [undefined, , () => {}], map: new Map([[1, 2]]),
    });
    assert.deepEqual(kept, { nan: null, infinite: null, minusZero: 0, date: "1970-01-01T00:00:00.000Z", list: [null, null, null], map: {} });
  });

  test("with the same hash, whatever the order of keys", async (t) => {
    const [one, two] = [await open(t), await open(t)];
    await one.createTask({ name: "a", metadata: { x: 1, y: { b: 2, a: 1.0 } } });
    await two.createTask({ name: "a", metadata: { y: { a: 1, b: 2 }, x: 1 } });
    assert.deepEqual(hashes(one), hashes(two));
  });
});

test("is frozen to its leaves, and not the object that was passed in", async (t) => {
  const mine = { list: [{ n: 1 }] };
  const kept = await roundTrip(t, mine);
  mine.list[0].n = 2;
  assert.equal(kept.list[0].n, 1);
  assert.throws(() => (kept.list[0].n = 3), TypeError);
  assert.ok(Object.isFrozen(kept) && Object.isFrozen(kept.list));
});

test("keys that reach for prototypes are kept as data", async (t) => {
  const kept = await roundTrip(t, JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"hasOwnProperty":1,"toString":"x","then":{"then":1}}'));
  assert.equal({}.isAdmin, undefined);
  assert.equal(kept.isAdmin, undefined);
  assert.equal(Object.getPrototypeOf(kept), Object.prototype);
  assert.deepEqual(Object.keys(kept).sort(), ["__proto__", "constructor", "hasOwnProperty", "then", "toString"]);
  assert.deepEqual(Object.getOwnPropertyDescriptor(kept, "__proto__").value, { isAdmin: true });
});

const cyclic = {};
cyclic.self = { cyclic };
const nested = (depth) => Array.from({ length: depth }).reduce((inner) => ({ inner }), {});

describe("is refused whole", () => {
  for (const [what, metadata, code] of [
    ["a cycle", cyclic, "INVALID_ARGUMENT"],
    ["a BigInt", { big: 1n }, "INVALID_ARGUMENT"],
    ["a getter that throws", { get x() { throw new Error("no"); } }, "INVALID_ARGUMENT"],
    ["a toJSON that throws", { x: { toJSON() { throw new Error("no"); } } }, "INVALID_ARGUMENT"],
    ["a toJSON that makes it no object", { toJSON: () => 5 }, "INVALID_ARGUMENT"],
    ["a proxy that throws", new Proxy({}, { ownKeys() { throw new Error("no"); } }), "INVALID_ARGUMENT"],
    ["a revoked proxy", (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })(), "INVALID_ARGUMENT"],
    ["half of a surrogate pair", { x: "\udfff" }, "INVALID_ARGUMENT"],
    ["half of a surrogate pair in a key", { "\ud800": 1 }, "INVALID_ARGUMENT"],
    ["65 levels", nested(65), "LIMIT_EXCEEDED"],
    ["100,000 levels", nested(100_000), undefined],
    ["65 KiB", { x: "x".repeat(65 * 1024) }, "LIMIT_EXCEEDED"],
    ["16 MB", { x: "x".repeat(16e6) }, "LIMIT_EXCEEDED"],
    ["a list", [1], "INVALID_ARGUMENT"],
    ["text", "{}", "INVALID_ARGUMENT"],
    ["null", null, "INVALID_ARGUMENT"],
    ["a function", () => {}, "INVALID_ARGUMENT"],
    ["a date", new Date(0), "INVALID_ARGUMENT"],
  ]) {
    test(what, async (t) => {
      const orchestrator = await open(t);
      await refused(orchestrator, code, () => orchestrator.createTask({ name: "a", metadata }));
      await refused(orchestrator, code, () => orchestrator.runTask({ name: "a", metadata }));
    });
  }
});
