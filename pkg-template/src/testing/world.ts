/** One simulated host with one orchestrator at a time, and everything that is watched about it. */
import { AgentOrchestrator, OrchestratorError, type AgentProvider, type Journal, type OrchestratorApi, type OrchestratedTask } from "../api.js";
import { memoryJournal } from "../journals/memory.js";
import { VirtualClock } from "./clock.js";
import { Facts, hasEnded } from "./facts.js";
import { faultPlan, faultsOf, journalFaults, type FaultPlan } from "./faults.js";
import { faultyJournal, type FaultyJournal } from "./faulty-journal.js";
import { Random } from "./random.js";
import { defaultProviders, defaultScenario } from "./scenario.js";
import type { SimulateOptions, SimulationContext, SimulationCounts } from "./simulate.js";
import { Violation } from "./violation.js";
import { watched, type Watcher } from "./watched.js";

/** More timers than that ring for nothing that still goes on. */
const PATIENCE = 20_000;
/** How long an orchestrator is given to come to its end, in milliseconds: a year. */
const END = 366 * 86_400_000;

/** One life of the orchestrator. */
interface Life {
  readonly journal: FaultyJournal;
  readonly orchestrator: AgentOrchestrator;
  readonly watched: OrchestratorApi;
  readonly deafen: () => void;
}

/** What one seed leads to. */
export interface Ran {
  /** How many steps were begun. */
  readonly at: number;
  readonly violation: Violation | undefined;
  readonly counts: SimulationCounts;
  readonly journal: Uint8Array;
  /** The calls that were made, in order. */
  readonly calls: readonly string[];
}

export class World implements Watcher {
  readonly facts = new Facts();
  readonly #options: SimulateOptions;
  readonly #seed: number;
  readonly #plan: FaultPlan;
  readonly #clock = new VirtualClock();
  readonly #counts: Record<keyof SimulationCounts, number> = { steps: 0, calls: 0, refusals: 0, acknowledgements: 0, starts: 0, events: 0, crashes: 0, faults: 0 };
  readonly #calls: string[] = [];
  readonly #memory = memoryJournal();
  /** Attempts that a provider of this life is at. */
  readonly #running = new Set<string>();
  readonly #context: SimulationContext;
  #random: Random;
  #step = 0;
  #lives = 0;
  #delay = 0;
  /** No faults while it is opened and looked at. */
  #quiet = true;
  #ending = false;
  #failed = false;
  #life: Life | undefined;
  #violation: Violation | undefined;

  constructor(options: SimulateOptions, seed: number) {
    this.#options = options;
    this.#seed = seed;
    const { faults } = options;
    this.#plan = faults === undefined ? faultPlan(seed) : faultsOf(typeof faults === "function" ? faults(seed) : faults);
    this.#random = new Random(seed);
    this.#context = this.#makeContext();
  }

  /** Runs so many steps, without those that are to be skipped, and then lets everything come to its end. */
  async run(steps: number, skip: ReadonlySet<number>): Promise<Ran> {
    let journal: Uint8Array = new Uint8Array();
    try {
      const faults = journalFaults(this.#seed, this.#plan);
      await this.#open(faultyJournal(this.#journal(), {
        clock: this.#clock,
        delay: () => (this.#delay === 0 ? 0 : this.#random.below(this.#delay + 1)),
        faults: (write) => {
          const fault = this.#quiet ? undefined : faults(write);
          if (fault !== undefined) this.#counts.faults += 1;
          return fault;
        },
      }));
      for (; this.#step < steps; this.#step++) if (!skip.has(this.#step)) await this.#takeStep();
      await this.#end();
      journal = await this.#until("the journal", this.#read());
    } catch (thrown) {
      this.violated(thrown);
    }
    await this.#abandon().catch((thrown: unknown) => this.violated(thrown));
    this.#counts.events = this.facts.events;
    return { at: this.#step, violation: this.#violation, counts: this.#counts, journal, calls: this.#calls };
  }

  // ----- what the orchestrator's calls tell -----

  called(text: string): void {
    this.#counts.calls += 1;
    this.#calls.push(`step ${this.#step}: ${text}`);
  }

  refused(): void {
    this.#counts.refusals += 1;
  }

  acknowledged(): void {
    this.#counts.acknowledgements += 1;
  }

  violated(thrown: unknown): void {
    this.#violation ??= Violation.of("error", "something failed", thrown);
  }

  provider(provider: AgentProvider): AgentProvider {
    const life = this.#lives;
    return {
      id: provider.id,
      label: provider.label,
      description: provider.description,
      maxConcurrency: provider.maxConcurrency,
      executeTask: (task, context) => {
        if (life !== this.#lives) return provider.executeTask(task, context);
        const name = `${task.id} ${context.attempt}`;
        this.#counts.starts += 1;
        try {
          this.facts.call(task.id, context.attempt);
        } catch (thrown) {
          this.violated(thrown);
        }
        this.#running.add(name);
        const done = (): void => void (life === this.#lives && this.#running.delete(name));
        try {
          // It may be anything, and goes on as what it is.
          return followed(provider.executeTask(task, context), done) as ReturnType<AgentProvider["executeTask"]>;
        } catch (thrown) {
          done();
          throw thrown;
        }
      },
    };
  }

  // ----- steps -----

  async #takeStep(): Promise<void> {
    this.#random = new Random(this.#seed, 3, this.#step);
    const random = this.#random;
    this.#counts.steps += 1;
    await this.#trouble(random);
    this.#begin();
    const dice = random.below(100);
    // How far things get before the next step: a few promises, all that can happen now, or all that happens in some time.
    if (dice < 35) for (let turns = random.below(6); turns > 0; turns--) await undefined;
    else if (dice < 65) await this.#clock.runUntilIdle();
    else await this.#clock.advance(1 + random.below(random.pick([20, 300, 3000, 60_000])));
    await this.#check();
  }

  /** What goes wrong by itself. */
  async #trouble(random: Random): Promise<void> {
    const { crash, slow, slowBy, jump } = this.#plan;
    let dice = random.below(1000);
    const falls = (chance: number): boolean => (dice -= chance) < 0 && dice >= -chance;
    if (falls(crash) || ((this.#failed || this.#life?.journal.hangs === true) && random.percent(40))) await this.#crash(random.percent(85), random.percent(30));
    else if (falls(slow)) this.#delay = random.percent(50) ? random.below(slowBy + 1) : 0;
    else if (falls(jump)) this.#clock.jump((random.percent(50) ? 1 : -1) * random.below(4_000_000));
  }

  /** Begins a step of the scenario, which need not be at its end when the next one comes. */
  #begin(): void {
    const { scenario = defaultScenario } = this.#options;
    const life = this.#lives;
    const step = async (): Promise<unknown> => scenario(this.#context);
    step().catch((thrown: unknown) => {
      // Refusals belong to it, also those that a crash brings.
      if (!OrchestratorError.isInstance(thrown)) this.violated(Violation.of("scenario", "the scenario failed", thrown));
      else if (thrown.code === "POISONED" || (thrown.code === "DISPOSED" && life === this.#lives)) this.violated(Violation.of("error", "a call failed", thrown));
    });
  }

  async #check(): Promise<void> {
    if (this.#violation !== undefined) throw this.#violation;
    const { check } = this.#options;
    if (check === undefined) return;
    try {
      const found = check(this.#context);
      if (typeof (found as PromiseLike<unknown> | undefined)?.then === "function") await this.#until("a check", found as PromiseLike<unknown>);
    } catch (thrown) {
      throw Violation.of("check", "a check failed", thrown);
    }
  }

  // ----- lives -----

  #journal(): Journal {
    return this.#options.journal?.(this.#context) ?? this.#memory;
  }

  /** All that the journal has kept. */
  async #read(): Promise<Uint8Array> {
    const journal = this.#journal();
    const { frames } = await journal.load({ history: true });
    await journal.close();
    return joined(frames);
  }

  async #open(journal: FaultyJournal): Promise<void> {
    const { options, providers } = this.#options;
    this.#lives += 1;
    this.#running.clear();
    this.#failed = false;
    this.#quiet = true;
    this.#delay = 0;
    const life = this.#lives;
    const given = providers?.(this.#context) ?? defaultProviders(this.#seed, this.#plan, this.#clock, () => this.#ending);
    const opening = AgentOrchestrator.open({
      ...options,
      providers: given.map((provider) => this.provider(provider)),
      defaultProviderId: options?.defaultProviderId ?? given[0]?.id,
      journal,
      clock: this.#clock,
      seed: (this.#seed + life * 0x9e3779b9) % Number.MAX_SAFE_INTEGER,
      onError: (error, where) => void (life === this.#lives && this.violated(Violation.of("error", `an error in ${where}`, error))),
    });
    const orchestrator = await this.#until("opening", opening).catch((thrown: unknown) => {
      throw Violation.of("acknowledged", "the journal could not be opened again", thrown);
    });
    let first = true;
    const deafen = orchestrator.subscribe((event) => {
      try {
        if (event.type === "journal:failed") this.#failed = true;
        this.facts.event(event, first);
        first = false;
      } catch (thrown) {
        this.violated(thrown);
      }
    });
    this.#life = { journal, orchestrator, deafen, watched: watched(orchestrator, this, () => life === this.#lives) };
    const { seq } = await this.#until("verify", orchestrator.verify()).catch((thrown: unknown) => {
      throw Violation.of("hash", "the journal does not lead to the state", thrown);
    });
    this.facts.compare(seq, (id) => orchestrator.getTask(id));
    this.#quiet = this.#ending;
  }

  /** The end of the process: at once, or in good order. */
  async #crash(atOnce: boolean, torn: boolean): Promise<void> {
    if (this.#violation !== undefined) throw this.#violation;
    const life = this.#life!;
    this.#counts.crashes += 1;
    this.#calls.push(`step ${this.#step}: ${atOnce ? "crash" : "reopen"}()`);
    if (!atOnce && !life.journal.hangs) {
      // Nobody is left to hear what its end brings. A journal that never settles would hold it up, and rightly so.
      this.#lives += 1;
      this.#quiet = true;
      await this.#until("dispose", life.orchestrator.dispose());
    }
    const journal = life.journal.crash({ torn, reopen: () => this.#journal() });
    await this.#abandon();
    await this.#open(journal);
  }

  /** Leaves the orchestrator alone: nobody hears of it any more. */
  async #abandon(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    this.#lives += 1;
    if (!life.orchestrator.disposed) life.deafen();
    life.journal.crash();
    // Gives its memory back; whatever it still wants to write is refused.
    await this.#until("dispose", life.orchestrator.dispose());
  }

  // ----- the end -----

  /** Faults stop, and everything comes to its end, or waits for something that has a name. */
  async #end(): Promise<void> {
    this.#ending = true;
    this.#quiet = true;
    this.#delay = 0;
    this.#random = new Random(this.#seed, 4);
    await this.#clock.runUntilIdle();
    // A write that is under way may still fail.
    if (!this.#failed && !this.#life!.journal.hangs) await this.#until("flush", this.#life!.orchestrator.flush().catch(() => {}));
    await this.#clock.runUntilIdle();
    if (this.#failed || this.#life!.journal.hangs) await this.#crash(true, false);
    await this.#letFinish();
    const { orchestrator } = this.#life!;
    for (const task of tasksOf(orchestrator)) this.#looksSettled(task);
    await this.#until("flush", orchestrator.flush());
    await this.#check();
    await this.#crash(false, false);
    this.#lives += 1;
    await this.#until("dispose", this.#life!.orchestrator.dispose());
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** Lets time pass until nothing more comes by itself. */
  async #letFinish(): Promise<void> {
    const { orchestrator } = this.#life!;
    const end = this.#clock.steady() + END;
    for (let rings = 0; rings < PATIENCE; rings++) {
      await this.#clock.runUntilIdle();
      if (this.#violation !== undefined) throw this.#violation;
      const next = this.#clock.untilNext;
      if (next === undefined || this.#clock.steady() + next > end || !tasksOf(orchestrator).some(isUnderWay)) return;
      await this.#clock.advance(next);
    }
  }

  #looksSettled({ id, status, attempt, waitingFor }: OrchestratedTask): void {
    if (status === "blocked" && waitingFor === undefined) throw new Violation("settled", `task ${id} is blocked, and nobody knows by what`);
    if (status === "running" && waitingFor === undefined && !this.#running.has(`${id} ${attempt}`)) {
      throw new Violation("settled", `attempt ${attempt} of task ${id} is running for ever: its provider has answered, or was never called`);
    }
    if (waitingFor === "capacity" && status !== "paused" && this.#running.size === 0) throw new Violation("settled", `task ${id} waits for a slot while nothing runs`);
  }

  /** Waits for a promise while time passes. */
  async #until<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    for (let rings = 0; rings < PATIENCE; rings++) {
      await this.#clock.runUntilIdle();
      if (settled) return promise;
      const next = this.#clock.untilNext;
      if (next === undefined) break;
      await this.#clock.advance(next);
    }
    throw new Violation("hangs", `${what} never settles`);
  }

  #makeContext(): SimulationContext {
    const world = this;
    const alive = (): Life => {
      if (world.#life === undefined) throw new OrchestratorError("DISPOSED", "the orchestrator has crashed, and is not open again yet");
      return world.#life;
    };
    return {
      seed: this.#seed,
      state: this.#options.state?.(),
      clock: this.#clock,
      get step() { return world.#step; },
      get random() { return world.#random; },
      get life() { return world.#lives; },
      get ended() { return world.#ending; },
      get taskIds() { return world.facts.ids; },
      get orchestrator() { return alive().watched; },
    };
  }
}

/** The answer of a provider; `done` is called when it is there. A promise of the provider's own making is asked only once. */
function followed(answer: unknown, done: () => void): unknown {
  if (answer instanceof Promise) {
    answer.then(done, done);
    return answer;
  }
  if (typeof answer !== "object" || answer === null) {
    done();
    return answer;
  }
  const { then } = answer as { then?: unknown };
  if (typeof then === "function") {
    const telling = (tell: (value: unknown) => void) => (value: unknown): void => {
      done();
      tell(value);
    };
    return { then: (fulfil: (value: unknown) => void, reject: (reason: unknown) => void): unknown => Reflect.apply(then, answer, [telling(fulfil), telling(reject)]) };
  }
  // Lines come one after the other; when the last one has come is not known here.
  if (!(Symbol.iterator in answer || Symbol.asyncIterator in answer)) done();
  return answer;
}

/** Whether there is more to come of a task by itself. */
const isUnderWay = ({ status, waitingFor }: OrchestratedTask): boolean => status === "running" || (status !== "paused" && (waitingFor === "time" || waitingFor === "retry" || waitingFor === "capacity"));

function tasksOf(orchestrator: OrchestratorApi): OrchestratedTask[] {
  const tasks: OrchestratedTask[] = [];
  let cursor: string | undefined;
  do {
    const page = orchestrator.listTasks({ sort: "createdAt", limit: 1000, cursor });
    tasks.push(...page.tasks.filter((task) => !hasEnded(task)));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tasks;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
