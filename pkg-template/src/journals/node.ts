/** The journal in files of Node, Deno and Bun. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { _invalid as invalid, _string as string, type Journal } from "../api.js";
// Starts the module, for those who import nothing else.
import "../node.js";
import { FileJournal } from "./files.js";
import { acquireFolder } from "./node-disk.js";

/**
 * A journal in the files of one folder, which is created if need be. Every append is on the disk, synced, before it
 * counts. Natively the same files are read and written.
 *
 * The folder belongs to one process at a time: a second one is refused with `LOCKED` until the first has closed the
 * journal or is gone. The file `lock` says whose it is, by the number of a process of this machine; so do not share the
 * folder between machines or between containers that run at the same time.
 *
 * @example
 * ```ts
 * const journal = nodeJournal("./state");
 * ```
 */
export function nodeJournal(directory: string | URL): Journal {
  const folder = typeof directory === "object" && directory instanceof URL ? fileURLToPath(directory) : string("the directory", directory);
  if (folder === "" || folder.includes("\0")) throw invalid("the directory must be the path of a folder");
  // Taken now: it must stay the same folder when the program goes elsewhere.
  const path = resolve(folder);
  return new FileJournal(() => acquireFolder(path));
}
