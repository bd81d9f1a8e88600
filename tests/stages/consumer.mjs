// An empty project into which the packed tarball is installed; the tests that run there see what a user would see.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { build } from "../../pkg-template/build/build.mjs";
import { cache, inRoot, packageName, pkg } from "../../pkg-template/build/paths.mjs";
import { npm } from "../../pkg-template/build/run.mjs";
import { Stop, step } from "../../pkg-template/build/say.mjs";

export const consumer = inRoot("target", "consumer");
const packed = join(cache, "packed");

/** The tarball that `npm pack` made last. */
export function tarball() {
  const name = existsSync(packed) ? readdirSync(packed).find((file) => file.endsWith(".tgz")) : undefined;
  if (name === undefined) throw new Stop("The package is not packed. Run: npm test -- package");
  return join(packed, name);
}

async function packAndInstall() {
  await build();
  rmSync(packed, { recursive: true, force: true });
  rmSync(consumer, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  mkdirSync(consumer, { recursive: true });
  await step("npm pack", () => npm(["pack", pkg, "--pack-destination", packed], { output: "quiet" }));
  const dependency = `file:../npm/packed/${basename(tarball())}`;
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module", dependencies: { [packageName]: dependency } }));
  await step("npm install of the tarball", () =>
    npm(["install", "--prefix", consumer, "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: consumer, output: "quiet" }));

  // Tests move in with the files they read; what stays behind is what tests the repository rather than the package.
  cpSync(inRoot("tests", "pkg", "apps"), join(consumer, "apps"), { recursive: true });
  const stays = /^(pkg|stages|run\.mjs)|\.rs$/;
  cpSync(inRoot("tests"), join(consumer, "tests"), { recursive: true, filter: (path) => !stays.test(relative(inRoot("tests"), path)) });
}

let installing;
/** Once per run, however many stages ask. */
export const installPackage = async () => { await (installing ??= packAndInstall()); };
