/** Calls providers, whatever they are made of, and makes of their answers what the kernel takes. */
import type { Answer, Attempt } from "./attempt.js";
import type { Context } from "./context.js";
import { FAILED, MAY_RETRY, SUCCEEDED } from "./core.js";
import { OrchestratorError, describe, fits } from "./errors.js";
import { count, invalid, kindOf, object, optionalString, quote, reading, string } from "./input.js";
import type { AgentProvider, OrchestratedTask } from "./types.js";

/** A provider, read. */
export interface Registered {
  readonly id: string;
  readonly label: string;
  readonly description: string | undefined;
  readonly maxConcurrency: number | undefined;
  readonly provider: AgentProvider;
  readonly executeTask: AgentProvider["executeTask"];
}

export function readProvider(input: unknown): Registered {
  return reading("the provider", () => {
    const provider = object("the provider", input) as AgentProvider;
    const { id, label, description, maxConcurrency, executeTask } = provider;
    const name = string("a provider's id", id);
    if (typeof executeTask !== "function") {
      throw invalid(`the provider ${quote(name)} has no executeTask function, but ${kindOf(executeTask)}`);
    }
    return {
      id: name,
      label: optionalString("a provider's label", label) ?? name,
      description: optionalString("a provider's description", description),
      maxConcurrency: count("a provider's maxConcurrency", maxConcurrency),
      provider,
      executeTask,
    };
  });
}

/** Runs one attempt. Whatever the provider does ends in one report, and nothing reaches the caller. */
export function execute(provider: Registered, attempt: Attempt, task: OrchestratedTask, context: Context): void {
  try {
    const returned: unknown = Reflect.apply(provider.executeTask, provider.provider, [task, context]);
    if (returned instanceof Promise) {
      returned.then(
        (value) => answer(attempt, value),
        (thrown: unknown) => fail(attempt, thrown),
      );
    } else if (isLines(returned)) {
      void consume(attempt, context, returned);
    } else if (isThenable(returned)) {
      Promise.resolve(returned).then(
        (value) => answer(attempt, value),
        (thrown: unknown) => fail(attempt, thrown),
      );
    } else {
      answer(attempt, returned);
    }
  } catch (thrown) {
    fail(attempt, thrown);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

type Lines = AsyncIterable<unknown> | Iterable<unknown>;

function isLines(value: unknown): value is Lines {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  return typeof candidate[Symbol.asyncIterator] === "function" || typeof candidate[Symbol.iterator] === "function";
}

/** How many lines are taken before everybody else gets a turn: a generator that never waits would hold up the host. */
const LINES_PER_TURN = 1024;

async function consume(attempt: Attempt, context: Context, lines: Lines): Promise<void> {
  try {
    const iterator = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
    for (let taken = 1; ; taken++) {
      if (taken % LINES_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
      const next = await iterator.next();
      if (next.done === true) return answer(attempt, next.value);
      if (typeof next.value !== "string") {
        void Promise.resolve(iterator.return?.()).catch(() => {});
        return fail(attempt, new OrchestratorError("INVALID_RESULT", `the provider yielded ${kindOf(next.value)}; expected lines of text`));
      }
      let counts = give(context, next.value);
      // Whoever makes lines has to wait.
      while (counts === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        counts = give(context, next.value);
      }
      if (!counts) {
        // Nobody listens any more. A generator that does not stop when told is its own affair.
        void Promise.resolve(iterator.return?.()).catch(() => {});
        return;
      }
    }
  } catch (thrown) {
    fail(attempt, thrown);
  }
}

/** Gives a line away, and says whether the attempt still counts; nothing while the journal cannot keep up. */
function give(context: Context, line: string): boolean | undefined {
  try {
    return context.appendOutput(line);
  } catch (error) {
    if (OrchestratorError.isInstance(error) && error.code === "OVERLOADED") return undefined;
    throw error;
  }
}

function readAnswer(value: unknown): Answer {
  if (typeof value === "string") return { success: true, summary: fits("a result summary", value).toWellFormed(), error: undefined, retryable: true, detail: "" };
  if (value === undefined || value === null) return { success: true, summary: "", error: undefined, retryable: true, detail: "" };
  const expected = "expected text, nothing, or an object with a boolean `success`";
  const rubbish = (found: string): OrchestratorError => new OrchestratorError("INVALID_RESULT", `the provider returned ${found}; ${expected}`);
  if (typeof value !== "object") throw rubbish(kindOf(value));
  // Object.entries reads each own property once; what follows looks at the copy only.
  const fields = new Map<string, unknown>(Object.entries(value));
  const success = fields.get("success");
  if (typeof success !== "boolean") throw rubbish(fields.has("success") ? `a success that is ${kindOf(success)}` : `${kindOf(value)} without \`success\``);
  const text = (name: string): string | undefined => {
    const found = fields.get(name);
    if (found === undefined || found === null) return undefined;
    if (typeof found !== "string") throw rubbish(`a ${name} that is ${kindOf(found)}`);
    return found;
  };
  const [summary, error] = [fits("a result summary", text("summary") ?? "").toWellFormed(), text("error")?.slice(0, 65_536).toWellFormed()];
  for (const name of ["filesCreated", "filesModified"]) {
    const files = fields.get(name);
    if (files === undefined) fields.delete(name);
    else if (!Array.isArray(files) || !files.every((file) => typeof file === "string")) throw rubbish(`a ${name} that is not an array of strings`);
    else if (files.length === 0) fields.delete(name);
  }
  const retryable = fields.get("retryable") ?? true;
  if (typeof retryable !== "boolean") throw rubbish(`a retryable that is ${kindOf(retryable)}`);
  for (const name of ["success", "summary", "retryable"]) fields.delete(name);
  if (error === undefined) fields.delete("error");
  if (fields.size === 0) return { success, summary, error, retryable, detail: "" };
  try {
    const detail = JSON.stringify(Object.fromEntries(fields)).toWellFormed();
    return { success, summary, error, retryable, detail: fits("a result as JSON", detail) };
  } catch (cause) {
    if (OrchestratorError.isInstance(cause)) throw cause;
    throw new OrchestratorError("INVALID_RESULT", `the provider's result cannot be kept as JSON: ${describe(cause)}`, { cause });
  }
}

function answer(attempt: Attempt, value: unknown): void {
  let read: Answer;
  try {
    read = readAnswer(value);
  } catch (thrown) {
    return fail(attempt, thrown);
  }
  attempt.answer = read;
  if (attempt.core.gone !== undefined) return;
  try {
    const how = read.success ? SUCCEEDED : read.retryable ? MAY_RETRY : FAILED;
    attempt.core.finish(attempt.key, attempt.number, how, read.summary, read.error, read.detail);
  } catch (error) {
    ownFault(error);
  }
}

function fail(attempt: Attempt, thrown: unknown): void {
  attempt.cause = thrown;
  const error = describe(thrown);
  const retryable = mayRetry(thrown);
  if (attempt.core.gone !== undefined) return;
  try {
    attempt.core.fail(attempt.key, attempt.number, error, retryable);
  } catch (error) {
    ownFault(error);
  }
}

/** Whether another attempt may do better. What is no result would be none the next time either. */
export function mayRetry(thrown: unknown): boolean {
  try {
    if (OrchestratorError.isInstance(thrown)) return thrown.code !== "INVALID_RESULT" && thrown.code !== "LIMIT_EXCEEDED";
    return typeof thrown !== "object" || thrown === null || (thrown as { retryable?: unknown }).retryable !== false;
  } catch {
    return true;
  }
}

/** A refusal says that the task was deleted meanwhile, or that the core is gone, which its owner is told by every other call. */
function ownFault(error: unknown): void {
  if (!OrchestratorError.isInstance(error)) throw error;
}
