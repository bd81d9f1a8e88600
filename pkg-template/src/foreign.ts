/** A journal, which may be anybody's: called so that nothing it does reaches further than its own answer. */
import { OrchestratorError, describe, type ErrorCode } from "./errors.js";
import { invalid, kindOf, object, reading } from "./input.js";
import type { Journal, StoredJournal } from "./journal-types.js";

/** Codes that a journal may refuse with; anything else that it throws is a failure of it. */
const CODES: readonly unknown[] = [
  "CONFLICT", "LOCKED", "JOURNAL_FAILED", "JOURNAL_DAMAGED", "JOURNAL_VERSION", "JOURNAL_FULL",
] satisfies ErrorCode[];

/** A journal, read. Its methods reject with errors of ours only. */
export interface Foreign {
  /** Whose methods these are. */
  readonly journal: object | undefined;
  load(history: boolean): Promise<StoredJournal>;
  append(expectedPosition: number, frame: Uint8Array): Promise<void>;
  snapshot(position: number, frame: Uint8Array): Promise<void>;
  truncateBefore(position: number): Promise<void>;
  close(): Promise<void>;
}

/** What a journal threw, as an error of ours. */
function failure(method: string, thrown: unknown): OrchestratorError {
  try {
    if (OrchestratorError.isInstance(thrown) && CODES.includes(thrown.code)) return thrown;
    if (typeof thrown === "object" && thrown !== null) {
      const { code } = thrown as { code?: unknown };
      if (CODES.includes(code)) return new OrchestratorError(code as ErrorCode, describe(thrown), { cause: thrown });
    }
  } catch {
    // It does not let itself be read.
  }
  return new OrchestratorError("JOURNAL_FAILED", `the journal's ${method} failed: ${describe(thrown)}`, { cause: thrown });
}

function readStored(value: unknown): StoredJournal {
  const wrong = (what: string): OrchestratorError => new OrchestratorError("JOURNAL_FAILED", `the journal's load gave ${what}`);
  if (typeof value !== "object" || value === null) throw wrong(`${kindOf(value)}, and not what it has kept`);
  const { frames, cut } = value as { frames?: unknown; cut?: unknown };
  if (!Array.isArray(frames)) throw wrong(`frames that are ${kindOf(frames)}, not an array`);
  const kept = Array.from(frames as unknown[]);
  for (const frame of kept) if (!(frame instanceof Uint8Array)) throw wrong(`a frame that is ${kindOf(frame)}, not a Uint8Array`);
  if (!(typeof cut === "number" && Number.isSafeInteger(cut) && cut >= 0)) throw wrong("a cut that is no number of bytes");
  return { frames: kept as Uint8Array[], cut };
}

/** Reads each method of a journal once. */
export function readJournal(input: unknown): Foreign {
  const journal = object("the journal", input);
  const method = (name: keyof Journal): ((...given: unknown[]) => Promise<unknown>) => {
    const found = (journal as Record<string, unknown>)[name];
    if (typeof found !== "function") throw invalid(`the journal has no function ${name}, but ${kindOf(found)}`);
    return async (...given) => {
      try {
        return (await Reflect.apply(found, journal, given)) as unknown;
      } catch (thrown) {
        throw failure(name, thrown);
      }
    };
  };
  return reading("the journal", () => {
    const [load, append, snapshot, truncateBefore, close] = (["load", "append", "snapshot", "truncateBefore", "close"] as const).map(method) as [
      ReturnType<typeof method>, ReturnType<typeof method>, ReturnType<typeof method>, ReturnType<typeof method>, ReturnType<typeof method>,
    ];
    return {
      journal,
      load: async (history) => {
        const stored = await load({ history });
        try {
          return readStored(stored);
        } catch (thrown) {
          throw failure("load", thrown);
        }
      },
      append: async (position, frame) => void (await append(position, frame)),
      snapshot: async (position, frame) => void (await snapshot(position, frame)),
      truncateBefore: async (position) => void (await truncateBefore(position)),
      close: async () => void (await close()),
    };
  });
}
