// Frames of a size, and what a journal has kept.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What is inside the package and not exported: real frames. */
const entry = createRequire(import.meta.url).resolve("agent-orchestrator-wasm");
const { _ExampleFrames: ExampleFrames } = await import(pathToFileURL(join(dirname(entry), "api.js")));

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

/** Makes the frames of one journal, from this position on, if all frames before were of one event of so many bytes. */
export function frames(salt, position = 0, bytes = 100) {
  const made = new ExampleFrames(salt);
  for (let at = 0; at < position; at++) made.events(1, bytes);
  return made;
}

/** Starts journal-child.mjs; `line()` is what it says next. */
export function child(t, order, path, { through = [] } = {}) {
  const program = [...through, process.execPath, fileURLToPath(new URL("journal-child.mjs", import.meta.url)), order, path];
  const started = spawn(program[0], program.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => started.once("exit", (code, signal) => resolve(signal ?? code)));
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const end = (signal) => {
    started.kill(signal);
    return ended;
  };
  t.after(() => end("SIGKILL"));
  return { pid: started.pid, line: async () => (await lines.next()).value, go: () => started.stdin.write("go\n"), ended, end };
}
