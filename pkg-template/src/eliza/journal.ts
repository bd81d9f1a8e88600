/** Which journal an agent's tasks are kept in. */
import type { Journal } from "../api.js";
import type { JournalOption } from "./options.js";
import type { ElizaRuntime } from "./runtime-types.js";

/** Makes the journal of an agent, where options name none. Nothing when the host has no place for one. */
export type DefaultJournal = (agentId: string) => Journal | undefined | Promise<Journal | undefined>;

/** The journal that the options name, or else that of the host. Nothing: the tasks live as long as the process. */
export async function journalOf(runtime: ElizaRuntime, option: JournalOption | undefined, fallback: DefaultJournal | undefined): Promise<Journal | undefined> {
  if (option === null) return undefined;
  if (typeof option === "function") return option(runtime.agentId);
  if (option !== undefined) return option;
  const journal = await fallback?.(runtime.agentId);
  if (journal !== undefined) return journal;
  runtime.logger?.warn({ src: "agent-orchestrator" }, "There is no place for a journal here, so tasks are lost when the process ends. Give one as the option journal, or null if that is meant.");
  return undefined;
}
