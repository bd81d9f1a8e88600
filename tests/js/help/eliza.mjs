// An elizaOS runtime that is no more than what a plugin sees of one, and the service in it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createAgentOrchestratorPlugin } from "agent-orchestrator-wasm/eliza";

export const AGENT = "b850bc30-45f8-4041-a00a-83df46d8555d";
export const [ROOM, OTHER_ROOM, WORLD, ANN, BOB] = Array.from({ length: 5 }, () => randomUUID());

/** Remembers what it is told; `rows` is its task table. What is given replaces a method, or takes it away. */
export function runtime(own = {}) {
  const services = new Map();
  const rows = new Map();
  const rooms = new Map([ROOM, OTHER_ROOM].map((id) => [id, { id, source: "test", channelId: `channel ${id}`, worldId: WORLD }]));
  const worlds = new Map([[WORLD, { id: WORLD, metadata: {} }]]);
  const [warnings, sent, settings] = [[], [], {}];
  const log = (about, message) => void warnings.push({ ...about, message });
  return {
    agentId: AGENT,
    services, rows, rooms, worlds, warnings, sent, settings,
    logger: { warn: log, error: log },
    getService: (type) => services.get(type) ?? null,
    getSetting: (name) => settings[name] ?? null,
    getRoom: async (id) => rooms.get(id) ?? null,
    getWorld: async (id) => worlds.get(id) ?? null,
    sendMessageToTarget: async (target, content) => void sent.push({ target, content }),
    getTasks: async ({ tags }) => structuredClone([...rows.values()].filter((row) => tags.every((tag) => row.tags.includes(tag)))),
    createTask: async (row) => void rows.set(row.id, structuredClone(row)),
    updateTask: async (id, change) => void rows.set(id, { ...rows.get(id), ...structuredClone(change) }),
    deleteTask: async (id) => void rows.delete(id),
    ...own,
  };
}

/** Loads a plugin into a runtime, as the core does. */
export async function load(t, plugin, into = runtime()) {
  for (const service of plugin.services) into.services.set(service.serviceType, await service.start(into));
  const service = into.services.get("CODE_TASK");
  t.after(() => service.stop());
  return { plugin, runtime: into, service, chat: chatter(plugin, into) };
}

/** The plugin with these options, loaded; nothing but memory unless they say otherwise. */
export async function loaded(t, options = {}, into = runtime()) {
  const { providers = [{ id: "eliza", label: "Eliza", executeTask: async () => ({ success: true, summary: "done" }) }] } = options;
  const plugin = createAgentOrchestratorPlugin({ journal: null, getWorkingDirectory: () => "/work", defaultProviderId: providers[0].id, ...options, providers });
  return load(t, plugin, into);
}

/** Sends messages to the actions; gives what the callback and the caller got. */
function chatter(plugin, into) {
  const message = (text, { room = ROOM, user = ANN } = {}) => ({ roomId: room, entityId: user, content: { text, source: "test" } });
  const named = (name) => plugin.actions.find((action) => action.name === name);
  return {
    message,
    valid: async (text, who) => {
      const valid = await Promise.all(plugin.actions.map((action) => action.validate(into, message(text, who))));
      return plugin.actions.filter((_, index) => valid[index]).map(({ name }) => name);
    },
    async act(name, text, { options, ...who } = {}) {
      const contents = [];
      const result = await named(name).handler(into, message(text, who), undefined, options, async (content) => void contents.push(content));
      return { result, contents };
    },
    /** The text of the one reply that both got. */
    async say(name, text, rest) {
      const { result, contents } = await this.act(name, text, rest);
      assert.equal(contents.length, 1);
      assert.equal(contents[0].text, result.text);
      return result.text;
    },
    context: (who) => plugin.providers[0].get(into, message("", who)),
  };
}

/** A plain row of the table, as it is compared. */
export const rowOf = ({ name, metadata: { status, progress, output } }) => ({ name, status, progress, output });
