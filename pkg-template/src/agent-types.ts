/** The vocabulary of supervised agents. */
import type { JsonValue } from "./types.js";

/** Where an agent stands; the last three are its ends. */
export type AgentStatus = "registered" | "starting" | "running" | "restarting" | "stopping" | "completed" | "failed" | "cancelled";
/** What the failure of an agent comes from: its factory, a message, a message that it held for too long, or that it ended though it is permanent. */
export type AgentFailure = "factory" | "message" | "timeout" | "exit";
/** Why a message ended without a reply. */
export type DropReason = "failed" | "timeout" | "stopped" | "cancelled" | "restarted" | "overflow" | "withdrawn" | "poisoned";
/** Who of its children is begun anew with one of them: that one, all, or that one and those added after it. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";
/** When an agent is begun anew by itself: after a failure and when it ends by itself, after a failure, or never. */
export type RestartType = "permanent" | "transient" | "temporary";
/** What becomes of a message for a full inbox: its sender waits, it is refused with `INBOX_FULL`, or the oldest one is dropped for it. */
export type Overflow = "wait" | "refuse" | "drop_oldest";
/** What becomes of an agent that failed: it begins anew within its limits, ends, is a matter of those above, or goes on as it is. */
export type SupervisorAction = "restart" | "stop" | "escalate" | "resume";

/** What is said to an agent, or by it. */
export interface AgentMessage {
  readonly role: "user" | "assistant" | "system" | "tool";
  readonly content: JsonValue;
}

/** Why an agent failed. */
export interface AgentFault {
  /** Who failed: the agent that is decided about, or one below it. */
  readonly agent: string;
  readonly failure: AgentFailure;
  /** The error in words. */
  readonly message: string;
  /** Whether another try may do better. */
  readonly retryable: boolean;
  /** What was thrown, if this process has seen it. */
  readonly cause: unknown;
}

/**
 * Decides about agents that fail, by name. Called after the call or the answer that led to the failure. One that throws
 * or says anything else counts as `escalate`, and `onError` is told.
 */
export type SupervisorPolicy = (name: string, error: AgentFault) => SupervisorAction;

/** What an agent knows of the message that it is at. */
export interface AgentContext {
  /** The agent's name. */
  readonly name: string;
  /** The number of this start, from 1. */
  readonly incarnation: number;
  /** The number of the message, for this agent. */
  readonly messageId: number;
  /** Aborted when the message no longer counts: taken back, held for too long, or the agent was called off. */
  readonly signal: AbortSignal;
  /** Whether the message no longer counts. */
  readonly isCancelled: boolean;
  /**
   * What the agent wants back when it begins anew. To read gives a copy of what was kept last; to set keeps a JSON copy,
   * in the journal if there is one. Set by a start that is over, nothing is kept.
   */
  state: JsonValue | undefined;
  /** Ends the agent when it has answered this message. */
  stop(): void;
}

/** A long-lived agent; its factory makes one at every start. */
export interface SupervisedAgent {
  /**
   * Answers a message, one at a time. The reply is what is returned, as a copy in JSON. Failures are what is thrown,
   * and objects with `stopReason: "error"` or `success: false`; unless they have `retryable: false`, another try may do better.
   */
  prompt(messages: readonly AgentMessage[], context: AgentContext): JsonValue | void | PromiseLike<JsonValue | void>;
  /** The agent is to go: let go of what it holds. Not called when it is dropped, be it for a failure or because its grace is over. */
  stopped?(): void | PromiseLike<void>;
}

/** What a start begins with. */
export interface AgentStart {
  readonly name: string;
  /** The number of this start, from 1. */
  readonly incarnation: number;
  /** What the start before wanted back. */
  readonly state: JsonValue | undefined;
}
/** Makes an agent, at every start anew. */
export type AgentFactory = (start: AgentStart) => SupervisedAgent | PromiseLike<SupervisedAgent>;

/** How an agent is supervised, and how it takes messages. All times are in milliseconds. */
export interface AgentOptions {
  /** Who of its children is begun anew with one of them. Default `one_for_one`. */
  strategy?: Strategy | undefined;
  /** When it is begun anew by itself. Default `transient`. */
  restart?: RestartType | undefined;
  /** How many restarts are within its limits; with one more its failure goes to its parent. Default that of {@link OpenOptions}, 3. */
  maxRestarts?: number | undefined;
  /** Within what time restarts count. Without it those count that follow each other with no message answered between them. */
  restartWindow?: number | undefined;
  /** How long a restart waits: `delay * factor^(n-1)`, at most `maxDelay`, less up to the share `jitter` at random. Default 100, 30,000, 2 and 0.5. */
  backoff?: { readonly delay?: number | undefined; readonly maxDelay?: number | undefined; readonly factor?: number | undefined; readonly jitter?: number | undefined } | undefined;
  /** How long it has to finish its message when it is to stop. Default 5000. */
  grace?: number | undefined;
  /** How many messages may wait in its inbox. Default that of {@link OpenOptions}, 32. */
  inboxCapacity?: number | undefined;
  /** What becomes of one more. Default `wait`. */
  overflow?: Overflow | undefined;
  /** How long it may hold a message, and its factory take; longer is a failure. */
  messageTimeout?: number | undefined;
  /** How often a message that it failed at is given to it again after a restart. Default 0. */
  retryMessage?: number | undefined;
  /** Decides about those below it. */
  supervisor?: SupervisorPolicy | undefined;
  /** Whether its messages and replies are in the journal. By default if there is one. */
  recordMessages?: boolean | undefined;
}

/** How an agent ended. */
export interface AgentOutcome {
  /** Its name. */
  readonly agent: string;
  readonly status: Extract<AgentStatus, "completed" | "failed" | "cancelled">;
  /** Why it failed. */
  readonly error: string | undefined;
  /** How often it was begun anew since it was spawned. */
  readonly restarts: number;
  /** The last reply that this process has seen. */
  readonly lastResult: JsonValue | undefined;
}

/** An agent in the tree, with those below it. */
export interface AgentNode {
  readonly name: string;
  readonly status: AgentStatus;
  /** The number of its last start; 0 before the first. */
  readonly incarnation: number;
  /** How often it was begun anew since it was spawned. */
  readonly restarts: number;
  /** How many messages wait in its inbox. */
  readonly queued: number;
  /** The number of the message that it is at. */
  readonly busy?: number | undefined;
  /** Why it last failed. */
  readonly lastError?: string | undefined;
  readonly strategy: Strategy;
  readonly restart: RestartType;
  /** Whether its factory is here: after a recovery it is not, until the agent is added again. */
  readonly attached: boolean;
  /** In the order in which they were added. */
  readonly children: readonly AgentNode[];
}

/** A message that an agent could not answer. */
export interface DeadLetter {
  readonly agent: string;
  /** The number of the message, for this agent. */
  readonly messageId: number;
  readonly messages: readonly AgentMessage[];
  /** The last error. */
  readonly error: string;
  /** How often it was given to the agent. */
  readonly deliveries: number;
  /** When that was given up, in milliseconds since the Unix epoch. */
  readonly at: number;
}
/** The messages that agents could not answer. */
export interface DeadLetters {
  /** Oldest first, at most 1000. */
  readonly letters: readonly DeadLetter[];
  /** How many older ones were dropped. */
  readonly dropped: number;
}
