// The page in a real browser, as a user has it: served by its own server, with the built package.
import { chromium } from "playwright-core";
import { chromiumFlags, chromiumTools } from "../../../pkg-template/build/setup/chromium.mjs";
import { serve } from "../../../www/serve.mjs";

/** A browser and the page's server, for any number of pages. */
export async function start() {
  const server = await serve({ port: 0 });
  const browser = await chromium.launch({ executablePath: chromiumTools().browser, args: chromiumFlags });

  /**
   * Opens the page and notes what goes wrong on it: console errors, uncaught errors, unhandled rejections. Each page is a
   * browser of its own with nothing kept, unless it is given a context to share.
   */
  async function open({ context, until = "body[data-ready]", before = () => {}, ...options } = {}) {
    const page = await (context?.newPage() ?? browser.newPage({ viewport: { width: 1280, height: 800 }, ...options }));
    page.setDefaultTimeout(30_000);
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
    page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
    await page.addInitScript(before);
    await page.goto(server.url);
    await page.locator(until).waitFor({ timeout: 15_000 })
      .catch(() => { throw new Error(`The page did not start: ${problems.join("; ")}`); });
    return { page, problems };
  }

  return {
    url: server.url,
    browser,
    open,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
