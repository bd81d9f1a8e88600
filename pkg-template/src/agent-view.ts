/** What can be asked about agents. */
import type { AgentNode, AgentStatus, DeadLetters } from "./agent-types.js";
import type { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { quote, string } from "./input.js";
import { freezeDeep } from "./wire.js";

/** By their numbers in the core. */
export const AGENT_STATUSES = [
  "registered", "starting", "running", "restarting", "stopping", "completed", "failed", "cancelled",
] as const satisfies readonly AgentStatus[];
/** Numbers from here on are of those that have ended. */
export const AGENT_ENDED = 5;
export const REGISTERED = 0;

export class AgentView {
  constructor(private readonly core: Core) {}

  /** The key of the agent with this name, or -1. */
  find(name: unknown): number {
    const text = string("an agent's name", name);
    return this.core.read((glue) => glue.findAgent(this.core.strings().put(text)));
  }

  /** The same, refused when there is none. */
  key(name: unknown): number {
    const key = this.find(name);
    if (key < 0) throw new OrchestratorError("AGENT_NOT_FOUND", `there is no agent ${quote(name as string)}`);
    return key;
  }

  contains(name: string): boolean {
    return this.find(name) >= 0;
  }

  names(): readonly string[] {
    return this.#named(this.core.read((glue) => glue.agentKeys()));
  }

  parentOf(name: string): string | undefined {
    const key = this.find(name);
    const parent = key < 0 ? -1 : this.core.read((glue) => glue.agentParent(key));
    return parent < 0 ? undefined : this.core.read((glue) => glue.agentName(parent));
  }

  childrenOf(name: string): readonly string[] | undefined {
    const key = this.find(name);
    return key < 0 ? undefined : this.#named(this.core.read((glue) => glue.agentChildren(key)));
  }

  tree(): readonly AgentNode[] {
    return freezeDeep(JSON.parse(this.core.read((glue) => glue.agentTree())) as AgentNode[]);
  }

  deadLetters(): DeadLetters {
    return freezeDeep(JSON.parse(this.core.read((glue) => glue.deadLetters())) as DeadLetters);
  }

  /** The number of the status of an agent, or -1. */
  status(key: number): number {
    return this.core.read((glue) => glue.agentStatus(key));
  }

  /** An agent and all below it. */
  family(key: number): number[] {
    const found = [key];
    for (const member of found) for (const child of this.core.read((glue) => glue.agentChildren(member))) found.push(child);
    return found;
  }

  #named(keys: Uint32Array): readonly string[] {
    return Object.freeze(Array.from(keys, (key) => this.core.read((glue) => glue.agentName(key))));
  }
}
