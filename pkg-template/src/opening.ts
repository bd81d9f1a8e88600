/** The ways to a core: new, from what a journal has kept, or as it was; and what is asked of frames without one. */
import { Core as Glue } from "./glue/agent_orchestrator.js";
import type { StoredJournal } from "./journal-types.js";
import { loaded, told } from "./module.js";

/** Bits for ids and for the frames of a journal, which must differ, and need not be hard to guess. */
export const random = (): number => Math.floor(Math.random() * 2 ** 53);

/** The numbers that an orchestrator is opened with. */
export interface CoreOptions {
  readonly maxConcurrency: number | undefined;
  readonly maxTasks: number | undefined;
  readonly maxOutputLines: number | undefined;
  readonly eventLogBytes: number | undefined;
  readonly maxQueued: number | undefined;
  /** 0 pause, 1 retry, 2 fail. */
  readonly onInterrupt: number;
  readonly maxUnwrittenBytes: number | undefined;
  readonly snapshotBytes: number | undefined;
  readonly snapshotEvents: number | undefined;
  readonly keepHistory: boolean;
  readonly seed: number | undefined;
  /** Whether messages to agents, and their replies, are in the journal. */
  readonly recordMessages: boolean;
  /** Whether there is a policy for agents that have none above them. */
  readonly consults: boolean;
}

/** Makes the core, at this time. */
export type Opening = (now: number) => Glue;

/** Opens a new core; or, with what a journal has kept, one that goes on from there. */
export function opening(options: CoreOptions, stored?: StoredJournal): Opening {
  const { maxConcurrency, maxTasks, maxOutputLines, eventLogBytes, maxQueued, onInterrupt, maxUnwrittenBytes, snapshotBytes, snapshotEvents, keepHistory, seed, recordMessages, consults } = options;
  const numbers = Float64Array.of(
    maxConcurrency ?? 0, maxTasks ?? 0, maxOutputLines ?? 0, eventLogBytes ?? 0, maxQueued ?? 0, onInterrupt, maxUnwrittenBytes ?? 0,
    snapshotBytes ?? -1, keepHistory ? 1 : 0, snapshotEvents ?? -1, recordMessages ? 1 : 0, consults ? 1 : 0,
  );
  return (now) => {
    if (stored === undefined) return new Glue(now, seed ?? random(), numbers);
    return Glue.recover(now, seed ?? random(), seed ?? random(), [...stored.frames], stored.cut, numbers);
  };
}

/** Opens a look at the state after an event, from the frames that hold it. */
export const openingPast = (frames: readonly Uint8Array[], seq: number): Opening => () => Glue.past([...frames], seq);

/** Folds a journal up to an event, and refuses it unless it leads to these hashes; gives the number of events. */
export const verifyFrames = (frames: readonly Uint8Array[], seq: number, stateHash: string, journalHash: string): number =>
  asked(() => Glue.verify([...frames], seq, stateHash, journalHash));

/** The frames of an exported journal. */
export const splitFrames = (bytes: Uint8Array): Uint8Array[] => asked(() => Glue.splitFrames(bytes));

/** Asks for something that belongs to no orchestrator. */
function asked<T>(ask: () => T): T {
  loaded();
  try {
    return ask();
  } catch (thrown) {
    throw told(thrown);
  }
}
