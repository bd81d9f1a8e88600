/**
 * What is used of an elizaOS runtime. Written down here, and not imported from `@elizaos/core`: the package depends on
 * nothing, and so it serves every version of the core that has these. What a host may lack is optional.
 */

/** An elizaOS runtime, as far as it is used. Both `IAgentRuntime` of core 1 and that of core 2 are one. */
export interface ElizaRuntime {
  readonly agentId: string;
  readonly logger?: ElizaLogger | undefined;
  /** All services by their type, in a `Map`. */
  readonly services?: unknown;
  getService(type: string): unknown;
  getSetting?(name: string): unknown;
  getRoom?(id: string): Promise<unknown>;
  getWorld?(id: string): Promise<unknown>;
  sendMessageToTarget?(target: object, content: object): Promise<unknown>;
  getTasks?(query: object): Promise<unknown>;
  createTask?(task: object): Promise<unknown>;
  updateTask?(id: string, task: object): Promise<unknown>;
  deleteTask?(id: string): Promise<unknown>;
}

/** Where warnings go. */
export interface ElizaLogger {
  warn(about: Record<string, unknown>, message: string): void;
  error(about: Record<string, unknown>, message: string): void;
}

/** A message, as far as it is read. */
export interface ElizaMessage {
  readonly roomId: string;
  readonly entityId?: string | undefined;
  readonly content: { readonly text?: string | undefined; readonly source?: string | undefined };
}

/** What a handler tells the user: the core's `Content`. A type and no interface, as the next one, since the core's have room for anything else. */
export type ElizaContent = {
  text: string;
  actions: string[];
  source?: string;
};

/** What a handler gives back: the core's `ActionResult`. */
export type ElizaActionResult = {
  success: boolean;
  text: string;
  data: { [key: string]: string | number | boolean | object | null | undefined };
};

/** A field of something that came from outside, whatever that is. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as { readonly [name: string]: unknown })[name] : undefined;

/** A field that is text, and not an empty one. */
export function text(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" && found !== "" ? found : undefined;
}
