// Finding tasks, many tasks, the keyboard, and what the page says to wrong input.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { start } from "./help/open.mjs";
import { choose, create, opened, part, press, row, rows, until, untilCount, untilStatus } from "./help/user.mjs";

let site, page, problems;
before(async () => { site = await start(); });
after(() => site.close());
beforeEach(async () => { ({ page, problems } = await site.open()); });
afterEach(async () => {
  await page.close();
  assert.deepEqual(problems, [], "nothing went wrong on the page");
});

const names = async () => rows(page).locator(".name").allTextContents();
const untilNames = (...wanted) =>
  until(page, (wanted) => [...document.querySelectorAll("#tasks .name")].map(({ textContent }) => textContent).join() === wanted, wanted.join());

test("search by words, tags and id", async () => {
  await create(page, { name: "Login form", input: "the crème brûlée", start: false });
  await create(page, { name: "Payment", input: "a sum", tags: "login, urgent", start: false });
  await create(page, { name: "Something else", input: "nothing", tags: "", id: "ticket-4711", start: false });
  const search = page.getByRole("searchbox");
  await search.fill("LOG");
  await untilNames("Login form", "Payment");
  await search.fill("urgent log");
  await untilNames("Payment");
  await search.fill("BRÛL");
  await untilNames("Login form");
  await search.fill("ticket-47");
  await untilNames("Something else");
  await search.fill("no such word");
  await page.getByText("Nothing found").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await untilNames("Something else", "Payment", "Login form");
});

test("the list follows the chosen status", async () => {
  await create(page, { name: "Waiting", start: false });
  await create(page, { name: "Counting", input: "one\ntwo\nthree" });
  await page.getByRole("radio", { name: /Running/ }).check();
  await untilNames("Counting");
  await untilCount(page, "completed", 1);
  await untilNames();
  await page.getByRole("radio", { name: /Completed/ }).check();
  await untilNames("Counting");
});

test("300 tasks", async () => {
  await create(page, { provider: "Prime finder", name: "Small", input: "1000", copies: 300 });
  await untilCount(page, "all", 300);
  assert.equal(await rows(page).count(), 50);
  await page.getByRole("button", { name: "Show more" }).click();
  await until(page, () => document.querySelectorAll("#tasks .row").length === 100);
  await untilCount(page, "completed", 300);
  const search = page.getByRole("searchbox");
  await search.fill("small 217");
  await untilNames("Small 217");
  await choose(page, "Small 217");
  await press(page, "Restart");
  await until(page, () => document.querySelector("[data-part=attempt]").textContent === "Attempt 2");
  await untilStatus(page, "completed");
  assert.equal(await part(page, "note").textContent(), "168 primes below 1,000");
});

test("output beyond the limit drops its oldest lines", async () => {
  await create(page, { input: Array.from({ length: 250 }, (_, index) => `line ${index + 1}`).join("\n") });
  await untilStatus(page, "completed");
  const lines = part(page, "lines").locator("li");
  assert.equal(await lines.count(), 200);
  assert.equal(await lines.first().textContent(), "  2  line 51");
  assert.equal(await lines.first().getAttribute("data-number"), "51");
  assert.equal(await lines.last().textContent(), "  2  line 250");
});

test("what the orchestrator refuses is shown with its code", async () => {
  const problem = page.locator("#composer [data-part=problem]");
  const code = problem.locator("code");
  const refused = async (wanted, fields) => {
    await create(page, fields);
    await code.filter({ hasText: wanted }).waitFor();
    assert.notEqual(await problem.locator(".message").textContent(), "");
  };
  await refused("INVALID_ARGUMENT", { name: "   " });
  await refused("LIMIT_EXCEEDED", { name: "x".repeat(2000) });
  await refused("INVALID_ARGUMENT", { name: "Fine", id: "no spaces" });
  await create(page, { name: "Fine", id: "mine", start: false });
  await row(page, "Fine").waitFor();
  assert.equal(await code.count(), 0, "a success clears the message");
  await refused("TASK_EXISTS", { name: "Fine", id: "mine" });
  assert.equal(await rows(page).count(), 1);

  await press(page, "Rename");
  await opened(page).getByLabel("New name").fill(" ");
  await page.keyboard.press("Enter");
  const notice = page.locator(".notice");
  await notice.filter({ hasText: "INVALID_ARGUMENT" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await opened(page).getByRole("heading").textContent(), "Fine");
  await notice.getByRole("button", { name: "Dismiss" }).click();
  await notice.waitFor({ state: "detached" });

  await page.getByRole("searchbox").fill("x".repeat(2000));
  await page.locator("#nothing code").filter({ hasText: "LIMIT_EXCEEDED" }).waitFor();
});

test("names and output are text, never markup", async () => {
  const markup = '<img src="/nowhere" onerror="document.title = 1">';
  await create(page, { name: markup, input: markup });
  await untilStatus(page, "completed");
  assert.deepEqual(await names(), [markup]);
  assert.equal(await page.locator("main img").count(), 0);
});

test("all of it works with the keyboard", async () => {
  await create(page, { name: "First", start: false });
  await create(page, { name: "Second", start: false });
  await choose(page, "Second");
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /First/);
  assert.equal(await opened(page).getByRole("heading").textContent(), "First");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Start Second");
  await opened(page).getByRole("tab", { name: "Output" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await opened(page).getByRole("tab", { selected: true }).getAttribute("data-tab"), "steps");
  await page.keyboard.press("End");
  assert.equal(await opened(page).getByRole("tab", { selected: true }).getAttribute("data-tab"), "facts");
  // The row of a deleted task passes its focus on.
  await choose(page, "Second");
  await part(page, "delete").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await untilNames("First");
});

test("on a narrow screen the open task covers the list", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await create(page, { name: "Small", start: false });
  await opened(page).getByRole("heading", { name: "Small" }).waitFor();
  assert.equal(await page.locator("#tasks").isVisible(), false);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await press(page, "All tasks");
  await row(page, "Small").waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
});
