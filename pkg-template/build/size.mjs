// How large the .wasm is, and whether pkg-template/budget.json allows it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { wasmFile } from "./entries.mjs";
import { pkg, template } from "./paths.mjs";
import { kilobytes, Stop } from "./say.mjs";

export function wasmSizes() {
  const bytes = readFileSync(join(pkg, wasmFile));
  return { raw: bytes.length, brotli: brotliCompressSync(bytes).length };
}

export function checkBudget() {
  const sizes = wasmSizes();
  const budget = JSON.parse(readFileSync(join(template, "budget.json"), "utf8")).wasm;
  for (const kind of ["raw", "brotli"]) {
    if (sizes[kind] > budget[kind]) throw new Stop(`The .wasm has ${kilobytes(sizes[kind])} (${kind}); pkg-template/budget.json allows ${kilobytes(budget[kind])}.`);
  }
  return `${kilobytes(sizes.raw)} of ${kilobytes(budget.raw)}, with brotli ${kilobytes(sizes.brotli)} of ${kilobytes(budget.brotli)}`;
}
