/**
 * The way into the wasm instance: strings go through one buffer of its memory, numbers as arguments. What comes back
 * is a number; a negative one is a refusal, which is thrown as an {@link OrchestratorError}.
 */
import initialise, { Core as Glue, initSync, type InitInput, type SyncInitInput } from "./glue/agent_orchestrator.js";
import { OrchestratorError, type ErrorCode } from "./errors.js";

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

/** The reply of commands that came too late, as in `src/wasm/core.rs`. */
export const LATE = -2;
const REFUSED = -1;

/** Numbers of the control block, as in `src/wasm/core.rs`. */
const WORDS = 0, WORDS_LEN = 1, TEXT = 2, TEXT_LEN = 3, EFFECTS = 4, EFFECTS_LEN = 5, SEQ = 6, SEQ_HIGH = 7;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Called with each order of the kernel: what to do, for which task and attempt, by which provider. */
export type EffectHandler = (kind: number, task: number, attempt: number, provider: number) => void;

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
  #glue: Glue | undefined;
  #gone: OrchestratorError | undefined;
  readonly #clock: () => number;
  readonly #onEffect: EffectHandler;
  readonly #onChange: () => void;
  readonly #memory: WebAssembly.Memory;
  readonly #control: number;
  #bytes: Uint8Array;
  #numbers: Uint32Array;
  #input = 0;
  #capacity = 0;
  #used = 0;

  constructor(options: CoreOptions, clock: () => number, onEffect: EffectHandler, onChange: () => void) {
    if (memory === undefined) {
      throw new OrchestratorError("NOT_INITIALIZED", "the wasm module is not loaded yet: call `await init()` first");
    }
    this.#clock = clock;
    this.#onEffect = onEffect;
    this.#onChange = onChange;
    this.#memory = memory;
    this.#glue = new Glue(options, this.now());
    this.#control = this.#glue.control() >>> 2;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#numbers = new Uint32Array(memory.buffer);
    this.#reserve(1024);
  }

  /** The time, from the user's clock or the host's. */
  now(): number {
    const now = this.#clock();
    if (now >= 0 && now <= Number.MAX_SAFE_INTEGER) return Math.floor(now);
    throw new OrchestratorError("INVALID_ARGUMENT", `the clock must give milliseconds since 1970, not ${String(now)}`);
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

  /** Reads something. */
  read<T>(use: (glue: Glue) => T): T {
    const glue = this.#glue;
    if (glue === undefined) throw this.#refused();
    try {
      return use(glue);
    } catch (cause) {
      throw this.#trapped(cause);
    }
  }

  /** Carries out a command, hands out the orders it led to, and gives its reply. */
  command(use: (glue: Glue, now: number) => number): number {
    const glue = this.#glue;
    if (glue === undefined) throw this.#refused();
    const now = this.now();
    let reply: number;
    try {
      reply = use(glue, now);
    } catch (cause) {
      throw this.#trapped(cause);
    }
    this.#handOut();
    this.#onChange();
    if (reply === REFUSED) throw this.refusal(glue);
    return reply;
  }

  /** The refusal behind a negative reply. */
  refusal(glue: Glue): OrchestratorError {
    const text = glue.takeError() ?? "INVALID_ARGUMENT\nunknown";
    const end = text.indexOf("\n");
    return new OrchestratorError(text.slice(0, end) as ErrorCode, text.slice(end + 1));
  }

  /** Position of the next event. */
  get nextSeq(): number {
    if (this.#glue === undefined) throw this.#refused();
    this.#refresh();
    return this.#numbers[this.#control + SEQ_HIGH]! * 4294967296 + this.#numbers[this.#control + SEQ]!;
  }

  /** Begins the strings of one call. */
  strings(): this {
    this.#used = 0;
    return this;
  }

  /** Adds a string to the call; gives its length in bytes. */
  put(text: string): number {
    const length = text.length;
    if (this.#used + length * 3 > this.#capacity) this.#reserve(this.#used + length * 3);
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

  /** The numbers that the last packing call left, and where they stand. Valid until the next call. */
  words(): { numbers: Uint32Array; begin: number; end: number } {
    this.#refresh();
    const numbers = this.#numbers;
    const begin = numbers[this.#control + WORDS]! >>> 2;
    return { numbers, begin, end: begin + numbers[this.#control + WORDS_LEN]! };
  }

  /** The text that the last packing call left. */
  text(): string {
    this.#refresh();
    const length = this.#numbers[this.#control + TEXT_LEN]!;
    if (length === 0) return "";
    const begin = this.#numbers[this.#control + TEXT]!;
    return decoder.decode(this.#bytes.subarray(begin, begin + length));
  }

  #handOut(): void {
    this.#refresh();
    const length = this.#numbers[this.#control + EFFECTS_LEN]!;
    if (length === 0) return;
    const begin = this.#numbers[this.#control + EFFECTS]! >>> 2;
    if (length === 4) {
      const n = this.#numbers;
      this.#onEffect(n[begin]!, n[begin + 1]!, n[begin + 2]!, n[begin + 3]!);
      return;
    }
    // Copied: what is done about one may be a call that writes the next ones over these.
    const all = this.#numbers.slice(begin, begin + length);
    for (let at = 0; at < length; at += 4) this.#onEffect(all[at]!, all[at + 1]!, all[at + 2]!, all[at + 3]!);
  }

  #reserve(length: number): void {
    this.#capacity = Math.max(length, this.#capacity * 2);
    this.#input = this.read((glue) => glue.input(this.#capacity)) >>> 0;
  }

  /** Views of the memory are void once it has grown. */
  #refresh(): void {
    if (this.#bytes.length !== 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#numbers = new Uint32Array(this.#memory.buffer);
  }

  #refused(): OrchestratorError {
    const { code, message } = this.#gone ?? { code: "DISPOSED" as const, message: "the orchestrator is disposed of" };
    return new OrchestratorError(code, message, { cause: this.#gone?.cause });
  }

  #trapped(cause: unknown): unknown {
    if (!(cause instanceof WebAssembly.RuntimeError)) return cause;
    this.close(new OrchestratorError("POISONED", "the core stopped at a bug and cannot go on; open a new orchestrator", { cause }));
    return this.#refused();
  }
}
