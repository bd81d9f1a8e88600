/** What a planner passes beside the text. It may be anything; no more is read of it than the fields that are known. */
import { OrchestratorError, type TaskStatus, _describe as describe, _invalid as invalid, _kindOf as kindOf, _string as string } from "../../api.js";
import type { Lexicon } from "./lexicon.js";
import { phraseAt, wordsOf } from "./words.js";

const STATUSES = ["pending", "blocked", "running", "paused", "completed", "failed", "cancelled"] as const satisfies readonly TaskStatus[];

/** A field by its name, or `undefined` when it is absent; refused when it is of another kind. */
export interface Parameters {
  /** The first of these that is not blank, trimmed. */
  text(...names: readonly string[]): string | undefined;
  flag(name: string): boolean | undefined;
  /** A whole number from 1 to a largest one. */
  count(name: string, most: number): number | undefined;
  /** Texts that are not blank, of a list or of one text with a line for each. */
  texts(name: string): readonly string[];
  /** A status, by its own word or one of the language; `all` for no filter. */
  status(name: string, lexicon: Lexicon): TaskStatus | "all" | undefined;
}

export function parametersOf(values: unknown): Parameters {
  if (typeof (values ?? {}) !== "object") throw invalid(`the parameters must be an object, not ${kindOf(values)}`);
  const field = (name: string): unknown => {
    try {
      return values && Object.hasOwn(values, name) ? (values as { readonly [name: string]: unknown })[name] ?? undefined : undefined;
    } catch (cause) {
      throw OrchestratorError.isInstance(cause) ? cause : invalid(`${name} could not be read: ${describe(cause)}`, cause);
    }
  };
  /** A field that a check says is right. */
  const checked = <T>(name: string, kind: string, is: (value: unknown) => boolean): T | undefined => {
    const value = field(name);
    if (value === undefined || is(value)) return value as T | undefined;
    throw invalid(`${name} must be ${kind}, not ${typeof value === "number" ? value : kindOf(value)}`);
  };
  const text = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = field(name);
      if (value !== undefined && string(name, value).trim() !== "") return string(name, value).trim();
    }
    return undefined;
  };
  return {
    text,
    flag: (name) => checked(name, "true or false", (value) => typeof value === "boolean"),
    count: (name, most) => checked(name, `a whole number from 1 to ${most}`, (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most),
    texts: (name) => {
      const value = checked<string | readonly unknown[]>(name, "an array of strings", (value) => typeof value === "string" || Array.isArray(value)) ?? [];
      return Array.from(typeof value === "string" ? value.split("\n") : value, (item) => string(name, item).trim()).filter((item) => item !== "");
    },
    status: (name, { all, statuses }) => {
      const words = wordsOf(text(name) ?? "");
      if (words.length === 0) return undefined;
      const status = STATUSES.find((status) => status === words[0]!.word) ?? phraseAt(statuses, words, 0)?.value ?? (phraseAt(all, words, 0) && "all");
      if (status === undefined || words.length > 1) throw invalid(`${name} must be one of ${STATUSES.join(", ")}`);
      return status;
    },
  };
}
