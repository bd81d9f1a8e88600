/** The agents of an orchestrator, and what the kernel orders about them. Decides nothing. */
import { Cell, type Waiter } from "./agent-cell.js";
import { writeAgent, type AgentSpec } from "./agent-options.js";
import { Post } from "./agent-post.js";
import { Runner } from "./agent-runner.js";
import type { AgentFault, AgentOutcome, AgentStatus, SupervisorPolicy } from "./agent-types.js";
import { AGENT_ENDED, AGENT_STATUSES, AgentView, REGISTERED } from "./agent-view.js";
import type { Core } from "./core.js";
import { OrchestratorError } from "./errors.js";
import { invalid, kindOf, quote } from "./input.js";
import { isThenable } from "./provider.js";

/** Orders of the kernel, as in `src/wasm/agents.rs`. */
export const FIRST_AGENT_ORDER = 5;
const START = 5, PROMPT = 6, SETTLE = 7, ABORT = 8, HALT = 9, DISCARD = 10, CONSULT = 11, ROOM = 12, ENDED = 13;
const NOBODY = 0xffffffff;
/** Ways to stop an agent, as in `src/wasm/agents.rs`. */
export const DRAIN = 0, STOP = 1, CANCEL = 2;

const ACTIONS: readonly unknown[] = ["restart", "stop", "escalate", "resume"];
const ESCALATE = 2;

/** Who is told of what happens around agents. */
export interface AgentsHost {
  /** There is something to carry out. */
  wake(): void;
  /** Foreign code has failed. */
  complain(error: unknown, where: string): void;
}

export class Agents {
  readonly view: AgentView;
  readonly post: Post;
  readonly #core: Core;
  readonly #host: AgentsHost;
  readonly #runner: Runner;
  readonly #supervisor: SupervisorPolicy | undefined;
  /** By their keys. */
  readonly #cells: (Cell | undefined)[] = [];
  /** Four numbers each, as they came. */
  #orders: number[] = [];
  /** Nothing will come any more. */
  #stranded = false;

  constructor(core: Core, supervisor: SupervisorPolicy | undefined, host: AgentsHost) {
    this.view = new AgentView(core);
    this.post = new Post(core, host);
    this.#core = core;
    this.#host = host;
    this.#runner = new Runner(core, host);
    this.#supervisor = supervisor;
  }

  // ----- for those who have agents -----

  add(spec: AgentSpec, parent: number | undefined): void {
    const core = this.#core;
    const key = core.command((glue, now) => {
      writeAgent(core, spec, parent);
      return glue.addAgent(now);
    });
    const cell = this.cell(key);
    cell.factory = spec.factory;
    cell.supervisor = spec.supervisor;
    cell.keeps = core.read((glue) => glue.agentKeeps(key));
  }

  /** The agent with this key, as far as it lives here. */
  cell(key: number): Cell {
    // An array with large holes would become a table, which is slow.
    while (this.#cells.length < key) this.#cells.push(undefined);
    const known = this.#cells[key];
    if (known !== undefined) return known;
    const cell = new Cell(key, this.#core.read((glue) => glue.agentName(key)));
    cell.keeps = this.#core.read((glue) => glue.agentKeeps(key));
    if (this.#isAtRest(cell)) cell.rest = this.#standing(cell);
    return (this.#cells[key] = cell);
  }

  spawn(key: number): void {
    // With a journal, those who wait for an end may not know of it yet.
    if (this.#core.kept) for (const member of this.view.family(key)) this.#remember(this.cell(member));
    this.#core.command((glue, now) => glue.spawnAgent(now, key));
  }

  #remember(cell: Cell): void {
    if (cell.rest === undefined && this.#hasEnded(cell)) cell.former.push({ outcome: this.#outcome(cell), waiting: cell.waiting.splice(0) });
  }

  stop(cell: Cell, mode: number, reason: string): void {
    if (cell.removed !== undefined) return;
    const core = this.#core;
    core.command((glue, now) => glue.stopAgent(now, cell.key, mode, core.strings().put(reason)));
  }

  /** Forgets an agent and all below it; gives what tells those who wait, to be called once that is durable. */
  remove(key: number): () => void {
    const cells = this.view.family(key).flatMap((member) => this.#cells[member] ?? []);
    const told = cells.map((cell) => ({ cell, outcome: this.#outcome(cell), status: this.#standing(cell) }));
    this.#core.command((glue, now) => glue.removeAgent(now, key));
    for (const { cell, outcome, status } of told) {
      cell.removed = status;
      cell.outcome = outcome;
      this.#cells[cell.key] = undefined;
    }
    return () => {
      for (const { cell, outcome } of told) {
        for (const former of cell.former.splice(0)) for (const waiter of former.waiting) waiter.resolve(former.outcome);
        for (const waiter of cell.waiting.splice(0)) waiter.resolve(outcome);
      }
    };
  }

  /** Where an agent stands. When nothing can be done any more, what had not ended counts as called off. */
  status(cell: Cell): AgentStatus {
    if (cell.removed !== undefined) return cell.removed;
    if (this.#core.gone !== undefined) return cell.rest ?? "cancelled";
    return this.#stranded && !this.#isAtRest(cell) ? "cancelled" : this.#standing(cell);
  }

  isDone(cell: Cell): boolean {
    return AGENT_STATUSES.indexOf(this.status(cell)) >= AGENT_ENDED;
  }

  /** Ready when the agent has ended; if it has, when that is kept. */
  async ended(cell: Cell, durable: () => Promise<void> | undefined): Promise<AgentOutcome> {
    if (cell.outcome !== undefined && this.#core.gone === undefined && cell.removed !== "registered") return cell.outcome;
    if (cell.removed !== undefined) throw removed(cell);
    if (this.#hasEnded(cell)) {
      const outcome = this.#outcome(cell);
      await durable();
      return outcome;
    }
    const failure = this.#core.failure();
    if (failure !== undefined) throw failure;
    if (this.#isAtRest(cell)) throw new OrchestratorError("AGENT_NOT_RUNNING", `the agent ${quote(cell.name)} was not spawned, so it will not end`);
    return new Promise<AgentOutcome>((resolve, reject) => cell.waiting.push({ resolve, reject }));
  }

  #standing(cell: Cell): AgentStatus {
    return AGENT_STATUSES[this.view.status(cell.key)]!;
  }

  #hasEnded(cell: Cell): boolean {
    return this.view.status(cell.key) >= AGENT_ENDED;
  }

  /** Whether it has ended, or was never spawned. */
  #isAtRest(cell: Cell): boolean {
    return this.#hasEnded(cell) || this.view.status(cell.key) === REGISTERED;
  }

  /** How an agent that has ended did so. */
  #outcome(cell: Cell): AgentOutcome {
    const { key, name, lastResult } = cell;
    const status = this.#standing(cell) as AgentOutcome["status"];
    const failure = status === "failed" ? this.#core.read((glue) => glue.agentFailure(key)) : undefined;
    const error = failure === undefined ? undefined : (JSON.parse(failure) as { error: string }).error;
    return Object.freeze({ agent: name, status, error, restarts: this.#core.read((glue) => glue.agentRestarts(key)), lastResult });
  }

  // ----- for the driver -----

  get pending(): boolean {
    return this.#orders.length > 0;
  }

  /** Those who wait are told at once; what calls into foreign code, or into the core, waits for the pump. */
  order(kind: number, agent: number, second: number, third: number): void {
    if (kind === SETTLE || kind === ENDED) {
      const cell = this.#cells[agent];
      if (cell === undefined) return;
      if (kind === SETTLE) this.post.settle(cell, second, third);
      else this.#ended(cell);
      return;
    }
    this.#orders.push(kind, agent, second, third);
    this.#host.wake();
  }

  carryOut(): void {
    const orders = this.#orders;
    this.#orders = [];
    for (let at = 0; at < orders.length && this.#core.gone === undefined; at += 4) {
      this.#carryOut(orders[at]!, orders[at + 1]!, orders[at + 2]!, orders[at + 3]!);
    }
  }

  #carryOut(kind: number, agent: number, second: number, third: number): void {
    if (kind === CONSULT) return this.#consult(agent, second, third);
    const cell = this.#cells[agent];
    if (cell === undefined) return;
    if (kind === START) {
      cell.rest = undefined;
      return this.#runner.start(cell, second);
    }
    if (kind === ROOM) return this.post.letIn(cell);
    const { life } = cell;
    if (life === undefined || life.incarnation !== second || life.over) return;
    if (kind === PROMPT) this.#runner.prompt(cell, life, third);
    else if (kind === ABORT) this.#runner.abort(cell, life, third);
    else if (kind === HALT) this.#runner.halt(cell, life);
    else if (kind === DISCARD) this.#runner.discard(cell, life);
  }

  /** Nothing will come any more: whoever waits is told why, and agents are called off. */
  fail(error: OrchestratorError): void {
    this.#orders = [];
    this.#stranded = true;
    const cells = this.#cells.filter((cell) => cell !== undefined);
    for (const cell of cells) {
      this.post.fail(cell, error);
      const waiting: Waiter[] = [...cell.former.splice(0).flatMap((former) => former.waiting), ...cell.waiting.splice(0)];
      for (const { reject } of waiting) reject(error);
    }
    for (const { life } of cells) if (life?.turn !== undefined) this.#runner.call(life.turn, error);
  }

  // ----- what was ordered -----

  #ended(cell: Cell): void {
    const former = cell.former.shift();
    const waiting = former?.waiting ?? cell.waiting.splice(0);
    if (former === undefined && this.#isAtRest(cell)) cell.rest = this.#standing(cell);
    if (waiting.length === 0) return;
    const outcome = former?.outcome ?? this.#outcome(cell);
    for (const waiter of waiting) waiter.resolve(outcome);
  }

  /** Asks a policy, which is foreign code. */
  #consult(by: number, about: number, origin: number): void {
    const core = this.#core;
    const policy = by === NOBODY ? this.#supervisor : this.#cells[by]?.supervisor;
    let action = -1;
    try {
      const said: unknown = policy?.(core.read((glue) => glue.agentName(about)), this.#fault(origin));
      if (isThenable(said)) void Promise.resolve(said).catch(() => {});
      action = ACTIONS.indexOf(said);
      if (action < 0) throw invalid(`a supervisor must say restart, stop, escalate or resume, not ${typeof said === "string" ? quote(said) : kindOf(said)}`);
    } catch (error) {
      this.#host.complain(error, "a supervisor");
    }
    this.#runner.report((glue, now) => glue.decideAgent(now, origin, about, action < 0 ? ESCALATE : action));
  }

  #fault(origin: number): AgentFault {
    const core = this.#core;
    const { failure, error, retryable } = JSON.parse(core.read((glue) => glue.agentFailure(origin)) ?? "{}") as {
      failure: AgentFault["failure"]; error: string; retryable: boolean;
    };
    const thrown = failure === "message" || failure === "factory";
    const cause = thrown ? this.#cells[origin]?.cause : undefined;
    return Object.freeze({ agent: core.read((glue) => glue.agentName(origin)), failure, message: error, retryable, cause });
  }
}

/** What is told of an agent that was removed. */
const removed = (cell: Cell): OrchestratorError => new OrchestratorError("AGENT_NOT_FOUND", `the agent ${quote(cell.name)} was removed`);
