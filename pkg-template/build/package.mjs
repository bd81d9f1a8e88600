// The finished package in pkg/: dist/, package.json and the papers.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exports, olderFields, sideEffects } from "./entries.mjs";
import { buildFace } from "./face.mjs";
import { fingerprint, readStamp, writeStamp } from "./fingerprint.mjs";
import { crateVersion } from "./manifest.mjs";
import { cache, inRoot, packageName, pkg, template } from "./paths.mjs";
import { glueFingerprint } from "./wasm.mjs";

const papers = ["README.md", "CHANGELOG.md", "LICENSE"];
const stamp = join(cache, "package.stamp");

const packageFingerprint = () => fingerprint(["pkg-template", ...papers], [glueFingerprint()]);

export const packageIsFresh = () => existsSync(join(pkg, "package.json")) && readStamp(stamp) === packageFingerprint();

function manifest() {
  const { version: _, ...fields } = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
  const { name, ...rest } = fields;
  return { name, version: crateVersion(), ...rest, sideEffects, ...olderFields, exports };
}

/** Lets the examples and tests of this repository import the package by its name. */
export function linkIntoNodeModules() {
  const link = inRoot("node_modules", packageName);
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  mkdirSync(inRoot("node_modules"), { recursive: true });
  symlinkSync(process.platform === "win32" ? pkg : join("..", "pkg"), link, "junction");
}

export async function assemble() {
  const before = packageFingerprint();
  const work = mkdtempSync(join(cache, "package-"));
  try {
    await buildFace(work);
    const done = join(work, "pkg");
    mkdirSync(done);
    renameSync(join(work, "dist"), join(done, "dist"));
    writeFileSync(join(done, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
    for (const paper of papers) if (existsSync(inRoot(paper))) cpSync(inRoot(paper), join(done, paper));
    rmSync(pkg, { recursive: true, force: true });
    renameSync(done, pkg);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  // Taken before: what was saved while the build ran is not in it, and the next build must see that.
  writeStamp(stamp, before);
}
