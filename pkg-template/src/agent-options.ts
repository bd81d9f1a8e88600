/** Reads what is said of an agent that is added, and what is sent to one: each property once, into a copy, checked. */
import type { AgentFactory, AgentMessage, AgentOptions, SupervisorPolicy } from "./agent-types.js";
import type { Core } from "./core.js";
import { OrchestratorError, describe, fits } from "./errors.js";
import { flag, invalid, kindOf, object, quote, reading, string } from "./input.js";
import { milliseconds, numberIn, wide, word } from "./plan.js";
import type { JsonValue } from "./types.js";
import { freezeDeep } from "./wire.js";

/** An agent to add, read. */
export interface AgentSpec {
  readonly name: string;
  readonly factory: AgentFactory;
  readonly supervisor: SupervisorPolicy | undefined;
  /** In the order in which `src/wasm/agents.rs` reads them; absent for the usual. */
  readonly numbers: readonly (number | undefined)[];
}

const STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one"];
const RESTARTS = ["permanent", "transient", "temporary"];
const OVERFLOWS = ["wait", "refuse", "drop_oldest"];
const ROLES: readonly unknown[] = ["user", "assistant", "system", "tool"];

function choice(what: string, value: unknown, words: readonly string[]): number | undefined {
  return value === undefined ? undefined : word(what, value, words, 0);
}

/** A whole number that fits 32 bits. */
export function whole(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  throw invalid(`${what} must be a whole number, not ${typeof value === "number" ? value : kindOf(value)}`);
}

/** A share or a factor in thousandths. */
function thousandths(what: string, value: unknown, min: number, max: number): number | undefined {
  return value === undefined ? undefined : Math.round(numberIn(what, value, min, max, 0) * 1000);
}

export function policyOf(what: string, value: unknown): SupervisorPolicy | undefined {
  if (value === undefined || typeof value === "function") return value as SupervisorPolicy | undefined;
  throw invalid(`${what} must be a function, not ${kindOf(value)}`);
}

/** What holds for agents that do not say. */
export interface AgentDefaults {
  readonly maxRestarts: number | undefined;
  readonly inboxCapacity: number | undefined;
}

export function readAgent(name: unknown, factory: unknown, input: unknown, usual: AgentDefaults): AgentSpec {
  return reading("the agent", () => {
    const {
      strategy, restart, maxRestarts, restartWindow, backoff, grace, inboxCapacity, overflow, messageTimeout, retryMessage, supervisor, recordMessages,
    } = (input === undefined ? {} : object("the options", input)) as AgentOptions;
    const { delay, maxDelay, factor, jitter } = (backoff === undefined ? {} : object("backoff", backoff)) as NonNullable<AgentOptions["backoff"]>;
    const text = string("an agent's name", name);
    if (typeof factory !== "function") throw invalid(`the factory of the agent ${quote(text)} must be a function, not ${kindOf(factory)}`);
    const policy = policyOf("supervisor", supervisor);
    return {
      name: text,
      factory: factory as AgentFactory,
      supervisor: policy,
      numbers: [
        choice("strategy", strategy, STRATEGIES), choice("restart", restart, RESTARTS), choice("overflow", overflow, OVERFLOWS),
        whole("maxRestarts", maxRestarts) ?? usual.maxRestarts, whole("inboxCapacity", inboxCapacity) ?? usual.inboxCapacity,
        whole("retryMessage", retryMessage), policy === undefined ? 0 : 1,
        recordMessages === undefined ? undefined : flag("recordMessages", recordMessages) ? 1 : 0,
        milliseconds("restartWindow", restartWindow), milliseconds("messageTimeout", messageTimeout), milliseconds("grace", grace),
        milliseconds("backoff.delay", delay), milliseconds("backoff.maxDelay", maxDelay),
        thousandths("backoff.factor", factor, 1, 100), thousandths("backoff.jitter", jitter, 0, 1),
      ],
    };
  });
}

/** Writes an agent as `src/wasm/agents.rs` reads it. */
export function writeAgent(core: Core, { name, numbers }: AgentSpec, parent: number | undefined): void {
  core.strings().field(name);
  for (const number of [parent, ...numbers]) {
    core.number(number === undefined ? 0 : 1);
    if (number !== undefined) wide(core, number);
  }
}

/** JSON text of any value; `without` says what is wrong with one that has none. */
export function jsonText(what: string, value: unknown, without: (message: string, cause?: unknown) => OrchestratorError): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw without(`${what} cannot be kept as JSON: ${describe(cause)}`, cause);
  }
  if (text === undefined) throw without(`${what} is ${kindOf(value)}, which JSON does not know`);
  return fits(what, text);
}

/** How many bytes a message or a reply may have, as in `src/kernel/limits.rs`. The core sees only those that are recorded. */
const MOST = 1 << 20;

/** Refuses what says more than that. */
export function bounded(what: string, texts: readonly string[]): void {
  // A character is at most three bytes: only of what is large the bytes are counted.
  if (texts.reduce((sum, { length }) => sum + length * 3, 0) <= MOST) return;
  const encoder = new TextEncoder();
  const size = texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
  if (size > MOST) throw new OrchestratorError("LIMIT_EXCEEDED", `${what} has ${size} bytes; at most ${MOST} are taken`);
}

/** A message as it lies in JS until it is delivered: a text of the user's, or messages that nobody can change. */
export type Payload = string | readonly AgentMessage[];

/** Reads what is sent. */
export function readMessages(input: unknown): Payload {
  if (typeof input === "string") {
    const text = string("the message", input);
    if (text.length * 3 > MOST) bounded("the message", [text]);
    return text;
  }
  return reading("the message", () => {
    const items = Array.isArray(input) ? Array.from(input as unknown[]) : [input];
    if (items.length === 0) throw invalid("there must be at least one message");
    const texts: string[] = [];
    const messages = items.map((item) => {
      const { role, content } = object("a message", item) as { role?: unknown; content?: unknown };
      if (!ROLES.includes(role)) throw invalid(`a message's role must be one of ${ROLES.join(", ")}, not ${typeof role === "string" ? quote(role) : kindOf(role)}`);
      if (content === undefined) throw invalid("a message must have a content");
      const text = typeof content === "string" ? string("a message's content", content) : jsonText("a message's content", content, invalid);
      texts.push(text);
      const copy = typeof content === "string" ? text : (JSON.parse(text) as JsonValue);
      return { role, content: copy } as AgentMessage;
    });
    bounded("the message", texts);
    return freezeDeep(messages);
  });
}

/** The same as JSON. */
export const payloadText = (payload: Payload): string => JSON.stringify(typeof payload === "string" ? [{ role: "user", content: payload }] : payload);

/** The messages that an agent is given. */
export function messagesOf(payload: Payload): readonly AgentMessage[] {
  return typeof payload === "string" ? Object.freeze([Object.freeze({ role: "user", content: payload } as const)]) : payload;
}
