/** The head of a frame, as `src/journal/frame.rs` writes it. Whether its bytes are sound is for the core to say, not for us. */
import { OrchestratorError, _invalid as invalid, _kindOf as kindOf } from "../api.js";

/** Kinds of frames. A frame of a clean close holds nothing; it may stand anywhere. */
export const EVENTS = 1, SNAPSHOT = 2, CLOSED = 3;

/** `AOJ` and 0xF1, as one number. */
const MAGIC = 0xf14a4f41;
const HEAD = 48;
/** Where the fields of the head stand. */
const KIND = 5, LENGTH = 8, COUNT = 12, SEQ = 24;

/** Which events a frame is about. */
export interface FrameHead {
  readonly kind: number;
  /** Position of its first event; of the last one before it when it holds none. */
  readonly first: number;
  /** Position of the last event when it is kept. */
  readonly last: number;
}

/** The bytes of a frame as the caller gives them. */
export function bytesOf(frame: unknown): Uint8Array {
  if (frame instanceof Uint8Array) return frame;
  throw invalid(`a frame must be a Uint8Array, not ${kindOf(frame)}`);
}

/** Reads the head of the one frame that these bytes must be. */
function frameHead(bytes: unknown): FrameHead {
  const frame = bytesOf(bytes);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < HEAD || view.getUint32(0, true) !== MAGIC || view.getUint32(LENGTH, true) !== frame.length - HEAD) {
    throw invalid("the bytes are not one whole frame of a journal");
  }
  const kind = view.getUint8(KIND);
  const first = view.getUint32(SEQ, true) + view.getUint32(SEQ + 4, true) * 4294967296;
  const count = view.getUint32(COUNT, true);
  if (kind < EVENTS || kind > CLOSED || (kind === EVENTS) !== count > 0) throw invalid("the frame is of no known kind");
  return { kind, first, last: kind === EVENTS ? first + count - 1 : first };
}

/** The frames that stand one after the other in these bytes. */
export function* framesIn(bytes: Uint8Array): Generator<{ readonly frame: Uint8Array; readonly head: FrameHead }> {
  for (let at = 0; at < bytes.length; ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const length = view.byteLength < HEAD ? view.byteLength : HEAD + view.getUint32(LENGTH, true);
    const frame = bytes.subarray(at, at + length);
    yield { frame, head: frameHead(frame) };
    at += length;
  }
}

/** The position as the caller means it. */
export function position(what: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${what} must be a whole number of at least 0, not ${typeof value === "number" ? value : kindOf(value)}`);
}

const conflict = (message: string): OrchestratorError => new OrchestratorError("CONFLICT", message);

/** Reads the head of a frame to append to a journal whose last event stands at `end`, and which the caller takes to end at `expected`. */
export function headToAppend(end: number, expected: number, frame: unknown): FrameHead {
  if (expected !== end) throw conflict(`the journal ends at position ${end}, not at ${expected}: somebody else has written to it`);
  const head = frameHead(frame);
  if (head.kind === SNAPSHOT) throw invalid("a snapshot is not appended: it has a call of its own");
  const due = head.kind === EVENTS ? end + 1 : end;
  if (head.first !== due) throw conflict(`the frame stands at position ${head.first}, not at ${due}: it belongs to another journal`);
  return head;
}

/** The same of a snapshot. A journal that is empty, and so has no end, may begin with the state of another one. */
export function headOfSnapshot(end: number | undefined, expected: number, frame: unknown): FrameHead {
  if (end !== undefined && expected !== end) throw conflict(`the journal ends at position ${end}, not at ${expected}: somebody else has written to it`);
  const head = frameHead(frame);
  if (head.kind !== SNAPSHOT) throw invalid("the frame is no snapshot");
  if (head.first !== expected) throw conflict(`the snapshot is of position ${head.first}, not of ${expected}`);
  return head;
}
