/** One timer of the host for all that is due some time. */
import { steadyTime } from "./clock.js";
import type { Core } from "./core.js";

/** The clock is looked at this often while something is due, in milliseconds: it may have been set. Hosts' timers hold 31 bits. */
const LOOK = 60_000;

/** Who is told that a timer of the user's failed. */
export interface AlarmHost {
  complain(error: unknown, where: string): void;
}

export class Alarm {
  readonly #core: Core;
  readonly #host: AlarmHost;
  #timer: { readonly handle: unknown } | undefined;
  /** When it rings, by the clock that is never set if there is one. */
  #rings = 0;
  readonly #ring = (): void => this.#rang();

  constructor(core: Core, host: AlarmHost) {
    this.#core = core;
    this.#host = host;
  }

  /** Sees to it that it rings when something is due. */
  set(): void {
    const due = this.#core.timeout();
    if (due < 0) return this.stop();
    const wait = Math.min(due, LOOK);
    const rings = this.#now() + wait;
    if (this.#timer !== undefined && this.#rings <= rings) return;
    this.stop();
    this.#rings = rings;
    try {
      this.#timer = { handle: this.#core.time.setTimeout(this.#ring, wait) };
    } catch (error) {
      this.#host.complain(error, "the clock");
    }
  }

  stop(): void {
    const timer = this.#timer;
    if (timer === undefined) return;
    this.#timer = undefined;
    try {
      this.#core.time.clearTimeout(timer.handle);
    } catch (error) {
      this.#host.complain(error, "the clock");
    }
  }

  #now(): number {
    const { time, lastTime } = this.#core;
    return steadyTime(time.steady) ?? lastTime;
  }

  #rang(): void {
    // One that was called off, or that rings again, says nothing.
    if (this.#timer === undefined || this.#core.gone !== undefined) return;
    this.#timer = undefined;
    try {
      this.#core.ring();
      this.set();
    } catch (error) {
      if (this.#core.gone === undefined) this.#host.complain(error, "the orchestrator");
    }
  }
}
