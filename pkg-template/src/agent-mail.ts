import type { Payload } from "./agent-options.js";
import type { OrchestratorError } from "./errors.js";
import type { JsonValue } from "./types.js";

const ignore = (): void => {};

/** A message on its way, for whoever sent it. */
export class Mail {
  readonly promise: Promise<JsonValue | undefined>;
  /** Its number; 0 while it waits for room. */
  number = 0;
  /** Whether its sender was told how it ended. */
  settled = false;
  /** What the agent replied, until that is durable. */
  reply: JsonValue | undefined;
  /** What the agent threw, and in words. */
  cause: unknown;
  failure = "";
  /** Why it has no reply. */
  error: OrchestratorError | undefined;
  /** Ends the listening to the sender's signal. */
  deafen: (() => void) | undefined;
  private resolve!: (reply: JsonValue | undefined | Promise<never>) => void;

  constructor(readonly payload: Payload) {
    this.promise = new Promise((resolve) => {
      // `reject` is not kept: it is hardly ever called.
      this.resolve = resolve;
    });
  }

  fulfil(): void {
    this.settled = true;
    this.deafen?.();
    this.resolve(this.reply);
  }

  /** Whoever waits sees the error through the promise; that nobody waits is no fault. */
  refuse(error: OrchestratorError): void {
    if (this.settled) return;
    this.settled = true;
    this.error = error;
    this.deafen?.();
    const refused = Promise.reject<never>(error);
    refused.catch(ignore);
    this.promise.catch(ignore);
    this.resolve(refused);
  }
}
