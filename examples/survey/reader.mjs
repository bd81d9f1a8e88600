/** Reads the files of one part, telling how far it is, and returns what it found. */
import { isUtf8 } from "node:buffer";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { inspect } from "./inspect.mjs";
import { languageOf } from "./languages.mjs";
import { count } from "./text.mjs";

const MAX_BYTES = 8 * 1024 * 1024;
// A result has its limit too (1 MiB as JSON). This many entries for a part stay well below it.
const MAX_ENTRIES = 2000;

export function reader(maxConcurrency) {
  return {
    id: "reader",
    label: "Reader",
    description: "Reads the files of one part",
    maxConcurrency,

    async executeTask(task, ctx) {
      countExecution(ctx);
      const { folder, files: names } = task.metadata;
      const files = [];
      let room = MAX_ENTRIES;
      for (const name of names) {
        ctx.signal.throwIfAborted();
        await ctx.untilResumed();

        const found = await readOne(join(ctx.workingDirectory, folder, name), room, ctx.signal);
        files.push({ name, ...found });
        room -= found.entries?.length ?? 0;

        ctx.appendOutput(`${name}: ${found.skipped ?? `${found.language}, ${count(found.lines, "line")}`}`);
        ctx.updateProgress((100 * files.length) / names.length);
      }
      return { success: true, summary: `Read ${count(files.length, "file")}`, files };
    },
  };
}

/** Tells the tests that this attempt was really begun, on disk, before it does anything. */
function countExecution({ taskId, attempt }) {
  const path = process.env.SURVEY_EXECUTIONS;
  if (path === undefined) return;
  const file = openSync(path, "a");
  writeSync(file, `${taskId} ${attempt}\n`);
  fsyncSync(file);
  closeSync(file);
}

/** A file that cannot be read is a finding too, not a failure of the task. */
async function readOne(path, room, signal) {
  let file;
  let bytes;
  try {
    file = await open(path);
    if ((await file.stat()).size > MAX_BYTES) return { skipped: "too large" };
    if (await looksBinary(file)) return { skipped: "binary" };
    bytes = await file.readFile({ signal });
  } catch {
    signal.throwIfAborted();
    return { skipped: "unreadable" };
  } finally {
    await file?.close();
  }
  return findings(basename(path), bytes, room);
}

/** As git sees it: there is a zero byte near the beginning. */
async function looksBinary(file) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8000), 0, 8000, 0);
  return buffer.subarray(0, bytesRead).includes(0);
}

function findings(name, bytes, room) {
  const language = languageOf(name);
  const text = new TextDecoder().decode(bytes); // bytes that are not UTF-8 become U+FFFD
  return { language: language.name, isUtf8: isUtf8(bytes), ...inspect(text, language, room) };
}
