/** What a planner passes beside the text. It may be anything; each field is read once, and nothing but the fields that are known. */
import { OrchestratorError, type TaskStatus, _describe as describe, _invalid as invalid, _kindOf as kindOf, _string as string } from "../../api.js";
import type { Lexicon } from "./lexicon.js";
import { phraseAt, wordsOf } from "./words.js";

const STATUSES: readonly string[] = ["pending", "blocked", "running", "paused", "completed", "failed", "cancelled"];
const LARGEST_LIST = 100;

export class Parameters {
  constructor(private readonly values: unknown) {
    if (values !== undefined && values !== null && typeof values !== "object") throw invalid(`the parameters must be an object, not ${kindOf(values)}`);
  }

  /** The first of these fields that is there, with its name. */
  private field(names: readonly string[]): readonly [name: string, value: unknown] | undefined {
    const { values } = this;
    if (values === undefined || values === null) return undefined;
    try {
      for (const name of names) {
        const value = Object.hasOwn(values, name) ? (values as { readonly [name: string]: unknown })[name] : undefined;
        if (value !== undefined && value !== null) return [name, value];
      }
    } catch (cause) {
      throw OrchestratorError.isInstance(cause) ? cause : invalid(`the parameters could not be read: ${describe(cause)}`, cause);
    }
    return undefined;
  }

  /** A text, trimmed; a blank one counts as absent. */
  text(...names: readonly string[]): string | undefined {
    const field = this.field(names);
    return field && (string(...field).trim() || undefined);
  }

  flag(name: string): boolean | undefined {
    const value = this.field([name])?.[1];
    if (value === undefined || typeof value === "boolean") return value;
    throw invalid(`${name} must be true or false, not ${kindOf(value)}`);
  }

  /** Texts that are not blank, of a list or of one text with a line for each. */
  texts(name: string): readonly string[] | undefined {
    const value = this.field([name])?.[1];
    if (value === undefined) return undefined;
    if (typeof value !== "string" && !Array.isArray(value)) throw invalid(`${name} must be an array of strings, not ${kindOf(value)}`);
    const items: readonly unknown[] = typeof value === "string" ? value.split("\n") : (value as unknown[]);
    return Array.from(items, (item, index) => string(`${name}[${index}]`, item).trim()).filter((item) => item !== "");
  }

  /** How many tasks to list. */
  limit(): number | undefined {
    const value = this.field(["limit"])?.[1];
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LARGEST_LIST) return value;
    throw invalid(`limit must be a whole number from 1 to ${LARGEST_LIST}, not ${typeof value === "number" ? value : kindOf(value)}`);
  }

  /** A status, by its own word or one of the language; `all` for no filter. */
  status(lexicon: Lexicon): TaskStatus | "all" | undefined {
    const text = this.text("status");
    if (text === undefined) return undefined;
    const words = wordsOf(text, false);
    const [word] = words;
    const plain = word?.word ?? "";
    const status = STATUSES.includes(plain) ? (plain as TaskStatus) : phraseAt(lexicon.statuses, words, 0)?.value;
    if (words.length === 1 && status !== undefined) return status;
    if (words.length === 1 && phraseAt(lexicon.all, words, 0) !== undefined) return "all";
    throw invalid(`status must be one of ${STATUSES.join(", ")}`);
  }
}
