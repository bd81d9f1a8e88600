/** Calls factories and agents. Whatever they do ends in one report, and nothing reaches anybody else. */
import { Life, type Cell } from "./agent-cell.js";
import { Context, stateOf, Turn } from "./agent-context.js";
import { Mail } from "./agent-mail.js";
import { bounded, jsonText, messagesOf } from "./agent-options.js";
import type { AgentMessage, SupervisedAgent } from "./agent-types.js";
import { LATE, type Core } from "./core.js";
import { OrchestratorError, describe } from "./errors.js";
import { kindOf, quote } from "./input.js";
import { isThenable, mayRetry } from "./provider.js";
import type { JsonValue } from "./types.js";

/** Bit of what the core keeps of an agent's messages. */
const REPLIES = 2;

/** Who is told of what fails around agents. */
export interface RunnerHost {
  complain(error: unknown, where: string): void;
}

export class Runner {
  constructor(
    private readonly core: Core,
    private readonly host: RunnerHost,
  ) {}

  // ----- what was ordered -----

  start(cell: Cell, incarnation: number): void {
    const { factory, key, name } = cell;
    if (factory === undefined) return;
    const life = (cell.life = new Life(incarnation));
    try {
      const made: unknown = factory(Object.freeze({ name, incarnation, state: stateOf(this.core, key) }));
      if (isThenable(made)) {
        Promise.resolve(made).then(
          (agent) => this.made(cell, life, agent),
          (thrown: unknown) => this.notMade(cell, life, thrown),
        );
      } else {
        this.made(cell, life, made);
      }
    } catch (thrown) {
      this.notMade(cell, life, thrown);
    }
  }

  prompt(cell: Cell, life: Life, message: number): void {
    const mail = this.mailFor(cell, message);
    // It was taken back a moment ago. The agent has time for the next one.
    if (mail === undefined) return this.replied(cell, life, message, "");
    const turn = new Turn(this.core, cell, life, mail);
    life.turn = turn;
    try {
      const returned: unknown = Reflect.apply(life.prompt!, life.agent, [messagesOf(mail.payload), new Context(turn)]);
      if (returned instanceof Promise) {
        returned.then(
          (value) => this.answered(turn, value),
          (thrown: unknown) => this.failed(turn, thrown),
        );
      } else if (isThenable(returned)) {
        Promise.resolve(returned).then(
          (value) => this.answered(turn, value),
          (thrown: unknown) => this.failed(turn, thrown),
        );
      } else {
        this.answered(turn, returned);
      }
    } catch (thrown) {
      this.failed(turn, thrown);
    }
  }

  /** The message that an agent is at no longer counts. */
  abort(cell: Cell, { turn }: Life, message: number): void {
    if (turn?.mail.number === message) this.call(turn, turn.mail.error ?? new OrchestratorError("AGENT_TIMEOUT", `the agent ${quote(cell.name)} held the message for too long`));
  }

  /** An agent is to go when it has finished what it is at. */
  halt(cell: Cell, life: Life): void {
    life.halting = true;
    this.letGo(cell, life);
  }

  /** An agent is dropped where it stands. */
  discard(cell: Cell, life: Life): void {
    life.over = true;
    if (life.turn !== undefined) this.call(life.turn, new OrchestratorError("AGENT_STOPPED", `the agent ${quote(cell.name)} was dropped`));
  }

  /** Calls an agent off. Listeners of a signal are foreign code. */
  call(turn: Turn, reason: OrchestratorError): void {
    try {
      turn.abort(reason);
    } catch (error) {
      this.host.complain(error, "a listener of a signal");
    }
  }

  /**
   * Tells the core what foreign code has done. A refusal says that the agent was removed meanwhile, or that the core or
   * the journal is gone, which everybody is told by other calls.
   */
  report(use: Parameters<Core["report"]>[0]): number {
    if (this.core.gone !== undefined) return LATE;
    try {
      return this.core.report(use);
    } catch (error) {
      if (!OrchestratorError.isInstance(error)) throw error;
      return LATE;
    }
  }

  // ----- what came of it -----

  private made(cell: Cell, life: Life, made: unknown): void {
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
      return this.notMade(cell, life, thrown);
    }
    const late = this.report((glue, now) => glue.agentReady(now, cell.key, life.incarnation)) === LATE;
    if (late) this.stopped(cell, life, () => {});
    else if (life.halting) this.letGo(cell, life);
  }

  private notMade(cell: Cell, life: Life, thrown: unknown): void {
    if (!life.over) cell.cause = thrown;
    // When it was to go, nothing is expected of it any more.
    life.over = true;
    this.tellFailure(cell, life, 0, describe(thrown), mayRetry(thrown));
  }

  /** The message with this number, if it still counts: one that was sent here, or one that a journal has kept. */
  private mailFor(cell: Cell, message: number): Mail | undefined {
    const known = cell.mails.get(message);
    if (known !== undefined && !known.settled) return known;
    const payload = this.core.read((glue) => glue.messagePayload(cell.key, message));
    if (payload === undefined) return undefined;
    const mail = new Mail(JSON.parse(payload) as readonly AgentMessage[]);
    mail.number = message;
    cell.mails.set(message, mail);
    return mail;
  }

  private answered(turn: Turn, value: unknown): void {
    const { cell, life, mail } = turn;
    // The message may have been given to the next start, whose reply is the one that counts.
    if (life.over) return this.replied(cell, life, mail.number, "");
    const recorded = (cell.keeps & REPLIES) !== 0;
    let text = "";
    try {
      if (isPlain(value)) {
        if (typeof value === "string") bounded("the reply", [value]);
        mail.reply = typeof value === "string" ? value.toWellFormed() : value;
        if (recorded) text = JSON.stringify(mail.reply ?? null);
      } else {
        const json = jsonText("the reply", value, rubbish);
        bounded("the reply", [json]);
        const copy = JSON.parse(json) as JsonValue;
        if (isFailure(copy)) return this.failed(turn, copy, toldBy(copy), copy.retryable !== false);
        mail.reply = copy;
        if (recorded) text = json;
      }
      if (this.core.gone === undefined) this.core.agentReplied(cell.key, life.incarnation, mail.number, text);
    } catch (error) {
      return this.failed(turn, error);
    }
    this.finished(turn);
  }

  private failed(turn: Turn, thrown: unknown, error = describe(thrown), retryable = mayRetry(thrown)): void {
    const { cell, life, mail } = turn;
    if (!life.over) {
      mail.cause = cell.cause = thrown;
      mail.failure = error;
    }
    this.tellFailure(cell, life, mail.number, error, retryable);
    this.finished(turn);
  }

  private replied(cell: Cell, { incarnation }: Life, message: number, text: string): void {
    this.report((glue, now) => glue.agentReplied(now, cell.key, incarnation, message, this.core.strings().put(text)));
  }

  private tellFailure(cell: Cell, { incarnation }: Life, message: number, error: string, retryable: boolean): void {
    this.report((glue, now) => glue.agentFailed(now, cell.key, incarnation, message, this.core.strings().put(error), retryable));
  }

  /** An agent has finished a message. */
  private finished(turn: Turn): void {
    const { cell, life } = turn;
    if (life.turn === turn) life.turn = undefined;
    if (life.halting && !life.over) this.letGo(cell, life);
  }

  /** Lets an agent go that has nothing to finish. */
  private letGo(cell: Cell, life: Life): void {
    if (life.agent !== undefined && life.turn === undefined) this.stopped(cell, life, () => this.halted(cell, life));
  }

  /** Tells an agent that it is to go; what it does about that is its own affair. */
  private stopped(cell: Cell, life: Life, then: () => void): void {
    const failed = (error: unknown): void => {
      this.host.complain(error, `the agent ${quote(cell.name)}, which was to stop`);
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

  private halted(cell: Cell, life: Life): void {
    if (!life.over) this.report((glue, now) => glue.agentHalted(now, cell.key, life.incarnation));
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
