/** A journal that lasts as long as the object. */
import type { Journal, StoredJournal } from "../api.js";
import { SNAPSHOT, headOfSnapshot, headToAppend, position, type FrameHead } from "./frame.js";

interface Kept {
  readonly head: FrameHead;
  readonly frame: Uint8Array;
}

class MemoryJournal implements Journal {
  #kept: Kept[] = [];

  async load(options?: { readonly history?: boolean | undefined }): Promise<StoredJournal> {
    const from = options?.history === true ? 0 : this.#newestSnapshot(Infinity);
    return { frames: this.#kept.slice(from).map(({ frame }) => frame.slice()), cut: 0 };
  }

  async append(expectedPosition: number, frame: Uint8Array): Promise<void> {
    this.#keep(headToAppend(this.#end ?? 0, position("expectedPosition", expectedPosition), frame), frame);
  }

  async snapshot(at: number, frame: Uint8Array): Promise<void> {
    this.#keep(headOfSnapshot(this.#end, position("position", at), frame), frame);
  }

  async truncateBefore(at: number): Promise<void> {
    this.#kept.splice(0, this.#newestSnapshot(position("position", at)));
  }

  async close(): Promise<void> {}

  get #end(): number | undefined {
    return this.#kept.at(-1)?.head.last;
  }

  #keep(head: FrameHead, frame: Uint8Array): void {
    this.#kept.push({ head, frame: frame.slice() });
  }

  /** Where the newest snapshot at or before a position stands; 0 without one. */
  #newestSnapshot(at: number): number {
    return Math.max(0, this.#kept.findLastIndex(({ head }) => head.kind === SNAPSHOT && head.last <= at));
  }
}

/**
 * A journal in memory, for tests: hand the same object to a second orchestrator when the first one is disposed of, and it
 * goes on where that one stopped. Of two that use it at once, the slower one is refused with `CONFLICT`.
 */
export const memoryJournal = (): Journal => new MemoryJournal();
