// Calls on journals by name, with answers that can be sent.
import { init } from "/pkg/dist/index.js";
import { _ExampleFrames as ExampleFrames } from "/pkg/dist/api.js";
import { indexedDbJournal } from "/pkg/dist/journals/indexeddb.js";
import { memoryJournal } from "/pkg/dist/journals/memory.js";
import { opfsJournal } from "/pkg/dist/journals/opfs.js";
import { journalConformance } from "/pkg/dist/testing/index.js";

await init();

const kinds = { indexeddb: indexedDbJournal, opfs: opfsJournal, memory: memoryJournal };
const journals = new Map();
const BYTES = 100;
const KIND = 5, CLOSED = 3, HEAD = 48;

const frames = new ExampleFrames(7);
const made = [];
/** The first frames of one event each that every journal of these tests is filled with. */
function first(count) {
  while (made.length < count) made.push(frames.events(1, BYTES));
  return made.slice(0, count);
}

const actions = {
  /** Opens; gives how many of the example frames are kept, or -1 when it is anything else. */
  async load(journal) {
    const { frames } = await journal.load();
    const bytes = new Uint8Array(await new Blob(frames).arrayBuffer());
    // A journal in files begins with the mark of a close.
    const all = bytes[KIND] === CLOSED ? bytes.subarray(HEAD) : bytes;
    const count = all.length / first(1)[0].length;
    if (!Number.isInteger(count)) return -1;
    const expected = new Uint8Array(await new Blob(first(count)).arrayBuffer());
    return all.every((byte, at) => byte === expected[at]) ? count : -1;
  },
  async append(journal, from, count) {
    for (let position = from; position < from + count; position++) {
      await journal.append(position, first(position + 1)[position]);
      globalThis.acknowledged?.(position + 1);
    }
  },
  /** Appends for ever. */
  async flood(journal, from) {
    for (let position = from; ; position++) await actions.append(journal, position, 1);
  },
  /** Appends until there is no more room. */
  async fill(journal, from, megabytes) {
    const larger = new ExampleFrames(7);
    for (let position = 0; position < from; position++) larger.events(1, BYTES);
    for (let position = from; position < from + megabytes; position++) {
      await journal.append(position, larger.events(1, 1 << 20));
      globalThis.acknowledged?.(position + 1);
    }
  },
  /** How many bytes are kept. */
  size: async (journal) => (await journal.load()).frames.reduce((sum, { length }) => sum + length, 0),
  /** One event and a snapshot, so many times; only the last snapshot is kept. */
  async snapshots(journal, times) {
    const frames = new ExampleFrames(7);
    for (let position = 0; position < times; position++) {
      await journal.append(position, frames.events(1, BYTES));
      await journal.snapshot(position + 1, frames.snapshot(new Uint8Array(BYTES)));
    }
    await journal.truncateBefore(times);
  },
  persisted: (journal) => journal.persisted,
  close: (journal) => journal.close(),
};

export async function call(action, kind, name, ...values) {
  try {
    if (action === "conformance") {
      const failed = [];
      const cases = journalConformance((key) => kinds[kind](key));
      for (const one of cases) await one.run().catch((error) => failed.push(`${one.name}: ${error.message}`));
      return { value: { cases: cases.length, failed } };
    }
    if (action === "open") return void journals.set(name, kinds[kind](name, ...values)) ?? {};
    if (!journals.has(name)) journals.set(name, kinds[kind](name));
    return { value: await actions[action](journals.get(name), ...values) };
  } catch (error) {
    return { error: error.code ?? String(error.stack ?? error), message: error.message };
  }
}
