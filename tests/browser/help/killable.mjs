// A browser with a profile on the disk that can be killed and started again, and a server for what its pages need.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { inRoot } from "../../../pkg-template/build/paths.mjs";
import { chromiumFlags, chromiumTools } from "../../../pkg-template/build/setup/chromium.mjs";
import { serve } from "../../pkg/help/serve.mjs";

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
export async function killableBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "journal-profile-"));
  const server = await serve(inRoot());
  let browser = await launch(profile);
  const problems = [];

  return {
    /** Errors that nobody on the pages has caught. */
    problems,
    /** A new tab at this path of the repository, with these functions of the test. */
    async open(path, { functions = {}, host = "127.0.0.1" } = {}) {
      const page = await browser.context.newPage();
      page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
      for (const [name, told] of Object.entries(functions)) await page.exposeFunction(name, told);
      await page.goto(`${server.url.replace("127.0.0.1", host)}/${path}`);
      await page.locator("body[data-ready]").waitFor({ timeout: 15_000, state: "attached" });
      return page;
    },
    /** SIGKILL for all of its processes, and a new one with the same profile. */
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
