/**
 * The way into the wasm instance: strings go through one buffer of its memory, numbers as arguments. What comes back
 * is a number; a negative one is a refusal, which is thrown as an {@link OrchestratorError}.
 *
 * What every task does has a method of its own here, and what is called back is one object of one class: closures in
 * their place made V8 throw its code away whenever another orchestrator was opened.
 */
import initialise, { Core as Glue, initSync, type InitInput, type SyncInitInput } from "./glue/agent_orchestrator.js";
import { Echo } from "./echo.js";
import { OrchestratorError, describe, fits, type ErrorCode } from "./errors.js";

export type { Glue };

/** What the module may be loaded from. */
export type ModuleSource = InitInput | Promise<InitInput>;

let memory: WebAssembly.Memory | undefined;

/** Starts the module from what is at hand. */
export function start(module: SyncInitInput): void {
  memory ??= initSync({ module }).memory;
}

/** Starts the module from wherever it is. */
export async function startAsync(source: ModuleSource): Promise<void> {
  memory ??= (await initialise({ module_or_path: source })).memory;
}

/** The memory of the module, which must have been started. */
export function loaded(): WebAssembly.Memory {
  if (memory !== undefined) return memory;
  throw new OrchestratorError("NOT_INITIALIZED", "the wasm module is not loaded yet: call `await init()` first");
}

/** The reply of commands that came too late, as in `src/wasm/core.rs`. */
export const LATE = -2;
const DONE = 0, REFUSED = -1;

/** Answers of {@link Core.snapshot}, as in `src/wasm/core.rs`: no task, a task, a task that a provider is at. */
export const GONE = 0, ACTIVE = 2;

/** Numbers of the control block, as in `src/wasm/core.rs`. */
const WORDS = 0, WORDS_LEN = 1, TEXT = 2, TEXT_LEN = 3, EFFECTS = 4, EFFECTS_LEN = 5, SEQ = 6, SEQ_HIGH = 7;

/** Stands for the length of a string that is absent, as in `src/wasm/input.rs`. */
const ABSENT = 0xffffffff;
/** Bytes of the buffer for strings that are kept for the next call. */
const LARGE = 1 << 24;

/** Ids need bits that differ, and none that nobody could guess. */
const random = (): number => Math.floor(Math.random() * 2 ** 53);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Who carries out what the kernel orders. */
export interface Host {
  /** What to do, for which task and attempt; then the provider to call, or the status in which a task has ended. */
  order(kind: number, task: number, attempt: number, detail: number): void;
  /** Events have come. */
  wake(): void;
}

/** What the core's constructor takes. */
export interface CoreOptions {
  maxConcurrency: number | undefined;
  maxTasks: number | undefined;
  maxOutputLines: number | undefined;
  eventLogBytes: number | undefined;
  seed: number | undefined;
}

/** One orchestrator's core. */
export class Core {
  /** The memory as numbers. Void once the memory has grown, so it is never kept across a call. */
  numbers: Uint32Array;
  /** Where the numbers of the last packing call stand in it; valid until the next such call. */
  begin = 0;
  end = 0;
  readonly echo = new Echo();
  #glue: Glue | undefined;
  #gone: OrchestratorError | undefined;
  #seq = 0;
  #time = 0;
  #bytes: Uint8Array;
  #input = 0;
  #capacity = 0;
  #used = 0;
  readonly #clock: () => number;
  readonly #host: Host;
  readonly #memory: WebAssembly.Memory;
  readonly #control: number;

  constructor(options: CoreOptions, clock: () => number, host: Host) {
    const memory = loaded();
    this.#clock = clock;
    this.#host = host;
    this.#memory = memory;
    const { maxConcurrency, maxTasks, maxOutputLines, eventLogBytes, seed } = options;
    this.#glue = new Glue(this.now(), seed ?? random(), maxConcurrency ?? 0, maxTasks ?? 0, maxOutputLines ?? 0, eventLogBytes ?? 0);
    this.#control = this.#glue.control() >>> 2;
    this.#bytes = new Uint8Array(memory.buffer);
    this.numbers = new Uint32Array(memory.buffer);
    this.#seq = this.numbers[this.#control + SEQ]!;
    this.#reserve(1024);
  }

  /** The time, from the user's clock or the host's. The user's may throw, say anything, and call back, even to dispose of all this. */
  now(): number {
    const clock = this.#clock;
    let now: number;
    try {
      now = clock();
    } catch (cause) {
      throw new OrchestratorError("INVALID_ARGUMENT", `the clock could not be read: ${describe(cause)}`, { cause });
    }
    if (typeof now === "number" && now >= 0 && now <= Number.MAX_SAFE_INTEGER) return (this.#time = Math.floor(now));
    throw new OrchestratorError("INVALID_ARGUMENT", `the clock must give milliseconds since 1970, not ${describe(now)}`);
  }

  /** Whether it was disposed of, or stopped at a bug. */
  get gone(): OrchestratorError | undefined {
    return this.#gone;
  }

  /** Frees the memory. What comes after is refused with this. */
  close(because: OrchestratorError): void {
    this.#gone ??= because;
    const glue = this.#glue;
    this.#glue = undefined;
    if (because.code !== "POISONED") glue?.free();
  }

  /** Position of the next event. */
  get nextSeq(): number {
    this.#open();
    return this.#seq;
  }

  // ----- what every task does -----

  /** Creates a task of no more than this; gives its key. */
  create(name: string, description: string | undefined, provider: string | undefined): number {
    const now = this.#begin();
    const glue = this.#open();
    const seq = this.#seq;
    let reply: number;
    let bytes: number;
    try {
      this.strings();
      bytes = this.put(name);
      const descriptionBytes = this.putOptional(description);
      reply = glue.create(now, bytes, descriptionBytes, this.putOptional(provider));
    } catch (cause) {
      throw this.#trapped(cause);
    }
    if (reply >= 0) this.echo.keep(seq, name, bytes);
    return this.#done(glue, reply);
  }

  /** The key of the task with this id, or -1. */
  find(id: string): number {
    const glue = this.#open();
    try {
      return glue.find(this.strings().put(id));
    } catch (cause) {
      throw this.#trapped(cause);
    }
  }

  /** Starts a task; gives the number of the attempt. */
  start(task: number): number {
    const now = this.#begin();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.start(now, task);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** Begins a new attempt; gives its number. */
  restart(task: number): number {
    return this.command((glue, now) => glue.restart(now, task));
  }

  /** Appends output. Attempt 0 is the owner. */
  output(task: number, attempt: number, text: string): number {
    const now = this.#begin();
    const glue = this.#open();
    const seq = this.#seq;
    let reply: number;
    let bytes: number;
    try {
      bytes = this.strings().put(text);
      reply = glue.output(now, task, attempt, bytes);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    // A carriage return becomes a line feed; all else that the kernel changes makes the text shorter.
    if (reply === DONE && !text.includes("\r")) this.echo.keep(seq, text, bytes);
    return this.#done(glue, reply);
  }

  /** Sets the progress. Attempt 0 is the owner. */
  progress(task: number, attempt: number, percent: number): number {
    const now = this.#begin();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.progress(now, task, attempt, percent);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** Ends an attempt with a result; `detail` is all else of it, as JSON, or empty. */
  finish(task: number, attempt: number, success: boolean, summary: string, error: string | undefined, detail: string): number {
    const now = this.#beginAnyway();
    const glue = this.#open();
    const seq = this.#seq;
    let reply: number;
    let bytes: number;
    try {
      this.strings();
      bytes = this.put(summary);
      const errorBytes = this.putOptional(error);
      reply = glue.finish(now, task, attempt, success, bytes, errorBytes, this.put(detail));
    } catch (cause) {
      throw this.#trapped(cause);
    }
    if (reply === DONE && success) this.echo.keep(seq, summary, bytes);
    return this.#done(glue, reply);
  }

  /** Ends an attempt with an error. */
  fail(task: number, attempt: number, error: string): number {
    const now = this.#beginAnyway();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.fail(now, task, attempt, this.strings().put(error));
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** Packs a task, without name and description if brief. */
  snapshot(task: number, brief: boolean): number {
    const glue = this.#open();
    try {
      return glue.snapshot(task, brief);
    } catch (cause) {
      throw this.#trapped(cause);
    }
  }

  /** Packs events for those who listen, from this position on; gives the position of the first. */
  drain(from: number, max: number): number {
    const glue = this.#open();
    try {
      return glue.drain(from, max);
    } catch (cause) {
      throw this.#trapped(cause);
    }
  }

  // ----- all else -----

  /** Reads something. */
  read<T>(use: (glue: Glue) => T): T {
    const glue = this.#open();
    try {
      const found = use(glue);
      // Somebody may be in the middle of reading numbers, and the memory may have grown.
      if (this.#glue !== undefined) this.#refresh();
      return found;
    } catch (cause) {
      throw this.#trapped(cause);
    }
  }

  /** Carries out a command, hands out the orders it led to, and gives its reply. */
  command(use: (glue: Glue, now: number) => number): number {
    const now = this.#begin();
    const glue = this.#open();
    let reply: number;
    try {
      reply = use(glue, now);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** The refusal behind a negative reply. */
  refusal(glue: Glue): OrchestratorError {
    const text = glue.takeError() ?? "INVALID_ARGUMENT\nunknown";
    const end = text.indexOf("\n");
    return new OrchestratorError(text.slice(0, end) as ErrorCode, text.slice(end + 1));
  }

  // ----- strings in -----

  /** Begins the strings of one call. */
  strings(): this {
    this.#used = 0;
    if (this.#capacity > LARGE) this.#giveBack();
    return this;
  }

  /** Adds a string to the call; gives its length in bytes. */
  put(text: string): number {
    const length = text.length;
    if (length === 0) return 0;
    if (this.#used + length * 3 > this.#capacity) this.#reserve(this.#used + fits("a text", text).length * 3);
    this.#refresh();
    const bytes = this.#bytes;
    const begin = this.#input + this.#used;
    let written = 0;
    // Short texts are mostly ASCII, and a loop beats the encoder there.
    if (length <= 48) {
      for (; written < length; written++) {
        const code = text.charCodeAt(written);
        if (code > 127) break;
        bytes[begin + written] = code;
      }
    }
    if (written < length) {
      written = encoder.encodeInto(text, bytes.subarray(begin, begin + length * 3)).written;
    }
    this.#used += written;
    return written;
  }

  /** Adds a string that may be absent; gives -1 then. */
  putOptional(text: string | undefined): number {
    return text === undefined ? -1 : this.put(text);
  }

  /** Adds a number to a call whose fields all stand in the buffer. */
  number(value: number): this {
    if (this.#used + 4 > this.#capacity) this.#reserve(this.#used + 4);
    this.#write(this.#used, value);
    this.#used += 4;
    return this;
  }

  /** Adds a string, or that there is none, to such a call. */
  field(text: string | undefined): this {
    const at = this.#used;
    this.number(ABSENT);
    if (text !== undefined) this.#write(at, this.put(text));
    return this;
  }

  /** Adds a list of strings to such a call. */
  fields(texts: readonly string[]): this {
    this.number(texts.length);
    for (const text of texts) this.field(text);
    return this;
  }

  // ----- numbers and text out -----

  /** Finds what the last packing call left. */
  unpack(): void {
    this.#refresh();
    this.begin = this.numbers[this.#control + WORDS]! >>> 2;
    this.end = this.begin + this.numbers[this.#control + WORDS_LEN]!;
  }

  /** The text that the last packing call left. */
  text(): string {
    this.#refresh();
    const length = this.numbers[this.#control + TEXT_LEN]!;
    if (length === 0) return "";
    const begin = this.numbers[this.#control + TEXT]!;
    return decoder.decode(this.#bytes.subarray(begin, begin + length));
  }

  // ----- inside -----

  /** Before every command: the time of it. */
  #begin(): number {
    this.#open();
    return this.now();
  }

  /** The same when a provider has answered, which must not be lost to a bad clock: time stands still then. */
  #beginAnyway(): number {
    this.#open();
    try {
      return this.now();
    } catch {
      return this.#time;
    }
  }

  #open(): Glue {
    const glue = this.#glue;
    if (glue === undefined) throw this.#refused();
    return glue;
  }

  /** What follows every command. */
  #done(glue: Glue, reply: number): number {
    this.#refresh();
    const { numbers } = this;
    const control = this.#control;
    const orders = numbers[control + EFFECTS_LEN]!;
    const high = numbers[control + SEQ_HIGH]!;
    const low = numbers[control + SEQ]!;
    // Small numbers stay small ones, for which V8 has faster code.
    const seq = high === 0 ? low : high * 4294967296 + low;
    const news = seq !== this.#seq;
    this.#seq = seq;
    if (orders !== 0) this.#handOut(numbers[control + EFFECTS]! >>> 2, orders);
    if (news) this.#host.wake();
    if (reply === REFUSED) throw this.refusal(glue);
    return reply;
  }

  #handOut(begin: number, length: number): void {
    if (length === 4) {
      const { numbers } = this;
      this.#host.order(numbers[begin]!, numbers[begin + 1]!, numbers[begin + 2]!, numbers[begin + 3]!);
      return;
    }
    // Copied: what is done about one may be a call that writes the next ones over these.
    const all: number[] = [];
    for (let at = 0; at < length; at++) all.push(this.numbers[begin + at]!);
    for (let at = 0; at < length; at += 4) this.#host.order(all[at]!, all[at + 1]!, all[at + 2]!, all[at + 3]!);
  }

  #write(at: number, value: number): void {
    this.#refresh();
    for (let byte = 0; byte < 4; byte++) this.#bytes[this.#input + at + byte] = value >>> (8 * byte);
  }

  #giveBack(): void {
    this.#open().input(0);
    this.#capacity = 0;
    this.#reserve(1024);
  }

  #reserve(length: number): void {
    this.#capacity = Math.max(length, this.#capacity * 2);
    this.#input = this.#open().input(this.#capacity) >>> 0;
  }

  #refresh(): void {
    if (this.#bytes.length !== 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.numbers = new Uint32Array(this.#memory.buffer);
  }

  #refused(): OrchestratorError {
    const { code, message } = this.#gone ?? { code: "DISPOSED" as const, message: "the orchestrator is disposed of" };
    return new OrchestratorError(code, message, { cause: this.#gone?.cause });
  }

  #trapped(cause: unknown): unknown {
    if (!(cause instanceof WebAssembly.RuntimeError)) return cause;
    this.close(new OrchestratorError("POISONED", "the core stopped at a bug and cannot go on; open a new orchestrator", { cause }));
    // So that those who wait are told.
    this.#host.wake();
    return this.#refused();
  }
}
