/**
 * Where this example takes the package from: the copy that `npm run build` makes in this repository. In a project of
 * your own there is no such file; you write
 *
 *     import { AgentOrchestrator, OrchestratorError } from "agent-orchestrator-wasm";
 *     import { nodeJournal } from "agent-orchestrator-wasm/node";
 */
export { AgentOrchestrator, OrchestratorError } from "../../pkg/dist/node.js";
export { nodeJournal } from "../../pkg/dist/journals/node.js";
