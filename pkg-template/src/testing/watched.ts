/** An orchestrator whose calls are noted, and what it answers as well. */
import { OrchestratorError, TaskRun, type AgentProvider, type CreateTask, type OrchestratedTask, type OrchestratorApi, type TaskOutcome } from "../api.js";
import type { Facts } from "./facts.js";

/** Who is told of calls and answers. */
export interface Watcher {
  readonly facts: Facts;
  /** Gives a provider whose calls are noted. */
  provider(provider: AgentProvider): AgentProvider;
  called(text: string): void;
  refused(): void;
  acknowledged(): void;
  violated(thrown: unknown): void;
}

const CHANGES: ReadonlySet<string> = new Set([
  "createTask", "createTasks", "startTask", "runTask", "restartTask", "waitForTask", "pauseTask", "resumeTask", "cancelTask", "deleteTask", "renameTask",
  "reassignTask", "setUserStatus", "appendOutput", "updateProgress", "addStep", "updateStep", "switchTask", "registerProvider", "limitGroup", "flush", "compact",
]);

/** A call as its owner could write it. */
function written(name: string, given: readonly unknown[]): string {
  const texts = given.map((value) => {
    try {
      return JSON.stringify(value) ?? String(value);
    } catch {
      return "?";
    }
  });
  return `${name}(${texts.join(", ")})`.slice(0, 400);
}

function asked(facts: Facts, name: string, first: unknown): void {
  if (name === "deleteTask") facts.delete(first as string);
  else if (name === "restartTask") facts.restart(first as string);
  else if (name === "createTask" || name === "runTask") facts.create((first ?? {}) as CreateTask);
  else if (name === "createTasks" && Array.isArray(first)) for (const task of first as CreateTask[]) facts.create(task ?? {});
}

function answered(facts: Facts, name: string, answer: unknown): void {
  if (name === "createTask") facts.acknowledge(answer as OrchestratedTask);
  else if (name === "createTasks") for (const task of answer as readonly OrchestratedTask[]) facts.acknowledge(task);
  else if (name === "startTask" || name === "runTask" || name === "restartTask" || name === "waitForTask") facts.outcome(answer as TaskOutcome);
}

/** Watches an orchestrator as long as `lives` says so; what it answers after that was never heard. */
export function watched(orchestrator: OrchestratorApi, watcher: Watcher, lives: () => boolean): OrchestratorApi {
  const { facts } = watcher;
  const follow = (name: string, first: unknown, answer: PromiseLike<unknown>): void => {
    answer.then(
      (value) => {
        if (!lives()) return;
        watcher.acknowledged();
        try {
          answered(facts, name, value);
        } catch (thrown) {
          watcher.violated(thrown);
        }
      },
      // Told to whoever awaits it; that nobody does is no fault.
      (error: unknown) => {
        if (!lives() || !OrchestratorError.isInstance(error)) return;
        watcher.refused();
        // What the journal has failed to keep may be there all the same.
        if (name === "restartTask" && error.code !== "CONFLICT" && !error.code.startsWith("JOURNAL_")) facts.noRestart(first as string);
      },
    );
  };
  return new Proxy(orchestrator, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target);
      if (typeof found !== "function" || typeof name !== "string") return found;
      return (...given: unknown[]): unknown => {
        if (!CHANGES.has(name)) return Reflect.apply(found, target, given);
        if (lives()) {
          watcher.called(written(name, given));
          asked(facts, name, given[0]);
        }
        if (name === "registerProvider") return Reflect.apply(found, target, [watcher.provider(given[0] as AgentProvider)]);
        const answer: unknown = Reflect.apply(found, target, given);
        if (answer instanceof Promise || answer instanceof TaskRun) follow(name, given[0], answer as PromiseLike<unknown>);
        return answer;
      };
    },
  });
}
