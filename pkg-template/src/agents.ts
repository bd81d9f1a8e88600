/** Makes happen what the kernel orders about agents: calls factories, gives out messages, asks policies. Decides nothing. */
import { Cell, Life, type Waiter } from "./agent-cell.js";
import { Context, stateOf, Turn } from "./agent-context.js";
import { Mail } from "./agent-mail.js";
import { jsonText, messagesOf, payloadText, readMessages, writeAgent, type AgentSpec, type Payload } from "./agent-options.js";
import type { AgentFault, AgentMessage, AgentOutcome, SupervisedAgent, SupervisorPolicy } from "./agent-types.js";
import { AGENT_ENDED, AGENT_STATUSES, AgentView } from "./agent-view.js";
import { FULL_INBOX, LATE, type Core } from "./core.js";
import { OrchestratorError, describe, type ErrorCode } from "./errors.js";
import { aborted, invalid, kindOf, onAbort, quote, reading, signalOf } from "./input.js";
import { isThenable, mayRetry } from "./provider.js";
import type { JsonValue } from "./types.js";

/** Orders of the kernel, as in `src/wasm/agents.rs`. */
export const FIRST_AGENT_ORDER = 5;
const START = 5, PROMPT = 6, SETTLE = 7, ABORT = 8, HALT = 9, DISCARD = 10, CONSULT = 11, ROOM = 12, ENDED = 13;
const NOBODY = 0xffffffff;
/** Bits of what the core keeps of an agent's messages. */
const REPLIES = 2;
/** Ways to stop an agent, as in `src/wasm/agents.rs`. */
export const DRAIN = 0, STOP = 1, CANCEL = 2;

const ACTIONS: readonly unknown[] = ["restart", "stop", "escalate", "resume"];
const ESCALATE = 2;

/** What a sender is told when there is no reply, in the order of the reasons in `src/kernel/agents/fact.rs`. */
const DROPPED: readonly (readonly [code: ErrorCode, what: string])[] = [
  ["AGENT_FAILED", "could not answer"],
  ["AGENT_TIMEOUT", "held the message for too long"],
  ["AGENT_STOPPED", "ended before it answered"],
  ["ABORTED", "was called off"],
  ["AGENT_STOPPED", "was begun anew before it answered"],
  ["MESSAGE_DROPPED", "got a newer message, which took the place of this one in its inbox"],
  ["ABORTED", "does not get the message, which was taken back"],
  ["AGENT_STOPPED", "was at the message each time the process ended"],
];

/** Who is told of what happens around agents. */
export interface AgentsHost {
  /** There is something to carry out. */
  wake(): void;
  /** Foreign code has failed. */
  complain(error: unknown, where: string): void;
}

export class Agents {
  readonly view: AgentView;
  readonly #core: Core;
  readonly #host: AgentsHost;
  readonly #supervisor: SupervisorPolicy | undefined;
  /** By their keys. */
  readonly #cells: (Cell | undefined)[] = [];
  /** Four numbers each, as they came. */
  #orders: number[] = [];

  constructor(core: Core, supervisor: SupervisorPolicy | undefined, host: AgentsHost) {
    this.view = new AgentView(core);
    this.#core = core;
    this.#supervisor = supervisor;
    this.#host = host;
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
    return (this.#cells[key] = cell);
  }

  spawn(key: number): void {
    // With a journal, those who wait for an end may not know of it yet.
    if (this.#core.kept) for (const member of this.view.family(key)) this.#remember(this.cell(member));
    this.#core.command((glue, now) => glue.spawnAgent(now, key));
  }

  #remember(cell: Cell): void {
    if (cell.waiting.length === 0 || !this.hasEnded(cell)) return;
    cell.former.push({ outcome: this.#outcome(cell), waiting: cell.waiting });
    cell.waiting = [];
  }

  /** Forgets an agent and all below it; gives what is to be told to those who wait once that is durable. */
  remove(key: number): () => void {
    const cells = this.view.family(key).flatMap((member) => this.#cells[member] ?? []);
    const told = cells.map((cell) => ({ cell, outcome: this.#outcome(cell) }));
    this.#core.command((glue, now) => glue.removeAgent(now, key));
    for (const { cell, outcome } of told) {
      cell.removed = outcome.status;
      this.#cells[cell.key] = undefined;
    }
    return () => {
      for (const { cell, outcome } of told) {
        for (const former of cell.former.splice(0)) for (const waiter of former.waiting) waiter.resolve(former.outcome);
        for (const waiter of cell.waiting.splice(0)) {
          if (outcome.status === "registered") waiter.reject(this.#removed(cell));
          else waiter.resolve(outcome);
        }
      }
    };
  }

  status(cell: Cell): (typeof AGENT_STATUSES)[number] {
    return cell.removed ?? AGENT_STATUSES[this.view.status(cell.key)]!;
  }

  hasEnded(cell: Cell): boolean {
    return AGENT_STATUSES.indexOf(this.status(cell)) >= AGENT_ENDED;
  }

  /** Ready when the agent has ended, at once if it has; `durable` when that is kept. */
  async ended(cell: Cell, durable: () => Promise<void> | undefined): Promise<AgentOutcome> {
    const outcome = this.#outcome(cell);
    if (this.hasEnded(cell)) {
      await durable();
      return outcome;
    }
    if (cell.removed !== undefined) throw this.#removed(cell);
    const failure = this.#core.failure();
    if (failure !== undefined) throw failure;
    return new Promise<AgentOutcome>((resolve, reject) => cell.waiting.push({ resolve, reject }));
  }

  stop(cell: Cell, mode: number, reason: string): void {
    if (cell.removed !== undefined) return;
    const core = this.#core;
    core.command((glue, now) => glue.stopAgent(now, cell.key, mode, core.strings().put(reason)));
  }

  /** How an agent stands, in the words for its end. */
  outcome(cell: Cell): AgentOutcome {
    return this.#outcome(cell);
  }

  #outcome(cell: Cell): AgentOutcome {
    const { key, name, lastResult } = cell;
    const failure = this.#core.read((glue) => glue.agentFailure(key));
    return Object.freeze({
      agent: name,
      status: this.status(cell),
      error: failure === undefined ? undefined : (JSON.parse(failure) as { error: string }).error,
      restarts: this.#core.read((glue) => glue.agentRestarts(key)),
      lastResult,
    });
  }

  #removed(cell: Cell): OrchestratorError {
    return new OrchestratorError("AGENT_NOT_FOUND", `the agent ${quote(cell.name)} was removed`);
  }

  // ----- for those who send -----

  send(cell: Cell, input: unknown, options: { readonly signal?: AbortSignal | undefined } | undefined): Promise<JsonValue | undefined> {
    const mail = new Mail(readMessages(input));
    if (options !== undefined) this.#listen(cell, mail, reading("the options", () => signalOf(options)));
    try {
      if (cell.removed !== undefined) throw this.#removed(cell);
      // Nobody overtakes those who wait for room.
      if (cell.line.length > 0 || !this.#post(cell, mail)) cell.line.push(mail);
    } catch (error) {
      mail.deafen?.();
      throw error;
    }
    return mail.promise;
  }

  /** Puts a message into the inbox, if it has room. */
  #post(cell: Cell, mail: Mail): boolean {
    const number = this.#core.sendMessage(cell.key, cell.keeps === 0 ? "" : payloadText(mail.payload));
    if (number === FULL_INBOX) return false;
    mail.number = number;
    cell.mails.set(number, mail);
    return true;
  }

  #listen(cell: Cell, mail: Mail, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) throw aborted(signal);
    mail.deafen = onAbort(signal, () => this.#withdraw(cell, mail, aborted(signal)));
  }

  /** Its sender has called a message off, and is told at once. */
  #withdraw(cell: Cell, mail: Mail, error: OrchestratorError): void {
    if (mail.settled) return;
    mail.refuse(error);
    const core = this.#core;
    if (mail.number === 0) {
      cell.line = cell.line.filter((other) => other !== mail);
    } else if (core.gone === undefined) {
      try {
        core.report((glue, now) => glue.withdrawMessage(now, cell.key, mail.number));
      } catch (refusal) {
        this.#host.complain(refusal, "a message that was called off");
      }
    }
  }

  // ----- for the driver -----

  get pending(): boolean {
    return this.#orders.length > 0;
  }

  /** Those who wait are told at once; what calls into foreign code, or into the core, waits for the pump. */
  order(kind: number, agent: number, second: number, third: number): void {
    if (kind === SETTLE) this.#settle(agent, second, third);
    else if (kind === ENDED) this.#ended(agent);
    else {
      this.#orders.push(kind, agent, second, third);
      this.#host.wake();
    }
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
    if (kind === START) return this.#start(cell, new Life(second));
    if (kind === ROOM) return this.#letIn(cell);
    const { life } = cell;
    if (life === undefined || life.incarnation !== second || life.over) return;
    switch (kind) {
      case PROMPT:
        return this.#prompt(cell, life, third);
      case ABORT:
        if (life.turn?.mail.number === third) this.#abort(life.turn);
        return;
      case HALT:
        life.halting = true;
        return this.#letGo(cell, life);
      case DISCARD:
        life.over = true;
        if (life.turn !== undefined) this.#abort(life.turn, new OrchestratorError("AGENT_STOPPED", `the agent ${quote(cell.name)} was dropped`));
    }
  }

  /** Nothing will come any more: whoever waits is told why, and agents are called off. */
  fail(error: OrchestratorError): void {
    this.#orders = [];
    const cells = this.#cells.filter((cell) => cell !== undefined);
    for (const cell of cells) {
      for (const mail of [...cell.mails.values(), ...cell.line]) mail.refuse(error);
      cell.mails.clear();
      cell.line = [];
      const waiting: Waiter[] = [...cell.former.splice(0).flatMap((former) => former.waiting), ...cell.waiting.splice(0)];
      for (const { reject } of waiting) reject(error);
    }
    for (const { life } of cells) if (life?.turn !== undefined) this.#abort(life.turn, error);
  }

  // ----- what was ordered -----

  #settle(agent: number, message: number, reason: number): void {
    const cell = this.#cells[agent];
    const mail = cell?.mails.get(message);
    if (cell === undefined || mail === undefined) return;
    cell.mails.delete(message);
    if (reason === 0) {
      cell.lastResult = mail.reply;
      if (!mail.settled) mail.fulfil();
      return;
    }
    const [code, what] = DROPPED[reason - 1]!;
    const { cause, failure } = mail;
    const failed = code === "AGENT_FAILED";
    const words = `the agent ${quote(cell.name)} ${what}`;
    mail.refuse(failed ? new OrchestratorError(code, `${words}: ${failure}`, { cause }) : new OrchestratorError(code, words));
  }

  #ended(agent: number): void {
    const cell = this.#cells[agent];
    if (cell === undefined) return;
    const { outcome, waiting } = cell.former.shift() ?? { outcome: undefined, waiting: cell.waiting.splice(0) };
    if (waiting.length === 0) return;
    const told = outcome ?? this.#outcome(cell);
    for (const waiter of waiting) waiter.resolve(told);
  }

  #start(cell: Cell, life: Life): void {
    const { factory, key, name } = cell;
    if (factory === undefined) return;
    cell.life = life;
    try {
      const start = Object.freeze({ name, incarnation: life.incarnation, state: stateOf(this.#core, key) });
      const made: unknown = factory(start);
      if (isThenable(made)) {
        Promise.resolve(made).then(
          (agent) => this.#made(cell, life, agent),
          (thrown: unknown) => this.#notMade(cell, life, thrown),
        );
      } else {
        this.#made(cell, life, made);
      }
    } catch (thrown) {
      this.#notMade(cell, life, thrown);
    }
  }

  #made(cell: Cell, life: Life, made: unknown): void {
    try {
      if (typeof made !== "object" || made === null) throw notAnAgent(cell, kindOf(made));
      const agent = made as SupervisedAgent;
      const { prompt, stopped } = agent;
      if (typeof prompt !== "function") throw notAnAgent(cell, `an object whose prompt is ${kindOf(prompt)}`);
      if (stopped !== undefined && typeof stopped !== "function") throw notAnAgent(cell, `an object whose stopped is ${kindOf(stopped)}`);
      life.agent = agent;
      life.prompt = prompt;
      life.stopped = stopped;
    } catch (thrown) {
      return this.#notMade(cell, life, thrown);
    }
    const late = this.#report((glue, now) => glue.agentReady(now, cell.key, life.incarnation)) === LATE;
    if (late) this.#stopped(cell, life, () => {});
    else if (life.halting) this.#letGo(cell, life);
  }

  #notMade(cell: Cell, life: Life, thrown: unknown): void {
    if (!life.over) cell.cause = thrown;
    // When it was to go, nothing is expected of it any more.
    life.over = true;
    this.#tellFailure(cell, life, 0, describe(thrown), mayRetry(thrown));
  }

  #prompt(cell: Cell, life: Life, message: number): void {
    const mail = this.#mailFor(cell, message);
    const { key } = cell;
    if (mail === undefined) {
      // It was taken back a moment ago. The agent has time for the next one.
      this.#report(() => this.#core.agentReplied(key, life.incarnation, message, ""));
      return;
    }
    const turn = new Turn(this.#core, cell, life, mail);
    life.turn = turn;
    try {
      const returned: unknown = Reflect.apply(life.prompt!, life.agent, [messagesOf(mail.payload), new Context(turn)]);
      if (returned instanceof Promise) {
        returned.then(
          (value) => this.#answered(turn, value),
          (thrown: unknown) => this.#failed(turn, thrown),
        );
      } else if (isThenable(returned)) {
        Promise.resolve(returned).then(
          (value) => this.#answered(turn, value),
          (thrown: unknown) => this.#failed(turn, thrown),
        );
      } else {
        this.#answered(turn, returned);
      }
    } catch (thrown) {
      this.#failed(turn, thrown);
    }
  }

  /** The message with this number, if it still counts: one that was sent here, or one that a journal has kept. */
  #mailFor(cell: Cell, message: number): Mail | undefined {
    const known = cell.mails.get(message);
    if (known !== undefined && !known.settled) return known;
    const payload = this.#core.read((glue) => glue.messagePayload(cell.key, message));
    if (payload === undefined) return undefined;
    const mail = new Mail(JSON.parse(payload) as readonly AgentMessage[] satisfies Payload);
    mail.number = message;
    cell.mails.set(message, mail);
    return mail;
  }

  #answered(turn: Turn, value: unknown): void {
    const { cell, life, mail } = turn;
    let text = "";
    try {
      if (isPlain(value)) {
        mail.reply = typeof value === "string" ? value.toWellFormed() : value;
        if ((cell.keeps & REPLIES) !== 0) text = JSON.stringify(mail.reply ?? null);
      } else {
        text = jsonText("the reply", value, rubbish);
        const copy = JSON.parse(text) as JsonValue;
        if (isFailure(copy)) return this.#failed(turn, copy, toldBy(copy), copy.retryable !== false);
        mail.reply = copy;
        if ((cell.keeps & REPLIES) === 0) text = "";
      }
      if (this.#core.gone === undefined) this.#core.agentReplied(cell.key, life.incarnation, mail.number, text);
    } catch (error) {
      return this.#failed(turn, error);
    }
    this.#over(turn, false);
  }

  #failed(turn: Turn, thrown: unknown, error = describe(thrown), retryable = mayRetry(thrown)): void {
    const { cell, life, mail } = turn;
    mail.cause = thrown;
    mail.failure = error;
    if (!life.over) cell.cause = thrown;
    this.#tellFailure(cell, life, mail.number, error, retryable);
    this.#over(turn, true);
  }

  #tellFailure(cell: Cell, { incarnation }: Life, message: number, error: string, retryable: boolean): void {
    const core = this.#core;
    this.#report((glue, now) => glue.agentFailed(now, cell.key, incarnation, message, core.strings().put(error), retryable));
  }

  /** An agent has finished a message. */
  #over(turn: Turn, failed: boolean): void {
    const { cell, life } = turn;
    if (life.turn === turn) life.turn = undefined;
    if (!life.halting || life.over) return;
    if (failed) this.#halted(cell, life);
    else this.#letGo(cell, life);
  }

  /** Lets an agent go that has nothing to finish. */
  #letGo(cell: Cell, life: Life): void {
    if (life.agent !== undefined && life.turn === undefined) this.#stopped(cell, life, () => this.#halted(cell, life));
  }

  /** Tells an agent that it is to go; what it does about that is its own affair. */
  #stopped(cell: Cell, life: Life, then: () => void): void {
    const failed = (error: unknown): void => {
      this.#host.complain(error, `the agent ${quote(cell.name)}, which was to stop`);
      then();
    };
    try {
      const returned: unknown = life.stopped === undefined ? undefined : Reflect.apply(life.stopped, life.agent, []);
      if (isThenable(returned)) Promise.resolve(returned).then(then, failed);
      else then();
    } catch (error) {
      failed(error);
    }
  }

  #halted(cell: Cell, life: Life): void {
    if (!life.over) this.#report((glue, now) => glue.agentHalted(now, cell.key, life.incarnation));
  }

  /** Listeners of a signal are foreign code. */
  #abort(turn: Turn, reason?: OrchestratorError): void {
    const { mail, cell } = turn;
    try {
      turn.abort(mail.error ?? reason ?? new OrchestratorError("AGENT_TIMEOUT", `the agent ${quote(cell.name)} held the message for too long`));
    } catch (error) {
      this.#host.complain(error, "a listener of a signal");
    }
  }

  #letIn(cell: Cell): void {
    while (cell.line.length > 0) {
      const mail = cell.line[0]!;
      try {
        if (!this.#post(cell, mail)) return;
      } catch (error) {
        mail.refuse(OrchestratorError.isInstance(error) ? error : invalid(describe(error), error));
      }
      cell.line.shift();
    }
  }

  #consult(by: number, about: number, origin: number): void {
    const core = this.#core;
    const policy = by === NOBODY ? this.#supervisor : this.#cells[by]?.supervisor;
    let action = ESCALATE;
    try {
      const fault = this.#fault(origin);
      const name = core.read((glue) => glue.agentName(about));
      const said: unknown = policy?.(name, fault);
      if (isThenable(said)) void Promise.resolve(said).catch(() => {});
      action = ACTIONS.indexOf(said);
      if (action < 0) {
        action = ESCALATE;
        throw invalid(`a supervisor must say restart, stop, escalate or resume, not ${typeof said === "string" ? quote(said) : kindOf(said)}`);
      }
    } catch (error) {
      this.#host.complain(error, "a supervisor");
    }
    this.#report((glue, now) => glue.decideAgent(now, origin, about, action));
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

  /**
   * Tells the core what foreign code has done. A refusal says that the agent was removed meanwhile, or that the core or
   * the journal is gone, which everybody is told by other calls.
   */
  #report(use: Parameters<Core["report"]>[0]): number {
    if (this.#core.gone !== undefined) return LATE;
    try {
      return this.#core.report(use);
    } catch (error) {
      if (!OrchestratorError.isInstance(error)) throw error;
      return LATE;
    }
  }
}

/** Whether it can be handed on as it is. */
function isPlain(value: unknown): value is string | number | boolean | null | undefined {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" || typeof value === "boolean" || value === undefined || value === null;
}

interface Failure {
  readonly error?: unknown;
  readonly retryable?: unknown;
}

/** Whether an answer says that it is none. */
function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { stopReason, success } = value as { stopReason?: unknown; success?: unknown };
  return stopReason === "error" || success === false;
}

const toldBy = ({ error }: Failure): string => (typeof error === "string" ? error.slice(0, 65_536) : "the agent says that it failed");

const rubbish = (message: string, cause?: unknown): OrchestratorError =>
  new OrchestratorError("INVALID_RESULT", message, cause === undefined ? undefined : { cause });

const notAnAgent = (cell: Cell, found: string): OrchestratorError =>
  rubbish(`the factory of the agent ${quote(cell.name)} gave ${found}; expected an object with a function prompt`);
