// The same from a CommonJS program.
import orchestrator = require("agent-orchestrator-wasm");

export async function use(): Promise<orchestrator.TaskOutcome> {
  const opened: orchestrator.AgentOrchestrator = await orchestrator.AgentOrchestrator.open({ providers: [{ id: "one", executeTask: () => "done" }] });
  return opened.runTask({ name: "Greet" });
}
