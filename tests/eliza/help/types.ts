// What a program of elizaOS writes, as its compiler sees it. Compiled against each version of the core.
import type { Action, IAgentRuntime, Plugin, Provider } from "@elizaos/core";
import plugin, {
  agentOrchestratorPlugin, AgentOrchestratorService, cancelTaskAction, configureAgentOrchestratorPlugin, createAgentOrchestratorPlugin, createTaskAction,
  english, getConfiguredAgentOrchestratorOptions, taskContextProvider, type AgentOrchestratorPluginOptions, type ElizaTask,
} from "agent-orchestrator-wasm/eliza";

const options: AgentOrchestratorPluginOptions = {
  providers: [{ id: "mine", label: "Mine", async executeTask(task, context) {
    context.appendOutput(`${task.metadata.status} for ${context.runtimeAgentId}`);
    return { success: true, summary: task.name, filesCreated: [], filesModified: [] };
  } }],
  defaultProviderId: "mine",
  getWorkingDirectory: () => "/work",
  journal: null,
  language: { ...english, language: "en-GB" },
  isOwner: (runtime, message) => message.entityId === runtime.agentId,
};
configureAgentOrchestratorPlugin(options);
export const configured: AgentOrchestratorPluginOptions | null = getConfiguredAgentOrchestratorOptions();

export const plugins: Plugin[] = [plugin, agentOrchestratorPlugin, createAgentOrchestratorPlugin(options)];
export const actions: Action[] = [createTaskAction, cancelTaskAction];
export const providers: Provider[] = [taskContextProvider];

export async function use(runtime: IAgentRuntime): Promise<ElizaTask> {
  const service = await AgentOrchestratorService.start(runtime);
  const task = await service.createTask("name", "description", runtime.agentId);
  const outcome = await service.startTaskExecution(task.id);
  service.on("task:completed", ({ taskId, data }) => console.log(taskId, data));
  console.log(outcome.status, service.interruptedTasks.length, service.getCurrentTaskId());
  return task;
}
