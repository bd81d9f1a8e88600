/** The journal in IndexedDB, for pages and workers. */
import { _invalid as invalid, _object as object, _onAbort as onAbort, _signalOf as signalOf, _string as string, type Journal, type StoredJournal } from "../api.js";
import { Database } from "./database.js";
import { notOpen } from "./failures.js";
import { position } from "./frame.js";
import { lead } from "./leader.js";
import { Turns } from "./turns.js";

/** Options of {@link indexedDbJournal}. */
export interface IndexedDbJournalOptions {
  /** Waits, when another tab or worker owns the journal, until that is gone. Otherwise `load` is refused with `LOCKED` at once. */
  readonly wait?: boolean | undefined;
  /** Waits as well, until this is aborted; `load` is refused with `ABORTED` then. */
  readonly signal?: AbortSignal | undefined;
}

/** A journal in IndexedDB. */
export interface IndexedDbJournal extends Journal {
  /**
   * Whether the browser has promised not to delete the journal when room gets short. A page asks for that when the journal
   * is loaded; a worker cannot ask, and only finds out.
   */
  readonly persisted: Promise<boolean>;
}

async function askToStay(): Promise<boolean> {
  try {
    const { storage } = navigator;
    return await (typeof storage.persist === "function" ? storage.persist() : storage.persisted());
  } catch {
    return false;
  }
}

class IndexedDb implements IndexedDbJournal {
  readonly #name: string;
  readonly #wait: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #turns = new Turns();
  #persisted: Promise<boolean> | undefined;
  #open: { readonly database: Database; readonly release: () => Promise<void> } | undefined;
  /** Ends what waits to become the owner. */
  #closing = new AbortController();

  constructor(name: string, wait: boolean, signal: AbortSignal | undefined) {
    this.#name = name;
    this.#wait = wait;
    this.#signal = signal;
  }

  get persisted(): Promise<boolean> {
    return (this.#persisted ??= askToStay());
  }

  load(options?: { readonly history?: boolean | undefined }): Promise<StoredJournal> {
    const history = options?.history === true;
    const closing = this.#closing;
    return this.#turns.take(async () => {
      this.#open ??= await this.#start(closing);
      void this.persisted;
      return this.#open.database.load(history);
    });
  }

  append(expectedPosition: number, frame: Uint8Array): Promise<void> {
    return this.#turns.take(async () => this.#database().append(position("expectedPosition", expectedPosition), frame));
  }

  snapshot(at: number, frame: Uint8Array): Promise<void> {
    return this.#turns.take(async () => this.#database().snapshot(position("position", at), frame));
  }

  truncateBefore(at: number): Promise<void> {
    return this.#turns.take(async () => this.#database().truncateBefore(position("position", at)));
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#closing = new AbortController();
    return this.#turns.take(async () => {
      const open = this.#open;
      this.#open = undefined;
      open?.database.close();
      await open?.release();
    });
  }

  async #start(closing: AbortController): Promise<{ database: Database; release: () => Promise<void> }> {
    let database: Database | undefined;
    const release = await this.#lead(closing, () => database?.fail("another tab or worker has taken it over"));
    try {
      database = await Database.open(this.#name);
      return { database, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #lead(closing: AbortController, lost: () => void): Promise<() => Promise<void>> {
    if (!this.#wait) return lead(this.#name, { wait: undefined, lost });
    const stop = (): void => closing.abort();
    if (this.#signal?.aborted === true) stop();
    const forget = this.#signal === undefined ? () => {} : onAbort(this.#signal, stop);
    try {
      return await lead(this.#name, { wait: closing.signal, lost });
    } finally {
      forget();
    }
  }

  #database(): Database {
    if (this.#open === undefined) throw notOpen();
    return this.#open.database;
  }
}

/**
 * A journal in the IndexedDB database of this name, for pages, dedicated workers and shared workers. Every append is a
 * transaction of its own that is on the disk before it counts.
 *
 * It belongs to one tab or worker of the origin at a time; when that is gone, however it went, another can have it.
 *
 * @example
 * ```ts
 * const journal = indexedDbJournal("my-app");
 * ```
 */
export function indexedDbJournal(name: string, options: IndexedDbJournalOptions = {}): IndexedDbJournal {
  const { wait } = object("the options", options) as IndexedDbJournalOptions;
  if (wait !== undefined && typeof wait !== "boolean") throw invalid("wait must be true or false");
  const signal = signalOf(options);
  if (string("the name", name) === "") throw invalid("the name of a journal must not be empty");
  return new IndexedDb(`agent-orchestrator:${name}`, wait ?? signal !== undefined, signal);
}
