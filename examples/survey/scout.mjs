/** Walks the tree and plans the work: one task for each part, a part being some files of one folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ignores, rulesFor, rulesInside } from "./gitignore.mjs";
import { allTasks } from "./tasks.mjs";
import { byText, count, cut } from "./text.mjs";

const FILES_PER_PART = 25;
const TASKS_PER_CALL = 1000;
const FOLDERS_NAMED = 100;

export function scout(orchestrator) {
  return {
    id: "scout",
    label: "Scout",
    description: "Finds the files and plans one task per part",

    async executeTask(task, ctx) {
      const root = ctx.workingDirectory;
      const tally = { folders: 0, files: 0, ignored: 0, links: 0, special: 0, unreadable: 0, unreadableFolders: [] };
      const parts = [];

      const waiting = [{ folder: "" }];
      while (waiting.length > 0) {
        // The two courtesies of a long task: stop when cancelled, wait when paused.
        ctx.signal.throwIfAborted();
        await ctx.untilResumed();

        const { folder, above } = waiting.pop();
        const rules = above ? await rulesInside(above, join(root, folder)) : await rulesFor(root);
        const listed = await list(root, folder, rules, task.metadata.leaveOut, tally);
        if (listed === undefined) {
          ctx.appendOutput(`Cannot read the folder ${folder || "itself"}`);
          continue;
        }
        for (const name of listed.folders) waiting.push({ folder: inside(folder, name), above: rules });
        parts.push(...split(folder, listed.files));
        if (tally.folders % 500 === 0) ctx.appendOutput(`${count(tally.files, "file")} so far`);
      }

      parts.sort((a, b) => byText(a.folder, b.folder) || a.number - b.number);
      await plan(task, parts);
      const summary = `${count(tally.files, "file")} in ${count(tally.folders, "folder")}: ${count(parts.length, "part")}`;
      // Keys beside the known ones are kept with the result: this is how the others learn what was found.
      return { success: true, summary, tally };
    },
  };

  /** The parts become tasks beside this one. Their tag says whose plan they are, so that others find them by it. */
  async function plan(task, parts) {
    // An attempt that was interrupted may have planned some of it, and the tree may be another one by now.
    const earlier = [...allTasks(orchestrator, { tag: task.id })];
    await Promise.all(earlier.map((part) => orchestrator.deleteTask(part.id)));
    for (let at = 0; at < parts.length; at += TASKS_PER_CALL) {
      const tasks = parts.slice(at, at + TASKS_PER_CALL).map((part) => ({
        name: cut(part.name, 120),
        providerId: "reader",
        parentId: task.parentId,
        tags: [task.id],
        metadata: { folder: part.folder, files: part.files },
      }));
      await orchestrator.createTasks(tasks);
    }
  }
}

/** The files and folders directly in `folder` that count, sorted; nothing when it cannot be read. */
async function list(root, folder, rules, leaveOut, tally) {
  const path = join(root, folder);
  let entries;
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch {
    tally.unreadable += 1;
    if (tally.unreadable <= FOLDERS_NAMED) tally.unreadableFolders.push(cut(`${folder || "."}/`, 200));
    return undefined;
  }
  tally.folders += 1;

  const files = [];
  const folders = [];
  for (const entry of entries) {
    const entryPath = join(path, entry.name);
    // An earlier survey is no part of the tree, nor is the state of this one.
    if (entry.name === ".git" || leaveOut.includes(entryPath)) continue;
    if (ignores(rules, entryPath, entry.isDirectory())) tally.ignored += 1;
    else if (entry.isSymbolicLink()) tally.links += 1;
    else if (entry.isDirectory()) folders.push(entry.name);
    else if (entry.isFile()) files.push(entry.name);
    else tally.special += 1; // sockets, pipes, devices
  }
  tally.files += files.length;
  return { files: files.sort(byText), folders: folders.sort(byText) };
}

/** Cuts the files of one folder into parts of a size that one task reads in a moment. */
function split(folder, files) {
  const parts = [];
  const total = Math.ceil(files.length / FILES_PER_PART);
  for (let number = 1; number <= total; number += 1) {
    parts.push({
      folder,
      number,
      name: `${folder || "."}/${(total > 1 ? ` (${number} of ${total})` : "")}`,
      files: files.slice((number - 1) * FILES_PER_PART, number * FILES_PER_PART),
    });
  }
  return parts;
}

const inside = (folder, name) => (folder === "" ? name : `${folder}/${name}`);
