// The plugin is a plugin to TypeScript too, with either version of the core.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

/** Compiles help/types.ts; the declarations of the cores themselves are none of our business. */
async function compile(t, version, core) {
  const config = join(here, `tsconfig-${version}.json`);
  t.after(() => rmSync(config, { force: true }));
  const compilerOptions = {
    noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, target: "es2023", module: "esnext", moduleResolution: "bundler", types: [], lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    paths: { "@elizaos/core": [join(process.env.ELIZA_CORES, "node_modules", ...core, "dist", "node", "index.d.ts")] },
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, files: ["help/types.ts"] }));
  return new Promise((resolve) => execFile(process.execPath, [compiler, "-p", config], (_, stdout, stderr) => resolve(stdout + stderr)));
}

for (const [version, core] of [[1, ["@elizaos", "core"]], [2, ["eliza-core-2"]]]) {
  test(`a program with the core of version ${version} compiles`, async (t) => assert.equal(await compile(t, version, core), ""));
}
