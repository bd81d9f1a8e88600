/** Tasks in the form that elizaOS knows: what the orchestrator says of a task is in its `metadata` as well. */
import type { OrchestratedTask, TaskResult, TaskStatus, TaskStep, TaskUserStatus } from "../api.js";

/** What the orchestrator says of a task, and beside it everything that the task was created with. */
export interface ElizaTaskMetadata {
  readonly status: TaskStatus;
  readonly userStatus: TaskUserStatus;
  readonly userStatusUpdatedAt: number;
  readonly progress: number;
  readonly output: readonly string[];
  readonly steps: readonly TaskStep[];
  readonly workingDirectory: string;
  readonly providerId: string;
  readonly providerLabel: string;
  readonly subAgentType: string;
  readonly createdAt: number;
  readonly startedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  readonly result?: TaskResult | undefined;
  readonly error?: string | undefined;
  readonly filesCreated: readonly string[];
  readonly filesModified: readonly string[];
  readonly [extra: string]: unknown;
}

/** A snapshot of a task: all that an {@link OrchestratedTask} has, in elizaOS's form beside it. */
export interface ElizaTask extends Omit<OrchestratedTask, "metadata"> {
  /** Who asked for it. */
  readonly entityId: string | undefined;
  readonly metadata: ElizaTaskMetadata;
}

/**
 * By these others find tasks of orchestrators in the runtime's table. Never `queue`: the core's scheduler takes every row
 * with that tag for its own, runs whichever worker has the name of the task, and deletes the row.
 */
const TAGS = ["orchestrator", "code"];

/** A task in elizaOS's form. */
export function elizaTask(task: OrchestratedTask): ElizaTask {
  const { startedAt, completedAt, result, error } = task;
  const metadata: ElizaTaskMetadata = {
    ...task.metadata,
    status: task.status,
    userStatus: task.userStatus,
    userStatusUpdatedAt: task.userStatusUpdatedAt,
    progress: task.progress,
    output: task.output,
    steps: task.steps,
    workingDirectory: task.workingDirectory,
    providerId: task.providerId,
    providerLabel: task.providerLabel,
    subAgentType: task.subAgentType,
    createdAt: task.createdAt,
    filesCreated: task.filesCreated,
    filesModified: task.filesModified,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
  const { entityId } = task.metadata;
  return Object.freeze({
    ...task,
    tags: Object.freeze([...TAGS, ...task.tags]),
    entityId: typeof entityId === "string" ? entityId : undefined,
    metadata: Object.freeze(metadata),
  });
}
