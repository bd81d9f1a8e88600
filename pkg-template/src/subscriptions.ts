/** Hands events out: to listeners in batches, to iterators through bounded queues, from any position still kept. */
import type { Core } from "./core.js";
import type { OrchestratorError } from "./errors.js";
import { invalid, kindOf, object, onAbort, signalOf, string } from "./input.js";
import type { Names } from "./names.js";
import type { EventsOptions, OrchestratorEvent, SubscribeOptions } from "./types.js";
import { readEvents } from "./wire.js";

/** Few enough that the events of one batch are gone again before the collector looks. */
const BATCH = 256;

type Listener = (event: OrchestratorEvent) => unknown;

/** Who is told of what happens around the events. */
export interface EventsHost {
  /** Somebody wants events. */
  wake(): void;
  /** Foreign code has failed. */
  complain(error: unknown, where: string): void;
}

/** Who gets what, from where. */
interface Subscriber {
  readonly types: ReadonlySet<string> | undefined;
  readonly taskId: string | undefined;
  readonly agent: string | undefined;
  readonly deliver: Listener;
  /** First position wanted. */
  readonly since: number;
  /** Next position to read, while behind the others. */
  from: number | undefined;
  /** First position that it is told together with the others. */
  joined: number;
  active: boolean;
}

function wants(subscriber: Subscriber, event: OrchestratorEvent): boolean {
  // Whoever listens for anything wants to know that nothing will come any more.
  if (event.type === "journal:failed") return true;
  if (event.seq < subscriber.since) return false;
  if (event.type === "subscriber:lagged") return true;
  if (subscriber.types !== undefined && !subscriber.types.has(event.type)) return false;
  if (subscriber.agent !== undefined && !("agent" in event && event.agent === subscriber.agent)) return false;
  return subscriber.taskId === undefined || ("taskId" in event && event.taskId === subscriber.taskId);
}

function readOptions(input: EventsOptions | undefined): {
  types: ReadonlySet<string> | undefined; taskId: string | undefined; agent: string | undefined; from: number | undefined; signal: AbortSignal | undefined; buffer: number;
} {
  const options = input === undefined ? {} : (object("the options", input) as EventsOptions);
  const { types, taskId, agent, from, buffer = 1024 } = options;
  if (types !== undefined && !Array.isArray(types)) throw invalid(`types must be an array of event types, not ${kindOf(types)}`);
  if (!(typeof buffer === "number" && Number.isInteger(buffer) && buffer >= 1)) throw invalid("buffer must be a whole number of at least 1");
  if (from !== undefined && !(Number.isSafeInteger(from) && from >= 0)) throw invalid("from must be a whole number, the first seq wanted");
  return {
    types: types === undefined ? undefined : new Set(types.map((type) => string("an event type", type))),
    taskId: taskId === undefined ? undefined : string("taskId", taskId),
    agent: agent === undefined ? undefined : string("agent", agent),
    from: from === undefined ? undefined : Math.max(from, 1),
    signal: signalOf(options),
    buffer,
  };
}

export class Subscriptions {
  readonly #core: Core;
  readonly #names: Names;
  readonly #host: EventsHost;
  /** In the order in which they came; those that left go when nobody is looking. */
  #live: Subscriber[] = [];
  #left = false;
  /** Those of one task or one agent apart: there may be one for each, and each wants few of the events. */
  readonly #ofTask = new Map<string, Set<Subscriber>>();
  readonly #ofAgent = new Map<string, Set<Subscriber>>();
  readonly #behind = new Set<Subscriber>();
  /** What ends each of them. */
  readonly #ends = new Set<() => void>();
  /** Position after the last event that was handed out to everybody. */
  #next: number;
  /** That the journal has failed, which those who are behind are told when they have read the rest. */
  #failed: OrchestratorEvent | undefined;

  constructor(core: Core, names: Names, host: EventsHost) {
    this.#core = core;
    this.#names = names;
    this.#host = host;
    this.#next = core.durable;
  }

  /** Whether there is something to hand out. */
  get pending(): boolean {
    return this.#core.gone === undefined && this.#core.durable !== this.#next;
  }

  /** Hands out all that has happened and is durable. Listeners may make more happen; that comes in the same go. */
  flush(): void {
    while (this.#core.gone === undefined) {
      // Also those that came while events were handed out.
      if (this.#behind.size > 0) for (const subscriber of this.#behind) this.#catchUp(subscriber);
      if (this.#core.gone !== undefined) return;
      if (this.#left) this.#sweep();
      if (this.#live.length === 0 && this.#ofTask.size === 0 && this.#ofAgent.size === 0) {
        this.#next = this.#core.durable;
        return;
      }
      const behind = this.#core.durable - this.#next;
      if (behind === 0) return;
      const first = this.#core.drain(this.#next, Math.min(BATCH, behind));
      const events = readEvents(this.#core, this.#names, first);
      if (events.length === 0) return;
      // When the log begins late, as many events reach beyond what is durable.
      if (first + events.length > this.#core.durable) events.length = Math.max(this.#core.durable - first, 0);
      const missed = first - this.#next;
      this.#next = first + events.length;
      if (missed > 0) this.#tell(lagged(first, events[0]!.at, missed), first);
      for (let index = 0; index < events.length && this.#core.gone === undefined; index++) this.#tell(events[index]!, first + index);
    }
  }

  #tell(event: OrchestratorEvent, seq: number): void {
    const live = this.#live;
    for (let index = 0; index < live.length; index++) {
      const subscriber = live[index]!;
      if (seq < subscriber.joined) continue;
      // Most want everything, and to look into events of so many shapes is slow.
      if (subscriber.types === undefined || wants(subscriber, event)) this.#deliver(subscriber, event);
    }
    if (this.#ofTask.size > 0) this.#tellApart(this.#ofTask, "taskId" in event ? event.taskId : undefined, event, seq);
    if (this.#ofAgent.size > 0) this.#tellApart(this.#ofAgent, "agent" in event ? event.agent : undefined, event, seq);
  }

  #catchUp(subscriber: Subscriber): void {
    while (subscriber.active && this.#core.gone === undefined) {
      const events = this.#read(subscriber);
      for (const event of events) if (subscriber.active && wants(subscriber, event)) this.#deliver(subscriber, event);
      if (subscriber.from === undefined) return;
    }
  }

  /** The next events for one who is behind; after the last of them it is with the others. */
  #read(subscriber: Subscriber): OrchestratorEvent[] {
    const from = subscriber.from!;
    const wanted = Math.min(BATCH, this.#next - from);
    let events: OrchestratorEvent[] = [];
    if (wanted > 0) {
      const kept = this.#core.read((glue) => glue.replay(from, wanted));
      const found = readEvents(this.#core, this.#names, kept);
      // What comes after the others' position is told to all together, also when the log began late.
      const first = Math.min(kept, this.#next);
      events = found.slice(0, this.#next - first);
      subscriber.from = first + events.length;
      if (first > from && found.length > 0) events.unshift(lagged(first, found[0]!.at, first - from));
    }
    if (wanted <= 0 || subscriber.from! >= this.#next) {
      subscriber.from = undefined;
      // A listener may have asked in the middle of a batch, all of which has just been read.
      subscriber.joined = Math.max(subscriber.since, this.#next);
      this.#behind.delete(subscriber);
      this.#join(subscriber);
      if (this.#failed !== undefined) events.push(this.#failed);
    }
    return events;
  }

  /** Tells everybody that the journal has failed, whatever they listen for. */
  fail(error: OrchestratorError): void {
    // After all that is durable.
    this.flush();
    const event: OrchestratorEvent = Object.freeze({
      type: "journal:failed", seq: this.#core.durable - 1, at: this.#core.lastTime, code: error.code, message: error.message,
    });
    this.#failed = event;
    const all = [this.#live, ...this.#ofTask.values(), ...this.#ofAgent.values()].flatMap((subscribers) => [...subscribers]);
    for (const subscriber of all) this.#deliver(subscriber, event);
  }

  #deliver(subscriber: Subscriber, event: OrchestratorEvent): void {
    if (!subscriber.active) return;
    try {
      const returned = subscriber.deliver(event);
      if (returned instanceof Promise) returned.catch((error: unknown) => this.#host.complain(error, "a listener"));
    } catch (error) {
      this.#host.complain(error, "a listener");
    }
  }

  #tellApart(apart: Map<string, Set<Subscriber>>, about: string | undefined, event: OrchestratorEvent, seq: number): void {
    const concerned = event.type === "subscriber:lagged" ? [...apart.values()] : about === undefined ? [] : [apart.get(about)];
    for (const subscribers of concerned) {
      for (const subscriber of subscribers ?? []) if (seq >= subscriber.joined && wants(subscriber, event)) this.#deliver(subscriber, event);
    }
  }

  #join(subscriber: Subscriber): void {
    const [apart, about] = this.#place(subscriber);
    if (about === undefined) {
      this.#live.push(subscriber);
      return;
    }
    const others = apart.get(about);
    if (others === undefined) apart.set(about, new Set([subscriber]));
    else others.add(subscriber);
  }

  #leave(subscriber: Subscriber): void {
    subscriber.active = false;
    this.#left = true;
    this.#behind.delete(subscriber);
    const [apart, about] = this.#place(subscriber);
    const others = about === undefined ? undefined : apart.get(about);
    if (others?.delete(subscriber) === true && others.size === 0) apart.delete(about!);
  }

  /** Among whom a subscriber stands, and under which name. */
  #place({ taskId, agent }: Subscriber): [Map<string, Set<Subscriber>>, string | undefined] {
    return taskId === undefined ? [this.#ofAgent, agent] : [this.#ofTask, taskId];
  }

  #sweep(): void {
    this.#left = false;
    this.#live = this.#live.filter(({ active }) => active);
  }

  #add(subscriber: Subscriber, signal: AbortSignal | undefined, ended?: () => void): () => void {
    let deafen: (() => void) | undefined;
    const end = (): void => {
      this.#leave(subscriber);
      this.#ends.delete(end);
      this.#host.wake();
      deafen?.();
      ended?.();
    };
    if (signal !== undefined) deafen = onAbort(signal, end);
    this.#ends.add(end);
    if (subscriber.from === undefined) this.#join(subscriber);
    else this.#behind.add(subscriber);
    this.#host.wake();
    return end;
  }

  /** The first position that one who comes now has not missed. */
  #begin(): number {
    // Refused when all is disposed of.
    return Math.min(this.#core.nextSeq, this.#core.durable);
  }

  subscribe(listener: unknown, input?: SubscribeOptions): () => void {
    if (typeof listener !== "function") throw invalid(`the listener must be a function, not ${kindOf(listener)}`);
    const { types, taskId, agent, from, signal } = readOptions(input);
    const next = this.#begin();
    if (signal?.aborted === true) return () => {};
    return this.#add({ types, taskId, agent, deliver: listener as Listener, since: from ?? next, from, joined: from ?? next, active: true }, signal);
  }

  /**
   * Events as they are asked for. The reader's own pace; too slow a reader is told how many it missed. `over` says that
   * nothing more is to come than what has happened.
   */
  events(input?: EventsOptions, over?: () => boolean): AsyncIterableIterator<OrchestratorEvent> {
    const { types, taskId, agent, from, signal, buffer } = readOptions(input);
    const next = this.#begin();
    let queue: OrchestratorEvent[] = [];
    let dropped = 0;
    let waiting: ((result: IteratorResult<OrchestratorEvent>) => void)[] = [];
    let ended = false;
    const subscriber: Subscriber = {
      types, taskId, agent, since: from ?? next, from, joined: from ?? next, active: true,
      deliver: (event) => {
        const reader = waiting.shift();
        if (reader !== undefined) return reader({ done: false, value: event });
        if (queue.length >= buffer) {
          queue.shift();
          dropped += 1;
        }
        queue.push(event);
      },
    };
    const end = this.#add(subscriber, signal, () => {
      ended = true;
      for (const reader of waiting.splice(0)) reader({ done: true, value: undefined });
    });
    // It reads when it is asked, and not in the course of handing out.
    if (from !== undefined) this.#behind.delete(subscriber);
    if (signal?.aborted === true) end();
    const iterator: AsyncIterableIterator<OrchestratorEvent> = {
      next: async () => {
        // Behind the others it reads at its own pace, so nothing waits in memory for it.
        while (!ended && queue.length === 0 && subscriber.from !== undefined && this.#core.gone === undefined) {
          queue = this.#read(subscriber).filter((event) => wants(subscriber, event));
        }
        if (dropped > 0 && queue.length > 0) {
          const { seq, at } = queue[0]!;
          const missed = dropped;
          dropped = 0;
          return { done: false, value: lagged(seq, at, missed) };
        }
        const event = queue.shift();
        if (event !== undefined) return { done: false, value: event };
        if (ended || (over?.() === true && this.#next === this.#core.durable)) return { done: true, value: undefined };
        return new Promise((resolve) => waiting.push(resolve));
      },
      return: async () => {
        queue = [];
        end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Ends all of them; what iterators hold can still be read. */
  close(): void {
    for (const end of [...this.#ends]) end();
  }
}

/** `seq` is that of the first event after the gap. */
function lagged(seq: number, at: number, dropped: number): OrchestratorEvent {
  return Object.freeze({ type: "subscriber:lagged", seq, at, dropped });
}

