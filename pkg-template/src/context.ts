import { LATE, type Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { invalid, kindOf, optionalString, status as statusNumber, string } from "./input.js";
import type { Settlement } from "./run.js";
import type { TaskContext, TaskStatus, TaskStep } from "./types.js";

const PAUSED = 2;
const COUNTS = 16;

/** How a provider said that its attempt ended. */
export interface Answer {
  readonly success: boolean;
  readonly summary: string;
  readonly error: string | undefined;
  /** All else, as JSON; empty when there is nothing else. */
  readonly detail: string;
}

/** One attempt of a task while it lives. */
export class Attempt {
  /** Why it no longer counts. */
  reason: OrchestratorError | undefined;
  /** What the provider threw. */
  cause: unknown;
  /** The task's id, once the attempt runs. */
  taskId = "";
  /** How the provider said it ended. */
  answer: Answer | undefined;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] | undefined;
  private controller: AbortController | undefined;

  constructor(
    readonly core: Core,
    readonly key: number,
    readonly number: number,
    readonly settlement: Settlement,
  ) {}

  /** Made when first read: most providers never look, and a signal costs more than all the rest. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get standing(): number {
    if (this.reason !== undefined || this.core.gone !== undefined) return -1;
    return this.core.read((glue) => glue.standing(this.key, this.number));
  }

  get counts(): boolean {
    const standing = this.standing;
    return standing >= 0 && (standing & COUNTS) !== 0;
  }

  get paused(): boolean {
    const standing = this.standing;
    return standing >= 0 && (standing & COUNTS) !== 0 && (standing & 15) === PAUSED;
  }

  abort(reason: OrchestratorError): void {
    this.reason ??= reason;
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting !== undefined) for (const waiter of waiting) waiter.reject(this.reason);
    this.controller?.abort(this.reason);
  }

  release(): void {
    if (this.waiting === undefined || this.paused) return;
    const waiting = this.waiting;
    this.waiting = undefined;
    for (const waiter of waiting) waiter.resolve();
  }

  untilResumed(): Promise<void> {
    if (!this.paused && this.counts) return Promise.resolve();
    const resumed = new Promise<void>((resolve, reject) => {
      if (this.paused) (this.waiting ??= []).push({ resolve, reject });
      else reject(this.reason ?? new OrchestratorError("TASK_CANCELLED", "this attempt no longer counts"));
    });
    // A provider that does not look at it is not at fault.
    resumed.catch(() => {});
    return resumed;
  }
}

/** What a provider is given. */
export class Context implements TaskContext {
  readonly taskId: string;
  readonly workingDirectory: string;
  readonly roomId: string | undefined;
  readonly worldId: string | undefined;
  readonly #attempt: Attempt;

  constructor(
    attempt: Attempt,
    task: { id: string; workingDirectory: string; roomId: string | undefined; worldId: string | undefined },
  ) {
    this.#attempt = attempt;
    this.taskId = task.id;
    this.workingDirectory = task.workingDirectory;
    this.roomId = task.roomId;
    this.worldId = task.worldId;
  }

  get attempt(): number {
    return this.#attempt.number;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  isCancelled(): boolean {
    return !this.#attempt.counts;
  }

  isPaused(): boolean {
    return this.#attempt.paused;
  }

  untilResumed(): Promise<void> {
    return this.#attempt.untilResumed();
  }

  appendOutput(text: string): boolean {
    const { core, key, number } = this.#attempt;
    if (typeof text !== "string") throw invalid(`output must be a string, not ${kindOf(text)}`);
    if (core.gone !== undefined) return false;
    try {
      return core.output(key, number, text) !== LATE;
    } catch (error) {
      return refused(error);
    }
  }

  updateProgress(percent: number): boolean {
    const { core, key, number } = this.#attempt;
    if (typeof percent !== "number") throw invalid(`progress must be a number, not ${kindOf(percent)}`);
    if (core.gone !== undefined) return false;
    try {
      return core.progress(key, number, percent) !== LATE;
    } catch (error) {
      return refused(error);
    }
  }

  addStep(description: string): TaskStep {
    const { core, key, number } = this.#attempt;
    const text = string("a step's description", description);
    let step = 0;
    const counted = report(core, () => (step = core.command((glue, now) => glue.addStep(now, key, number, core.strings().put(text)))));
    // A late step exists for its caller only; `updateStep` with its id answers false as well.
    return Object.freeze({ id: counted ? `s${step + 1}` : "s0", description, status: "pending", output: undefined });
  }

  updateStep(stepId: string, status: TaskStatus, output?: string): boolean {
    const { core, key, number } = this.#attempt;
    const to = statusNumber(status);
    const [id, text] = [string("the step's id", stepId), optionalString("the step's output", output)];
    return report(core, () =>
      core.command((glue, now) => {
        const idLength = core.strings().put(id);
        return glue.updateStep(now, key, number, idLength, to, core.putOptional(text));
      }),
    );
  }
}

function report(core: Core, tell: () => number): boolean {
  if (core.gone !== undefined) return false;
  try {
    return tell() !== LATE;
  } catch (error) {
    return refused(error);
  }
}

/** What comes after the task was deleted is no fault of the provider's, and answered like all that comes too late. */
function refused(error: unknown): false {
  if (OrchestratorError.isInstance(error) && error.code === "TASK_NOT_FOUND") return false;
  throw error;
}
