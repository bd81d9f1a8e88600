/** Whether what has not ended waits for something that has a name. */
import type { OrchestratedTask, OrchestratorApi } from "../api.js";
import { Violation } from "./violation.js";

const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/** Tells attempts apart. */
export const attemptName = (taskId: string, attempt: number): string => `attempt ${attempt} of task ${taskId}`;

function unfinished(orchestrator: OrchestratorApi): OrchestratedTask[] {
  const tasks: OrchestratedTask[] = [];
  let cursor: string | undefined;
  do {
    const page = orchestrator.listTasks({ sort: "createdAt", limit: 1000, cursor });
    tasks.push(...page.tasks.filter(({ status }) => !TERMINAL.includes(status)));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tasks;
}

/** Whether something goes on by itself. */
export const hasMoreToCome = (orchestrator: OrchestratorApi): boolean =>
  unfinished(orchestrator).some(({ status, waitingFor }) =>
    status === "running" || (status !== "paused" && (waitingFor === "time" || waitingFor === "retry" || waitingFor === "capacity")));

/** Refuses tasks that wait for nothing. `running` has the names of the attempts that providers are at. */
export function checkSettled(orchestrator: OrchestratorApi, running: ReadonlySet<string>): void {
  for (const { id, status, attempt, waitingFor } of unfinished(orchestrator)) {
    const name = attemptName(id, attempt);
    if (status === "blocked" && waitingFor === undefined) throw new Violation("settled", `task ${id} is blocked, and nobody knows by what`);
    if (status === "running" && waitingFor === undefined && !running.has(name)) {
      throw new Violation("settled", `${name} is running for ever: its provider has answered, or was never called`);
    }
    if (waitingFor === "capacity" && status !== "paused" && running.size === 0) throw new Violation("settled", `task ${id} waits for a slot while nothing runs`);
  }
}
