/** The journal in the origin's private file system, for dedicated workers. */
import { OrchestratorError, _invalid as invalid, _string as string, type Journal, type _Disk as Disk } from "../api.js";
import { failure, hostCode } from "./failures.js";
import { FileJournal, type Files } from "./files.js";

/** What only dedicated workers have; TypeScript's DOM does not know it. */
interface SyncAccessHandle {
  getSize(): number;
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(length: number): void;
  flush(): void;
  close(): void;
}
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncAccessHandle> };
type Folder = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

const JOURNAL = /^\d{8}\.journal$/;

async function openFile(folder: Folder, name: string): Promise<SyncAccessHandle> {
  const file: FileHandle = await folder.getFileHandle(name, { create: true });
  if (file.createSyncAccessHandle === undefined) {
    throw new OrchestratorError("JOURNAL_FAILED", "opfsJournal works in dedicated workers only; elsewhere, indexedDbJournal does");
  }
  return file.createSyncAccessHandle();
}

/**
 * Files must be opened before they are used, which takes time; so each is there before it is needed, and one that is empty
 * and was not written yet does not count.
 */
class OpfsDisk implements Disk {
  readonly #folder: Folder;
  readonly #handles = new Map<string, SyncAccessHandle>();
  readonly #there = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  list(): string[] {
    return [...this.#there];
  }

  len(name: string): number {
    return this.#there.has(name) ? this.#handle(name).getSize() : -1;
  }

  read(name: string, at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.#handle(name).read(bytes, { at }));
  }

  write(name: string, at: number, bytes: Uint8Array): void {
    const handle = this.#handle(name);
    this.#there.add(name);
    const written = handle.write(bytes, { at });
    if (written !== bytes.length) throw new DOMException(`only ${written} of ${bytes.length} bytes were written`, "QuotaExceededError");
  }

  truncate(name: string, length: number): void {
    this.#handle(name).truncate(length);
  }

  sync(name: string): void {
    this.#handle(name).flush();
  }

  remove(name: string): void {
    const handle = this.#handle(name);
    // The name goes later; an empty file does not count.
    handle.truncate(0);
    handle.flush();
    handle.close();
    this.#handles.delete(name);
    this.#there.delete(name);
    this.#removed.add(name);
  }

  /** Opens a file, and creates it if need be. */
  async prepare(name: string): Promise<void> {
    if (this.#handles.has(name)) return;
    const handle = await openFile(this.#folder, name);
    this.#handles.set(name, handle);
    if (handle.getSize() > 0) this.#there.add(name);
  }

  /** Takes the names of removed files away. */
  async tidy(): Promise<void> {
    for (const name of this.#removed) {
      this.#removed.delete(name);
      await this.#folder.removeEntry(name);
    }
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.close();
    this.#handles.clear();
  }

  #handle(name: string): SyncAccessHandle {
    const handle = this.#handles.get(name);
    if (handle === undefined) throw new Error(`the file ${name} is not open`);
    return handle;
  }
}

/** Makes the folder ours: the browser lets only one have a file open, and takes it back from a worker that is gone. */
async function acquire(name: string): Promise<Files> {
  let lock: SyncAccessHandle | undefined;
  let disk: OpfsDisk | undefined;
  const release = (): void => {
    disk?.close();
    lock?.close();
  };
  try {
    const storage = (globalThis.navigator as Navigator | undefined)?.storage as StorageManager | undefined;
    if (storage?.getDirectory === undefined) throw new Error("there is none; browsers have one for secure pages (https, or localhost)");
    const root = await storage.getDirectory();
    const folder = (await root.getDirectoryHandle(`agent-orchestrator.${encodeURIComponent(name)}`, { create: true })) as Folder;
    lock = await openFile(folder, "lock");
    const files = (disk = new OpfsDisk(folder));
    for await (const file of folder.keys()) if (JOURNAL.test(file)) await files.prepare(file);
    return {
      disk: files,
      sync: async (file) => files.sync(file),
      prepare: (file) => files.prepare(file),
      tidy: () => files.tidy(),
      release,
    };
  } catch (thrown) {
    release();
    if (hostCode(thrown) === "NoModificationAllowedError") {
      throw new OrchestratorError("LOCKED", `another worker owns the journal ${JSON.stringify(name)}`, { cause: thrown });
    }
    throw failure("the private file system of this origin cannot be used here", thrown);
  }
}

/**
 * A journal in the origin's private file system: the fastest one in browsers. It works in dedicated workers only, on
 * secure pages. Every append is on the disk before it counts.
 *
 * It belongs to one worker of the origin at a time: another one is refused with `LOCKED` until that has closed it or is gone.
 *
 * @example
 * ```ts
 * const journal = opfsJournal("my-app");
 * ```
 */
export function opfsJournal(name: string): Journal {
  if (string("the name", name) === "") throw invalid("the name of a journal must not be empty");
  return new FileJournal(() => acquire(name));
}
