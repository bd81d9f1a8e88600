/** Simulations: run from a seed, and made small when they fail. */
import { _invalid as invalid, _kindOf as kindOf, _object as object, type AgentProvider, type Journal, type OpenOptions, type OrchestratorApi } from "../api.js";
import type { VirtualClock } from "./clock.js";
import { faultsOf, type FaultPlan } from "./faults.js";
import type { Random } from "./random.js";
import type { Check, Violation } from "./violation.js";
import { World, type Ran } from "./world.js";

/** What scenarios and checks of a simulation see. */
export interface SimulationContext<S = unknown> {
  readonly seed: number;
  /** What {@link SimulateOptions.state} gave: the world outside, which outlives crashes. */
  readonly state: S;
  /** Number of this step, from 0. */
  readonly step: number;
  /** Numbers that follow from the seed and the step. */
  readonly random: Random;
  readonly clock: VirtualClock;
  /** The orchestrator. After a crash it is another one: ask for it each time. */
  readonly orchestrator: OrchestratorApi;
  /** A number that is another one after each crash. */
  readonly life: number;
  /** Ids of all tasks that were to be created so far, without those that were to be deleted. */
  readonly taskIds: readonly string[];
  /** Whether all faults have stopped and everything had time to finish. */
  readonly ended: boolean;
}

/** What happened in a simulation, to know that it was worth it. */
export interface SimulationCounts {
  readonly steps: number;
  /** Calls of the orchestrator that change something. */
  readonly calls: number;
  readonly refusals: number;
  /** Calls and runs that were answered. */
  readonly acknowledgements: number;
  /** Calls of providers. */
  readonly starts: number;
  readonly events: number;
  /** Ends of the process, and openings again in good order. */
  readonly crashes: number;
  /** Writes of the journal that failed. */
  readonly faults: number;
}

/** What {@link simulate} gives. */
export interface SimulationReport extends SimulationCounts {
  readonly seeds: number;
  /** The bytes of the last seed's journal. The same seed gives the same. */
  readonly journal: Uint8Array;
}

/** Options of {@link simulate}. */
export interface SimulateOptions<S = unknown> {
  /** The first seed; the only one if `seeds` is absent. Default 1. */
  readonly seed?: number | undefined;
  /** How many seeds. Default 100. */
  readonly seeds?: number | undefined;
  /** How many steps with each. Default 50. */
  readonly steps?: number | undefined;
  /** Steps to leave out; what a failure says to make it small. */
  readonly skip?: readonly number[] | undefined;
  /** What goes wrong, and how often. Default {@link faultPlan} of each seed. What is absent does not go wrong. */
  readonly faults?: Partial<FaultPlan> | ((seed: number) => Partial<FaultPlan>) | undefined;
  /** How orchestrators are opened, beside what is simulated. */
  readonly options?: Omit<OpenOptions, "journal" | "clock" | "now" | "seed" | "providers" | "onError"> | undefined;
  /** Called at the begin of every run; gives what you want to find in `context.state`. */
  readonly state?: (() => S) | undefined;
  /** The providers, asked for at every opening. They must take their time from `context.clock`. Default: scripted ones. */
  readonly providers?: ((context: SimulationContext<S>) => readonly AgentProvider[]) | undefined;
  /**
   * The journal, asked for at every opening: empty at first, and after a crash one that finds what was kept, such as in
   * `context.state`. It must wait for nothing but promises and `context.clock`. Default: one in memory.
   */
  readonly journal?: ((context: SimulationContext<S>) => Journal) | undefined;
  /**
   * One step: calls the orchestrator, and need not wait for it. Refusals of the orchestrator do no harm; anything else that it
   * throws is a failure. Default {@link defaultScenario}.
   */
  readonly scenario?: ((context: SimulationContext<S>) => unknown) | undefined;
  /** Called after every step, and at the end: throws if something is wrong. */
  readonly check?: ((context: SimulationContext<S>) => unknown) | undefined;
}

/** Thrown by {@link simulate}: a seed that fails, as small as it could be made. */
export class SimulationError extends Error {
  /** Which check failed. */
  readonly check: Check;
  readonly seed: number;
  readonly steps: number;
  readonly skip: readonly number[];
  /** The calls that lead to it, in order. */
  readonly calls: readonly string[];

  /** @internal */
  constructor(violation: Violation, seed: number, { steps, skip }: Size, calls: readonly string[], isOwn: boolean) {
    const without = skip.size === 0 ? "" : `, skip: [${[...skip].join(", ")}]`;
    const replay = `simulate({ ${isOwn ? "...options, " : ""}seed: ${seed}${isOwn ? ", seeds: 1" : ""}, steps: ${steps}${without} })`;
    const list = calls.slice(-40).map((call) => `\n  ${call}`).join("");
    super(`${violation.check}: ${violation.message}\nreplay with ${replay}\ncalls:${list}`, { cause: violation.cause ?? violation });
    this.check = violation.check;
    this.seed = seed;
    this.steps = steps;
    this.skip = [...skip];
    this.calls = calls;
  }
}
Object.defineProperty(SimulationError.prototype, "name", { value: "SimulationError" });

interface Size {
  readonly steps: number;
  readonly skip: ReadonlySet<number>;
}

/** How often a failing seed is run again to make it small. */
const TRIES = 200;

/** Leaves out what the failure does not need: steps at the end first, then any others. */
async function shrink(run: (size: Size) => Promise<Ran>, whole: Size, found: Ran): Promise<{ readonly size: Size; readonly ran: Ran }> {
  let best = { size: { ...whole, steps: Math.min(whole.steps, found.at + 1) }, ran: found };
  let tries = 0;
  const fails = async (size: Size): Promise<boolean> => {
    if (++tries > TRIES) return false;
    const ran = await run(size);
    if (ran.violation?.check !== found.violation!.check) return false;
    best = { size: { ...size, steps: Math.min(size.steps, ran.at + 1) }, ran };
    return true;
  };
  if (!(await fails(best.size))) return { size: whole, ran: found };
  for (let part = best.size.steps >> 1; part > 0; part >>= 1) {
    while (best.size.steps > part && (await fails({ ...best.size, steps: best.size.steps - part })));
    for (let end = best.size.steps; end > 0; end -= part) {
      const left = Array.from({ length: part }, (_, index) => end - 1 - index).filter((step) => step >= 0 && !best.size.skip.has(step));
      if (left.length > 0 && end <= best.size.steps) await fails({ ...best.size, skip: new Set([...best.size.skip, ...left]) });
    }
  }
  const skip = [...best.size.skip].filter((step) => step < best.size.steps).sort((a, b) => a - b);
  return { size: { ...best.size, skip: new Set(skip) }, ran: best.ran };
}

function whole(what: string, value: unknown, least: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(`${what} must be a whole number of at least ${least}, not ${typeof value === "number" ? value : kindOf(value)}`);
}

/**
 * Runs orchestrators in a simulated world, once for each seed: with a {@link VirtualClock}, a journal that fails, and crashes
 * between any two steps. In each step the scenario makes calls. After it, and over all crashes, these promises are checked:
 *
 * - `acknowledged`: what was acknowledged, or told as an event, is there after a crash.
 * - `gaps`: events come in order, and none is left out.
 * - `again`: tasks that have ended never run again, unless they are restarted.
 * - `attempts`: attempts grow, and none runs twice.
 * - `hash`: the journal leads to the same state.
 * - `settled`: at the end every task has ended, or waits for something that has a name.
 * - `hangs`: what must settle does. `error`: nothing fails that has no reason to. `scenario`, `check`: yours throw nothing.
 *
 * It rejects with a {@link SimulationError}, whose message has a line that replays the failure with as few steps as possible.
 * The module must be loaded: import `agent-orchestrator-wasm` and await its `init`.
 *
 * @example
 * ```ts
 * await simulate({
 *   seeds: 200,
 *   providers: ({ clock }) => [myProvider(clock)],
 *   check({ orchestrator, ended }) {
 *     if (ended) assert.equal(orchestrator.countTasks().failed, 0);
 *   },
 * });
 * ```
 */
export async function simulate<S = undefined>(options: SimulateOptions<S> = {}): Promise<SimulationReport> {
  // Its own functions see the state that its own function gave: what that is matters to nobody else.
  const given = { ...object("the options", options) } as SimulateOptions;
  for (const name of ["state", "providers", "journal", "scenario", "check"] as const) {
    if (given[name] !== undefined && typeof given[name] !== "function") throw invalid(`${name} must be a function, not ${kindOf(given[name])}`);
  }
  const first = whole("seed", given.seed, 0, 1);
  const seeds = whole("seeds", given.seeds, 1, given.seed === undefined ? 100 : 1);
  if (given.skip !== undefined && !Array.isArray(given.skip)) throw invalid(`skip must be an array of steps, not ${kindOf(given.skip)}`);
  const skip = (given.skip ?? []).map((step, index) => whole(`skip[${index}]`, step, 0, 0));
  const size: Size = { steps: whole("steps", given.steps, 0, 50), skip: new Set(skip) };
  if (given.faults !== undefined && typeof given.faults !== "function") faultsOf(given.faults);
  const isOwn = Object.keys(given).some((name) => !["seed", "seeds", "steps", "skip"].includes(name));
  const sum = { steps: 0, calls: 0, refusals: 0, acknowledgements: 0, starts: 0, events: 0, crashes: 0, faults: 0 };
  let journal: Uint8Array = new Uint8Array();
  for (let seed = first; seed < first + seeds; seed++) {
    const run = ({ steps, skip }: Size): Promise<Ran> => new World(given, seed).run(steps, skip);
    const ran = await run(size);
    if (ran.violation !== undefined) {
      const small = await shrink(run, size, ran);
      throw new SimulationError(small.ran.violation!, seed, small.size, small.ran.calls, isOwn);
    }
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += ran.counts[name];
    journal = ran.journal;
  }
  return { seeds, journal, ...sum };
}
