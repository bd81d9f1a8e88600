/** Lets calls wait for each other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does this when all that was asked for before is settled, however that went. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
