/** The elizaOS face: a plugin for a runtime of elizaOS, in which the orchestrator keeps the tasks of the agent. */
export { english } from "./chat/english.js";
export type { Language } from "./chat/index.js";
export { configureAgentOrchestratorPlugin, getConfiguredAgentOrchestratorOptions, resetAgentOrchestratorPlugin } from "./configuration.js";
export type { DefaultJournal } from "./journal.js";
export type { TaskEvent, TaskEventListener } from "./listeners.js";
export type { AgentOrchestratorPluginOptions, ElizaAgentProvider, ElizaTaskContext, JournalOption } from "./options.js";
export {
  agentOrchestratorPlugin, agentOrchestratorPlugin as default, cancelTaskAction, createAgentOrchestratorPlugin, createTaskAction, listTasksAction, pauseTaskAction,
  resumeTaskAction, searchTasksAction, switchTaskAction, taskContextProvider,
  type ElizaAction, type ElizaActionParameter, type ElizaContextProvider, type ElizaPlugin,
} from "./plugin.js";
export type { ElizaActionResult, ElizaContent, ElizaLogger, ElizaMessage, ElizaRuntime } from "./runtime-types.js";
export { AgentOrchestratorService, type ToldResult } from "./service.js";
export type { ElizaTask, ElizaTaskMetadata } from "./task.js";
