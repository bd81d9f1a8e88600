// A chat over an orchestrator of its own, and how to talk in it.
import { Chat } from "agent-orchestrator-wasm/chat";
import { manual } from "./providers.mjs";
import { open, turn } from "./open.mjs";

export const ann = { room: "r1", user: "ann", world: "w1" };
export const bob = { room: "r1", user: "bob", world: "w1" };
/** Of another room in the same world. */
export const cat = { room: "r2", user: "cat", world: "w1" };

/** Two providers that do nothing by themselves; the first is the default. */
export async function chatting(t, options = {}) {
  const provider = manual("eliza", { label: "Eliza" });
  const orchestrator = await open(t, { providers: [provider, manual("codex", { label: "Codex Pro" })], defaultProviderId: "eliza", ...options });
  const chat = new Chat({ orchestrator });
  const say = async (text, { viewer = ann, action, parameters } = {}) => {
    const reply = await chat.respond(viewer, text, { action, parameters });
    await turn();
    return reply;
  };
  /** A task in a room, not started. */
  const add = (name, more = {}) => orchestrator.createTask({ name, roomId: "r1", worldId: "w1", ...more });
  /** Ids to statuses: what a chat can change. */
  const standing = () => Object.fromEntries(orchestrator.listTasks({ limit: 1000 }).tasks.map(({ id, status, attempt }) => [id, `${status} ${attempt}`]));
  return { orchestrator, chat, provider, say, add, standing };
}
