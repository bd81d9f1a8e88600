// The life of a task as a user sees it on the page.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { start } from "./help/open.mjs";
import { choose, count, create, opened, outputLines, part, press, progress, row, rows, until, untilCount, untilProgress, untilStatus } from "./help/user.mjs";

const endless = { provider: "Prime finder", input: "1,000,000,000" };

let site, page, problems;
before(async () => { site = await start(); });
after(() => site.close());
beforeEach(async () => { ({ page, problems } = await site.open()); });
afterEach(async () => {
  await page.close();
  assert.deepEqual(problems, [], "nothing went wrong on the page");
});

test("the word counter counts words", async () => {
  await create(page, { name: "Two lines", input: "one two three\n\nvier, fünf" });
  await untilStatus(page, "completed");
  assert.deepEqual(await outputLines(page).allTextContents(), ["  3  one two three", "  2  vier, fünf"]);
  assert.equal(await part(page, "note").textContent(), "5 words in 2 lines");
  assert.equal(await progress(page), 100);
});

test("the prime finder finds primes", async () => {
  await create(page, { provider: "Prime finder", input: "100,000" });
  await untilStatus(page, "completed");
  assert.equal(await part(page, "note").textContent(), "9,592 primes below 100,000");
  assert.equal(await outputLines(page).first().textContent(), "1,229 primes below 10,000, the largest 9,973");
  assert.equal(await outputLines(page).last().textContent(), "9,592 primes below 100,000, the largest 99,991");
});

test("the reader reads files of the page, in steps", async () => {
  await create(page, { provider: "Reader", input: "index.html\nmain.js\nview/list.js\nstyle/base.css" });
  await untilStatus(page, "completed");
  await opened(page).getByRole("tab", { name: "Steps" }).click();
  assert.equal(await opened(page).locator("[data-tab=steps] .count").textContent(), "4/4");
  assert.deepEqual(await opened(page).locator(".step .name").allTextContents(), ["index.html", "main.js", "view/list.js", "style/base.css"].map((file) => `Read ${file}`));
  assert.match(await part(page, "note").textContent(), /^\d+ lines in 4 files$/);
});

test("three examples are one press away", async () => {
  await page.getByRole("button", { name: "Start three examples" }).click();
  await untilCount(page, "completed", 3);
  assert.equal(await rows(page).count(), 3);
});

test("progress and output come while the task runs", async () => {
  await create(page, { provider: "Prime finder", input: "5,000,000" });
  const seen = [];
  for (const least of [10, 40, 70]) {
    await untilProgress(page, least);
    seen.push({ lines: await outputLines(page).count(), status: await opened(page).getAttribute("data-status") });
  }
  assert.equal(seen[0].status, "running");
  assert.ok(seen[0].lines >= 1 && seen[0].lines < seen[2].lines, JSON.stringify(seen));
  await untilStatus(page, "completed");
});

test("a pause holds, and resume goes on from there", async () => {
  await create(page, { provider: "Prime finder", input: "8,000,000" });
  await untilProgress(page, 10);
  await press(page, "Pause");
  await untilStatus(page, "paused");
  const held = await progress(page);
  // Another task that starts and ends meanwhile shows that time passed.
  await create(page, { name: "Meanwhile", input: "one\ntwo" });
  await untilStatus(page, "completed");
  await choose(page, "Find primes");
  assert.equal(await opened(page).getAttribute("data-status"), "paused");
  assert.equal(await progress(page), held);
  await press(page, "Resume");
  await untilStatus(page, "completed");
  assert.equal(await part(page, "note").textContent(), "539,777 primes below 8,000,000");
});

test("cancel settles though the provider goes on for ever and never looks", async () => {
  await create(page, endless);
  await untilStatus(page, "running");
  await untilCount(page, "running", 1);
  await press(page, "Cancel");
  await untilStatus(page, "cancelled");
  assert.equal(await part(page, "note").textContent(), "Cancelled by user");
  await untilCount(page, "running", 0);
  assert.equal(await part(page, "cancel").getAttribute("aria-disabled"), "true");
});

test("restart is a new attempt", async () => {
  await create(page, { input: "one two\nthree" });
  await untilStatus(page, "completed");
  await press(page, "Restart");
  await until(page, () => document.querySelector("[data-part=attempt]").textContent === "Attempt 2");
  await untilStatus(page, "completed");
  assert.equal(await part(page, "note").textContent(), "3 words in 2 lines");
});

test("a failed task says why, and can be restarted", async () => {
  await create(page, { provider: "Prime finder", input: "many" });
  await untilStatus(page, "failed");
  assert.equal(await part(page, "note").textContent(), '"many" is not a whole number from 100 to 1,000,000,000');
  await press(page, "Restart");
  await until(page, () => document.querySelector("[data-part=attempt]").textContent === "Attempt 2");
  await untilStatus(page, "failed");
});

test("tasks beyond the limit wait for a free slot", async () => {
  await create(page, { ...endless, copies: 3 });
  await untilCount(page, "running", 2);
  assert.equal(await count(page, "pending"), 1);
  await choose(page, "Find primes 3");
  assert.equal(await part(page, "status").textContent(), "Queued");
  await choose(page, "Find primes 1");
  await press(page, "Cancel");
  await choose(page, "Find primes 3");
  await untilStatus(page, "running");
});

test("delete asks first, and the task is gone", async () => {
  await create(page, { ...endless, name: "Going" });
  await create(page, { name: "Staying", start: false });
  await choose(page, "Going");
  const dialog = page.getByRole("dialog");
  await press(page, "Delete");
  await dialog.getByRole("button", { name: "Keep" }).click();
  assert.equal(await rows(page).count(), 2);
  await press(page, "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await row(page, "Going").waitFor({ state: "detached" });
  await part(page, "none").waitFor();
  await untilCount(page, "all", 1);
  assert.equal(await count(page, "running"), 0);
  assert.equal(await page.locator("code.code").count(), 0, "nothing was refused");
});

test("rename and mark done", async () => {
  await create(page, { name: "Before", start: false });
  await press(page, "Rename");
  await opened(page).getByLabel("New name").fill("After");
  await page.keyboard.press("Enter");
  await row(page, "After").waitFor();
  assert.equal(await opened(page).getByRole("heading").textContent(), "After");
  await press(page, "Mark done");
  await page.locator("[data-part=done][aria-pressed=true]").waitFor();
  await page.getByLabel("Hide done").check();
  await row(page, "After").waitFor({ state: "detached" });
  await page.getByLabel("Hide done").uncheck();
  await row(page, "After").waitFor();
});

test("a task's events are replayed when they are opened, and followed from there", async () => {
  await create(page, { input: "one" });
  await untilStatus(page, "completed");
  await opened(page).getByRole("tab", { name: "Events" }).click();
  const types = part(page, "event-lines").locator(".type");
  await types.filter({ hasText: "task:completed" }).waitFor();
  assert.deepEqual(await types.allTextContents(), ["task:created", "task:started", "task:progress", "task:output", "task:completed"]);
  await press(page, "Restart");
  await until(page, () => document.querySelectorAll("[data-type='task:completed']").length === 2);
});
