/** Random numbers that are the same for the same seed, on every host. For tests only: who sees some knows the rest. */

function mixed(bits: number): number {
  let z = bits | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** A small generator, seeded with any whole numbers. */
export class Random {
  #state = 0;

  constructor(...seeds: readonly number[]) {
    for (const seed of seeds) {
      this.#state = mixed(this.#state + 0x9e3779b9 + (seed >>> 0));
      this.#state = mixed(this.#state + 0x9e3779b9 + (Math.floor(seed / 4294967296) >>> 0));
    }
  }

  /** A number from 0 to `end`, without `end`; 0 if that is 0. */
  below(end: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return Math.floor(((mixed(this.#state) >>> 0) / 4294967296) * end);
  }

  /** Yes in so many of a hundred cases. */
  percent(chance: number): boolean {
    return this.below(100) < chance;
  }

  /** One of several; there must be some. */
  pick<T>(of: readonly [T, ...T[]]): T;
  /** One of several; nothing if there are none. */
  pick<T>(of: readonly T[]): T | undefined;
  pick<T>(of: readonly T[]): T | undefined {
    return of[this.below(of.length)];
  }
}

/** A number that goes with a text. */
export const numberOf = (text: string): number => Array.from(text).reduce((sum, character) => mixed(sum + character.codePointAt(0)!), text.length) >>> 0;
