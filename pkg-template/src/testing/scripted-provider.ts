/** A provider that does what scripts say, and remembers how it was called. */
import {
  OrchestratorError, _invalid as invalid, _object as object, _string as string,
  type AgentProvider, type Clock, type OrchestratedTask, type ProviderResult, type TaskContext,
} from "../api.js";
import { scriptOf, type Script } from "./script.js";

/** How an attempt ended, as its provider sees it. */
export type EndedBy = "succeed" | "fail" | "throw" | "answer" | "answerTwice" | "cancel";

/** An attempt that a {@link ScriptedProvider} was called for. */
export interface Call {
  readonly taskId: string;
  readonly attempt: number;
  /** When, by the provider's clock; 0 without one. */
  readonly at: number;
  /** Absent while it has not ended. */
  readonly endedBy: EndedBy | undefined;
}

/** What {@link scriptedProvider} gives. */
export interface ScriptedProvider extends AgentProvider {
  /** All calls so far, in order. */
  readonly calls: readonly Call[];
}

/** Options of {@link scriptedProvider}. */
export interface ScriptedProviderOptions {
  /** Default `scripted`. */
  readonly id?: string | undefined;
  /** How many of its tasks may run at once. */
  readonly maxConcurrency?: number | undefined;
  /** Whose milliseconds a script waits. A script that waits needs one. */
  readonly clock?: Clock | undefined;
}

type Noted = { -readonly [K in keyof Call]: Call[K] };
type Chooser = (task: OrchestratedTask, attempt: number) => Script;

/** How an attempt leaves its script: it was called off. */
const CALLED_OFF = Symbol("called off");

interface Ending {
  readonly by: EndedBy;
  readonly answer: unknown;
}

/** Waits so many milliseconds of a clock; false when the signal was aborted before. */
function sleep(clock: Clock, time: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = (): void => {
      clock.clearTimeout(timer);
      resolve(false);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(true);
    }, time);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

const forever = (): Promise<never> => new Promise(() => {});

/** One attempt at its script. */
class Performance {
  readonly #context: TaskContext;
  readonly #clock: Clock | undefined;
  #deaf = false;

  constructor(context: TaskContext, clock: Clock | undefined) {
    this.#context = context;
    this.#clock = clock;
  }

  async perform(script: Script): Promise<Ending> {
    for (const act of script) {
      this.#look();
      if (act === "ignoreCancel") this.#deaf = true;
      else if (typeof act === "string") await this.#hold(act);
      else if ("wait" in act) await this.#wait(act.wait);
      else if ("output" in act) this.#context.appendOutput(act.output);
      else if ("progress" in act) this.#context.updateProgress(act.progress);
      else if ("step" in act) this.#addStep(act.step);
      else if ("succeed" in act) return { by: "succeed", answer: { success: true, summary: act.succeed } };
      else if ("fail" in act) return { by: "fail", answer: { success: false, error: act.fail, retryable: act.retryable !== false } };
      else if ("throw" in act) throw act.throw;
      else if ("answer" in act) return { by: "answer", answer: act.answer };
      else return { by: "answerTwice", answer: act.answerTwice };
    }
    this.#look();
    return { by: "succeed", answer: { success: true, summary: "the script is at its end" } };
  }

  #look(): void {
    if (!this.#deaf && this.#context.isCancelled()) throw CALLED_OFF;
  }

  async #hold(until: "untilResumed" | "untilCancelled" | "never"): Promise<void> {
    const { signal } = this.#context;
    if (until === "untilResumed") {
      // It rejects when the attempt is called off, which is looked at before the next act.
      await this.#context.untilResumed().catch(() => {});
    } else {
      await (until === "never" && this.#deaf ? forever() : aborted(signal));
    }
  }

  async #wait(time: number): Promise<void> {
    if (this.#clock === undefined) throw invalid("a script that waits needs a clock: give the provider the option `clock`");
    const passed = await sleep(this.#clock, time, this.#deaf ? undefined : this.#context.signal);
    if (!passed) throw CALLED_OFF;
  }

  #addStep(description: string): void {
    try {
      this.#context.addStep(description);
    } catch (error) {
      // What comes too late is nobody's fault.
      if (!OrchestratorError.isInstance(error) || !this.#context.isCancelled()) throw error;
    }
  }
}

/** A promise that is fulfilled twice, and then rejected. No promise of the host's would be. */
const twice = (ending: Promise<unknown>): unknown => ({
  then(fulfil: (value: unknown) => void, reject: (reason: unknown) => void) {
    ending.then((value) => {
      fulfil(value);
      fulfil("the second answer");
      reject(new Error("the third answer"));
    }, reject);
  },
});

/**
 * A provider for tests. What its attempts do is a {@link Script}: always the same, or chosen by a function for each task and
 * attempt. Before each act it looks whether it was called off, and ends if so.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const provider = scriptedProvider((task, attempt) => (attempt === 1 ? [{ wait: 500 }, { fail: "no luck" }] : [{ succeed: "done" }]), { clock });
 * const orchestrator = await AgentOrchestrator.open({ clock, providers: [provider] });
 * const run = orchestrator.runTask({ name: "Try twice", retry: { maxAttempts: 2 } });
 * await clock.advance(60_000);
 * assert.equal((await run).attempt, 2);
 * assert.deepEqual(provider.calls.map(({ endedBy }) => endedBy), ["fail", "succeed"]);
 * ```
 */
export function scriptedProvider(script: Script | Chooser, options: ScriptedProviderOptions = {}): ScriptedProvider {
  const { id = "scripted", maxConcurrency, clock } = object("the options", options) as ScriptedProviderOptions;
  if (clock !== undefined) object("the clock", clock);
  const choose: Chooser = typeof script === "function" ? script : ((fixed: Script): Chooser => () => fixed)(scriptOf(script));
  const calls: Noted[] = [];

  const perform = async (acts: Script, call: Noted, context: TaskContext): Promise<unknown> => {
    try {
      const { by, answer } = await new Performance(context, clock).perform(acts);
      call.endedBy = by;
      return answer;
    } catch (thrown) {
      call.endedBy = thrown === CALLED_OFF ? "cancel" : "throw";
      throw thrown === CALLED_OFF ? context.signal.reason : thrown;
    }
  };

  return {
    id: string("id", id),
    maxConcurrency,
    calls,
    executeTask(task, context) {
      const call: Noted = { taskId: task.id, attempt: context.attempt, at: clock?.now() ?? 0, endedBy: undefined };
      calls.push(call);
      let acts: Script;
      try {
        acts = scriptOf(choose(task, context.attempt));
      } catch (error) {
        call.endedBy = "throw";
        throw error;
      }
      const ending = perform(acts, call, context);
      const isTwice = acts.some((act) => typeof act === "object" && "answerTwice" in act);
      // What a script answers may be anything: that is what it is for.
      return (isTwice ? twice(ending) : ending) as Promise<ProviderResult>;
    },
  };
}
