/** What every journal must do. */
import type { Journal } from "../api.js";
import { accepted, equal, refused, sameFrames } from "./expect.js";
import { Frames } from "./frames.js";

/** One case of {@link journalConformance}. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects with an `Error` that says what was wrong. */
  run(): Promise<void>;
}

interface Subject {
  readonly journal: Journal;
  readonly frames: Frames;
  /** Closes the journal and opens it again. */
  reopen(): Promise<Journal>;
  /** Opens it once more without closing it; nothing if that is refused. */
  rival(): Promise<Journal | undefined>;
}

type Check = (subject: Subject) => Promise<void>;

const framesOf = async (journal: Journal, history = false): Promise<readonly Uint8Array[]> => {
  const { frames, cut } = await journal.load({ history });
  equal("bytes that were cut", cut, 0);
  return frames;
};

async function appendAll(journal: Journal, frames: Frames, counts: readonly number[]): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const count of counts) {
    const { position } = frames;
    const frame = frames.events(count);
    await journal.append(position, frame);
    all.push(frame);
  }
  return all;
}

const checks: Readonly<Record<string, Check>> = {
  async "an empty journal has nothing"({ journal, reopen }) {
    sameFrames("a new journal", await framesOf(journal), []);
    sameFrames("its history", await framesOf(journal, true), []);
    sameFrames("opened again", await framesOf(await reopen()), []);
  },

  async "gives back what was appended, in order"({ journal, frames, reopen }) {
    const kept = await appendAll(journal, frames, [1, 3, 2]);
    sameFrames("at once", await framesOf(journal), kept);
    sameFrames("after it was opened again", await framesOf(await reopen()), kept);
  },

  async "goes on after it was opened again"({ journal, frames, reopen }) {
    const before = await appendAll(journal, frames, [2]);
    const again = await reopen();
    sameFrames("opened again", await framesOf(again), before);
    const after = await appendAll(again, frames, [1, 1]);
    sameFrames("opened once more", await framesOf(await reopen()), [...before, ...after]);
  },

  async "refuses a stale writer, and writes nothing of it"({ journal, frames }) {
    const stale = new Frames(1);
    const never = stale.events(1);
    const kept = await appendAll(journal, frames, [2, 1]);
    for (const position of [0, 2, 4, 1_000_000]) await refused(`append at ${position}`, "CONFLICT", () => journal.append(position, never));
    for (const position of [0, 2, 4]) await refused(`snapshot at ${position}`, "CONFLICT", () => journal.snapshot(position, stale.snapshot()));
    sameFrames("after the refusals", await framesOf(journal), kept);
    const more = await appendAll(journal, frames, [1]);
    sameFrames("with more", await framesOf(journal), [...kept, ...more]);
  },

  async "of two owners only one can write"({ journal, frames, rival, reopen }) {
    const other = await rival();
    const rivals = [[journal, frames.events(2)], [other, new Frames(1).events(2)]] as const;
    const winners: Uint8Array[] = [];
    for (const [owner, frame] of rivals) {
      const won = await accepted("append", ["CONFLICT", "LOCKED"], () => owner?.append(0, frame));
      if (won && owner !== undefined) winners.push(frame);
    }
    equal("how many of two could write", winners.length, 1);
    await other?.close();
    sameFrames("what was written", await framesOf(await reopen()), winners);
  },

  async "takes a copy of what it is given, and gives copies"({ journal, frames }) {
    const { position } = frames;
    const frame = frames.events(2);
    const copy = frame.slice();
    await journal.append(position, frame);
    frame.fill(0);
    sameFrames("after the frame was changed", await framesOf(journal), [copy]);
    for (const part of await framesOf(journal)) part.fill(0);
    sameFrames("after what was loaded was changed", await framesOf(journal), [copy]);
  },

  async "takes a part of a larger buffer"({ journal, frames }) {
    const frame = frames.events(1);
    const large = new Uint8Array(frame.length + 20).fill(255);
    large.set(frame, 7);
    await journal.append(0, large.subarray(7, 7 + frame.length));
    sameFrames("of the buffer", await framesOf(journal), [frame]);
  },

  async "loads from the newest snapshot on"({ journal, frames, reopen }) {
    await appendAll(journal, frames, [2, 2]);
    await journal.snapshot(frames.position, frames.snapshot());
    await appendAll(journal, frames, [1]);
    const snapshot = frames.snapshot();
    await journal.snapshot(frames.position, snapshot);
    sameFrames("at once", await framesOf(journal), [snapshot]);
    const after = await appendAll(journal, frames, [1, 3]);
    sameFrames("with more after it", await framesOf(journal), [snapshot, ...after]);
    sameFrames("opened again", await framesOf(await reopen()), [snapshot, ...after]);
  },

  async "keeps its history until it is told not to"({ journal, frames, reopen }) {
    const all = await appendAll(journal, frames, [2, 2]);
    for (const count of [1, 2]) {
      const snapshot = frames.snapshot();
      await journal.snapshot(frames.position, snapshot);
      all.push(snapshot, ...(await appendAll(journal, frames, [count])));
    }
    sameFrames("at once", await framesOf(journal, true), all);
    sameFrames("opened again", await framesOf(await reopen(), true), all);
  },

  async "lets go of what lies before a snapshot"({ journal, frames, reopen }) {
    const all = await appendAll(journal, frames, [2, 2]);
    await journal.truncateBefore(4);
    sameFrames("without a snapshot", await framesOf(journal, true), all);
    const first = frames.snapshot();
    await journal.snapshot(4, first);
    const between = await appendAll(journal, frames, [3]);
    const second = frames.snapshot(200);
    await journal.snapshot(7, second);
    const after = await appendAll(journal, frames, [1]);
    await journal.truncateBefore(3);
    sameFrames("before the first snapshot", await framesOf(journal, true), [...all, first, ...between, second, ...after]);
    await journal.truncateBefore(6);
    sameFrames("between the snapshots", await framesOf(journal, true), [first, ...between, second, ...after]);
    await journal.truncateBefore(1_000_000);
    sameFrames("after the second one", await framesOf(journal, true), [second, ...after]);
    const again = await reopen();
    sameFrames("opened again", await framesOf(again, true), [second, ...after]);
    await again.append(8, frames.events(1));
  },

  async "goes on after nothing but a snapshot is left"({ journal, frames, reopen }) {
    await appendAll(journal, frames, [5]);
    const snapshot = frames.snapshot();
    await journal.snapshot(5, snapshot);
    await journal.truncateBefore(5);
    const again = await reopen();
    sameFrames("opened again", await framesOf(again, true), [snapshot]);
    await refused("append at 0", "CONFLICT", () => again.append(0, new Frames(1).events(1)));
    const after = await appendAll(again, frames, [2]);
    sameFrames("with more", await framesOf(again), [snapshot, ...after]);
  },

  async "goes on after the mark of a clean close"({ journal, frames, reopen }) {
    const before = await appendAll(journal, frames, [2]);
    const mark = frames.closed();
    await journal.append(2, mark);
    const again = await reopen();
    sameFrames("closed", await framesOf(again), [...before, mark]);
    const after = await appendAll(again, frames, [1]);
    sameFrames("with more", await framesOf(again), [...before, ...after]);
    sameFrames("with more, opened again", await framesOf(await reopen()), [...before, ...after]);
  },

  async "keeps a mark of a clean close behind a snapshot"({ journal, frames, reopen }) {
    await appendAll(journal, frames, [2]);
    const snapshot = frames.snapshot();
    await journal.snapshot(2, snapshot);
    const mark = frames.closed();
    await journal.append(2, mark);
    sameFrames("opened again", await framesOf(await reopen()), [snapshot, mark]);
  },

  async "takes a frame of ten megabytes"({ journal, frames, reopen }) {
    const large = frames.events(10, 1 << 20);
    await journal.append(0, large);
    const after = await appendAll(journal, frames, [1]);
    sameFrames("opened again", await framesOf(await reopen()), [large, ...after]);
  },

  async "takes many frames"({ journal, frames, reopen }) {
    const kept = await appendAll(journal, frames, Array.from({ length: 300 }, (_, index) => 1 + (index % 3)));
    sameFrames("opened again", await framesOf(await reopen()), kept);
  },

  async "may be closed twice"({ journal }) {
    await journal.close();
    await journal.close();
  },
};

/**
 * Tries out a journal, of this package or of your own: one case for each thing that a journal must do, to be run in any
 * test runner. `open` is given a name, another one for each case, and gives the journal of that name. It is called with
 * the same name again when that journal was closed, and once while it is open, where refusing is right too. The module
 * must be loaded: import `agent-orchestrator-wasm` and await its `init`.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * for (const { name, run } of journalConformance((name) => nodeJournal(join(folder, name)))) test(name, run);
 * ```
 */
export function journalConformance(open: (name: string) => Journal | Promise<Journal>): readonly ConformanceCase[] {
  return Object.entries(checks).map(([name, check], index) => ({
    name,
    async run() {
      const key = `conformance-${index + 1}-${Math.random().toString(36).slice(2, 10)}`;
      const opened = async (): Promise<Journal> => {
        const journal = await open(key);
        await journal.load();
        return journal;
      };
      let journal = await opened();
      try {
        const reopen = async (): Promise<Journal> => {
          await journal.close();
          return (journal = await opened());
        };
        const rival = async (): Promise<Journal | undefined> => {
          const other = await open(key);
          return (await accepted("load", ["LOCKED"], () => other.load())) ? other : undefined;
        };
        await check({ journal, frames: new Frames(index + 2), reopen, rival });
      } finally {
        await journal.close();
      }
    },
  }));
}
