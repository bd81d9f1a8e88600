// Opening a page in Chromium and reading what it made of itself.
import { chromium } from "playwright-core";
import { chromiumFlags, chromiumTools } from "../../../pkg-template/build/setup/chromium.mjs";

export const launch = () => chromium.launch({ executablePath: chromiumTools().browser, args: chromiumFlags });

/** Opens a page and gives back its title once it has one, with what it fetched and what went wrong. */
export async function open(browser, url) {
  const page = await browser.newPage();
  const fetched = [];
  const problems = [];
  page.on("response", (response) => fetched.push(response.url()));
  page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  await page.goto(url);
  const title = await page.waitForFunction(() => document.title, undefined, { timeout: 30_000 }).then((handle) => handle.jsonValue(), () => `no title: ${problems.join("; ")}`);
  return { page, title, fetched, problems };
}
