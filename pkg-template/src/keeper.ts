/** Writes what is to be durable, one thing after the other, and tells those who wait for that. */
import { APPEND, CLOSE, SNAPSHOT, TRUNCATE, type Core, type Write } from "./core.js";
import { OrchestratorError, describe } from "./errors.js";
import type { Foreign } from "./foreign.js";
import type { StoredJournal } from "./journal-types.js";

/** Who is told how it goes. */
export interface KeeperHost {
  /** There may be more to write. */
  wake(): void;
  /** Nothing will be durable any more. */
  giveUp(error: OrchestratorError): void;
  /** Something has failed that should not. */
  complain(error: unknown, where: string): void;
}

interface Waiter {
  /** The position up to which all must be durable. */
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: OrchestratorError) => void;
}

export class Keeper {
  readonly #core: Core;
  readonly #journal: Foreign;
  readonly #host: KeeperHost;
  /** Whether a snapshot is followed by forgetting what is before it. */
  readonly #forgets: boolean;
  /** In the order of their positions. */
  #waiting: Waiter[] = [];
  /** Those who wait for a snapshot. */
  #compacting: Waiter[] = [];
  /** Those who want to read. Calls of a journal come one after the other. */
  readonly #reads: (() => Promise<void>)[] = [];
  #busy = false;
  #failure: OrchestratorError | undefined;
  #end: { readonly closed: Promise<void>; readonly done: () => void } | undefined;

  constructor(core: Core, journal: Foreign, forgets: boolean, host: KeeperHost) {
    this.#core = core;
    this.#journal = journal;
    this.#forgets = forgets;
    this.#host = host;
  }

  /** Writes what there is to write, unless it is at it. */
  kick(): void {
    if (this.#busy) return;
    const read = this.#reads.shift();
    if (read !== undefined) {
      this.#busy = true;
      void read();
      return;
    }
    const write = this.#core.nextWrite();
    if (write === undefined) return this.#look();
    this.#busy = true;
    void this.#write(write);
  }

  /** Ready when all that has happened so far is durable; none if it is. */
  durable(): Promise<void> | undefined {
    const seq = this.#core.nextSeq;
    if (this.#core.durable >= seq) return undefined;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ seq, resolve, reject }));
  }

  /** Ready when a snapshot was taken. */
  compact(): Promise<void> {
    this.#core.read((glue) => glue.snapshotSoon());
    const compacted = new Promise<void>((resolve, reject) => this.#compacting.push({ seq: 0, resolve, reject }));
    this.#host.wake();
    return compacted;
  }

  /** What the journal has kept. */
  load(history: boolean): Promise<StoredJournal> {
    return new Promise<StoredJournal>((resolve, reject) => {
      // Refused when it is disposed of: then nobody would get round to it.
      void this.#core.nextSeq;
      this.#reads.push(() => this.#journal.load(history).then(resolve, reject).then(() => this.#next()));
      this.#host.wake();
    });
  }

  /** After the core was retired: brings the journal to its end. Ready when it is closed. */
  finish(): Promise<void> {
    if (this.#end === undefined) {
      let done!: () => void;
      this.#end = { closed: new Promise((resolve) => (done = resolve)), done };
      if (!this.#busy) this.#next();
    }
    return this.#end.closed;
  }

  async #write(write: Write): Promise<void> {
    let error: OrchestratorError | undefined;
    try {
      await this.#carryOut(write);
    } catch (thrown) {
      error = OrchestratorError.isInstance(thrown) ? thrown : new OrchestratorError("JOURNAL_FAILED", describe(thrown), { cause: thrown });
    }
    try {
      this.#core.written(error);
      this.#assure();
      if (error === undefined && write.kind === (this.#forgets ? TRUNCATE : SNAPSHOT)) {
        for (const waiter of this.#compacting.splice(0)) waiter.resolve();
      }
      this.#look();
    } catch (thrown) {
      // When the core has stopped at a bug, the pump sees that and ends everything.
      if (this.#core.gone === undefined) this.#host.complain(thrown, "the orchestrator");
    }
    if (write.kind === CLOSE) this.#closed();
    else this.#next();
  }

  #carryOut({ kind, position, frame }: Write): Promise<void> {
    switch (kind) {
      case APPEND:
        return this.#journal.append(position, frame!);
      case SNAPSHOT:
        return this.#journal.snapshot(position, frame!);
      case TRUNCATE:
        return this.#journal.truncateBefore(position);
      default:
        return this.#journal.close();
    }
  }

  /** What comes next has its turn: with the pump, so that all of a turn goes together, or now if that is at its end. */
  #next(): void {
    this.#busy = false;
    if (this.#end === undefined) return this.#host.wake();
    try {
      this.kick();
    } catch {
      // The core has stopped at a bug.
    }
    // A core that stopped at a bug has nothing more to write, but the journal must not stay locked.
    if (!this.#busy) {
      this.#busy = true;
      void this.#journal.close().catch(() => {}).then(() => this.#closed());
    }
  }

  /** Tells those whose events have become durable. */
  #assure(): void {
    const { durable } = this.#core;
    const waiting = this.#waiting;
    let ready = 0;
    while (ready < waiting.length && waiting[ready]!.seq <= durable) waiting[ready++]!.resolve();
    if (ready > 0) this.#waiting = waiting.slice(ready);
  }

  /** Looks whether the journal has failed, which is told once. */
  #look(): void {
    if (this.#failure !== undefined) return;
    const error = this.#core.failure();
    if (error === undefined) return;
    this.#failure = error;
    this.#reject(error);
    if (this.#end === undefined) this.#host.giveUp(error);
  }

  #closed(): void {
    const { gone } = this.#core;
    const because = gone ?? new OrchestratorError("DISPOSED", "the orchestrator is disposed of");
    this.#reject(because);
    this.#core.close(because);
    this.#end?.done();
  }

  #reject(error: OrchestratorError): void {
    for (const waiter of [...this.#waiting.splice(0), ...this.#compacting.splice(0)]) waiter.reject(error);
  }
}
