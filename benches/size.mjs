// How large the parts of pkg/ are, as they are and compressed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { wasmFile } from "../pkg-template/build/entries.mjs";
import { pkg } from "../pkg-template/build/paths.mjs";
import { kilobytes, say } from "../pkg-template/build/say.mjs";
import { checkBudget } from "../pkg-template/build/size.mjs";
import { table } from "./figures.mjs";

/** What an ES module build for Node loads, without the bytes that only `inline` has. */
function modules() {
  const dist = join(pkg, "dist");
  const skipped = /bytes\.js$|(inline|workerd|index)\.js$/;
  return readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".js") && !skipped.test(name)).map((name) => join(dist, name));
}

export function size() {
  const parts = [[".wasm", [join(pkg, wasmFile)]], ["JavaScript, as published", modules()]];
  say(table([
    ["", "raw", "gzip", "brotli"],
    ...parts.map(([name, files]) => {
      const bytes = Buffer.concat(files.map((file) => readFileSync(file)));
      return [name, bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length].map((cell) => (typeof cell === "number" ? kilobytes(cell) : cell));
    }),
  ]));
  say(`  .wasm: ${checkBudget()}`);
}
