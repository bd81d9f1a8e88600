// A clock that stands still until it is told otherwise, and timers that go by it.
import { START, turn } from "./open.mjs";

export function virtualClock(at = START) {
  let [now, steady] = [at, 0];
  const timers = new Map();
  let number = 0;
  const next = () => [...timers.entries()].sort(([a, { due }], [b, { due: other }]) => due - other || a - b)[0];
  return {
    now: () => now,
    steady: () => steady,
    setTimeout(callback, milliseconds) {
      if (!(milliseconds >= 0 && milliseconds < 2 ** 31)) throw new Error(`no host has a timer of ${milliseconds} ms`);
      timers.set(++number, { due: steady + milliseconds, callback });
      return number;
    },
    clearTimeout: (handle) => timers.delete(handle),
    /** How many timers are set. */
    get timers() {
      return timers.size;
    },
    /** Lets time pass; what comes of each timer has happened before the next one. */
    async advance(milliseconds) {
      const end = steady + milliseconds;
      await turn();
      for (let timer = next(); timer !== undefined && timer[1].due <= end; timer = next()) {
        const [handle, { due, callback }] = timer;
        timers.delete(handle);
        now += due - steady;
        steady = due;
        callback();
        await turn();
      }
      now += end - steady;
      steady = end;
    },
    /** Sets the clock without letting time pass. */
    jump: (by) => (now += by),
  };
}
