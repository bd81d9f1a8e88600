// Frames of a size, and what a journal has kept.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const HEAD = 48;

/** The head of a frame and a payload, with a checksum that is none: for journals that do not look inside. */
export function frame({ kind = 1, count = kind === 1 ? 1 : 0, seq, payload = [] }) {
  const bytes = new Uint8Array(HEAD + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x41, 0x4f, 0x4a, 0xf1, 1, kind]);
  view.setUint32(8, payload.length, true);
  view.setUint32(12, count, true);
  view.setBigUint64(24, BigInt(seq), true);
  bytes.set(payload, HEAD);
  return bytes;
}

export const kept = async (journal, history = false) => {
  const { frames } = await journal.load({ history });
  return Buffer.concat(frames);
};

/** A folder that is removed after the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "journal-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
