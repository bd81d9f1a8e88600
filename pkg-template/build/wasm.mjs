// From Rust to one small .wasm and its glue, kept in target/npm/glue.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { readStamp, writeStamp, fingerprint } from "./fingerprint.mjs";
import { cache, inRoot, libName, wasmTarget } from "./paths.mjs";
import { ask, cargoArtifacts, run } from "./run.mjs";
import { bindgenTools } from "./setup/bindgen.mjs";
import { rustVersion } from "./setup/rust.mjs";
import { Stop, step } from "./say.mjs";

export const glue = join(cache, "glue");
const stamp = join(cache, "glue.stamp");

const inputs = ["Cargo.toml", "Cargo.lock", "src", "package-lock.json", "pkg-template/build/wasm.mjs"];
/** What the glue on disk must have been made of to be reused. */
export const glueFingerprint = () => fingerprint(inputs, [rustVersion()]);

/** What rustc has enabled for this target since 1.87; wasm-opt must know it. */
const wasmFeatures = [
  "bulk-memory", "bulk-memory-opt", "call-indirect-overlong", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext",
];

/** Panic messages name source files: the folders of this machine are cut off, so that everybody's build has the same bytes. */
function remappedPaths() {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const library = join(ask("rustc", ["--print", "sysroot"]), "lib", "rustlib", "src", "rust");
  return [`--remap-path-prefix=${cargoHome}=/cargo`, `--remap-path-prefix=${library}=/rust`].join("\x1f");
}

async function compile() {
  const artifacts = await cargoArtifacts(
    ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", wasmTarget],
    { env: { CARGO_ENCODED_RUSTFLAGS: remappedPaths() } },
  );
  const file = artifacts.flatMap(({ filenames }) => filenames).find((name) => name.endsWith(`${libName}.wasm`));
  if (file === undefined) throw new Stop("cargo built no .wasm: is crate-type \"cdylib\" gone from Cargo.toml?");
  return file;
}

async function optimise(file) {
  // Measured: -O3 makes of what rustc gives a smaller file than -O2, and one as small as -Os.
  const level = "-O3";
  const features = wasmFeatures.map((name) => `--enable-${name}`);
  await run(process.execPath, [inRoot("node_modules/binaryen/bin/wasm-opt"), level, ...features, "--strip-debug", "--strip-producers", file, "-o", `${file}.opt`],
    { output: "quiet", name: "wasm-opt" });
  renameSync(`${file}.opt`, file);
}

/** A module that asks for anything but the glue has C code or an operating system's call in it, and would not load. */
function checkImports(file) {
  const foreign = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file))).filter(({ module }) => module !== `./${libName}_bg.js`);
  if (foreign.length > 0) throw new Stop(`The .wasm imports what no host gives it: ${foreign.map(({ module, name }) => `${module}.${name}`).join(", ")}`);
}

export async function buildGlue() {
  if (readStamp(stamp) === glueFingerprint()) return;
  const file = await step("cargo build (release, wasm32)", compile);
  // A folder of its own until it is complete: two builds at a time, or one that was interrupted, leave no mixture.
  const work = mkdtempSync(join(cache, "glue-"));
  try {
    await step("wasm-bindgen", () => run(bindgenTools().generator,
      [file, "--target", "web", "--omit-default-module-path", "--out-dir", work, "--out-name", libName], { output: "quiet", name: "wasm-bindgen" }));
    const wasm = join(work, `${libName}_bg.wasm`);
    await step("wasm-opt", () => optimise(wasm));
    checkImports(wasm);
    rmSync(glue, { recursive: true, force: true });
    renameSync(work, glue);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  // Taken again: the first build of a clone may have written Cargo.lock.
  writeStamp(stamp, glueFingerprint());
}
