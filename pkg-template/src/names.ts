import type { Core } from "./core.js";

/** How many names and ids are remembered of tasks that were used of late. */
const REMEMBERED = 16_384;
const DIGITS = Array.from({ length: 1024 }, (_, n) => (n + 1024).toString(32).slice(1));

/** Name and description of a task. */
interface Texts {
  readonly key: number;
  readonly name: string;
  readonly description: string;
}

/** What the numbers in the wire stand for, as far as the face has the names. */
export class Names {
  readonly #core: Core;
  readonly #prefix: string;
  readonly #ownIds = new Map<number, string>();
  /** By key, over and over; made with the first task. */
  #texts: (Texts | undefined)[] | undefined;
  readonly #labels: { readonly id: string; readonly label: string }[] = [];
  readonly #directories: string[] = [];
  #lastKey = -1;
  #lastId = "";
  #createdKey = -1;
  #createdId = "";
  #highDigits = -1;
  #highPrefix = "";

  constructor(core: Core) {
    this.#core = core;
    this.#prefix = core.read((glue) => glue.idPrefix());
  }

  /** The id that the kernel makes from a key: the prefix, and the key as seven digits. */
  taskId(key: number): string {
    if (key === this.#lastKey) return this.#lastId;
    const high = key >>> 10;
    if (high !== this.#highDigits) {
      this.#highDigits = high;
      this.#highPrefix = this.#prefix + (high + 0x2000000).toString(32).slice(1);
    }
    this.#lastKey = key;
    this.#lastId = this.#highPrefix + DIGITS[key & 1023]!;
    return this.#lastId;
  }

  /** The id of a task that may have one of its own. */
  ownTaskId(key: number): string {
    let id = this.#ownIds.get(key);
    if (id === undefined) {
      id = this.#core.read((glue) => glue.taskId(key));
      if (this.#ownIds.size >= REMEMBERED) this.#ownIds.clear();
      this.#ownIds.set(key, id);
    }
    return id;
  }

  provider(key: number, id: string, label: string): void {
    this.#labels[key] = { id, label };
  }

  providerId(key: number): string {
    return this.#labels[key]?.id ?? "";
  }

  providerLabel(key: number): string {
    return this.#labels[key]?.label ?? "";
  }

  directory(number: number): string {
    return (this.#directories[number] ??= this.#core.read((glue) => glue.text(number)));
  }

  /** The key of a task of which it is known without asking: the one that was created last. */
  keyOf(id: string): number | undefined {
    return id === this.#createdId ? this.#createdKey : undefined;
  }

  created(key: number, id: string): void {
    this.#createdKey = key;
    this.#createdId = id;
  }

  remember(key: number, name: string, description: string): void {
    this.#texts ??= new Array<Texts | undefined>(REMEMBERED);
    this.#texts[key & (REMEMBERED - 1)] = { key, name, description };
  }

  texts(key: number): Texts | undefined {
    const texts = this.#texts?.[key & (REMEMBERED - 1)];
    return texts?.key === key ? texts : undefined;
  }

  /** After a task got another name. */
  forget(key: number): void {
    if (this.texts(key) !== undefined) this.#texts![key & (REMEMBERED - 1)] = undefined;
  }
}
