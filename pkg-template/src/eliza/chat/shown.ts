/** What lists showed to whom, so that "the second one" is the one that was seen there. */
import type { Viewer } from "./viewer.js";

const VIEWERS = 1000;

export class Shown {
  /** The one who looked last is at the end. */
  private readonly lists = new Map<string, readonly string[]>();

  remember({ room, user }: Viewer, ids: readonly string[]): void {
    const key = JSON.stringify([room, user]);
    this.lists.delete(key);
    this.lists.set(key, ids);
    if (this.lists.size > VIEWERS) this.lists.delete(this.lists.keys().next().value!);
  }

  /** Ids in the order in which they were shown. */
  to({ room, user }: Viewer): readonly string[] | undefined {
    return this.lists.get(JSON.stringify([room, user]));
  }
}
