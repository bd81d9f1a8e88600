/** What is said, out of the table of a language. */
import type { OrchestratedTask } from "../../api.js";
import type { Language, ReplyKey } from "./language.js";
import { oneLine } from "./words.js";

type Values = { readonly [name: string]: string | number };

export class Replies {
  constructor(private readonly language: Language) {}

  /** A text with its braces filled in. What is filled in is on one line, and never filled in itself. */
  say(key: ReplyKey, values: Values = {}): string {
    return this.language.replies[key].replace(/\{(\w+)\}/g, (brace, name: string) => (Object.hasOwn(values, name) ? oneLine(String(values[name])) : brace));
  }

  /** The texts for values of a task: its name, status and progress. */
  task(key: ReplyKey, task: OrchestratedTask, more: Values = {}): string {
    const { name, status, progress } = task;
    return this.say(key, { name, status, progress, emoji: this.language.emoji[status], ...more });
  }

  /** A line for each of the first tasks, and how many there are beyond. */
  lines(key: "line" | "recentLine", tasks: readonly OrchestratedTask[], most: number, current?: OrchestratedTask): string[] {
    const lines = tasks.slice(0, most).map((task, index) => this.task(key, task, { number: index + 1 }) + (task.id === current?.id ? this.say("current") : ""));
    return tasks.length > most ? [...lines, this.say("more", { count: tasks.length - most })] : lines;
  }
}
