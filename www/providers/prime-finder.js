// A provider that computes: it works in short slices, so the page stays fluent and a cancel gets through.
import { counted, shown } from "../numbers.js";
import { pause } from "./pause.js";

const SMALLEST = 100;
const LARGEST = 1_000_000_000;
const SLICE_MS = 8;
const BATCH = 500; // numbers between two looks at the clock, which cost more than a division

/** The whole number in a text such as "10,000,000" or "1e6". */
function readLimit(text) {
  const limit = Number(text.replace(/[\s,_]/g, "") || NaN);
  if (Number.isInteger(limit) && limit >= SMALLEST && limit <= LARGEST) return limit;
  throw new RangeError(`"${text}" is not a whole number from ${shown(SMALLEST)} to ${shown(LARGEST)}`);
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
      do {
        for (const batch = Math.min(number + BATCH, report); number < batch; number += 1) {
          if (!isPrime(number)) continue;
          count += 1;
          last = number;
          if (number * number <= limit) divisors.push(number);
        }
        if (number === report) {
          context.appendOutput(`${counted(count, "prime")} below ${shown(number)}, the largest ${shown(last)}`);
          report = Math.min(report + tenth, limit);
        }
      } while (number < limit && performance.now() < end);
      context.updateProgress((100 * number) / limit);
      await pause(0, context.signal);
    }
    return { success: true, summary: `${counted(count, "prime")} below ${shown(limit)}`, primes: count };
  },
};
