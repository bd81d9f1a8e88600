import type { AgentFactory, AgentOutcome, AgentStatus, SupervisedAgent, SupervisorPolicy } from "./agent-types.js";
import type { Mail } from "./agent-mail.js";
import type { Turn } from "./agent-context.js";
import type { OrchestratorError } from "./errors.js";
import type { JsonValue } from "./types.js";

/** Somebody who waits for the end of an agent. */
export interface Waiter {
  readonly resolve: (outcome: AgentOutcome) => void;
  readonly reject: (error: OrchestratorError) => void;
}

/** One start of an agent, and what its factory made. */
export class Life {
  agent: SupervisedAgent | undefined;
  prompt: SupervisedAgent["prompt"] | undefined;
  stopped: SupervisedAgent["stopped"];
  /** The message that it is at. */
  turn: Turn | undefined;
  /** It is to go when it has finished what it is at. */
  halting = false;
  /** It was dropped where it stood. */
  over = false;

  constructor(readonly incarnation: number) {}
}

/** One agent as far as it lives in JS. */
export class Cell {
  /** Absent after a recovery, until the agent is added again. */
  factory: AgentFactory | undefined;
  supervisor: SupervisorPolicy | undefined;
  /** What the core must be told of messages, as `agentKeeps` says it. */
  keeps = 0;
  life: Life | undefined;
  /** Those that were taken, by their numbers. */
  readonly mails = new Map<number, Mail>();
  /** Those that wait for room, first come, first served. */
  readonly line = new Set<Mail>();
  readonly waiting: Waiter[] = [];
  /** Ends that are not durable yet though it was spawned again. */
  readonly former: { readonly outcome: AgentOutcome; readonly waiting: readonly Waiter[] }[] = [];
  /** What it, or its factory, threw last. */
  cause: unknown;
  lastResult: JsonValue | undefined;
  /** Where it stood when it was removed. */
  removed: AgentStatus | undefined;
  /** How it had ended when it was removed. */
  outcome: AgentOutcome | undefined;
  /** Where it stands while nothing of it is under way: how it ended, or that it was never spawned. */
  rest: AgentStatus | undefined;

  constructor(
    readonly key: number,
    readonly name: string,
  ) {}
}
