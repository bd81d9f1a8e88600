/** Real frames, for those who try out a journal. */
import { _ExampleFrames as Glue, _loaded as loaded } from "../api.js";

/** Makes the frames of one journal, one after the other. */
export class Frames {
  readonly #glue: Glue;

  /** The salt is what tells the frames of two journals apart. */
  constructor(salt: number) {
    loaded();
    this.#glue = new Glue(salt);
  }

  /** Position of the last event. */
  get position(): number {
    return this.#glue.position;
  }

  /** A frame of this many events, each of this many bytes. */
  events(count = 1, bytes = 10): Uint8Array {
    return this.#glue.events(count, bytes);
  }

  /** A frame with a state of this many bytes. */
  snapshot(bytes = 100): Uint8Array {
    return this.#glue.snapshot(new Uint8Array(bytes).fill(1));
  }

  /** The frame of a clean close. */
  closed(): Uint8Array {
    return this.#glue.closed();
  }
}
