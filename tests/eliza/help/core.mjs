// A real runtime of elizaOS, of either version of its core, with the plugin in it.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(join(process.env.ELIZA_CORES, "package.json"));
const load = (name) => import(pathToFileURL(installed.resolve(name)).href);

/** A database in files of a folder, with its tables made: what the server of elizaOS does before it starts an agent. */
async function database(folder, agentId) {
  const sql = await load("@elizaos/plugin-sql");
  const adapter = sql.createDatabaseAdapter({ dataDir: join(folder, "database") }, agentId);
  await adapter.init();
  await adapter.runPluginMigrations([{ name: sql.default.name, schema: sql.default.schema }], {});
  return adapter;
}

/** The runtime, not started yet; the core of version 1 keeps its tables in the folder, that of version 2 in memory. */
export async function runtimeOf({ version, folder, owner, settings = {} }, plugin) {
  const core = await load(version === 1 ? "@elizaos/core" : "eliza-core-2");
  const owners = owner === undefined ? {} : { ELIZA_ADMIN_ENTITY_ID: core.stringToUuid(owner) };
  const character = { name: "Ada", bio: ["an agent of tests"], plugins: [], settings: { ...settings, ...owners } };
  const agentId = core.stringToUuid(character.name);
  const adapter = version === 1 ? await database(folder, agentId) : new core.InMemoryDatabaseAdapter();
  const runtime = new core.AgentRuntime({ character, agentId, adapter, plugins: [plugin], logLevel: "error" });
  return { core, runtime };
}

/** Makes a room known to a runtime, as a connector does when a message comes from there. */
export async function connect({ core, runtime }, { room, user, type = "DM" }) {
  const [roomId, entityId, worldId] = [room, user, `world of ${room}`].map((name) => core.stringToUuid(name));
  await runtime.ensureConnection({ entityId, roomId, worldId, worldName: room, userName: user, name: user, source: "test", type, channelId: room, messageServerId: worldId });
  return { roomId, entityId, worldId };
}
