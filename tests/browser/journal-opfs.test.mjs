// The journal in the private file system, in dedicated workers of a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { site as newSite, value } from "./help/journals.mjs";

let site;
before(async () => { site = await newSite(); });
after(async () => {
  await site.close();
  assert.deepEqual(site.problems, []);
});

test("does all that a journal must", async () => {
  const { page, journal } = await site.tab();
  const { cases, failed } = value(await journal("worker", "conformance", "opfs"));
  assert.deepEqual(failed, []);
  assert.ok(cases >= 14);
  await page.close();
});

test("says where it works when it does not", async () => {
  const { page, journal } = await site.tab();
  for (const place of ["page", "shared"]) {
    const { error, message } = await journal(place, "load", "opfs", "misplaced");
    assert.equal(error, "JOURNAL_FAILED");
    assert.match(message, /dedicated workers only.*indexedDbJournal/);
  }
  await page.close();
});

test("belongs to one worker at a time, and to the next one when that is gone", async () => {
  const [one, other] = [await site.tab(), await site.tab()];
  assert.equal(value(await one.journal("worker", "load", "opfs", "owned")), 0);
  value(await one.journal("worker", "append", "opfs", "owned", 0, 3));
  assert.equal((await other.journal("worker", "load", "opfs", "owned")).error, "LOCKED");
  assert.equal((await one.journal("worker:2", "load", "opfs", "owned")).error, "LOCKED");
  await one.endWorker("worker");
  // The browser takes the files back when the worker is gone, which it is a little later.
  let answer;
  do answer = await other.journal("worker", "load", "opfs", "owned"); while (answer.error === "LOCKED");
  assert.equal(value(answer), 3);
  assert.equal((await one.journal("worker:2", "load", "opfs", "owned")).error, "LOCKED");
  value(await other.journal("worker", "close", "opfs", "owned"));
  assert.equal(value(await one.journal("worker:2", "load", "opfs", "owned")), 3);
  await Promise.all([one.page.close(), other.page.close()]);
});

test("leaves no file behind that it does not need", async () => {
  const { page, journal } = await site.tab();
  const files = () => page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("agent-orchestrator.a%20%2F%20b");
    const found = {};
    for await (const [name, handle] of folder) found[name] = (await handle.getFile()).size > 0;
    return found;
  });
  value(await journal("worker", "load", "opfs", "a / b"));
  value(await journal("worker", "snapshots", "opfs", "a / b", 3));
  value(await journal("worker", "close", "opfs", "a / b"));
  assert.deepEqual(await files(), { lock: false, "00000004.journal": true });
  await page.close();
});

test("tells that there is no more room, and keeps what it had", async () => {
  const one = await site.tab();
  const session = await one.page.context().newCDPSession(one.page);
  const origin = new URL(one.page.url()).origin;
  value(await one.journal("worker", "load", "opfs", "full"));
  value(await one.journal("worker", "append", "opfs", "full", 0, 5));
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 << 20 });
  assert.equal((await one.journal("worker", "fill", "opfs", "full", 5, 50)).error, "JOURNAL_FULL");
  assert.equal((await one.journal("worker", "append", "opfs", "full", 5, 1)).error, "JOURNAL_FAILED");
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  value(await one.journal("worker", "close", "opfs", "full"));
  assert.equal(value(await one.journal("worker", "load", "opfs", "full")), 5);
  value(await one.journal("worker", "append", "opfs", "full", 5, 1));
  await one.page.close();
});

test("the browser is killed: nothing that was acknowledged is lost", async () => {
  let position = 0;
  for (let round = 0; round < 4; round++) {
    let seen = position;
    let enough;
    const told = new Promise((resolve) => { enough = resolve; });
    const { journal } = await site.tab({ acknowledged: (at) => { seen = at; if (at >= position + 30 + 17 * round) enough(); } });
    assert.equal(value(await journal("worker", "load", "opfs", "killed")), position);
    journal("worker", "flood", "opfs", "killed", position).catch(() => {});
    await told;
    await site.killAndRestart();
    const again = await site.tab();
    position = value(await again.journal("worker", "load", "opfs", "killed"));
    assert.ok(position >= seen, `${position} of ${seen} frames are there`);
    value(await again.journal("worker", "close", "opfs", "killed"));
  }
  assert.ok(position >= 120, `${position} frames`);
});
