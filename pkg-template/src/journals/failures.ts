/** What a host's refusal to read or write is told as. */
import { OrchestratorError, _describe as describe } from "../api.js";

const FULL = new Set(["ENOSPC", "EDQUOT", "QuotaExceededError"]);

/** The host's word for what went wrong: a code in Node, a name in browsers. */
export function hostCode(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  const { code, name } = thrown as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : typeof name === "string" ? name : "";
}

/** An error of ours is passed on; any other is one of the journal, and says what was being done. */
export function failure(doing: string, thrown: unknown): OrchestratorError {
  if (OrchestratorError.isInstance(thrown)) return thrown;
  const code = FULL.has(hostCode(thrown)) ? "JOURNAL_FULL" : "JOURNAL_FAILED";
  return new OrchestratorError(code, `${doing}: ${describe(thrown)}`, { cause: thrown });
}

/** For calls on a journal that is not open. */
export const notOpen = (): OrchestratorError =>
  new OrchestratorError("JOURNAL_FAILED", "the journal is not open: load() opens it, also after close()");
