// Plants one bug after the other in a copy of the sources, and demands that the short campaign finds each of them: that
// of tasks, or the one that the bug names.
//   npm run planted             all
//   npm run planted -- slot     those with the word in their name
// The copy is in target/planted, what is built of it in target/planted-build: cargo would take it for this crate. This takes minutes, since each bug is a build.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bugs } from "./planted/bugs.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const copy = join(root, "target", "planted");

function campaign(test) {
  const command = ["test", "--features", "native", "--test", test, "every_seed", "--", "--nocapture"];
  const env = { ...process.env, CARGO_TARGET_DIR: join(root, "target", "planted-build"), RUST_BACKTRACE: "0", SHRINK: "0" };
  const start = performance.now();
  const { stdout, stderr } = spawnSync("cargo", command, { cwd: copy, env, encoding: "utf8", maxBuffer: 1 << 30, timeout: 1_200_000 });
  const told = `${stdout}${stderr}`;
  const [, seed, what] = told.match(/^seed (\d+) broke (.*)$/m) ?? [];
  return { seed, what, told, passed: /test result: ok\. 1 passed/.test(told), seconds: ((performance.now() - start) / 1000).toFixed(0) };
}

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const worlds = readdirSync(join(root, "tests", "rust")).filter((name) => name.startsWith("agent_world"));
const campaigns = ["tests/simulation.rs", "tests/agents_simulation.rs", ...worlds.map((name) => `tests/rust/${name}`)];
for (const name of ["src", "benches", "examples", ...campaigns, "Cargo.toml", "Cargo.lock", "README.md"]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}

const words = process.argv.slice(2);
let missed = 0;
const chosen = bugs.filter(({ name }) => words.every((word) => name.includes(word)));
for (const { name, test = "simulation", file, from, to } of chosen) {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`);
  writeFileSync(path, source.replace(from, () => to));
  const { seed, what, told, passed, seconds } = campaign(test);
  writeFileSync(path, source);
  if (seed === undefined) missed += 1;
  const found = seed === undefined ? (passed ? "NOT FOUND" : `NEITHER FOUND NOR RUN:\n${told.slice(-2000)}`) : `seed ${seed}, ${what.slice(0, 200)}`;
  console.log(`${name}: ${found} (${seconds} s)`);
}
console.log(`${chosen.length - missed} of ${chosen.length} bugs were found`);
process.exitCode = missed > 0 ? 1 : 0;
