/** What a table of a language has: every word that is understood, every text that is said. English is one such table. */
import type { TaskStatus } from "../../api.js";

/** What can be done to a task that somebody names; `again` is to resume one that has ended. */
export type Control = "switch" | "pause" | "resume" | "again" | "cancel";
/** What a verb may ask for. `work` is to do something, without a word of tasks. */
export type VerbGroup = "new" | "work" | "search" | "list" | Control;

/** All texts that are said; what stands in braces is filled in. */
export type ReplyKey =
  | "created" | "kept" | "untitled" | "plan" | "none" | "list" | "line" | "current" | "more" | "switchWhich" | "searchWhat" | "found" | "foundNone"
  | "notFound" | "which" | "whichHint" | "foreign" | "refused" | "useRestart" | "failed" | "switched" | "paused" | "resumed" | "restarted" | "cancelled"
  | "nothingTo" | "interrupted" | "interruptedHint" | "context" | "recent" | "recentLine" | "noContext" | "noService" | "noName" | "noStatus";

/**
 * The table of a language. Words are matched whole, whatever their case; an entry of several words matches them in a
 * row.
 */
export interface Language {
  /** Its tag, such as `en`. */
  readonly language: string;
  /** What a task is called, alone or as one of many; then only what many are called. */
  readonly task: readonly string[];
  readonly tasks: readonly string[];
  /** Said before what is meant, such as "could you". */
  readonly fillers: readonly string[];
  readonly negations: readonly string[];
  /** Words that begin a question about something rather than a request for it. */
  readonly questions: readonly string[];
  /** Words between one request and the next. */
  readonly joins: readonly string[];
  readonly articles: readonly string[];
  /** Articles of something that is not there yet. */
  readonly indefinite: readonly string[];
  readonly mine: readonly string[];
  /** The task that was spoken of last. */
  readonly pronouns: readonly string[];
  readonly ones: readonly string[];
  /** Small words that tell nothing of which task. */
  readonly links: readonly string[];
  readonly all: readonly string[];
  /** Links between a task and its name or subject. */
  readonly about: readonly string[];
  /** Words before a provider. */
  readonly using: readonly string[];
  readonly ordinals: { readonly [word: string]: number };
  readonly numbers: { readonly [word: string]: number };
  readonly last: readonly string[];
  readonly newest: readonly string[];
  readonly oldest: readonly string[];
  readonly statuses: { readonly [word: string]: TaskStatus };
  readonly verbs: { readonly [G in VerbGroup]: readonly string[] };
  /** Texts that ask for something although they name no task. */
  readonly alone: readonly string[];
  readonly replies: { readonly [K in ReplyKey]: string };
  readonly emoji: { readonly [S in TaskStatus]: string };
  /** What is done, as replies say it. */
  readonly says: { readonly [C in Control]: string };
}
