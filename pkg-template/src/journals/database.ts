/** Frames in an IndexedDB database: one record each, in the order of their positions. */
import { OrchestratorError, type StoredJournal } from "../api.js";
import { failure, hostCode } from "./failures.js";
import { CLOSED, SNAPSHOT, headOfSnapshot, headToAppend } from "./frame.js";

const VERSION = 1;
/** Frames of events, and of a clean close. The key is the position of the first event, the kind, the position of the last one. */
const FRAMES = "frames";
/** Frames of snapshots; the key is their position. */
const SNAPSHOTS = "snapshots";

type FrameKey = [first: number, kind: number, last: number];

const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** All that comes after the events up to a position: later frames, and the mark of a clean close there. */
const after = (position: number): IDBKeyRange => IDBKeyRange.lowerBound([position, SNAPSHOT]);
const upTo = (position: number): IDBKeyRange => IDBKeyRange.upperBound([position, SNAPSHOT]);

const newest = async (store: IDBObjectStore, range?: IDBKeyRange): Promise<IDBValidKey | undefined> =>
  (await result(store.openKeyCursor(range ?? null, "prev")))?.key;

/** Opens the database of this name, and creates it if need be. */
function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    // The property itself throws on pages that may keep nothing.
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(FRAMES);
      request.result.createObjectStore(SNAPSHOTS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function refusal(name: string, thrown: unknown): OrchestratorError {
  if (hostCode(thrown) === "VersionError") {
    return new OrchestratorError("JOURNAL_VERSION", `the journal ${JSON.stringify(name)} was made by a newer version of this package`, { cause: thrown });
  }
  return failure("IndexedDB cannot be used here, as in some private windows and in frames of other sites; memoryJournal() is a way out that keeps nothing", thrown);
}

export class Database {
  readonly #database: IDBDatabase;
  #gone: string | undefined;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    database.onversionchange = () => this.fail("somebody deletes or replaces its database");
    database.onclose = () => this.fail("the browser has closed its database, as it does when the data of a site are cleared");
  }

  static async open(name: string): Promise<Database> {
    try {
      return new Database(await open(name));
    } catch (thrown) {
      throw refusal(name, thrown);
    }
  }

  /** Refuses whatever comes from now on. */
  fail(because: string): void {
    this.#gone ??= because;
    this.#database.close();
  }

  close(): void {
    this.#database.close();
  }

  load(history: boolean): Promise<StoredJournal> {
    return this.#transaction("readonly", async (frames, snapshots) => {
      const from = history ? undefined : ((await newest(snapshots)) as number | undefined);
      const [keys, bytes, positions, states] = await Promise.all([
        result(frames.getAllKeys(from === undefined ? null : after(from))) as Promise<FrameKey[]>,
        result(frames.getAll(from === undefined ? null : after(from))) as Promise<Uint8Array[]>,
        result(snapshots.getAllKeys(from ?? null)) as Promise<number[]>,
        result(snapshots.getAll(from ?? null)) as Promise<Uint8Array[]>,
      ]);
      const all: Uint8Array[] = [];
      let at = 0;
      for (const [index, position] of positions.entries()) {
        while (at < keys.length && indexedDB.cmp(keys[at], [position, SNAPSHOT]) < 0) all.push(bytes[at++]!);
        all.push(states[index]!);
      }
      return { frames: all.concat(bytes.slice(at)), cut: 0 };
    });
  }

  append(expected: number, frame: Uint8Array): Promise<void> {
    return this.#transaction("readwrite", async (frames, snapshots) => {
      const { end, mark } = await this.#end(frames, snapshots);
      const { kind, first, last } = headToAppend(end ?? 0, expected, frame);
      if (mark !== undefined) frames.delete(mark);
      frames.put(frame.slice(), [first, kind, last] satisfies FrameKey);
    });
  }

  snapshot(position: number, frame: Uint8Array): Promise<void> {
    return this.#transaction("readwrite", async (frames, snapshots) => {
      const { end, mark } = await this.#end(frames, snapshots);
      headOfSnapshot(end, position, frame);
      if (mark !== undefined) frames.delete(mark);
      snapshots.put(frame.slice(), position);
    });
  }

  truncateBefore(position: number): Promise<void> {
    return this.#transaction("readwrite", async (frames, snapshots) => {
      const from = (await newest(snapshots, IDBKeyRange.upperBound(position))) as number | undefined;
      if (from === undefined) return;
      frames.delete(upTo(from));
      snapshots.delete(IDBKeyRange.upperBound(from, true));
    });
  }

  /** Where the journal ends, and the key of the mark of a clean close, which goes with what is written after it. */
  async #end(frames: IDBObjectStore, snapshots: IDBObjectStore): Promise<{ end: number | undefined; mark: FrameKey | undefined }> {
    const [frame, snapshot] = (await Promise.all([newest(frames), newest(snapshots)])) as [FrameKey | undefined, number | undefined];
    const ends = [frame?.[2], snapshot].filter((end) => end !== undefined);
    return { end: ends.length === 0 ? undefined : Math.max(...ends), mark: frame?.[1] === CLOSED ? frame : undefined };
  }

  /** Does all of it or nothing, and for good. */
  async #transaction<T>(mode: IDBTransactionMode, work: (frames: IDBObjectStore, snapshots: IDBObjectStore) => Promise<T>): Promise<T> {
    let transaction: IDBTransaction | undefined;
    try {
      const begun = (transaction = this.#database.transaction([FRAMES, SNAPSHOTS], mode, { durability: "strict" }));
      const done = new Promise<void>((resolve, reject) => {
        begun.oncomplete = () => resolve();
        begun.onabort = () => reject(begun.error ?? new DOMException("the transaction was aborted", "AbortError"));
      });
      const [found] = await Promise.all([work(begun.objectStore(FRAMES), begun.objectStore(SNAPSHOTS)), done]);
      return found;
    } catch (thrown) {
      try {
        transaction?.abort();
      } catch {
        // It has ended already.
      }
      // Why it is gone says more than what the browser says of a closed database.
      if (this.#gone !== undefined) throw new OrchestratorError("JOURNAL_FAILED", `the journal is lost: ${this.#gone}`, { cause: thrown });
      throw failure("the browser could not read or write the journal", thrown);
    }
  }

}
