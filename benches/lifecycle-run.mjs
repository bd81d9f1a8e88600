// One process of lifecycle.mjs: prints what baseline.mjs measured, as JSON.
import PQueue from "p-queue";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { compare, floor, queue, YARDSTICK } from "./baseline.mjs";

const provider = {
  id: "mock",
  async executeTask(task, context) {
    context.appendOutput("working on it");
    context.updateProgress(50);
    return "done";
  },
};

/** Created, started, one output, one progress, completed, kept; and one listener that gets every event. */
async function ours(n, concurrency) {
  const orchestrator = await AgentOrchestrator.open({ maxConcurrency: concurrency, providers: [provider] });
  let seen = 0;
  orchestrator.subscribe(() => {
    seen += 1;
  });
  const one = async (i) => {
    const { id } = await orchestrator.createTask({ name: `task ${i}`, description: `do the thing number ${i}` });
    await orchestrator.startTask(id);
  };
  if (concurrency === 1) for (let i = 0; i < n; i++) await one(i);
  else await Promise.all(Array.from({ length: n }, (_, i) => one(i)));
  if (orchestrator.countTasks().completed !== n || seen < 5 * n) throw new Error("not all was done, or not all was told");
  await orchestrator.dispose();
}

const cases = { "J0, a loop by hand": floor, [YARDSTICK]: queue(PQueue), "agent-orchestrator-wasm": ours };
process.stdout.write(JSON.stringify(await compare(cases)));
