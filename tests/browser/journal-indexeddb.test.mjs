// The journal in IndexedDB, in pages and workers of a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { site as newSite, value } from "./help/journals.mjs";

let site;
before(async () => { site = await newSite(); });
after(async () => {
  await site.close();
  assert.deepEqual(site.problems, []);
});

for (const place of ["page", "worker", "shared"]) {
  test(`does all that a journal must, ${place}`, async () => {
    const { page, journal } = await site.tab();
    const { cases, failed } = value(await journal(place, "conformance", "indexeddb"));
    assert.deepEqual(failed, []);
    assert.ok(cases >= 14);
    await page.close();
  });
}

test("belongs to one tab at a time, and to the next one when that is gone", async () => {
  const [one, other] = [await site.tab(), await site.tab()];
  assert.equal(value(await one.journal("page", "load", "indexeddb", "owned")), 0);
  value(await one.journal("page", "append", "indexeddb", "owned", 0, 3));
  assert.equal((await other.journal("page", "load", "indexeddb", "owned")).error, "LOCKED");
  assert.equal((await other.journal("worker", "load", "indexeddb", "owned")).error, "LOCKED");
  assert.equal((await one.journal("worker", "load", "indexeddb", "owned")).error, "LOCKED");
  assert.equal((await other.journal("page", "append", "indexeddb", "owned", 3, 1)).error, "JOURNAL_FAILED");
  await one.page.close();
  await other.journal("page", "open", "indexeddb", "owned", { wait: true });
  assert.equal(value(await other.journal("page", "load", "indexeddb", "owned")), 3);
  await other.page.close();
});

test("waits for its owner when it is asked to, until it is closed or aborted", async () => {
  const [one, other] = [await site.tab(), await site.tab()];
  value(await one.journal("page", "load", "indexeddb", "waited"));
  await other.journal("page", "open", "indexeddb", "waited", { wait: true });
  const waiting = other.journal("page", "load", "indexeddb", "waited");
  const closed = other.journal("page", "close", "indexeddb", "waited");
  assert.equal((await waiting).error, "ABORTED");
  value(await closed);

  const loaded = other.journal("page", "load", "indexeddb", "waited");
  value(await one.journal("page", "append", "indexeddb", "waited", 0, 2));
  value(await one.journal("page", "close", "indexeddb", "waited"));
  assert.equal(value(await loaded), 2);

  const aborted = await one.page.evaluate(async () => {
    const { indexedDbJournal } = await import("/pkg/dist/journals/indexeddb.js");
    const abort = new AbortController();
    const loading = indexedDbJournal("waited", { signal: abort.signal }).load().catch((error) => error.code);
    abort.abort();
    const already = indexedDbJournal("waited", { signal: AbortSignal.abort() }).load().catch((error) => error.code);
    const closed = indexedDbJournal("waited", { wait: true });
    const waiting = closed.load().catch((error) => error.code);
    await closed.close();
    return [await loading, await already, await waiting];
  });
  assert.deepEqual(aborted, ["ABORTED", "ABORTED", "ABORTED"]);
  await Promise.all([one.page.close(), other.page.close()]);
});

test("says so when its database is deleted or the data of the site are cleared", async () => {
  const one = await site.tab();
  value(await one.journal("page", "load", "indexeddb", "deleted"));
  value(await one.journal("page", "append", "indexeddb", "deleted", 0, 1));
  const deleted = await one.page.evaluate(() => new Promise((resolve) => {
    const request = indexedDB.deleteDatabase("agent-orchestrator:deleted");
    request.onsuccess = () => resolve("deleted");
    request.onblocked = () => resolve("blocked");
  }));
  assert.equal(deleted, "deleted", "the journal does not hold on to it");
  for (const [action, ...values] of [["append", 1, 1], ["load"], ["append", 1, 1]]) {
    const { error, message } = await one.journal("page", action, "indexeddb", "deleted", ...values);
    assert.equal(error, "JOURNAL_FAILED");
    assert.match(message, /deletes or replaces/);
  }
  value(await one.journal("page", "close", "indexeddb", "deleted"));
  assert.equal(value(await one.journal("page", "load", "indexeddb", "deleted")), 0, "opened again it is a new one");

  const session = await one.page.context().newCDPSession(one.page);
  await session.send("Storage.clearDataForOrigin", { origin: new URL(one.page.url()).origin, storageTypes: "indexeddb" });
  const answer = await one.journal("page", "append", "indexeddb", "deleted", 0, 1);
  assert.equal(answer.error, "JOURNAL_FAILED", answer.message);
  await one.page.close();
});

test("tells a newer database from its own", async () => {
  const one = await site.tab();
  await one.page.evaluate(() => new Promise((resolve) => {
    const request = indexedDB.open("agent-orchestrator:newer", 2);
    request.onsuccess = () => { request.result.close(); resolve(); };
  }));
  assert.equal((await one.journal("page", "load", "indexeddb", "newer")).error, "JOURNAL_VERSION");
  await one.page.close();
});

test("says what would be right where there is no IndexedDB", async () => {
  const one = await site.tab();
  const answers = await one.page.evaluate(async () => {
    const { indexedDbJournal } = await import("/pkg/dist/journals/indexeddb.js");
    const own = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    const told = [];
    for (const get of [() => undefined, () => { throw new DOMException("denied", "SecurityError"); }]) {
      Object.defineProperty(globalThis, "indexedDB", { get, configurable: true });
      told.push(await indexedDbJournal("nowhere").load().catch(({ code, message }) => ({ code, message })));
    }
    Object.defineProperty(globalThis, "indexedDB", own);
    // The lock was let go.
    told.push(await indexedDbJournal("nowhere").load());
    return told;
  });
  for (const { code, message } of answers.slice(0, 2)) {
    assert.equal(code, "JOURNAL_FAILED");
    assert.match(message, /IndexedDB cannot be used here.*memoryJournal/);
  }
  assert.deepEqual(answers[2], { frames: [], cut: 0 });
  await one.page.close();
});

test("a second owner is found out even without locks", async () => {
  const one = await site.tab();
  const code = await one.page.evaluate(async () => {
    Object.defineProperty(navigator, "locks", { value: undefined });
    const { indexedDbJournal } = await import("/pkg/dist/journals/indexeddb.js");
    const { _ExampleFrames: Frames } = await import("/pkg/dist/api.js");
    const { init } = await import("/pkg/dist/index.js");
    await init();
    const [a, b] = [indexedDbJournal("unlocked"), indexedDbJournal("unlocked")];
    await Promise.all([a.load(), b.load()]);
    await a.append(0, new Frames(1).events(1, 5));
    return b.append(0, new Frames(2).events(1, 5)).catch((error) => error.code);
  });
  assert.equal(code, "CONFLICT");
  await one.page.close();
});

test("tells that there is no more room, and keeps what it had", async () => {
  // An origin of its own: Chromium remembers for a while how much room there was.
  let position = 0;
  const one = await site.tab({ host: "localhost", acknowledged: (at) => { position = at; } });
  const session = await one.page.context().newCDPSession(one.page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(one.page.url()).origin, quotaSize: 1 << 20 });
  value(await one.journal("page", "load", "indexeddb", "full"));
  value(await one.journal("page", "append", "indexeddb", "full", 0, 5));
  const small = value(await one.journal("page", "size", "indexeddb", "full"));
  // Chromium packs what it keeps, so much of this has room.
  assert.equal((await one.journal("page", "fill", "indexeddb", "full", 5, 200)).error, "JOURNAL_FULL");
  const large = value(await one.journal("page", "size", "indexeddb", "full"));
  assert.equal(large, small + (position - 5) * ((1 << 20) + 52));
  await one.page.close();
});

test("asks once to be kept when room gets short", async () => {
  const one = await site.tab();
  assert.equal(typeof value(await one.journal("page", "persisted", "indexeddb", "kept")), "boolean");
  assert.equal(typeof value(await one.journal("worker", "persisted", "indexeddb", "kept")), "boolean");
  await one.page.close();
});

test("the browser is killed: nothing that was acknowledged is lost", async () => {
  let position = 0;
  for (const [round, place] of ["page", "worker", "page", "worker"].entries()) {
    let seen = position;
    let enough;
    const told = new Promise((resolve) => { enough = resolve; });
    const { journal } = await site.tab({ acknowledged: (at) => { seen = at; if (at >= position + 20 + 7 * round) enough(); } });
    assert.equal(value(await journal(place, "load", "indexeddb", "killed")), position);
    journal(place, "flood", "indexeddb", "killed", position).catch(() => {});
    await told;
    await site.killAndRestart();
    const again = await site.tab();
    position = value(await again.journal("page", "load", "indexeddb", "killed"));
    assert.ok(position >= seen, `${position} of ${seen} frames are there`);
    value(await again.journal("page", "close", "indexeddb", "killed"));
  }
  assert.ok(position >= 80, `${position} frames`);
});
