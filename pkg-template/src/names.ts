import type { Core } from "./core.js";

/** How many names and ids are remembered of tasks that were used of late. */
const REMEMBERED = 16_384;
/** Digits of a key in an id. */
const DIGIT_COUNT = 7;
const [ZERO, NINE, A] = [48, 57, 97];
const DIGITS = Array.from({ length: 1024 }, (_, n) => (n + 1024).toString(32).slice(1));

/** What the numbers in the wire stand for, as far as the face has the names. */
export class Names {
  readonly #core: Core;
  readonly #prefix: string;
  readonly #ownIds = new Map<number, string>();
  /** Keys of tasks whose texts are known and whose ids were made here: each has the place of its lowest bits. */
  readonly #keys: number[] = [];
  readonly #names: string[] = [];
  readonly #descriptions: string[] = [];
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
    return (this.#labels[key] ?? this.#former(key)).id;
  }

  providerLabel(key: number): string {
    return (this.#labels[key] ?? this.#former(key)).label;
  }

  /** A provider that was not registered here, but in the life that a journal tells of. */
  #former(key: number): { readonly id: string; readonly label: string } {
    // An id has no line feed.
    const text = this.#core.read((glue) => glue.provider(key));
    const end = text.indexOf("\n");
    return (this.#labels[key] = end < 0 ? { id: "", label: "" } : { id: text.slice(0, end), label: text.slice(end + 1) });
  }

  directory(number: number): string {
    return (this.#directories[number] ??= this.#core.read((glue) => glue.text(number)));
  }

  /** The key of a task of which it is known without asking: one that was created of late. */
  keyOf(id: string): number | undefined {
    if (id === this.#createdId) return this.#createdKey;
    const begin = this.#prefix.length;
    if (id.length !== begin + DIGIT_COUNT || !id.startsWith(this.#prefix)) return undefined;
    let key = 0;
    for (let at = begin; at < id.length; at++) {
      const code = id.charCodeAt(at);
      const digit = code >= A ? code - A + 10 : code - ZERO;
      // What is no digit, or a letter that ids do not have, is for the core to refuse.
      if (digit < 0 || digit > 31 || (code > NINE && code < A)) return undefined;
      key = key * 32 + digit;
    }
    return this.knows(key) ? key : undefined;
  }

  created(key: number, id: string): void {
    this.#createdKey = key;
    this.#createdId = id;
  }

  /** Of a task that was created with nothing but texts. */
  remember(key: number, name: string, description: string): void {
    const place = key & (REMEMBERED - 1);
    // An array with large holes would become a table, which is slow.
    while (this.#keys.length < place) {
      this.#keys.push(-1);
      this.#names.push("");
      this.#descriptions.push("");
    }
    this.#keys[place] = key;
    this.#names[place] = name;
    this.#descriptions[place] = description;
  }

  knows(key: number): boolean {
    return this.#keys[key & (REMEMBERED - 1)] === key;
  }

  /** Empty, if it is not known. */
  name(key: number): string {
    return this.knows(key) ? this.#names[key & (REMEMBERED - 1)]! : "";
  }

  /** Empty, if it is not known. */
  description(key: number): string {
    return this.knows(key) ? this.#descriptions[key & (REMEMBERED - 1)]! : "";
  }

  /** After a task got another name. */
  forget(key: number): void {
    if (this.knows(key)) this.#keys[key & (REMEMBERED - 1)] = -1;
  }

  /** After a task was deleted, and those below it. */
  forgetAll(): void {
    this.created(-1, "");
    this.#keys.fill(-1);
    this.#names.fill("");
    this.#descriptions.fill("");
  }
}
