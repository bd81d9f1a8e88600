// The generator of the JavaScript glue, compiled from crates.io once per version.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bindgenVersion } from "../manifest.mjs";
import { inRoot } from "../paths.mjs";
import { ask, run } from "../run.mjs";
import { step } from "../say.mjs";

const suffix = process.platform === "win32" ? ".exe" : "";

/** Paths of `wasm-bindgen` and its test runner. */
export function bindgenTools() {
  const folder = inRoot("target", "tools", `wasm-bindgen-${bindgenVersion()}`);
  const tool = (name) => join(folder, "bin", name + suffix);
  return { folder, generator: tool("wasm-bindgen"), testRunner: tool("wasm-bindgen-test-runner") };
}

export async function ensureBindgen() {
  const version = bindgenVersion();
  const { folder, generator, testRunner } = bindgenTools();
  if (existsSync(testRunner) && ask(generator, ["--version"])?.endsWith(` ${version}`)) return;
  // Unoptimised, which compiles in a third of the time and is fast enough. Without --locked: its lock may want versions that a
  // mirror of crates.io does not have. Where another cargo installs into this folder already, cargo waits for it.
  const args = ["install", "wasm-bindgen-cli", "--version", version, "--root", folder, "--debug", "--bin", "wasm-bindgen", "--bin", "wasm-bindgen-test-runner"];
  await step(`cargo install wasm-bindgen-cli ${version} (once; a minute or two)`, () =>
    run("cargo", args, { env: { CARGO_PROFILE_DEV_DEBUG: "0" }, name: "cargo install wasm-bindgen-cli" }));
}
