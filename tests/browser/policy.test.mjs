// What the page lets happen to itself, and how it names its parts to those who do not see them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./help/open.mjs";
import { create, opened } from "./help/user.mjs";

let site;
before(async () => { site = await start(); });
after(() => site.close());

test("nothing foreign is loaded or run, and no text becomes markup", async () => {
  const { page } = await site.open();
  const refused = (attempt) => page.evaluate(attempt).then(() => "done", (error) => error.message);
  assert.match(await refused(() => fetch("http://localhost:1/")), /Failed to fetch/);
  assert.match(await refused(() => { document.body.innerHTML = "<b>markup</b>"; }), /TrustedHTML/);
  const blocked = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective), { once: true });
    document.body.append(Object.assign(document.createElement("img"), { src: "http://localhost:1/x.png" }));
  }));
  assert.equal(blocked, "img-src");
  await page.close();
});

test("all that can be used has a name", async () => {
  const { page, problems } = await site.open();
  await create(page, { provider: "Reader" });
  await opened(page).getByText("Completed").waitFor();
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const used = nodes.filter(({ ignored, role }) => !ignored && ["button", "checkbox", "combobox", "progressbar", "radio", "searchbox", "slider", "spinbutton", "tab", "textbox"].includes(role.value));
  assert.ok(used.length > 20, `${used.length} found`);
  assert.deepEqual(used.filter(({ name }) => !name?.value.trim()).map(({ role }) => role.value), []);
  assert.deepEqual(problems, []);
  await page.close();
});
