/** A tree to survey: 500 parts, always the same. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Put together, so that the survey of this repository does not take it for something left to do. */
const MARK = "TO" + "DO";

export const PARTS = 500;
const FILES = 6;
// So much that there is a snapshot on the way.
const ITEMS = 14;

/** A folder of its own for a test, removed when the test is over, with the tree in `tree`. */
export async function folderWithTree(t) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "crash-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (let part = 0; part < PARTS; part += 1) {
    const folder = join(root, "tree", `f${part % 20}`, `p${part}`);
    await mkdir(folder, { recursive: true });
    await Promise.all(Array.from({ length: FILES }, (_, file) => writeFile(join(folder, `${file}.rs`), text(part, file))));
  }
  return root;
}

const text = (part, file) =>
  Array.from({ length: ITEMS }, (_, n) => `pub fn item_${part}_${file}_${n}() {}\n// ${MARK}: finish ${n}\n`).join("");
