import type { Cell } from "./agent-cell.js";
import type { AgentMessage, AgentOutcome, AgentStatus } from "./agent-types.js";
import { CANCEL, DRAIN, STOP, type Agents } from "./agents.js";
import type { AgentEvent, OrchestratorEvent } from "./event-types.js";
import { OrchestratorError, describe } from "./errors.js";
import { invalid, object, optionalString, reading } from "./input.js";
import type { JsonValue } from "./types.js";

/**
 * What a handle needs of its orchestrator.
 * @internal
 */
export interface HandleHost {
  readonly agents: Agents;
  readonly gone: boolean;
  /** Ready when all that has happened is kept. */
  durable(): Promise<void> | undefined;
  /** Events of an agent, from a position on, and what is told to everybody. */
  eventsOf(agent: string, from: number, over: () => boolean): AsyncIterableIterator<OrchestratorEvent>;
}

/**
 * A supervised agent. There may be several handles to the same one; that one of them is dropped means nothing.
 * Iterate over it for the agent's events since the handle was made, until the agent has ended. A reader that is too slow
 * misses some; {@link AgentOrchestrator.events} says how many, and has more room if told so.
 */
export class AgentHandle implements AsyncIterable<AgentEvent>, AsyncDisposable {
  /** The agent's name. */
  readonly name: string;
  readonly #cell: Cell;
  readonly #host: HandleHost;
  readonly #from: number;

  /** @internal */
  constructor(host: HandleHost, cell: Cell, from: number) {
    this.name = cell.name;
    this.#host = host;
    this.#cell = cell;
    this.#from = from;
  }

  /** Where the agent stands. When the orchestrator has ended, what had not ended before counts as `cancelled`. */
  get status(): AgentStatus {
    return this.#host.agents.status(this.#cell);
  }

  /** Whether it has ended. */
  get isDone(): boolean {
    return this.#host.agents.isDone(this.#cell);
  }

  /**
   * Sends a message, and waits for the reply. Rejects with `AGENT_FAILED` (its cause is what was thrown), `AGENT_TIMEOUT`,
   * `AGENT_STOPPED`, `MESSAGE_DROPPED`, `INBOX_FULL`, `AGENT_NOT_RUNNING`, or `ABORTED` when the agent was called off or
   * the signal is aborted: that takes the message back, also from the agent that is at it.
   */
  send(input: string | AgentMessage | readonly AgentMessage[], options?: { readonly signal?: AbortSignal | undefined }): Promise<JsonValue | undefined> {
    try {
      return this.#host.agents.post.send(this.#cell, input, options);
    } catch (error) {
      return refused(error);
    }
  }

  /** Lets the agent answer what it has, and takes no more messages; ready when it has ended. Rejects as {@link AgentHandle.ended}. */
  awaitResult(): Promise<AgentOutcome> {
    return this.#end(DRAIN, "it is to answer what it has");
  }

  /** Ready when the agent has ended; at once if it has. Rejects with `AGENT_NOT_RUNNING` when it was never spawned. */
  async ended(): Promise<AgentOutcome> {
    return this.#host.agents.ended(this.#cell, () => this.#host.durable());
  }

  /** Lets the agent finish the message that it is at, and ends it and all below it; ready when it has ended. Rejects as {@link AgentHandle.ended}. */
  async stop(options?: { readonly reason?: string | undefined }): Promise<AgentOutcome> {
    const reason = reading("the options", () => {
      if (options === undefined) return undefined;
      return optionalString("reason", (object("the options", options) as { reason?: unknown }).reason);
    });
    return this.#end(STOP, reason ?? "Stopped by user");
  }

  /** Calls the agent and all below it off: whoever waits for a reply is told at once. */
  cancel(reason?: string): void {
    this.#host.agents.stop(this.#cell, CANCEL, optionalString("the reason", reason) ?? "Cancelled by user");
  }

  async #end(mode: number, reason: string): Promise<AgentOutcome> {
    this.#host.agents.stop(this.#cell, mode, reason);
    return this.ended();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<AgentEvent> {
    const events = this.#host.eventsOf(this.name, this.#from, () => this.#host.gone || this.isDone);
    for await (const event of events) {
      if (event.type === "journal:failed") throw new OrchestratorError(event.code, event.message);
      if (!("agent" in event)) continue;
      yield event;
      if (event.type === "agent:stopped" || event.type === "agent:removed") return;
    }
  }

  /** {@link AgentHandle.stop}, if there is still something to stop. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isDone && this.status !== "registered") await this.stop();
  }
}

function refused(error: unknown): Promise<never> {
  const refusal = Promise.reject<never>(OrchestratorError.isInstance(error) ? error : invalid(describe(error), error));
  // That nobody waits is no fault.
  refusal.catch(() => {});
  return refusal;
}
