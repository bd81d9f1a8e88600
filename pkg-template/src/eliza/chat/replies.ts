/** What is said, out of the table of a language. */
import type { OrchestratedTask } from "../../api.js";
import type { Language, ReplyKey } from "./language.js";
import { oneLine } from "./words.js";

/** How many interrupted tasks a message names. */
const INTERRUPTED = 10;

/** What braces are filled with. */
export type Values = { readonly [name: string]: string | number };

/** A text with its braces filled in. What is filled in is on one line, and never filled in itself. */
export const say = ({ replies }: Language, key: ReplyKey, values: Values = {}): string =>
  replies[key].replace(/\{(\w+)\}/g, (brace, name: string) => (Object.hasOwn(values, name) ? oneLine(String(values[name])) : brace));

/** A line for each of the first tasks, and how many there are beyond. */
export function lines(language: Language, key: "line" | "recentLine", tasks: readonly OrchestratedTask[], most: number, currentId?: string, total = tasks.length): string[] {
  const said = tasks.slice(0, most).map((task, index) => {
    const { id, name, status, progress } = task;
    return say(language, key, { name, status, progress, number: index + 1, emoji: language.emoji[status] }) + (id === currentId ? say(language, "current") : "");
  });
  return total > most ? [...said, say(language, "more", { count: total - most })] : said;
}

/** Tells of tasks that a restart has interrupted, and how to go on with them. */
export const offer = (language: Language, tasks: readonly OrchestratedTask[]): string =>
  [say(language, "interrupted"), ...lines(language, "line", tasks, INTERRUPTED), say(language, "interruptedHint")].join("\n");
