// The runtimes of elizaOS that tests/eliza starts, in exactly the versions of its lock; several hundred megabytes of them.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, readStamp, writeStamp } from "../../pkg-template/build/fingerprint.mjs";
import { cache, inRoot } from "../../pkg-template/build/paths.mjs";
import { npm } from "../../pkg-template/build/run.mjs";
import { step } from "../../pkg-template/build/say.mjs";

/** Where they are installed. */
export const elizaCores = join(cache, "eliza");

const papers = ["package.json", "package-lock.json"];

/** Installs them, when that was not done since the lock changed. */
export async function ensureElizaCores() {
  const stamp = join(elizaCores, "installed.stamp");
  const wanted = fingerprint(papers.map((name) => join("tests", "eliza", name)));
  if (readStamp(stamp) === wanted && existsSync(join(elizaCores, "node_modules"))) return;
  mkdirSync(elizaCores, { recursive: true });
  for (const name of papers) copyFileSync(inRoot("tests", "eliza", name), join(elizaCores, name));
  await step("npm ci (elizaOS)", () => npm(["ci", "--prefix", elizaCores, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: elizaCores, output: "quiet" }));
  writeStamp(stamp, wanted);
}
