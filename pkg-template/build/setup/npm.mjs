// The tools that come from npm, in exactly the versions of package-lock.json.
import { existsSync, readFileSync, statSync } from "node:fs";
import { inRoot } from "../paths.mjs";
import { npm } from "../run.mjs";
import { step } from "../say.mjs";

/** npm writes this file last, so it is also the sign that an install came to its end. */
const installed = inRoot("node_modules", ".package-lock.json");

function upToDate(wanted) {
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(inRoot("package-lock.json")).mtimeMs) return false;
  const { packages } = JSON.parse(readFileSync(installed, "utf8"));
  return wanted.every((name) => `node_modules/${name}` in packages);
}

/** Building needs a few small tools; testing needs other runtimes too, several hundred megabytes of them. */
export async function ensureNpmTools({ forTests = false } = {}) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const wanted = Object.keys(forTests ? { ...dependencies, ...devDependencies } : dependencies);
  if (upToDate(wanted)) return;
  const title = forTests ? "npm ci (tools to build and to test)" : "npm ci (tools to build)";
  await step(title, () => npm(["ci", "--no-audit", "--no-fund", ...(forTests ? ["--include=dev"] : ["--omit=dev"])]));
}
