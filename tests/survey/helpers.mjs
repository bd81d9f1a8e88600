/** Temporary trees, and the survey's command line as a real process. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../examples/survey/main.mjs", import.meta.url));

/** Put together, so that the survey of this repository does not take them for something left to do. */
export const MARK = "TO" + "DO";
export const MARK_2 = "FIX" + "ME";

/** A folder of its own for each test, with `files` (path: content) in it, removed when the test is over. */
export async function tree(t, files = {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "survey-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** @returns the process, with `done`: a promise of its exit code, signal and output. */
export function start(args, options = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return child;
}

export const run = (args, options) => start(args, options).done;
