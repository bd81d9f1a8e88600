// A long campaign of simulations, built for speed. Each run begins with other seeds than the one before.
//   npm run soak                      1,000,000 seeds of 200 operations
//   npm run soak -- 5000 1000         so many seeds, of so many operations each
//   npm run soak -- --agents 5000     those of supervised agents; 100,000 seeds when not said
//   npm run soak -- --planted         that the short campaign finds planted bugs; see planted.mjs
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const words = process.argv.slice(2);
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  process.exitCode = status ?? 1;
}

if (words[0] === "--planted") {
  run(process.execPath, ["tests/planted.mjs", ...words.slice(1)]);
} else {
  const agents = words[0] === "--agents";
  const [seeds = agents ? "100000" : "1000000", steps = "200"] = agents ? words.slice(1) : words;
  // Above the seeds of the short campaign, and below what a double holds.
  const first = String(1_000_000 + Math.floor(Math.random() * 2 ** 40));
  const test = ["test", "--release", "--features", "native", "--test", agents ? "agents_simulation" : "simulation", "every_seed", "--", "--nocapture"];
  run("cargo", test, { SEEDS: seeds, STEPS: steps, FIRST: process.env.FIRST ?? first });
}
