/** The plugin object: what a runtime loads. It brings the service, the seven actions and the context of prompts. */
import { OrchestratorError, _describe as describe } from "../api.js";
import { ACTIONS, type Action, type ActionName } from "./chat/actions.js";
import { english } from "./chat/english.js";
import type { ChatContext, Language } from "./chat/index.js";
import { configuredLanguage } from "./configuration.js";
import { readPluginOptions, type AgentOrchestratorPluginOptions } from "./options.js";
import { field, text, type ElizaActionResult, type ElizaContent, type ElizaMessage, type ElizaRuntime } from "./runtime-types.js";
import { AgentOrchestratorService, startService } from "./service.js";

type Callback = (content: ElizaContent) => Promise<unknown>;

/** An action of the plugin; an `Action` to both versions of the core. */
export type ElizaAction = {
  name: ActionName;
  similes: string[];
  description: string;
  parameters: ElizaActionParameter[];
  examples: { name: string; content: { text: string; actions?: string[] } }[][];
  /** The reply says all there is to say: the model need not go on after it. */
  suppressPostActionContinuation: true;
  validate(runtime: ElizaRuntime, message: ElizaMessage): Promise<boolean>;
  handler(runtime: ElizaRuntime, message: ElizaMessage, state?: unknown, options?: unknown, callback?: Callback): Promise<ElizaActionResult | undefined>;
};

/** A parameter of an action, which planners of core 2 fill in. */
export type ElizaActionParameter = {
  name: string;
  description: string;
  required: boolean;
  schema: { type: string; items?: { type: string }; minimum?: number; maximum?: number };
};

/** What tells a model of tasks; a `Provider` to both versions of the core. */
export type ElizaContextProvider = {
  name: string;
  description: string;
  position: number;
  get(runtime: ElizaRuntime, message: ElizaMessage): Promise<{ -readonly [K in keyof ChatContext]: ChatContext[K] }>;
};

/** The plugin; a `Plugin` to both versions of the core. */
export type ElizaPlugin = {
  name: string;
  description: string;
  // The core's `Service` has a protected member: to TypeScript no class but that one's own heirs can stand here.
  services: any[];
  actions: ElizaAction[];
  providers: ElizaContextProvider[];
  /** Called by core 2 when it unloads the plugin. */
  dispose(runtime: ElizaRuntime): Promise<void>;
};

/** The service of a runtime, if it has started. */
function serviceOf(runtime: ElizaRuntime): AgentOrchestratorService | undefined {
  const service = runtime.getService(AgentOrchestratorService.serviceType);
  // Another plugin may have that type too, and another copy of this package has another class.
  return typeof field(field(service, "chat"), "respond") === "function" ? (service as AgentOrchestratorService) : undefined;
}

/** What somebody says who wants it, for the prompts of planners. */
const EXAMPLES: Readonly<Record<ActionName, string>> = {
  CREATE_TASK: "Create a task to fix the login page",
  LIST_TASKS: "Show my tasks",
  SWITCH_TASK: "Switch to the login task",
  SEARCH_TASKS: "Find tasks about authentication",
  PAUSE_TASK: "Pause the login task",
  RESUME_TASK: "Resume the login task",
  CANCEL_TASK: "Cancel task 2",
};

function action({ name, similes, description, parameters }: Action): ElizaAction {
  return {
    name,
    similes: [...similes],
    description,
    parameters: parameters.map((parameter) => ({ ...parameter })),
    examples: [[{ name: "{{user1}}", content: { text: EXAMPLES[name] } }, { name: "{{agentName}}", content: { text: "", actions: [name] } }]],
    suppressPostActionContinuation: true,
    async validate(runtime, message) {
      const service = serviceOf(runtime);
      if (service === undefined) return false;
      return service.settings.gate === "open" || service.chat.validate(name, text(message.content, "text") ?? "");
    },
    async handler(runtime, message, state, options, callback) {
      const service = serviceOf(runtime);
      if (service === undefined) throw new OrchestratorError("NOT_CONFIGURED", "AgentOrchestratorService not available (CODE_TASK)");
      const viewer = await service.viewerOf(message);
      // Where core 2 gives what its planner found, where core 1 does when it plans in steps, and where callers of their own may.
      const parameters = field(options, "parameters") ?? field(field(state, "data"), name.toLowerCase().replace("_", "")) ?? options;
      const reply = await service.chat.respond(viewer, text(message.content, "text") ?? "", { action: name, parameters });
      if (reply === undefined) return undefined;
      const said = [reply.text, service.takeOffer(viewer.room)].filter((part) => part !== undefined).join("\n\n");
      const source = text(message.content, "source");
      try {
        // A new object, which the core writes into.
        await callback?.({ text: said, actions: [name], ...(source === undefined ? {} : { source }) });
      } catch (error) {
        // What was done is done, whether or not somebody could be told.
        runtime.logger?.warn({ src: "agent-orchestrator", action: name, error: describe(error) }, "A reply could not be delivered");
      }
      return { success: reply.success, text: said, data: { actionName: name, ...reply.data } };
    },
  };
}

const actions = ACTIONS.map(action);
const named = (name: ActionName): ElizaAction => actions.find((each) => each.name === name)!;

/** Creates a task from what was said, and starts it. */
export const createTaskAction = named("CREATE_TASK");
/** Lists tasks. */
export const listTasksAction = named("LIST_TASKS");
/** Makes a task the current one. */
export const switchTaskAction = named("SWITCH_TASK");
/** Finds tasks by their words. */
export const searchTasksAction = named("SEARCH_TASKS");
/** Pauses a task. */
export const pauseTaskAction = named("PAUSE_TASK");
/** Lets a paused task go on, or starts one anew. */
export const resumeTaskAction = named("RESUME_TASK");
/** Cancels a task. */
export const cancelTaskAction = named("CANCEL_TASK");

const contextProvider = (language: () => Language | undefined): ElizaContextProvider => ({
  name: "TASK_CONTEXT",
  description: "Provides context about active and recent orchestrated tasks",
  position: 90,
  async get(runtime, message) {
    const service = serviceOf(runtime);
    if (service !== undefined) return service.chat.context(await service.viewerOf(message));
    const { noService, noStatus } = (language() ?? english).replies;
    return {
      text: noService,
      values: { taskContext: noService, currentTaskName: noStatus, currentTaskStatus: noStatus },
      data: { taskCount: 0, currentTaskId: null },
    };
  },
});

/** Tells the model of the tasks that who wrote may see: `TASK_CONTEXT`. */
export const taskContextProvider = contextProvider(configuredLanguage);

const plugin = (service: unknown, provider: ElizaContextProvider): ElizaPlugin => ({
  name: "agent-orchestrator",
  description: "Orchestrate tasks across one or more agent providers (no filesystem tools)",
  services: [service],
  actions,
  providers: [provider],
  async dispose(runtime) {
    const service = serviceOf(runtime);
    await service?.stop();
    // The core would go on giving out the service that has ended, and start no other one.
    const { services } = runtime;
    if (services instanceof Map) services.delete(AgentOrchestratorService.serviceType);
  },
});

/** A plugin that has its own options, whatever is configured for the process. Throws as {@link configureAgentOrchestratorPlugin}. */
export function createAgentOrchestratorPlugin(options: AgentOrchestratorPluginOptions): ElizaPlugin {
  const settings = readPluginOptions(options);
  class OwnService extends AgentOrchestratorService {
    static override start(runtime: ElizaRuntime): Promise<AgentOrchestratorService> {
      return startService(runtime, settings);
    }
  }
  return plugin(OwnService, contextProvider(() => settings.language));
}

/** The plugin, as configured by {@link configureAgentOrchestratorPlugin} when the runtime starts it. */
export const agentOrchestratorPlugin: ElizaPlugin = plugin(AgentOrchestratorService, taskContextProvider);
