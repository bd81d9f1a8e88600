/** The configuration of the plugin that is there without being made: one for the process. */
import { OrchestratorError } from "../api.js";
import { readPluginOptions, type AgentOrchestratorPluginOptions, type Settings } from "./options.js";

let configured: { readonly options: AgentOrchestratorPluginOptions; readonly settings: Settings } | undefined;

/**
 * Configures {@link agentOrchestratorPlugin}, before a runtime starts it. The last call wins. Throws an
 * `OrchestratorError` when there are no providers, two with one id, or no default one among them.
 */
export function configureAgentOrchestratorPlugin(options: AgentOrchestratorPluginOptions): void {
  configured = { options, settings: readPluginOptions(options) };
}

/** What was configured last; `null` if nothing was. */
export function getConfiguredAgentOrchestratorOptions(): AgentOrchestratorPluginOptions | null {
  return configured?.options ?? null;
}

/** Forgets the configuration. Services that have started go on with theirs. */
export function resetAgentOrchestratorPlugin(): void {
  configured = undefined;
}

/** What a service that starts now goes by. */
export function configuredSettings(): Settings {
  if (configured !== undefined) return configured.settings;
  throw new OrchestratorError("NOT_CONFIGURED", "the agent orchestrator is not configured: call configureAgentOrchestratorPlugin() before the runtime starts");
}

/** The table of words that was configured, if one was. */
export const configuredLanguage = (): Settings["language"] => configured?.settings.language;
