/** What goes wrong in a simulation, and how often. */
import { _invalid as invalid, _kindOf as kindOf, _object as object } from "../api.js";
import { Random } from "./random.js";

/**
 * How often something goes wrong, of a thousand. The first four are of a thousand steps of a simulation, the next six of a
 * thousand writes of a journal, the last two of a thousand attempts of providers.
 */
export interface FaultPlan {
  /** The process is gone, with all that was not kept. */
  readonly crash: number;
  /** The journal becomes slow, or fast again. */
  readonly slow: number;
  /** How many milliseconds a write can take then. */
  readonly slowBy: number;
  /** The clock is set forward or back. */
  readonly jump: number;
  /** A write fails, and nothing of it is kept. */
  readonly fail: number;
  /** A write fails, and half of it is found, and cut off, when the journal is opened again. */
  readonly torn: number;
  /** A write is kept, and fails all the same. */
  readonly kept: number;
  /** Somebody else has written to the journal. */
  readonly conflict: number;
  /** There is no room left. */
  readonly full: number;
  /** A write never settles. */
  readonly never: number;
  /** An attempt never ends. */
  readonly lost: number;
  /** An attempt takes no notice of being called off, and reports late. */
  readonly late: number;
}

const NONE: FaultPlan = { crash: 0, slow: 0, slowBy: 0, jump: 0, fail: 0, torn: 0, kept: 0, conflict: 0, full: 0, never: 0, lost: 0, late: 0 };

/** A plan in which nothing goes wrong but what is given. */
export function faultsOf(some: unknown): FaultPlan {
  const plan = { ...NONE, ...object("the faults", some) };
  for (const [name, value] of Object.entries(plan)) {
    if (!(name in NONE)) throw invalid(`there is no fault ${JSON.stringify(name)}; there are ${Object.keys(NONE).join(", ")}`);
    if (typeof value !== "number" || !(value >= 0)) throw invalid(`${name} must be a number of at least 0, not ${typeof value === "number" ? value : kindOf(value)}`);
  }
  return plan;
}

/**
 * The plan that belongs to a seed. Some things go wrong in it and others do not: most bugs need a few kinds of trouble, and
 * all of them at once hide each other.
 *
 * @example
 * ```ts
 * await simulate({ seeds: 100, faults: (seed) => ({ ...faultPlan(seed), crash: 100 }) });
 * ```
 */
export function faultPlan(seed: number): FaultPlan {
  const random = new Random(seed, 1);
  const often = (most: number): number => (random.percent(50) ? random.below(most + 1) : 0);
  return {
    crash: often(60), slow: often(80), slowBy: 1 + often(5000), jump: often(20),
    fail: often(10), torn: often(20), kept: often(10), conflict: often(8), full: often(5), never: often(5),
    lost: often(200), late: often(400),
  };
}

/** What can go wrong with a write of a journal; see {@link FaultPlan}. */
export type JournalFault = "fail" | "torn" | "kept" | "conflict" | "full" | "never";

const FAULTS: readonly JournalFault[] = ["fail", "torn", "kept", "conflict", "full", "never"];

/**
 * What goes wrong with each write of a journal, as follows from a seed.
 *
 * @example
 * ```ts
 * const journal = faultyJournal(memoryJournal(), { faults: journalFaults(7) });
 * ```
 */
export function journalFaults(seed: number, plan: FaultPlan = faultPlan(seed)): (write: number) => JournalFault | undefined {
  return (write) => {
    const dice = new Random(seed, 2, write).below(1000);
    let sum = 0;
    return FAULTS.find((fault) => dice < (sum += plan[fault]));
  };
}
