// Compiled and never run: a program in strict TypeScript that uses most of the API, as a user writes it.
import { AgentOrchestrator, OrchestratorError, init, type AgentProvider, type OrchestratedTask, type TaskOutcome } from "agent-orchestrator-wasm";
import * as inline from "agent-orchestrator-wasm/inline";

const greeter: AgentProvider = {
  id: "greeter",
  label: "Greeter",
  async executeTask(task, context) {
    context.signal.throwIfAborted();
    const added: boolean = context.appendOutput(`Hello ${task.name}`);
    context.updateProgress(added ? 100 : 0);
    return { success: true, summary: "done" };
  },
};

export async function use(signal: AbortSignal): Promise<string> {
  await init();
  await init(fetch("/somewhere.wasm"));
  await inline.init();
  const orchestrator = await AgentOrchestrator.open({ providers: [greeter], defaultProviderId: "greeter", workingDirectory: () => "/", maxConcurrency: 2 });
  const task: OrchestratedTask = await orchestrator.createTask({ name: "Greet", tags: ["a"], metadata: { room: 7 } });
  const stop: () => void = orchestrator.subscribe((event) => {
    if (event.type === "task:output") event.lines.join();
  });
  const run = orchestrator.startTask(task.id, { signal });
  for await (const event of run) {
    if (event.type === "task:progress") event.progress.toFixed();
  }
  const outcome: TaskOutcome = await run;
  stop();
  try {
    await orchestrator.cancelTask("unknown", { reason: "because" });
  } catch (error) {
    if (!OrchestratorError.isInstance(error)) throw error;
    return error.code;
  } finally {
    await orchestrator.dispose();
  }
  return outcome.summary;
}
