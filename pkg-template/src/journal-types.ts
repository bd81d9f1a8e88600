/** What a journal is to an orchestrator: a place that keeps frames in order and gives them back. */

/**
 * Keeps what happened, so that an orchestrator can be opened again where it stopped. There are journals for memory, for
 * files, for IndexedDB and for the origin's private file system; an object of your own with these methods does as well,
 * and may give plain values instead of promises. `journalConformance` of `agent-orchestrator-wasm/testing` tries it out.
 *
 * A journal looks at no more than the head of a frame. Positions are those of events, which are counted from 1; 0 stands
 * for none. Calls come one after the other: the next one when the last one is settled.
 *
 * Refusals are `OrchestratorError`s: `CONFLICT` (somebody else has written), `LOCKED` (somebody else owns it),
 * `JOURNAL_FULL`, `JOURNAL_FAILED`, `JOURNAL_DAMAGED`, `JOURNAL_VERSION`.
 */
export interface Journal {
  /**
   * Opens the journal and reads it: from the newest snapshot on, or with `history` all that is still kept. Comes first,
   * and again after `close` if the journal is to be used again.
   */
  load(options?: { readonly history?: boolean | undefined }): Promise<StoredJournal>;
  /**
   * Keeps one frame for good: when the promise is fulfilled, a power cut can no longer undo it. `expectedPosition` is that
   * of the last event kept so far. If that is another one, the call is refused with `CONFLICT` and nothing is written.
   */
  append(expectedPosition: number, frame: Uint8Array): Promise<void>;
  /** Keeps a snapshot of the state after `position`, which is that of the last event kept; otherwise `CONFLICT`. */
  snapshot(position: number, frame: Uint8Array): Promise<void>;
  /** Lets go of what lies before the newest snapshot at or before this position. Without such a snapshot nothing happens. */
  truncateBefore(position: number): Promise<void>;
  /** Lets others have it. May be called more than once. */
  close(): Promise<void>;
}

/** What a journal has kept. */
export interface StoredJournal {
  /** Each is one or more whole frames. Oldest first; without `history` the newest snapshot, if there is one, comes first. */
  readonly frames: readonly Uint8Array[];
  /** How many bytes of an append that never became whole were found at the end and dropped. */
  readonly cut: number;
}
