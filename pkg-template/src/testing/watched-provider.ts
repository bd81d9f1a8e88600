/** A provider whose attempts are noted. */
import type { AgentProvider } from "../api.js";

/** Wraps a provider. `begin` is called before each attempt; what it gives, when the answer is there. */
export function watchedProvider(provider: AgentProvider, begin: (taskId: string, attempt: number) => () => void): AgentProvider {
  return {
    id: provider.id,
    label: provider.label,
    description: provider.description,
    maxConcurrency: provider.maxConcurrency,
    executeTask(task, context) {
      const done = begin(task.id, context.attempt);
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
