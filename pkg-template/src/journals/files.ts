/** A journal in files, on any host that has some: who may call when, and what happens when a sync fails. */
import { _FileStore as FileStore, type Journal, type StoredJournal, type _Disk as Disk } from "../api.js";
import { failure, notOpen } from "./failures.js";
import { bytesOf, position } from "./frame.js";
import { Turns } from "./turns.js";

/** Files that belong to us until they are released. */
export interface Files {
  readonly disk: Disk;
  /** As the disk's `sync`, but it need not block. */
  sync(name: string): Promise<void>;
  /** Called before a file is created, for hosts that cannot do it at once. */
  prepare(name: string): Promise<void>;
  /** Called after files were removed, for the same reason. */
  tidy(): Promise<void>;
  /** Lets go of all of it. */
  release(): void;
}

const FIRST = "00000001.journal";

export class FileJournal implements Journal {
  readonly #acquire: () => Promise<Files>;
  readonly #turns = new Turns();
  #open: { readonly files: Files; readonly store: FileStore } | undefined;

  constructor(acquire: () => Promise<Files>) {
    this.#acquire = acquire;
  }

  load(options?: { readonly history?: boolean | undefined }): Promise<StoredJournal> {
    const history = options?.history === true;
    return this.#turns.take(async () => {
      this.#open ??= await this.#start();
      return this.#open.store.load(history);
    });
  }

  append(expectedPosition: number, frame: Uint8Array): Promise<void> {
    return this.#turns.take(async () => {
      const { files, store } = this.#opened();
      const name = store.write(position("expectedPosition", expectedPosition), bytesOf(frame));
      if (name === undefined) return;
      try {
        await files.sync(name);
      } catch (cause) {
        // Whether the bytes will be there after a crash is open: nothing may be built on them, nor on a second try.
        const error = failure("the journal could not be synced", cause);
        store.failed(error.message);
        throw error;
      }
      store.synced();
    });
  }

  snapshot(at: number, frame: Uint8Array): Promise<void> {
    return this.#turns.take(async () => {
      const { files, store } = this.#opened();
      await files.prepare(store.nextFile());
      store.snapshot(position("position", at), bytesOf(frame));
      await files.tidy();
    });
  }

  truncateBefore(at: number): Promise<void> {
    return this.#turns.take(async () => {
      const { files, store } = this.#opened();
      store.truncateBefore(position("position", at));
      await files.tidy();
    });
  }

  close(): Promise<void> {
    return this.#turns.take(async () => {
      const open = this.#open;
      this.#open = undefined;
      open?.store.free();
      open?.files.release();
    });
  }

  async #start(): Promise<{ files: Files; store: FileStore }> {
    const files = await this.#acquire();
    try {
      const store = new FileStore(files.disk);
      await files.tidy();
      if (files.disk.list().length === 0) await files.prepare(FIRST);
      return { files, store };
    } catch (error) {
      files.release();
      throw error;
    }
  }

  #opened(): { readonly files: Files; readonly store: FileStore } {
    if (this.#open === undefined) throw notOpen();
    return this.#open;
  }
}
