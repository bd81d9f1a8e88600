/** Reads what the plugin is configured with: once, checked before anything starts. */
import {
  OrchestratorError, _count as count, _invalid as invalid, _kindOf as kindOf, _object as object, _readProvider as readProvider, _string as string,
  type AgentProvider, type Journal, type ProviderResult, type _Registered as Registered, type TaskContext,
} from "../api.js";
import type { Language } from "./chat/index.js";
import type { ElizaMessage, ElizaRuntime } from "./runtime-types.js";
import type { ElizaTask } from "./task.js";

/** What a provider sees of the attempt it is running. */
export type ElizaTaskContext = TaskContext & {
  /** The agent whose task it is. */
  readonly runtimeAgentId: string;
};

/** Something that can carry out tasks: an {@link AgentProvider} that is given tasks in elizaOS's form. */
export interface ElizaAgentProvider extends Omit<AgentProvider, "executeTask"> {
  executeTask(task: ElizaTask, context: ElizaTaskContext): ReturnType<AgentProvider["executeTask"]> | Promise<ProviderResult>;
}

/** A journal, or who is asked for the one of an agent. `null`: the tasks live as long as the process. */
export type JournalOption = Journal | ((agentId: string) => Journal | Promise<Journal>) | null;

/** What the plugin is configured with. */
export interface AgentOrchestratorPluginOptions {
  /** Who can carry out tasks; at least one. */
  providers: readonly ElizaAgentProvider[];
  /** Who does when nobody is named. One of the providers. */
  defaultProviderId: string;
  /** Asked for the working directory of each new task. Without it tasks have none. */
  getWorkingDirectory?: (() => string) | undefined;
  /** The setting of the runtime, or else variable of the process, that names another default provider. Default `ELIZA_CODE_ACTIVE_SUB_AGENT`. */
  activeProviderEnvVar?: string | undefined;
  /**
   * Where tasks are kept. Default: in Node, Deno and Bun the folder `.eliza/agent-orchestrator/<agentId>`, in browsers the
   * IndexedDB database `agent-orchestrator-<agentId>`, elsewhere memory.
   */
  journal?: JournalOption | undefined;
  /** The words that are understood and said. Default English. */
  language?: Language | undefined;
  /** When actions are valid: `words` when the message asks for them, `open` always, for planners that decide alone. Default `words`. */
  gate?: "words" | "open" | undefined;
  /** Whether who sent a message may see and control every task. What throws counts as no. */
  isOwner?: ((runtime: ElizaRuntime, message: ElizaMessage) => boolean | Promise<boolean>) | undefined;
  /** How many tasks may run at once. Default 64. */
  maxConcurrency?: number | undefined;
  /** Whether tasks are shown in the runtime's own task table. Default true. */
  persistTasks?: boolean | undefined;
}

/** The options, read. */
export interface Settings {
  readonly providers: readonly Registered[];
  readonly defaultProviderId: string;
  readonly getWorkingDirectory: (() => string) | undefined;
  readonly activeProviderEnvVar: string;
  readonly journal: JournalOption | undefined;
  readonly language: Language | undefined;
  readonly gate: "words" | "open";
  readonly isOwner: AgentOrchestratorPluginOptions["isOwner"];
  readonly maxConcurrency: number | undefined;
  readonly persistTasks: boolean;
}

function optional<T>(what: string, value: T | undefined, type: "function" | "string" | "boolean"): T | undefined {
  if (value === undefined || typeof value === type) return value;
  throw invalid(`${what} must be a ${type}, not ${kindOf(value)}`);
}

function readProviders(given: unknown): Registered[] {
  if (!Array.isArray(given)) throw invalid(`providers must be an array, not ${kindOf(given)}`);
  if (given.length === 0) throw invalid("providers must have at least one provider");
  const providers = Array.from(given as unknown[], readProvider);
  providers.forEach(({ id }, index) => {
    if (!/^[\w-]{1,128}$/.test(id)) throw invalid(`a provider's id has letters, digits, _ and -, at most 128 of them, unlike ${JSON.stringify(id.slice(0, 140))}`);
    if (providers.findIndex((other) => other.id === id) < index) throw new OrchestratorError("PROVIDER_EXISTS", `there are two providers with the id ${id}`);
  });
  return providers;
}

/** Reads and checks options; refuses with what is wrong. */
export function readPluginOptions(options: AgentOrchestratorPluginOptions): Settings {
  const given = object("the options", options) as AgentOrchestratorPluginOptions;
  const { defaultProviderId, journal, gate = "words" } = given;
  const providers = readProviders(given.providers);
  const fallback = string("defaultProviderId", defaultProviderId);
  if (!providers.some(({ id }) => id === fallback)) {
    const known = providers.map(({ id }) => id).join(", ");
    throw new OrchestratorError("PROVIDER_NOT_FOUND", `the default provider ${JSON.stringify(fallback.slice(0, 140))} is not among the providers: ${known}`);
  }
  if (gate !== "words" && gate !== "open") throw invalid("gate must be words or open");
  if (journal !== undefined && journal !== null && typeof journal !== "function") object("the journal", journal);
  return {
    providers,
    defaultProviderId: fallback,
    getWorkingDirectory: optional("getWorkingDirectory", given.getWorkingDirectory, "function"),
    activeProviderEnvVar: optional("activeProviderEnvVar", given.activeProviderEnvVar, "string") ?? "ELIZA_CODE_ACTIVE_SUB_AGENT",
    journal,
    language: given.language === undefined ? undefined : (object("the language", given.language) as Language),
    gate,
    isOwner: optional("isOwner", given.isOwner, "function"),
    maxConcurrency: count("maxConcurrency", given.maxConcurrency),
    persistTasks: optional("persistTasks", given.persistTasks, "boolean") ?? true,
  };
}
