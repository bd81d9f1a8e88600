// Knowing that nothing changed: a hash over names and contents, kept in a stamp file beside what was made of them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot } from "./paths.mjs";

function* filesBelow(path) {
  if (!existsSync(inRoot(path))) return;
  if (!statSync(inRoot(path)).isDirectory()) return yield path;
  for (const name of readdirSync(inRoot(path)).sort()) yield* filesBelow(join(path, name));
}

/** A hash of files and folders (given from the root; missing ones count as such) and of some words. */
export function fingerprint(paths, words = []) {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const path of paths) {
    for (const file of filesBelow(path)) {
      const content = readFileSync(inRoot(file));
      hash.update(`\0${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

export const readStamp = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);

export function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}
