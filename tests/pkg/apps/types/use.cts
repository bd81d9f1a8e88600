// The same from a CommonJS program.
import orchestrator = require("agent-orchestrator-wasm");
import memory = require("agent-orchestrator-wasm/memory");
import node = require("agent-orchestrator-wasm/node");
import testing = require("agent-orchestrator-wasm/testing");

export async function use(): Promise<orchestrator.TaskOutcome> {
  const opened: orchestrator.AgentOrchestrator = await orchestrator.AgentOrchestrator.open({ providers: [{ id: "one", executeTask: () => "done" }] });
  return opened.runTask({ name: "Greet" });
}

export async function keep(): Promise<number> {
  const journals: orchestrator.Journal[] = [memory.memoryJournal(), node.nodeJournal("./state")];
  for (const { run } of testing.journalConformance(() => memory.memoryJournal())) await run();
  const loaded: orchestrator.StoredJournal[] = await Promise.all(journals.map((journal) => journal.load({ history: true })));
  return loaded.reduce((sum, { cut }) => sum + cut, 0);
}
