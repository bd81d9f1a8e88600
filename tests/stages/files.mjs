// Every folder of tests/ with files named *.test.mjs is a stage.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../../pkg-template/build/paths.mjs";
import { run } from "../../pkg-template/build/run.mjs";
import { chromiumTools, ensureChromium } from "../../pkg-template/build/setup/chromium.mjs";
import { ensureNpmTools } from "../../pkg-template/build/setup/npm.mjs";
import { consumer, installPackage } from "./consumer.mjs";
import { nodeCounts } from "./counts.mjs";
import { elizaCores, ensureElizaCores } from "./eliza.mjs";

const testsIn = (folder) => readdirSync(inRoot("tests", folder)).filter((name) => name.endsWith(".test.mjs")).sort();

/** The behaviour tests run where the tarball is installed; the others look at this repository. */
const ofBehaviour = ["js", "eliza"];
/** And these start runtimes of elizaOS. */
const ofEliza = ["eliza", "docs"];
const placeOf = (folder) => (ofBehaviour.includes(folder) ? join(consumer, "tests", folder) : inRoot("tests", folder));

async function runFolder(folder) {
  await ensureNpmTools({ forTests: true });
  await ensureChromium();
  await installPackage();
  if (ofEliza.includes(folder)) await ensureElizaCores();
  const files = testsIn(folder).map((name) => join(placeOf(folder), name));
  const result = await run(process.execPath, ["--expose-gc", "--test", "--test-reporter=spec", "--test-timeout=300000", ...files], {
    cwd: ofBehaviour.includes(folder) ? consumer : inRoot(),
    env: { CHROMIUM: chromiumTools().browser, ELIZA_CORES: elizaCores },
    output: "tee", mayFail: true, name: `node --test of tests/${folder}`,
  });
  return nodeCounts(`tests/${folder}`, result);
}

/** What users meet first comes first. */
const order = ["js", "pkg"];
const rank = (folder) => (order.includes(folder) ? order.indexOf(folder) : order.length);

export const filesStages = () =>
  readdirSync(inRoot("tests"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && testsIn(entry.name).length > 0)
    .map(({ name }) => name)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((folder) => ({ name: `${folder} tests`, run: () => runFolder(folder) }));
