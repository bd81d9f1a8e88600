// A provider that computes: it works in short slices, so the page stays fluent and a cancel gets through.
import { pause } from "./pause.js";

const LARGEST = 1_000_000_000;
const SLICE_MS = 8;

const shown = (number) => number.toLocaleString("en");

/** The whole number in a text such as "10,000,000" or "1e6". */
function readLimit(text) {
  const limit = Number(text.replace(/[\s,_]/g, "") || NaN);
  if (Number.isInteger(limit) && limit >= 10 && limit <= LARGEST) return limit;
  throw new RangeError(`"${text}" is not a whole number from 10 to ${shown(LARGEST)}`);
}

export const primeFinder = {
  id: "prime-finder",
  label: "Prime finder",
  description: "Looks for primes in short slices.",
  maxConcurrency: 2,

  async executeTask(task, context) {
    const limit = readLimit(task.description);
    const tenth = Math.ceil(limit / 10);
    const divisors = []; // primes up to the square root of the limit
    let count = 0;
    let last = 0;

    const isPrime = (number) => {
      for (const divisor of divisors) {
        if (divisor * divisor > number) return true;
        if (number % divisor === 0) return false;
      }
      return true;
    };

    for (let number = 2, report = tenth; number < limit; ) {
      await context.untilResumed();
      const end = performance.now() + SLICE_MS;
      while (number < limit && number < report && performance.now() < end) {
        // The clock is asked once per batch: asking costs more than a division.
        for (const batch = Math.min(number + 500, limit, report); number < batch; number += 1) {
          if (!isPrime(number)) continue;
          count += 1;
          last = number;
          if (number * number <= limit) divisors.push(number);
        }
      }
      context.updateProgress((100 * number) / limit);
      if (number >= report || number >= limit) {
        context.appendOutput(`${shown(count)} primes below ${shown(number)}, the largest ${shown(last)}`);
        report = Math.min(report + tenth, limit);
      }
      await pause(0, context.signal);
    }
    return { success: true, summary: `${shown(count)} primes below ${shown(limit)}`, primes: count };
  },
};
