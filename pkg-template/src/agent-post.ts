/** Messages on their way to agents, for those who send them. */
import type { Cell } from "./agent-cell.js";
import { Mail } from "./agent-mail.js";
import { payloadText, readMessages } from "./agent-options.js";
import { FULL_INBOX, type Core } from "./core.js";
import { OrchestratorError, describe, type ErrorCode } from "./errors.js";
import { aborted, invalid, onAbort, quote, reading, signalOf } from "./input.js";
import type { JsonValue } from "./types.js";

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

/** Who is told of what fails around messages. */
export interface PostHost {
  complain(error: unknown, where: string): void;
}

export class Post {
  constructor(
    private readonly core: Core,
    private readonly host: PostHost,
  ) {}

  send(cell: Cell, input: unknown, options: { readonly signal?: AbortSignal | undefined } | undefined): Promise<JsonValue | undefined> {
    const mail = new Mail(readMessages(input));
    if (options !== undefined) this.listen(cell, mail, reading("the options", () => signalOf(options)));
    // A signal that is anybody's may have called back at once.
    if (mail.settled) return mail.promise;
    try {
      if (cell.removed !== undefined) throw new OrchestratorError("AGENT_NOT_FOUND", `the agent ${quote(cell.name)} was removed`);
      // Nobody overtakes those who wait for room.
      if (cell.line.size > 0 || !this.put(cell, mail)) cell.line.add(mail);
    } catch (error) {
      mail.deafen?.();
      throw error;
    }
    return mail.promise;
  }

  /** An inbox has room again. */
  letIn(cell: Cell): void {
    for (const mail of cell.line) {
      try {
        if (!this.put(cell, mail)) return;
      } catch (error) {
        mail.refuse(OrchestratorError.isInstance(error) ? error : invalid(describe(error), error));
      }
      cell.line.delete(mail);
    }
  }

  /** Tells whoever sent a message what became of it. */
  settle(cell: Cell, message: number, reason: number): void {
    const mail = cell.mails.get(message);
    if (mail === undefined) return;
    cell.mails.delete(message);
    if (reason === 0) {
      cell.lastResult = mail.reply;
      if (!mail.settled) mail.fulfil();
      return;
    }
    const [code, what] = DROPPED[reason - 1]!;
    const words = `the agent ${quote(cell.name)} ${what}`;
    const { cause, failure } = mail;
    mail.refuse(code === "AGENT_FAILED" ? new OrchestratorError(code, `${words}: ${failure}`, { cause }) : new OrchestratorError(code, words));
  }

  /** Nothing will come any more. */
  fail(cell: Cell, error: OrchestratorError): void {
    for (const mail of [...cell.mails.values(), ...cell.line]) mail.refuse(error);
    cell.mails.clear();
    cell.line.clear();
  }

  /** Puts a message into the inbox, if it has room. */
  private put(cell: Cell, mail: Mail): boolean {
    const number = this.core.sendMessage(cell.key, cell.keeps === 0 ? "" : payloadText(mail.payload));
    if (number === FULL_INBOX) return false;
    mail.number = number;
    cell.mails.set(number, mail);
    return true;
  }

  private listen(cell: Cell, mail: Mail, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) throw aborted(signal);
    mail.deafen = onAbort(signal, () => this.withdraw(cell, mail, aborted(signal)));
  }

  /** Its sender has called a message off, and is told at once. */
  private withdraw(cell: Cell, mail: Mail, error: OrchestratorError): void {
    if (mail.settled) return;
    mail.refuse(error);
    const { core } = this;
    if (cell.line.delete(mail) || core.gone !== undefined) return;
    try {
      core.report((glue, now) => glue.withdrawMessage(now, cell.key, mail.number));
    } catch (refusal) {
      this.host.complain(refusal, "a message that was called off");
    }
  }
}
