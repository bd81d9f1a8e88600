/** A journal that takes its time, and fails when it is told to. */
import {
  OrchestratorError, _invalid as invalid, _kindOf as kindOf, _object as object, type Clock, type Journal, type StoredJournal,
} from "../api.js";
import { milliseconds } from "./clock.js";
import type { JournalFault } from "./faults.js";

/** How a {@link faultyJournal} behaves. */
export interface JournalPlan {
  /** How many milliseconds each write takes: half of them before it is kept, half before that is told. Default 0. */
  readonly delay?: number | (() => number) | undefined;
  /** Whose milliseconds those are. */
  readonly clock?: Clock | undefined;
  /** What goes wrong with which write. Appends, snapshots and truncations count, from 1. */
  readonly faults?: { readonly [write: number]: JournalFault } | ((write: number) => JournalFault | undefined) | undefined;
}

/** What {@link faultyJournal} gives. */
export interface FaultyJournal extends Journal {
  /** How many writes were asked for. */
  readonly writes: number;
  /** Whether a write will never settle. */
  readonly hangs: boolean;
  /**
   * What the end of the process is to the journal: a write that is under way is lost, or with `torn` half of it is left; this
   * object refuses all that comes, and nothing is closed. Gives the journal as the next process finds it, with the same plan:
   * around what `reopen` gives, or around the same object.
   *
   * @example
   * ```ts
   * const next = journal.crash({ torn: true });
   * const orchestrator = await AgentOrchestrator.open({ journal: next }); // journal:recovered tells what was cut
   * ```
   */
  crash(options?: CrashOptions): FaultyJournal;
}

/** Options of {@link FaultyJournal.crash}. */
export interface CrashOptions {
  readonly torn?: boolean | undefined;
  readonly reopen?: (() => Journal) | undefined;
}

/** What there is behind a faulty journal. */
interface Medium {
  readonly inner: Journal;
  /** Bytes of a write that never became whole. */
  torn: number;
  writes: number;
}

const failed = (): OrchestratorError => new OrchestratorError("JOURNAL_FAILED", "a write has failed; whether it was kept is open");
const gone = (): OrchestratorError => new OrchestratorError("JOURNAL_FAILED", "the process that wrote this journal is gone");

class Faulty implements FaultyJournal {
  readonly #medium: Medium;
  readonly #plan: JournalPlan;
  /** Ends all waiting when the process is gone. */
  readonly #waiting = new Set<() => void>();
  /** The frame that is being written, and not yet kept. */
  #underWay: Uint8Array | undefined;
  #dead = false;
  #failed = false;
  #hangs = false;

  constructor(medium: Medium, plan: JournalPlan) {
    this.#medium = medium;
    this.#plan = plan;
  }

  get writes(): number {
    return this.#medium.writes;
  }

  get hangs(): boolean {
    return this.#hangs;
  }

  async load(options?: { readonly history?: boolean | undefined }): Promise<StoredJournal> {
    this.#live();
    const medium = this.#medium;
    const { frames, cut } = await medium.inner.load(options);
    this.#live();
    const { torn } = medium;
    medium.torn = 0;
    this.#failed = false;
    return { frames, cut: cut + torn };
  }

  append(expectedPosition: number, frame: Uint8Array): Promise<void> {
    return this.#write(frame, (inner) => inner.append(expectedPosition, frame));
  }

  snapshot(position: number, frame: Uint8Array): Promise<void> {
    // A snapshot is a file of its own: half of one is found and removed, and nothing is cut.
    return this.#write(undefined, (inner) => inner.snapshot(position, frame));
  }

  truncateBefore(position: number): Promise<void> {
    return this.#write(undefined, (inner) => inner.truncateBefore(position));
  }

  async close(): Promise<void> {
    if (!this.#dead) await this.#medium.inner.close();
  }

  crash({ torn, reopen }: CrashOptions = {}): FaultyJournal {
    const medium = this.#medium;
    if (!this.#dead) {
      this.#dead = true;
      if (torn === true && this.#underWay !== undefined) medium.torn = this.#underWay.length >> 1;
      for (const stop of [...this.#waiting]) stop();
    }
    return new Faulty({ ...medium, inner: reopen === undefined ? medium.inner : reopen() }, this.#plan);
  }

  async #write(frame: Uint8Array | undefined, keep: (inner: Journal) => unknown): Promise<void> {
    this.#live();
    if (this.#failed) throw failed();
    const { faults, delay } = this.#plan;
    const write = ++this.#medium.writes;
    const time = milliseconds("the delay", (typeof delay === "function" ? delay() : delay) ?? 0, 0);
    let fault: JournalFault | undefined;
    this.#underWay = frame;
    try {
      await this.#pass(time / 2);
      fault = typeof faults === "function" ? faults(write) : faults?.[write];
      await this.#keep(fault, frame, keep);
    } finally {
      this.#underWay = undefined;
    }
    await this.#pass(time / 2);
    if (fault === "kept") throw this.#fail();
  }

  async #keep(fault: JournalFault | undefined, frame: Uint8Array | undefined, keep: (inner: Journal) => unknown): Promise<void> {
    switch (fault) {
      case undefined:
      case "kept":
        return void (await keep(this.#medium.inner));
      case "never":
        this.#hangs = true;
        return this.#hold(() => {});
      case "conflict":
        throw new OrchestratorError("CONFLICT", "somebody else has written to the journal");
      case "full":
        throw new OrchestratorError("JOURNAL_FULL", "there is no room left for the journal");
      case "torn":
        this.#medium.torn = (frame?.length ?? 0) >> 1;
        throw this.#fail();
      case "fail":
        throw this.#fail();
      default:
        throw invalid(`${JSON.stringify(fault)} is no fault of a journal`);
    }
  }

  #fail(): OrchestratorError {
    this.#failed = true;
    return failed();
  }

  #live(): void {
    if (this.#dead) throw gone();
  }

  async #pass(time: number): Promise<void> {
    if (time === 0) return;
    const { clock } = this.#plan;
    if (clock === undefined) throw invalid("a slow journal needs a clock: give it the option `clock`");
    await this.#hold((go) => {
      const timer = clock.setTimeout(go, time);
      return () => clock.clearTimeout(timer);
    });
  }

  /** Waits until something lets it go, or the process is gone. */
  #hold(begin: (go: () => void) => (() => void) | void): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = begin(() => {
        this.#waiting.delete(stop);
        resolve();
      });
      const stop = (): void => {
        this.#waiting.delete(stop);
        end?.();
        reject(gone());
      };
      this.#waiting.add(stop);
    });
  }
}

/**
 * A journal around another one that is slow, and whose writes fail, tear, or never settle, as a plan says. After a write
 * that failed, all writes do until the journal is loaded again, as with files.
 *
 * @example
 * ```ts
 * const journal = faultyJournal(memoryJournal(), { faults: { 3: "full" } });
 * const orchestrator = await AgentOrchestrator.open({ journal });
 * orchestrator.subscribe(({ code }) => console.log(code), { types: ["journal:failed"] }); // JOURNAL_FULL at the third write
 * ```
 */
export function faultyJournal(inner: Journal, plan: JournalPlan = {}): FaultyJournal {
  const { delay, clock, faults } = object("the plan", plan) as JournalPlan;
  if (faults !== undefined && typeof faults !== "function" && typeof faults !== "object") throw invalid(`faults must be an object or a function, not ${kindOf(faults)}`);
  return new Faulty({ inner: object("the journal", inner) as Journal, torn: 0, writes: 0 }, { delay, clock, faults });
}
