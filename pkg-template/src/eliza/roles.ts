/** Who sent a message, and what that one may do to tasks. */
import type { Viewer } from "./chat/index.js";
import type { AgentOrchestratorPluginOptions } from "./options.js";
import { field, text, type ElizaMessage, type ElizaRuntime } from "./runtime-types.js";

/** The settings by which the core knows the owners of an agent. */
const ADMIN = "ELIZA_ADMIN_ENTITY_ID";
const CONTACTS = "ELIZA_OWNER_CONTACTS_JSON";

/** The world of a room, if it has one. Throws what the runtime throws. */
export async function worldOf(runtime: ElizaRuntime, room: string): Promise<string | undefined> {
  return text(await runtime.getRoom?.(room), "worldId");
}

/** A setting of the runtime that is text, without white space around it. One that cannot be read is none. */
export function setting(runtime: ElizaRuntime, name: string): string | undefined {
  try {
    const value = runtime.getSetting?.(name);
    return typeof value === "string" ? value.trim() || undefined : undefined;
  } catch {
    return undefined;
  }
}

function isConfiguredOwner(runtime: ElizaRuntime, user: string): boolean {
  if (setting(runtime, ADMIN) === user) return true;
  const contacts: unknown = JSON.parse(setting(runtime, CONTACTS) ?? "{}");
  return typeof contacts === "object" && contacts !== null && Object.values(contacts).some((contact) => text(contact, "entityId")?.trim() === user);
}

async function ownsWorld(runtime: ElizaRuntime, world: string, user: string): Promise<boolean> {
  const metadata = field(await runtime.getWorld?.(world), "metadata");
  return field(field(metadata, "ownership"), "ownerId") === user || field(field(metadata, "roles"), user) === "OWNER";
}

/** Gives what was found out, or nothing when finding out went wrong: whoever cannot be asked grants nothing. */
async function found<T>(find: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch {
    return undefined;
  }
}

/** Who sent this message. Never rejects: in doubt it is a member of the room. */
export async function viewerOf(runtime: ElizaRuntime, message: ElizaMessage, isOwner: AgentOrchestratorPluginOptions["isOwner"]): Promise<Viewer> {
  const room = text(message, "roomId") ?? runtime.agentId;
  const user = text(message, "entityId");
  const world = await found(() => worldOf(runtime, room));
  const is = async (ask: () => boolean | Promise<boolean>): Promise<boolean> => (await found(ask)) === true;
  let role: Viewer["role"] = "member";
  if (isOwner !== undefined && (await is(() => isOwner(runtime, message)))) role = "owner";
  else if (user !== undefined && (await is(() => isConfiguredOwner(runtime, user)))) role = "owner";
  else if (user !== undefined && world !== undefined && (await is(() => ownsWorld(runtime, world, user)))) role = "worldOwner";
  return { room, role, ...(user === undefined ? {} : { user }), ...(world === undefined ? {} : { world }) };
}
