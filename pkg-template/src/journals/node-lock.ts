/**
 * The file `lock`, by which a journal has one owner at a time. It holds one line, the process and when that started, so
 * that a process that is gone, or another one with its number, is not taken for the owner. An empty file has none. The
 * native journal writes and reads the same line.
 */
import { constants, closeSync, copyFileSync, ftruncateSync, linkSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { OrchestratorError } from "../api.js";
import { hostCode } from "./failures.js";

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** How often the lock may change hands while we look at it. */
const TRIES = 16;

/** A larger number names no process. */
const LARGEST_PID = 0x7fffffff;

/** State and start of a process, as Linux tells them; nothing elsewhere. */
function processStat(pid: number | "self"): { readonly state: string; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is a name in parentheses that may have any character in it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, start: fields[19]! };
  } catch {
    return undefined;
  }
}

/** The line by which this process owns a lock. */
const ownLine = (): string => `${process.pid} ${processStat("self")?.start ?? 0}\n`;

/** Whether the process of a line still runs. When it cannot be told, it does. */
function lives(line: string): boolean {
  const [, pid, start] = /^(\d+) (\d+)\s*$/.exec(line) ?? [];
  if (pid === undefined || Number(pid) === 0 || Number(pid) > LARGEST_PID) return false;
  const stat = processStat(Number(pid));
  if (stat !== undefined) return !"ZXx".includes(stat.state) && (start === "0" || stat.start === start);
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (thrown) {
    return hostCode(thrown) !== "ESRCH";
  }
}

/** What is in the file, or nothing when there is none. */
function read(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | NO_FOLLOW);
  } catch (thrown) {
    if (hostCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  try {
    const bytes = new Uint8Array(128);
    return new TextDecoder().decode(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)));
  } finally {
    closeSync(file);
  }
}

/** Creates the file with its line in it, at once; gives whether it did, which it does not when the file is there. */
function create(path: string, line: string): boolean {
  const whole = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(whole, line, { flag: "wx" });
  try {
    try {
      linkSync(whole, path);
    } catch (thrown) {
      if (hostCode(thrown) === "EEXIST") return false;
      // Not every file system has links.
      copyFileSync(whole, path, constants.COPYFILE_EXCL);
    }
    return true;
  } catch (thrown) {
    if (hostCode(thrown) === "EEXIST") return false;
    throw thrown;
  } finally {
    rmSync(whole, { force: true });
  }
}

const locked = (line: string): OrchestratorError =>
  new OrchestratorError("LOCKED", `process ${/^\d+/.exec(line)?.[0] ?? "?"} owns this journal; if it does not exist, remove the file "lock"`);

/**
 * Makes the file ours. Who would take it from a process that is gone first takes a second lock, named after that process,
 * and then looks again: so of many only one can. Should it die then, its second lock is taken from it in the same way.
 */
function take(path: string, line: string): void {
  for (let tries = 0; tries < TRIES; tries++) {
    if (create(path, line)) return;
    const found = read(path);
    if (found === undefined) continue;
    if (lives(found)) throw locked(found);
    const claim = `${path}.${found.trim().replace(/[^\d]+/g, "-") || "free"}`;
    take(claim, line);
    try {
      if (read(path) !== found) continue;
      const whole = `${claim}.new`;
      writeFileSync(whole, line);
      renameSync(whole, path);
      return;
    } finally {
      rmSync(claim, { force: true });
    }
  }
  throw new OrchestratorError("LOCKED", "others are taking this journal at the same moment");
}

/** Empties the file if it is still ours. */
function release(path: string, line: string): void {
  try {
    if (read(path) !== line) return;
    const file = openSync(path, constants.O_RDWR | NO_FOLLOW);
    ftruncateSync(file, 0);
    closeSync(file);
  } catch {
    // A folder that was removed has no owner.
  }
}

/** What the end of the process lets go: one listener for all, since Node warns of many. */
const held = new Set<() => void>();
const releaseAll = (): void => held.forEach((letGo) => letGo());

/** Takes the lock, or throws `LOCKED` at once; gives what releases it, which the end of the process does as well. */
export function lock(path: string): () => void {
  const line = ownLine();
  take(path, line);
  const letGo = (): void => {
    held.delete(letGo);
    if (held.size === 0) process.removeListener("exit", releaseAll);
    release(path, line);
  };
  if (held.size === 0) process.on("exit", releaseAll);
  held.add(letGo);
  return letGo;
}
