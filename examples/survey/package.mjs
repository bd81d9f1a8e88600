/**
 * Where this example takes the package from: the copy that `npm run build` makes in this repository. In a project of
 * your own there is no such file; you write
 *
 *     import { AgentOrchestrator } from "agent-orchestrator-wasm";
 */
export { AgentOrchestrator } from "../../pkg/dist/node.js";
