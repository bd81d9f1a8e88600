/** The face in browsers: without a journal of its own, an agent has one in IndexedDB. As everywhere, `init` comes first. */
import { AgentOrchestratorService } from "./index.js";

export * from "./index.js";
export { default } from "./index.js";

AgentOrchestratorService.defaultJournal ??= async (agentId) => {
  // Workers at the edge get what is for browsers, too.
  if (typeof indexedDB === "undefined") return undefined;
  const { indexedDbJournal } = await import("../journals/indexeddb.js");
  return indexedDbJournal(`agent-orchestrator-${agentId}`);
};
