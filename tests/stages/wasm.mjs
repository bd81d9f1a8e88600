// The portable tests, compiled to WebAssembly, in Node and in Chromium.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, wasmTarget } from "../../pkg-template/build/paths.mjs";
import { cargoArtifacts, run } from "../../pkg-template/build/run.mjs";
import { bindgenTools, ensureBindgen } from "../../pkg-template/build/setup/bindgen.mjs";
import { chromiumFlags, chromiumTools, ensureChromium } from "../../pkg-template/build/setup/chromium.mjs";
import { ensureRust } from "../../pkg-template/build/setup/rust.mjs";
import { Stop } from "../../pkg-template/build/say.mjs";
import { rustCounts } from "./counts.mjs";

/** Compiled once; both hosts run the same bytes. */
let compiled;
async function portableTests() {
  if (compiled === undefined) {
    await ensureRust();
    await ensureBindgen();
    const artifacts = await cargoArtifacts(["test", "--no-run", "--target", wasmTarget, "--test", "portable"]);
    compiled = artifacts.find(({ target, executable }) => target.name === "portable" && executable)?.executable;
    if (compiled === undefined) throw new Stop("cargo built no test binary of tests/portable.rs.");
  }
  return compiled;
}

/** Started here and not through cargo: a `runner` setting of cargo's is split at spaces, also at those in a path. */
async function runPortableTests(what, env) {
  const tests = await portableTests();
  return rustCounts(what, await run(bindgenTools().testRunner, [tests], { env: { WASM_BINDGEN_TEST_TIMEOUT: "300", ...env }, output: "tee", mayFail: true, name: what }));
}

async function chromiumEnvironment() {
  await ensureChromium();
  const { browser, driver } = chromiumTools();
  const settings = join(cache, "webdriver.json");
  mkdirSync(cache, { recursive: true });
  writeFileSync(settings, JSON.stringify({ "goog:chromeOptions": { args: chromiumFlags, binary: browser } }));
  return { WASM_BINDGEN_USE_BROWSER: "1", WASM_BINDGEN_TEST_WEBDRIVER_JSON: settings, CHROMEDRIVER: driver };
}

export const wasmStages = [
  { name: "wasm portable tests in node", run: () => runPortableTests("The portable tests in Node", {}) },
  { name: "wasm portable tests in chromium", run: async () => runPortableTests("The portable tests in Chromium", await chromiumEnvironment()) },
];
