/** The parts of the core that write and read files of a journal, as the journals' modules use them. */
import { FileStore as GlueStore } from "./glue/agent_orchestrator.js";
import { loaded, told } from "./module.js";
import { OrchestratorError } from "./errors.js";
import type { StoredJournal } from "./journal-types.js";

/**
 * Named files in one folder. What a method throws is told to the caller: as `JOURNAL_FULL` if its `code` or `name` says
 * so, else as `JOURNAL_FAILED`.
 */
export interface Disk {
  /** The names of all files of the journal. */
  list(): string[];
  /** How many bytes a file has; -1 if there is none. */
  len(name: string): number;
  read(name: string, at: number, length: number): Uint8Array;
  /** Writes all of the bytes, which are not kept; creates the file if there is none. */
  write(name: string, at: number, bytes: Uint8Array): void;
  truncate(name: string, length: number): void;
  /** Makes what is in the file, and that it is there, survive a power cut. */
  sync(name: string): void;
  remove(name: string): void;
}

/** A journal in the files of a disk, opened and repaired. Syncing appends is left to the caller, who may do so without blocking. */
export class FileStore {
  #glue: GlueStore | undefined;

  constructor(disk: Disk) {
    loaded();
    try {
      this.#glue = new GlueStore(disk);
    } catch (thrown) {
      throw told(thrown);
    }
  }

  load(history: boolean): StoredJournal {
    return this.#call((glue) => ({ frames: glue.load(history), cut: glue.cut() }));
  }

  /** Writes a frame; gives the name of the file to sync. `synced` or `failed` must follow. */
  write(expected: number, frame: Uint8Array): string | undefined {
    return this.#call((glue) => glue.write(expected, frame));
  }

  synced(): void {
    this.#call((glue) => glue.synced());
  }

  failed(because: string): void {
    this.#call((glue) => glue.failed(because));
  }

  snapshot(position: number, frame: Uint8Array): void {
    this.#call((glue) => glue.snapshot(position, frame));
  }

  truncateBefore(position: number): void {
    this.#call((glue) => glue.truncateBefore(position));
  }

  /** The file that the next snapshot will create. */
  nextFile(): string {
    return this.#call((glue) => glue.nextFile());
  }

  free(): void {
    this.#glue?.free();
    this.#glue = undefined;
  }

  #call<T>(use: (glue: GlueStore) => T): T {
    if (this.#glue === undefined) throw new OrchestratorError("POISONED", "the core stopped at a bug and cannot go on");
    try {
      return use(this.#glue);
    } catch (thrown) {
      // What trapped cannot be freed either.
      if (thrown instanceof WebAssembly.RuntimeError) this.#glue = undefined;
      throw told(thrown);
    }
  }
}
