/** The files of a journal in a folder of Node's: the same bytes as those of the native journal. */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { OrchestratorError, _describe as describe, type _Disk as Disk } from "../api.js";
import { failure, hostCode } from "./failures.js";
import type { Files } from "./files.js";
import { lock } from "./node-lock.js";

const { O_CREAT, O_RDWR } = fs.constants;
const NO_FOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const JOURNAL = /^\d{8}\.journal$/;

/** What the codes mean that a user is likely to meet. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  EROFS: "the file system is read-only",
  EACCES: "this program has no right to",
  EPERM: "this program has no right to",
  ENOTDIR: "a part of its path is a file and no folder",
  EEXIST: "there is a file of this name where a folder should be",
  ENOENT: "it is not there, or its folder is not",
  ELOOP: "it is a symbolic link, which is not followed",
  EISDIR: "it is a folder where a file should be",
  EMFILE: "this program has too many files open",
  ENAMETOOLONG: "its name is too long",
};

/** Calls the file system; what that throws gets words, and keeps its code. */
function telling<T>(name: string, done: string, call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw explained(name, done, thrown);
  }
}

function explained(name: string, done: string, thrown: unknown): Error {
  if (OrchestratorError.isInstance(thrown)) return thrown;
  const code = hostCode(thrown);
  const reason = Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : describe(thrown);
  return Object.assign(new Error(`${JSON.stringify(name)} could not be ${done}: ${reason}`, { cause: thrown }), { code });
}

/** Makes what was created in or removed from a folder survive a power cut. Windows has no such call, and no need of it. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}

class NodeDisk implements Disk {
  readonly #folder: string;
  readonly #open = new Map<string, number>();
  /** Files that a power cut may still undo the creation of. */
  readonly #created = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  list(): string[] {
    return telling(basename(this.#folder), "listed", () => fs.readdirSync(this.#folder)).filter((name) => JOURNAL.test(name));
  }

  len(name: string): number {
    return telling(name, "looked at", () => fs.lstatSync(this.#path(name), { throwIfNoEntry: false })?.size ?? -1);
  }

  read(name: string, at: number, length: number): Uint8Array {
    return telling(name, "read", () => {
      const file = this.#file(name, 0);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const read = fs.readSync(file, bytes, done, length - done, at + done);
        if (read === 0) break;
        done += read;
      }
      return bytes.subarray(0, done);
    });
  }

  write(name: string, at: number, bytes: Uint8Array): void {
    telling(name, "written", () => {
      const file = this.#file(name, O_CREAT);
      let done = 0;
      while (done < bytes.length) done += fs.writeSync(file, bytes, done, bytes.length - done, at + done);
    });
  }

  truncate(name: string, length: number): void {
    telling(name, "cut", () => fs.ftruncateSync(this.#file(name, 0), length));
  }

  sync(name: string): void {
    telling(name, "synced", () => {
      fs.fdatasyncSync(this.#file(name, 0));
      this.#syncCreation(name);
    });
  }

  /** The same without blocking: the disk takes its time, and others may go on meanwhile. */
  async syncLater(name: string): Promise<void> {
    try {
      const file = this.#file(name, 0);
      await new Promise<void>((resolve, reject) => fs.fdatasync(file, (error) => (error ? reject(error) : resolve())));
      this.#syncCreation(name);
    } catch (thrown) {
      throw failure("the journal could not be synced", explained(name, "synced", thrown));
    }
  }

  remove(name: string): void {
    telling(name, "removed", () => {
      this.#closeFile(name);
      this.#created.delete(name);
      fs.rmSync(this.#path(name), { force: true });
    });
  }

  close(): void {
    for (const name of [...this.#open.keys()]) this.#closeFile(name);
  }

  #syncCreation(name: string): void {
    if (!this.#created.has(name)) return;
    syncFolder(this.#folder);
    this.#created.delete(name);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #file(name: string, flags: number): number {
    let file = this.#open.get(name);
    if (file === undefined) {
      const isNew = flags === O_CREAT && this.len(name) < 0;
      file = fs.openSync(this.#path(name), O_RDWR | NO_FOLLOW | flags, 0o666);
      this.#open.set(name, file);
      if (isNew) this.#created.add(name);
    }
    return file;
  }

  #closeFile(name: string): void {
    const file = this.#open.get(name);
    this.#open.delete(name);
    if (file !== undefined) fs.closeSync(file);
  }
}

/** Creates the folder, and those it is in. */
function makeFolder(folder: string): void {
  const first = fs.mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Makes the folder ours. */
export async function acquireFolder(folder: string): Promise<Files> {
  const unlock = ((): (() => void) => {
    try {
      telling(basename(folder), "created", () => makeFolder(folder));
      return telling("lock", "taken", () => lock(join(folder, "lock")));
    } catch (thrown) {
      throw failure(`the journal in ${JSON.stringify(basename(folder))} cannot be opened`, thrown);
    }
  })();
  const disk = new NodeDisk(folder);
  return {
    disk,
    sync: (name) => disk.syncLater(name),
    async prepare() {},
    async tidy() {},
    release() {
      try {
        disk.close();
      } finally {
        unlock();
      }
    },
  };
}
