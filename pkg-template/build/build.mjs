// Makes pkg/, with all the set-up it needs. Does nothing when nothing changed.
import { mkdirSync } from "node:fs";
import { assemble, linkIntoNodeModules, packageIsFresh } from "./package.mjs";
import { cache } from "./paths.mjs";
import { kilobytes, say, seconds } from "./say.mjs";
import { ensureBindgen } from "./setup/bindgen.mjs";
import { ensureNpmTools } from "./setup/npm.mjs";
import { ensureRust } from "./setup/rust.mjs";
import { wasmSizes } from "./size.mjs";
import { buildGlue } from "./wasm.mjs";

export async function build() {
  const fresh = packageIsFresh();
  const start = performance.now();
  if (!fresh) {
    say("Building the package (pkg/)");
    await ensureRust();
  }
  // Asked even when there is nothing to build: the examples use tools from npm too.
  await ensureNpmTools();
  if (!fresh) {
    mkdirSync(cache, { recursive: true });
    await ensureBindgen();
    await buildGlue();
    await assemble();
    const { raw, brotli } = wasmSizes();
    say(`Built pkg/ in ${seconds(start)}: the .wasm has ${kilobytes(raw)}, ${kilobytes(brotli)} with brotli.\n`);
  }
  linkIntoNodeModules();
}
