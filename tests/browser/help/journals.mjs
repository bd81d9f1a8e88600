// A browser with a profile on the disk that can be killed and started again, and a page of our own that uses journals in it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { inRoot } from "../../../pkg-template/build/paths.mjs";
import { chromiumFlags, chromiumTools } from "../../../pkg-template/build/setup/chromium.mjs";
import { serve } from "../../pkg/help/serve.mjs";

/** What a call gave; it must not have been refused. */
export function value({ value, error, message }) {
  assert.equal(error, undefined, message);
  return value;
}

/** A browser in a process of its own; playwright gives none that could be killed. */
async function launch(profile) {
  const flags = [...chromiumFlags, `--user-data-dir=${profile}`, "--remote-debugging-port=0", "--no-default-browser-check", "about:blank"];
  // A group of its own, so that all of its processes can be ended at once.
  const child = spawn(chromiumTools().browser, flags, { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const kill = () => process.kill(-child.pid, "SIGKILL");
  // A test file that stops early leaves no browser behind.
  process.once("exit", kill);
  ended.then(() => process.removeListener("exit", kill));
  let text = "";
  const address = await new Promise((resolve, reject) => {
    child.stderr.on("data", (data) => {
      text += data;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    ended.then(() => reject(new Error(`The browser ended: ${text}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  return {
    context: browser.contexts()[0],
    async kill() {
      kill();
      await ended;
      await browser.close().catch(() => {});
    },
  };
}

/** One profile and one origin for a test file. */
export async function site() {
  const profile = mkdtempSync(join(tmpdir(), "journal-profile-"));
  const server = await serve(inRoot());
  let browser = await launch(profile);
  const problems = [];

  return {
    problems,
    /** A new tab. `journal(place, action, kind, name, ...)` answers `{ value }` or `{ error }`. */
    async tab({ acknowledged = () => {}, host = "127.0.0.1" } = {}) {
      const page = await browser.context.newPage();
      page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
      await page.exposeFunction("acknowledged", acknowledged);
      await page.goto(`${server.url.replace("127.0.0.1", host)}/tests/browser/pages/journal.html`);
      await page.locator("body[data-ready]").waitFor({ timeout: 15_000, state: "attached" });
      return {
        page,
        journal: (...values) => page.evaluate((values) => globalThis.journal(...values), values),
        endWorker: (place) => page.evaluate((place) => globalThis.endWorker(place), place),
      };
    },
    async killAndRestart() {
      await browser.kill();
      browser = await launch(profile);
    },
    async close() {
      await browser.kill();
      server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
