// What the page keeps: over a reload, against a second tab, and when the browser keeps nothing; and how it looks back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./help/open.mjs";
import { choose, count, create, opened, outputLines, part, press, row, rows, until, untilCount, untilProgress, untilStatus } from "./help/user.mjs";

const endless = { provider: "Prime finder", input: "1,000,000,000" };

let site;
before(async () => { site = await start(); });
after(() => site.close());

const ready = (page) => page.locator("body[data-ready]").waitFor();
const found = (page) => page.locator("#found-again-text");
const trouble = (page) => page.locator("#trouble");
const moment = (page) => page.getByLabel("History");
const momentText = (page) => page.locator("#moment-text").textContent();
const events = async (page) => Number((await page.locator("#events").textContent()).replaceAll(",", ""));

test("a reload loses nothing, and what was under way begins again", async () => {
  const { page, problems } = await site.open();
  assert.equal(await found(page).isVisible(), false);
  await create(page, { name: "Short", input: "one two\nthree" });
  await untilStatus(page, "completed");
  await create(page, { ...endless, name: "Long" });
  await untilProgress(page, 1);
  await create(page, { name: "Later", start: false });
  await untilCount(page, "pending", 1);
  const seen = await events(page);

  await page.reload();
  await ready(page);
  assert.equal(await found(page).textContent(), "Found 3 tasks as they were left. 1 under way has begun again.");
  assert.ok((await events(page)) >= seen);
  await choose(page, "Short");
  assert.equal(await part(page, "note").textContent(), "3 words in 2 lines");
  assert.deepEqual(await outputLines(page).allTextContents(), ["  2  one two", "  1  three"]);
  await choose(page, "Long");
  await untilStatus(page, "running");
  assert.equal(await part(page, "attempt").textContent(), "Attempt 2");
  await opened(page).getByRole("tab", { name: "Events" }).click();
  await part(page, "event-lines").locator("[data-type='task:interrupted']").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await found(page).isVisible(), false);
  assert.deepEqual(problems, []);
  await page.close();
});

test("start over asks first, and forgets everything", async () => {
  const { page, problems } = await site.open();
  await create(page, endless);
  await untilStatus(page, "running");
  const button = page.getByRole("button", { name: "Start over" });
  await button.click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  assert.equal(await count(page, "running"), 1);
  await button.click();
  const reloaded = page.waitForEvent("load");
  await page.getByRole("dialog").getByRole("button", { name: "Start over" }).click();
  await reloaded;
  await ready(page);
  await page.getByText("No tasks yet").waitFor();
  assert.equal(await rows(page).count(), 0);
  assert.equal(await found(page).isVisible(), false);
  assert.deepEqual(problems, []);
  await page.close();
});

test("a second tab says that it waits, and goes on where the first one was", async () => {
  const context = await site.browser.newContext();
  const one = await site.open({ context });
  await create(one.page, { name: "Of the first tab", input: "one" });
  await untilStatus(one.page, "completed");
  const other = await site.open({ context, until: "body[data-waits]" });
  assert.match(await trouble(other.page).textContent(), /Another tab has these tasks open/);
  assert.equal(await other.page.getByRole("button", { name: "Create and start" }).isVisible(), false);
  assert.equal(await other.page.getByRole("button", { name: "Start over" }).isVisible(), false);
  await one.page.close();
  await ready(other.page);
  await row(other.page, "Of the first tab").waitFor();
  assert.equal(await trouble(other.page).isVisible(), false);
  assert.deepEqual([...one.problems, ...other.problems], []);
  await context.close();
});

test("a browser that keeps nothing is told of, and the page works", async () => {
  const { page, problems } = await site.open({
    before: () => Object.defineProperty(globalThis, "indexedDB", { get() { throw new DOMException("denied", "SecurityError"); } }),
  });
  assert.match(await trouble(page).textContent(), /Nothing is kept.*JOURNAL_FAILED/);
  assert.equal(await page.getByRole("button", { name: "Start over" }).isVisible(), false);
  await create(page, { input: "one" });
  await untilStatus(page, "completed");
  assert.deepEqual(problems, []);
  await page.close();
});

test("when its database is deleted, the page says that nothing more is kept", async () => {
  const { page, problems } = await site.open();
  await create(page, { name: "There before", start: false });
  await row(page, "There before").waitFor();
  await page.evaluate(() => new Promise((resolve) => {
    indexedDB.deleteDatabase("agent-orchestrator:agent-orchestrator-demo").onsuccess = resolve;
  }));
  await create(page, { name: "Too late", start: false });
  await trouble(page).filter({ hasText: "JOURNAL_FAILED" }).waitFor();
  assert.match(await trouble(page).textContent(), /Nothing more is kept/);
  assert.deepEqual(problems, []);
  await page.close();
});

test("the list and the open task are shown as they were", async () => {
  const { page, problems } = await site.open();
  await create(page, { name: "Before", input: "one\ntwo" });
  await untilStatus(page, "completed");
  // That it is completed is seen at once, and told when it is durable.
  await opened(page).getByRole("tab", { name: "Events" }).click();
  await part(page, "event-lines").locator("[data-type='task:completed']").waitFor();
  const then = await events(page);
  await press(page, "Rename");
  await opened(page).getByLabel("New name").fill("After");
  await page.keyboard.press("Enter");
  await row(page, "After").waitFor();
  await create(page, { name: "Another", input: "one" });
  await untilCount(page, "completed", 2);
  await choose(page, "After");
  assert.equal(await momentText(page), "Now");

  await moment(page).fill(String(then));
  await row(page, "Before").waitFor();
  assert.equal(await rows(page).count(), 1);
  assert.match(await momentText(page), new RegExp(`^At .+, event ${then} of \\d+$`));
  assert.equal(await opened(page).getByRole("heading").textContent(), "Before");
  assert.equal(await count(page, "completed"), 1);
  assert.equal(await opened(page).getByRole("button", { name: "Restart" }).isVisible(), false);
  await moment(page).fill("1");
  await page.getByText("Not created yet").waitFor();
  assert.equal(await rows(page).count(), 0);
  await page.getByRole("button", { name: "Back to now" }).click();
  await row(page, "After").waitFor();
  assert.equal(await rows(page).count(), 2);
  assert.equal(await opened(page).getByRole("heading").textContent(), "After");
  assert.equal(await momentText(page), "Now");

  // What was before a reload can be looked at, too.
  await page.reload();
  await ready(page);
  await moment(page).fill(String(then));
  await row(page, "Before").waitFor();
  await create(page, { name: "New", start: false });
  await row(page, "New").waitFor();
  assert.equal(await momentText(page), "Now");
  assert.deepEqual(problems, []);
  await page.close();
});

test("a task waits for another one, and a failed one is tried again", async () => {
  const { page, problems } = await site.open();
  await create(page, { name: "First", start: false });
  await create(page, { name: "Second", after: "First" });
  await untilStatus(page, "blocked");
  assert.equal(await part(page, "note").textContent(), "Waits for First");
  assert.equal(await count(page, "blocked"), 1);
  await choose(page, "First");
  await press(page, "Start");
  await choose(page, "Second");
  await untilStatus(page, "completed");

  await create(page, { provider: "Prime finder", name: "Never", input: "many", attempts: 2 });
  await until(page, () => document.querySelector("[data-part=status]").textContent === "Retrying");
  assert.match(await part(page, "note").textContent(), /^Tries again at /);
  await untilStatus(page, "failed");
  assert.equal(await part(page, "attempt").textContent(), "Attempt 2");
  assert.deepEqual(problems, []);
  await page.close();
});
