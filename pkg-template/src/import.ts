/** Journals as bytes: from one into another, and one that lives in memory. */
import { OrchestratorError } from "./errors.js";
import { readJournal, type Foreign } from "./foreign.js";
import { invalid, kindOf } from "./input.js";
import type { Journal, StoredJournal } from "./journal-types.js";
import { splitFrames } from "./opening.js";

/** Fields of a frame's head, as in `src/journal/frame.rs`: the kind, how many events, and the position. */
const KIND = 5, COUNT = 12, SEQ = 24;
const SNAPSHOT = 2;

interface Head {
  readonly isSnapshot: boolean;
  /** Position of the last event when it is kept. */
  readonly last: number;
}

function headOf(frame: Uint8Array): Head {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = view.getUint32(COUNT, true);
  const seq = Number(view.getBigUint64(SEQ, true));
  return { isSnapshot: view.getUint8(KIND) === SNAPSHOT, last: count === 0 ? seq : seq + count - 1 };
}

/**
 * Puts an exported journal into an empty one, which stays open: hand it to an orchestrator, or close it. Refused are a
 * journal that is not empty (`CONFLICT`), and bytes that are no whole journal (`JOURNAL_DAMAGED`) or of a later version
 * (`JOURNAL_VERSION`); nothing was changed then.
 */
export async function importJournal(journal: Journal, bytes: Uint8Array): Promise<void> {
  if (!(bytes instanceof Uint8Array)) throw invalid(`the bytes must be a Uint8Array, not ${kindOf(bytes)}`);
  await putInto(readJournal(journal), bytes);
}

export async function putInto(journal: Foreign, bytes: Uint8Array): Promise<void> {
  const frames = splitFrames(bytes);
  const { frames: found } = await journal.load(false);
  if (found.length > 0) throw new OrchestratorError("CONFLICT", "the journal is not empty; import into a new one");
  let position = 0;
  for (const frame of frames) {
    const { isSnapshot, last } = headOf(frame);
    if (isSnapshot) await journal.snapshot(last, frame);
    else await journal.append(position, frame);
    position = last;
  }
}

/** Keeps all in memory, for an orchestrator that is its only user. */
export class Kept implements Foreign {
  readonly journal = undefined;
  readonly #frames: Uint8Array[] = [];

  async load(history: boolean): Promise<StoredJournal> {
    const newest = this.#frames.findLastIndex((frame) => headOf(frame).isSnapshot);
    return { frames: this.#frames.slice(history ? 0 : Math.max(newest, 0)), cut: 0 };
  }

  async append(_expected: number, frame: Uint8Array): Promise<void> {
    this.#frames.push(frame);
  }

  async snapshot(_position: number, frame: Uint8Array): Promise<void> {
    this.#frames.push(frame);
  }

  async truncateBefore(position: number): Promise<void> {
    const newest = this.#frames.findLastIndex((frame) => headOf(frame).isSnapshot && headOf(frame).last <= position);
    this.#frames.splice(0, Math.max(newest, 0));
  }

  async close(): Promise<void> {}
}

/** Frames as one file. */
export function joined(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((length, frame) => length + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
