const { join } = require("node:path");
const { AgentOrchestrator, OrchestratorError } = require("agent-orchestrator-wasm");
const { memoryJournal } = require("agent-orchestrator-wasm/memory");
const { nodeJournal } = require("agent-orchestrator-wasm/node");
const { journalConformance } = require("agent-orchestrator-wasm/testing");

async function main() {
  const { conform } = await import("./journals.mjs");
  const error = await memoryJournal().append(0, "no frame").catch((error) => error);
  if (typeof AgentOrchestrator !== "function" || !(error instanceof OrchestratorError)) throw new Error("there are two of it");
  console.log(await conform(journalConformance, (name) => nodeJournal(join(process.argv[2], name))));
}
main();
