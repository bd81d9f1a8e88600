import type { Cell, Life } from "./agent-cell.js";
import type { Mail } from "./agent-mail.js";
import { jsonText } from "./agent-options.js";
import type { AgentContext } from "./agent-types.js";
import type { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { invalid } from "./input.js";
import type { JsonValue } from "./types.js";

/** One message at one start of an agent. Makes its signal when first asked. */
export class Turn {
  /** Why the message no longer counts. */
  reason: OrchestratorError | undefined;
  private controller: AbortController | undefined;

  constructor(
    readonly core: Core,
    readonly cell: Cell,
    readonly life: Life,
    readonly mail: Mail,
  ) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get counts(): boolean {
    return this.reason === undefined && this.mail.error === undefined && !this.life.over && this.core.gone === undefined;
  }

  abort(reason: OrchestratorError): void {
    this.reason ??= reason;
    this.controller?.abort(this.reason);
  }
}

/** What an agent is given with a message. */
export class Context implements AgentContext {
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  get name(): string {
    return this.#turn.cell.name;
  }

  get incarnation(): number {
    return this.#turn.life.incarnation;
  }

  get messageId(): number {
    return this.#turn.mail.number;
  }

  get signal(): AbortSignal {
    return this.#turn.signal;
  }

  get isCancelled(): boolean {
    return !this.#turn.counts;
  }

  get state(): JsonValue | undefined {
    const { core, cell } = this.#turn;
    return core.gone === undefined ? stateOf(core, cell.key) : undefined;
  }

  set state(value: JsonValue | undefined) {
    const { cell: { key }, life: { incarnation } } = this.#turn;
    const text = value === undefined ? "" : jsonText("the state of an agent", value, invalid);
    report(this.#turn, (core) => core.report((glue, now) => glue.keepState(now, key, incarnation, core.strings().put(text))));
  }

  stop(): void {
    const { cell: { key }, life: { incarnation } } = this.#turn;
    report(this.#turn, (core) => core.report((glue, now) => glue.agentQuits(now, key, incarnation)));
  }
}

/** What an agent wants back when it begins anew. */
export function stateOf(core: Core, key: number): JsonValue | undefined {
  const text = core.read((glue) => glue.agentState(key));
  return text === undefined || text === "" ? undefined : (JSON.parse(text) as JsonValue);
}

/** What comes after the agent was removed, or after the journal has failed and all was called off for that, is no fault of the agent's. */
function report({ core, reason }: Turn, tell: (core: Core) => void): void {
  if (core.gone !== undefined) return;
  try {
    tell(core);
  } catch (error) {
    if (OrchestratorError.isInstance(error) && (error.code === "AGENT_NOT_FOUND" || error.code === reason?.code)) return;
    throw error;
  }
}
