/** What a task of an agent is created with: where it is, who carries it out, who asked for it. */
import type { CreateTask } from "../api.js";
import type { WantedTask } from "./chat/index.js";
import type { Settings } from "./options.js";
import { setting, worldOf } from "./roles.js";
import type { ElizaRuntime } from "./runtime-types.js";

/** What somebody wants. Without a world it is that of the room, else the agent's own. */
export type Wanted = Pick<WantedTask, "name" | "description" | "steps"> & { [K in keyof WantedTask]?: WantedTask[K] | undefined };

/** The task to create. What could not be found out is told to `warn`, and is done without. */
export async function creationOf(runtime: ElizaRuntime, settings: Settings, wanted: Wanted, warn: (message: string, error: unknown) => void): Promise<CreateTask> {
  const { name, description, roomId, steps, userId } = wanted;
  const world = async (): Promise<string | undefined> => {
    try {
      return roomId === undefined ? undefined : await worldOf(runtime, roomId);
    } catch (error) {
      warn("The world of a room is not known", error);
      return undefined;
    }
  };
  return {
    // What is kept in SQL is known by UUIDs.
    id: uuid(),
    name,
    description,
    roomId,
    worldId: wanted.worldId ?? (await world()) ?? runtime.agentId,
    providerId: wanted.providerId ?? activeProvider(runtime, settings.activeProviderEnvVar),
    steps,
    metadata: userId === undefined ? {} : { entityId: userId },
  };
}

/** A random UUID. Pages on plain http have no `crypto.randomUUID`. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Asked at every create, so that it can be changed while the agent runs. Nothing: the default provider. */
const activeProvider = (runtime: ElizaRuntime, name: string): string | undefined => setting(runtime, name) ?? (variable(name)?.trim() || undefined);

/** A variable of the process, where there is one and it may be read. */
function variable(name: string): string | undefined {
  try {
    return typeof process === "undefined" ? undefined : process.env?.[name];
  } catch {
    return undefined;
  }
}
