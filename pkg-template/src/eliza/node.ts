/** The face in Node, Deno and Bun: without a journal of its own, an agent has one in files below the working directory. */
// Starts the module, for those who import nothing else.
import "../node.js";
import { AgentOrchestratorService } from "./index.js";

export * from "./index.js";
export { default } from "./index.js";

AgentOrchestratorService.defaultJournal ??= async (agentId) => {
  const { nodeJournal } = await import("../journals/node.js");
  return nodeJournal(`.eliza/agent-orchestrator/${encodeURIComponent(agentId)}`);
};
