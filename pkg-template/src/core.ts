/**
 * The way into the wasm instance: strings go through one buffer of its memory, numbers as arguments. What comes back
 * is a number; a negative one is a refusal, which is thrown as an {@link OrchestratorError}.
 *
 * What every task does has a method of its own here, and what is called back is one object of one class: closures in
 * their place made V8 throw its code away whenever another orchestrator was opened.
 */
import { senselessClock, unreadableClock, Watch, type Time } from "./clock.js";
import { Echo } from "./echo.js";
import { OrchestratorError, fits } from "./errors.js";
import type { Core as Glue } from "./glue/agent_orchestrator.js";
import { loaded, refusalOf, stopped, told } from "./module.js";
import type { Opening } from "./opening.js";

export type { Glue };

/** Replies as in `src/wasm/core.rs`: a command came too late, and an inbox has no room. */
export const LATE = -2, FULL_INBOX = -3;
const DONE = 0, REFUSED = -1;

/** Ways in which an attempt ends, as in `src/wasm/core.rs`: for good, well, or so that another one may follow. */
export const FAILED = 0, SUCCEEDED = 1, MAY_RETRY = 2;

/** Answers of {@link Core.snapshot}, as in `src/wasm/core.rs`: no task, a task, a task that a provider is at. */
export const GONE = 0, ACTIVE = 2;

/** Numbers of the control block, as in `src/wasm/core.rs`. */
const WORDS = 0, WORDS_LEN = 1, TEXT = 2, TEXT_LEN = 3, EFFECTS = 4, EFFECTS_LEN = 5, SEQ = 6, SEQ_HIGH = 7, DURABLE = 8, TIMER = 10, FULL = 12;

/** Stands for the length of a string that is absent, as in `src/wasm/input.rs`. */
const ABSENT = 0xffffffff;
/** Bytes of the buffer for strings that are kept for the next call. */
const LARGE = 1 << 24;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Who carries out what the kernel orders. */
export interface Host {
  /** What to do, for which task and attempt; then the provider to call, or the status in which a task has ended. About agents, see `agents.ts`. */
  order(kind: number, task: number, attempt: number, detail: number): void;
  /** Events have come. */
  wake(): void;
}

/** Something to be written: a frame to append, a snapshot, how much to forget, or that nothing follows. */
export interface Write {
  readonly kind: number;
  readonly position: number;
  readonly frame: Uint8Array | undefined;
}
/** Kinds of writes, as in `src/wasm/core.rs`. */
export const APPEND = 1, SNAPSHOT = 2, TRUNCATE = 3, CLOSE = 4;

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
  /** Whether there is a journal. Without one, all that has happened is as durable as it will ever be. */
  readonly kept: boolean;
  readonly time: Time;
  readonly #clock: () => number;
  readonly #host: Host;
  readonly #memory: WebAssembly.Memory;
  readonly #control: number;
  #durable = 0;
  #durableBefore = 0;
  /** Whether something is due some time. */
  #ticking = false;
  readonly #watch: Watch;
  /** The core at its end, of which nothing is asked but to bring the journal to its end. */
  #retired: Glue | undefined;

  constructor(open: Opening, time: Time, host: Host, kept: boolean) {
    const memory = loaded();
    this.kept = kept;
    this.time = time;
    this.#clock = time.now;
    this.#watch = new Watch(time.steady);
    this.#host = host;
    this.#memory = memory;
    try {
      this.#glue = open(this.now());
    } catch (thrown) {
      throw told(thrown);
    }
    this.#control = this.#glue.control() >>> 2;
    this.#bytes = new Uint8Array(memory.buffer);
    this.numbers = new Uint32Array(memory.buffer);
    this.#seq = this.#position(SEQ);
    this.#durable = this.#durableBefore = this.#position(DURABLE);
    if (this.numbers[this.#control + TIMER] === 1) this.#tick(true);
    this.#reserve(1024);
  }

  /** The time, from the user's clock or the host's. The user's may throw, say anything, and call back, even to dispose of all this. */
  now(): number {
    const clock = this.#clock;
    let now: number;
    try {
      now = clock();
    } catch (cause) {
      throw unreadableClock(cause);
    }
    if (typeof now === "number" && now >= 0 && now <= Number.MAX_SAFE_INTEGER) return (this.#time = Math.floor(now));
    throw senselessClock(now);
  }

  /** The time of the last call. */
  get lastTime(): number {
    return this.#time;
  }

  /** Whether it was disposed of, or stopped at a bug. */
  get gone(): OrchestratorError | undefined {
    return this.#gone;
  }

  /** Frees the memory. What comes after is refused with this. */
  close(because: OrchestratorError): void {
    this.#gone ??= because;
    const glue = this.#glue ?? this.#retired;
    this.#glue = this.#retired = undefined;
    if (because.code !== "POISONED") glue?.free();
  }

  /** Refuses all that comes after with this, but lets the journal be brought to its end; then comes `close`. */
  retire(because: OrchestratorError): void {
    this.#gone ??= because;
    this.#retired = this.#glue;
    this.#glue = undefined;
    try {
      this.#guard(() => this.#retired?.finishUp());
    } catch {
      // It has stopped at a bug, and there is nothing to finish.
    }
  }

  /** Position of the next event. */
  get nextSeq(): number {
    this.#open();
    return this.#seq;
  }

  /** Position after the last event that is durable. */
  get durable(): number {
    return this.kept ? this.#durable : this.#seq;
  }

  /** What `durable` was before it last changed. */
  get durableBefore(): number {
    return this.#durableBefore;
  }

  // ----- the journal -----

  /** What to write next, if there is something. `written` must follow. */
  nextWrite(): Write | undefined {
    const glue = this.#glue ?? this.#retired;
    if (glue === undefined) return undefined;
    return this.#guard(() => {
      const kind = glue.pollWrite();
      if (kind === 0) return undefined;
      return { kind, position: glue.writePosition(), frame: kind <= SNAPSHOT ? glue.takeFrame() : undefined };
    });
  }

  /** How the last write went. */
  written(error: OrchestratorError | undefined): void {
    const glue = this.#glue;
    const reply = this.#guard(() => (glue ?? this.#retired)?.written(error?.code, error?.message ?? ""));
    if (glue !== undefined && reply !== undefined) this.#done(glue, reply);
    else if (this.#retired !== undefined) this.#durable = this.#position(DURABLE);
  }

  /** Why the journal cannot be written any more. */
  failure(): OrchestratorError | undefined {
    const text = this.#guard(() => (this.#glue ?? this.#retired)?.failure());
    return text === undefined ? undefined : refusalOf(text);
  }

  // ----- the alarm -----

  /** Milliseconds until something is due; -1 for never. */
  timeout(): number {
    if (!this.#ticking) return -1;
    const now = this.#beginAnyway();
    return this.read((glue) => glue.timeout(now));
  }

  /** Does what is due. */
  ring(): void {
    const now = this.#beginAnyway();
    const glue = this.#open();
    this.#done(glue, this.#guard(() => glue.handleTimeout(now)));
  }

  /** Whether as many tasks wait as may wait. */
  get full(): boolean {
    this.#refresh();
    return this.numbers[this.#control + FULL] === 1;
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

  /** Ends an attempt with a result, how: {@link FAILED}, {@link SUCCEEDED} or {@link MAY_RETRY}; `detail` is all else of it, as JSON, or empty. */
  finish(task: number, attempt: number, how: number, summary: string, error: string | undefined, detail: string): number {
    const now = this.#beginAnyway();
    const glue = this.#open();
    const seq = this.#seq;
    let reply: number;
    let bytes: number;
    try {
      this.strings();
      bytes = this.put(summary);
      const errorBytes = this.putOptional(error);
      reply = glue.finish(now, task, attempt, how, bytes, errorBytes, this.put(detail));
    } catch (cause) {
      throw this.#trapped(cause);
    }
    if (reply === DONE && how === SUCCEEDED) this.echo.keep(seq, summary, bytes);
    return this.#done(glue, reply);
  }

  /** Ends an attempt with an error, for good unless it may be tried again. */
  fail(task: number, attempt: number, error: string, retryable: boolean): number {
    const now = this.#beginAnyway();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.fail(now, task, attempt, this.strings().put(error), retryable);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** Sends an agent a message, whose text is empty unless it is to be kept; gives its number, or {@link FULL_INBOX}. */
  sendMessage(agent: number, payload: string): number {
    const now = this.#begin();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.sendMessage(now, agent, payload === "" ? 0 : this.strings().put(payload));
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** An agent has answered a message; the text is empty unless it is to be kept. */
  agentReplied(agent: number, incarnation: number, message: number, text: string): number {
    const now = this.#beginAnyway();
    const glue = this.#open();
    let reply: number;
    try {
      reply = glue.agentReplied(now, agent, incarnation, message, text === "" ? 0 : this.strings().put(text));
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

  /** The same as {@link command} for what foreign code has done, which must not be lost to a bad clock. */
  report(use: (glue: Glue, now: number) => number): number {
    return this.#carryOut(this.#beginAnyway(), use);
  }

  #carryOut(now: number, use: (glue: Glue, now: number) => number): number {
    const glue = this.#open();
    let reply: number;
    try {
      reply = use(glue, now);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    return this.#done(glue, reply);
  }

  /** Carries out a command, hands out the orders it led to, and gives its reply. */
  command(use: (glue: Glue, now: number) => number): number {
    return this.#carryOut(this.#begin(), use);
  }

  /** The refusal behind a negative reply. */
  refusal(glue: Glue): OrchestratorError {
    return refusalOf(glue.takeError() ?? "INVALID_ARGUMENT\nunknown");
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
    const now = this.now();
    if (this.#ticking) this.#look();
    return now;
  }

  /** The same when a provider has answered, which must not be lost to a bad clock: time stands still then. */
  #beginAnyway(): number {
    this.#open();
    try {
      return this.#begin();
    } catch {
      return this.#time;
    }
  }

  /** Begins or ends to watch the clock, which matters only while something is due. */
  #tick(ticking: boolean): void {
    this.#ticking = ticking;
    if (ticking) this.#watch.begin(this.#time);
  }

  /** Tells the core if the clock was set since the last look. */
  #look(): void {
    const by = this.#watch.look(this.#time);
    if (by === 0) return;
    this.read((glue) => glue.clockJumped(by));
    this.#host.wake();
  }

  /** A position in the control block. */
  #position(at: number): number {
    this.#refresh();
    const { numbers } = this;
    return numbers[this.#control + at + 1]! * 4294967296 + numbers[this.#control + at]!;
  }

  /** Calls the core. */
  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw this.#trapped(thrown);
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
    if (this.kept) this.#assure();
    const ticking = numbers[control + TIMER] === 1;
    if (ticking !== this.#ticking) this.#tick(ticking);
    if (orders !== 0) this.#handOut(numbers[control + EFFECTS]! >>> 2, orders);
    if (news) this.#host.wake();
    if (reply === REFUSED) throw this.refusal(glue);
    return reply;
  }

  #assure(): void {
    const durable = this.#position(DURABLE);
    if (durable === this.#durable) return;
    this.#durableBefore = this.#durable;
    this.#durable = durable;
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
    if (!(cause instanceof WebAssembly.RuntimeError)) return told(cause);
    this.close(stopped(cause));
    // So that those who wait are told.
    this.#host.wake();
    return this.#refused();
  }
}
