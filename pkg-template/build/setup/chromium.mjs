// A browser to test in. Only tests ask for it.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { ask, run } from "../run.mjs";
import { Stop, step } from "../say.mjs";

/** Switches that keep it quiet, offline and able to run as root in a container. */
export const chromiumFlags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

function onPath(...names) {
  for (const name of names) {
    for (const folder of process.env.PATH.split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {}
    }
  }
  return undefined;
}

/** Where the browser and its driver are; `CHROMIUM` and `CHROMEDRIVER` in the environment overrule. */
export const chromiumTools = () => ({
  browser: process.env.CHROMIUM ?? onPath("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
  driver: process.env.CHROMEDRIVER ?? onPath("chromedriver"),
});

const complete = ({ browser, driver }) => browser !== undefined && driver !== undefined;

export async function ensureChromium() {
  if (complete(chromiumTools())) return;
  const packages = ["chromium", "chromium-driver"];
  if (process.getuid?.() === 0 && ask("apt-get", ["--version"]) !== undefined) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await step(`apt-get install ${packages.join(" ")}`, async () => {
      await run("apt-get", ["update", "-q"], { env, name: "apt-get update" });
      await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...packages], { env, name: "apt-get install" });
    });
  }
  if (!complete(chromiumTools())) {
    throw new Stop(`The tests need Chromium and chromedriver of the same version.
Debian, Ubuntu: sudo apt-get install ${packages.join(" ")}
Elsewhere: install both, or name them in the environment variables CHROMIUM and CHROMEDRIVER.`);
  }
}
