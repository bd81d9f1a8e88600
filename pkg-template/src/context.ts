import type { Attempt } from "./attempt.js";
import { LATE } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { invalid, kindOf, optionalString, status as statusNumber, string } from "./input.js";
import type { TaskContext, TaskStatus, TaskStep } from "./types.js";

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
    const attempt = this.#attempt;
    const { core, key, number } = attempt;
    if (typeof text !== "string") throw invalid(`output must be a string, not ${kindOf(text)}`);
    if (core.gone !== undefined) return false;
    try {
      return core.output(key, number, text) !== LATE;
    } catch (error) {
      return refused(attempt, error);
    }
  }

  updateProgress(percent: number): boolean {
    const attempt = this.#attempt;
    const { core, key, number } = attempt;
    if (typeof percent !== "number") throw invalid(`progress must be a number, not ${kindOf(percent)}`);
    if (core.gone !== undefined) return false;
    try {
      return core.progress(key, number, percent) !== LATE;
    } catch (error) {
      return refused(attempt, error);
    }
  }

  addStep(description: string): TaskStep {
    const attempt = this.#attempt;
    const { core, key, number } = attempt;
    const text = string("a step's description", description);
    let step = 0;
    const counted = report(attempt, () => (step = core.command((glue, now) => glue.addStep(now, key, number, core.strings().put(text)))));
    // A late step exists for its caller only; `updateStep` with its id answers false as well.
    return Object.freeze({ id: counted ? `s${step + 1}` : "s0", description, status: "pending", output: undefined });
  }

  updateStep(stepId: string, status: TaskStatus, output?: string): boolean {
    const attempt = this.#attempt;
    const { core, key, number } = attempt;
    const to = statusNumber(status);
    const [id, text] = [string("the step's id", stepId), optionalString("the step's output", output)];
    return report(attempt, () =>
      core.command((glue, now) => {
        const idLength = core.strings().put(id);
        return glue.updateStep(now, key, number, idLength, to, core.putOptional(text));
      }),
    );
  }
}

function report(attempt: Attempt, tell: () => number): boolean {
  if (attempt.core.gone !== undefined) return false;
  try {
    return tell() !== LATE;
  } catch (error) {
    return refused(attempt, error);
  }
}

/**
 * What comes after the task was deleted, or after the journal has failed and the attempt was called off for that, is no
 * fault of the provider's, and answered like all that comes too late.
 */
function refused(attempt: Attempt, error: unknown): false {
  if (OrchestratorError.isInstance(error) && (error.code === "TASK_NOT_FOUND" || error.code === attempt.reason?.code)) return false;
  throw error;
}
