/** Remembers texts that went in of late, so that the events they caused need not decode them again. */

const SLOTS = 512;

export class Echo {
  readonly #seqs: number[] = new Array<number>(SLOTS).fill(0);
  readonly #texts: string[] = new Array<string>(SLOTS).fill("");

  /** `bytes` is the length of the text in UTF-8. Only ASCII is kept: there no two texts have one encoding. */
  keep(seq: number, text: string, bytes: number): void {
    if (bytes !== text.length) return;
    const slot = seq & (SLOTS - 1);
    this.#seqs[slot] = seq;
    this.#texts[slot] = text;
  }

  /** The text of this event, if it is known and as long as the event says: what the kernel made shorter is not it. */
  find(seq: number, length: number): string | undefined {
    const slot = seq & (SLOTS - 1);
    if (this.#seqs[slot] !== seq) return undefined;
    const text = this.#texts[slot]!;
    return text.length === length ? text : undefined;
  }
}
