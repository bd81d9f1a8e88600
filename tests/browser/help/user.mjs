// What a user does on the page, and sees there.

/** Fills in the form and presses one of its buttons. What is left out stays as the page proposes it. */
export async function create(page, { provider = "Word counter", name, input, tags, copies, id, after, attempts, start = true } = {}) {
  const form = page.locator("#composer");
  await form.getByRole("radio", { name: provider }).check();
  if (name !== undefined) await form.getByLabel("Name").fill(name);
  if (input !== undefined) await form.locator("[name=input]").fill(input);
  if ([tags, copies, id, after, attempts].some((option) => option !== undefined)) {
    if (!(await form.getByLabel("Tags").isVisible())) await form.getByText("More options").click();
    await form.getByLabel("Tags").fill(tags ?? "");
    await form.getByLabel("Copies").fill(String(copies ?? 1));
    await form.getByLabel("Id").fill(id ?? "");
    await form.getByLabel("Attempts").fill(String(attempts ?? 1));
    await form.getByLabel("Waits for").focus();
    await form.getByLabel("Waits for").selectOption({ label: after ?? "nothing" });
  }
  await form.getByRole("button", { name: start ? "Create and start" : "Create", exact: true }).click();
}

export const rows = (page) => page.locator("#tasks > .row");
export const row = (page, name) => rows(page).filter({ has: page.getByText(name, { exact: true }) });
export const choose = (page, name) => row(page, name).locator(".open").click();

/** The open task. */
export const opened = (page) => page.locator("#detail");
export const press = (page, name) => opened(page).getByRole("button", { name, exact: true }).click();
export const part = (page, name) => opened(page).locator(`[data-part=${name}]`);
export const outputLines = (page) => part(page, "lines").locator("li");
export const progress = async (page) => Number(await part(page, "bar").getAttribute("value"));

/** Waits until the open task stands so. */
export const untilStatus = (page, status) => page.locator(`#detail[data-status=${status}]`).waitFor();

/** Waits until the page shows that something holds; looks once per frame, and fails after the page's time limit. */
export const until = (page, condition, argument) => page.waitForFunction(condition, argument, { polling: "raf" });

export const untilProgress = (page, least) =>
  until(page, (least) => Number(document.querySelector("#detail [data-part=bar]").getAttribute("value")) >= least, least);

/** How many tasks the page counts in a status; `all` for all. */
export const count = async (page, status) =>
  Number((await page.locator(`.tile[data-status=${status}] .count`).textContent()).replaceAll(",", ""));
export const untilCount = (page, status, wanted) =>
  until(page, ([status, wanted]) => document.querySelector(`.tile[data-status=${status}] .count`).textContent === wanted, [status, wanted.toLocaleString("en")]);
