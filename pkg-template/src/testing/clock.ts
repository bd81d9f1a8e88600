/** Time that passes when a test says so. */
import { OrchestratorError, _invalid as invalid, _kindOf as kindOf, type Clock } from "../api.js";
import { Turns } from "../journals/turns.js";
import { turn } from "./turn.js";

/** Where a clock stands if nothing else is said: 2025-11-13T02:13:20Z. */
const START = 1_763_000_000_000;
/** More timers at one moment come of one that sets itself again and again, without end. */
const AT_ONCE = 100_000;

interface Timer {
  readonly handle: number;
  readonly due: number;
  readonly callback: () => void;
}

/** A number of milliseconds that is there to be counted with. */
export function milliseconds(what: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
  throw invalid(`${what} must be a number of milliseconds${least === 0 ? ", at least 0" : ""}, not ${typeof value === "number" ? value : kindOf(value)}`);
}

/**
 * A clock for tests: it stands still until {@link VirtualClock.advance} moves it, and days pass in no time. Hand it to the
 * orchestrator as `clock`.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const orchestrator = await AgentOrchestrator.open({ clock, providers: [mine] });
 * const task = await orchestrator.createTask({ name: "Tomorrow", start: "now", startAt: clock.now() + 86_400_000 });
 * await clock.advance(86_400_000);
 * assert.equal(orchestrator.getTask(task.id).status, "completed");
 * ```
 */
export class VirtualClock implements Clock {
  /** In the order in which they ring. */
  readonly #timers: Timer[] = [];
  readonly #turns = new Turns();
  #steady = 0;
  /** Of `now` before `steady`. */
  #ahead: number;
  #handles = 0;

  /** A clock that shows this, in milliseconds since the Unix epoch. */
  constructor(now: number = START) {
    this.#ahead = milliseconds("the time", now, 0);
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Math.max(0, this.#steady + this.#ahead);
  }

  /** Milliseconds that have passed since the clock was made; {@link VirtualClock.jump} does not change them. */
  steady(): number {
    return this.#steady;
  }

  /** Calls back once so many milliseconds have passed; they may be more than hosts' timers can hold. What is no number of them is 0. */
  setTimeout(callback: () => void, delay: number = 0): number {
    if (typeof callback !== "function") throw invalid(`a timer needs a function, not ${kindOf(callback)}`);
    const timer = { handle: ++this.#handles, due: this.#steady + (delay > 0 ? delay : 0), callback };
    // Behind those that are due at the same moment.
    const before = this.#timers.findLastIndex(({ due }) => due <= timer.due);
    this.#timers.splice(before + 1, 0, timer);
    return timer.handle;
  }

  /** Calls a timer off. One that has rung, or never was, does no harm. */
  clearTimeout(handle: unknown): void {
    const place = this.#timers.findIndex((timer) => timer.handle === handle);
    if (place >= 0) this.#timers.splice(place, 1);
  }

  /** Milliseconds until the next timer rings; absent when none is set. */
  get untilNext(): number | undefined {
    const next = this.#timers[0];
    return next === undefined || next.due === Infinity ? undefined : Math.max(0, next.due - this.#steady);
  }

  /**
   * Lets so many milliseconds pass. It stops at every timer on the way, and lets everything happen that comes of it before it
   * goes on. Rejects with what a timer's callback throws; time stands at that timer then.
   *
   * @example
   * ```ts
   * await clock.advance(30_000); // the retry that was due after 30 seconds has begun
   * ```
   */
  async advance(duration: number): Promise<void> {
    const time = milliseconds("the duration", duration, 0);
    await this.#turns.take(() => this.#pass(time));
  }

  /**
   * Lets everything happen that can without time passing: when it is ready, promises that do not wait for anybody have
   * settled, and no timer is due. What never settles does not hold it up.
   *
   * @example
   * ```ts
   * const run = orchestrator.startTask(task.id);
   * await clock.runUntilIdle(); // the provider has been called
   * ```
   */
  async runUntilIdle(): Promise<void> {
    await this.#turns.take(() => this.#pass(0));
  }

  /**
   * Sets the clock forward by so many milliseconds, or back by that many below 0, as people and time servers do. Timers ring
   * as they would have.
   *
   * @example
   * ```ts
   * clock.jump(-3_600_000); // an hour back
   * ```
   */
  jump(by: number): void {
    this.#ahead += milliseconds("the jump", by, -Infinity);
  }

  async #pass(time: number): Promise<void> {
    const end = this.#steady + time;
    await turn();
    for (let atOnce = 0; ; ) {
      const next = this.#timers[0];
      if (next === undefined || next.due > end) break;
      this.#timers.shift();
      atOnce = next.due > this.#steady ? 0 : atOnce + 1;
      if (atOnce > AT_ONCE) throw new OrchestratorError("LIMIT_EXCEEDED", "time cannot pass: a timer of 0 ms is set again whenever it rings");
      this.#steady = Math.max(this.#steady, next.due);
      const { callback } = next;
      callback();
      await turn();
    }
    this.#steady = Math.max(this.#steady, end);
  }
}
