/** Finding the task that is meant among those that somebody sees. Where more than one is left, none is taken. */
import type { ListQuery, OrchestratedTask, OrchestratorApi, TaskStatus } from "../../api.js";
import type { Control } from "./language.js";
import type { Lexicon } from "./lexicon.js";
import type { Shown } from "./shown.js";
import type { Named } from "./target.js";
import type { Sight } from "./viewer.js";
import { fold, oneLine, wordsOf } from "./words.js";

/** What was found. `all` are to be acted on, each of them; `which` are the ones to choose from. */
export type Found =
  | { readonly kind: "one"; readonly task: OrchestratedTask }
  | { readonly kind: "all" | "which"; readonly tasks: readonly OrchestratedTask[] }
  | { readonly kind: "nothing" | "foreign" | "notFound" };

const TERMINAL: readonly TaskStatus[] = ["completed", "failed", "cancelled"];

/** Which of several tasks can be meant, since the others stand where that cannot be done. */
const CANNOT: { readonly [C in Control]: readonly TaskStatus[] } = {
  switch: [],
  pause: ["paused", ...TERMINAL],
  resume: ["blocked", "running", ...TERMINAL],
  again: ["running"],
  cancel: TERMINAL,
};

/** As many as the search is asked for when no name has all the words. */
const FOUND = 50;
/** No name is longer, in bytes. */
const LONGEST = 1024;
const SHORTEST_ID = 4;

const LETTERS = /[\p{Alphabetic}\p{N}]/u;
const flat = (text: string): string => fold(oneLine(text));
const unique = (tasks: Iterable<OrchestratedTask | undefined>): OrchestratedTask[] => {
  const byId = new Map<string, OrchestratedTask>();
  for (const task of tasks) if (task !== undefined) byId.set(task.id, task);
  return [...byId.values()];
};

export class Finder {
  constructor(
    private readonly orchestrator: OrchestratorApi,
    private readonly lexicon: Lexicon,
    private readonly shown: Shown,
    private readonly sight: Sight,
  ) {}

  /** The task with exactly this id. */
  byId(id: string): Found {
    const task = this.sight.task(id);
    if (task !== undefined) return { kind: "one", task };
    return { kind: this.orchestrator.getTask(id) === undefined ? "notFound" : "foreign" };
  }

  /** The task, or tasks, that words mean. */
  find({ target, ...named }: Named, control: Control): Found {
    const { mine, all, quoted, ordinal, words } = target;
    const exact = [...this.exact(named.names, quoted !== undefined, (query) => this.sight.tasks(query))];
    const plain = all === undefined && quoted === undefined && ordinal === undefined && words === undefined;
    const { tasks: candidates, guessed = false } = plain
      ? { tasks: unique([...exact, this.sight.current(mine)]) }
      : exact.length > 0 ? { tasks: unique(exact) } : this.candidates({ target, ...named });
    if (candidates.length === 0) return { kind: plain || (all === true && words === undefined) ? "nothing" : this.elsewhere(named.names, quoted !== undefined) };

    const possible = candidates.filter(({ status }) => !CANNOT[control].includes(status));
    if (all === true && exact.length === 0 && !guessed && control !== "switch") return possible.length > 0 ? { kind: "all", tasks: possible } : { kind: "nothing" };
    const [task] = candidates.length === 1 ? candidates : possible;
    if (task !== undefined && (candidates.length === 1 || possible.length === 1)) return { kind: "one", task };
    return { kind: "which", tasks: possible.length > 0 ? possible : candidates };
  }

  /** Whether exactly that is there where it may not be seen. */
  private elsewhere(names: readonly string[], literal: boolean): "foreign" | "notFound" {
    const [task] = this.exact(names, literal, (query) => this.sight.pages(query));
    return task === undefined ? "notFound" : "foreign";
  }

  /** Tasks with one of these as id or name; an article before a name is of no account, unless it is `literal`. */
  private *exact(names: readonly string[], literal: boolean, tasks: (query: ListQuery) => Iterable<OrchestratedTask>): Generator<OrchestratedTask, undefined> {
    for (const name of names) {
      const wanted = literal ? flat(name) : this.bare(name);
      for (const task of this.matching(name, tasks)) {
        if (task.id === name || wanted === (literal ? flat(task.name) : this.bare(task.name))) yield task;
      }
    }
  }

  /** A name folded, without articles in front. */
  private bare(name: string): string {
    const words = flat(name).split(" ");
    const article = (word: string): boolean => this.lexicon.articles.get(word)?.some((phrase) => phrase.words.length === 1) ?? false;
    while (words.length > 1 && article(words[0]!)) words.shift();
    return words.join(" ");
  }

  /** Tasks whose words begin with those of a text, or whose id does; where it has no words, all. */
  private *matching(text: string, tasks: (query: ListQuery) => Iterable<OrchestratedTask>): Generator<OrchestratedTask, undefined> {
    if (new TextEncoder().encode(text.slice(0, LONGEST + 1)).length > LONGEST) return;
    yield* tasks(LETTERS.test(text) ? { text } : {});
  }

  /** Those of the best kind that there is; `guessed` by words that are not those of a name. */
  private candidates({ target, typed, others, numbered }: Omit<Named, "names">): { tasks: readonly OrchestratedTask[]; guessed?: boolean } {
    const { quoted, ordinal, status } = target;
    const words = quoted === undefined ? (target.words ?? []) : wordsOf(quoted, false).map(({ word }) => word);
    if (words.length === 0) return { tasks: quoted === undefined ? [...this.sight.tasks()] : [] };
    const found = unique(this.matching(typed, (query) => this.sight.tasks(query)));
    const named = found.filter((task) => hasAll(task, words));
    if (quoted === undefined) {
      const inOrder = ordinal === undefined ? [] : this.inOrder(ordinal, others, numbered);
      const picked = unique([...named, ...inOrder, ...(status === undefined ? [] : this.sight.tasks({ status }))]);
      if (picked.length > named.length) return { tasks: picked };
    }
    const begun = found.filter(({ id }) => typed.length >= SHORTEST_ID && id.startsWith(typed));
    return named.length + begun.length > 0 ? { tasks: unique([...named, ...begun]) } : { tasks: found.slice(0, FOUND), guessed: true };
  }

  /** "The second one": in the list that was seen last, else among all tasks, newest first. */
  private *inOrder(ordinal: NonNullable<Named["target"]["ordinal"]>, others: readonly string[], numbered: boolean): Generator<OrchestratedTask | undefined, undefined> {
    const fits = (task: OrchestratedTask | undefined): task is OrchestratedTask => task !== undefined && hasAll(task, others);
    const some = (sort: "createdAt" | "-createdAt"): Iterable<OrchestratedTask> => filter(this.sight.tasks({ sort, ...(others.length > 0 ? { text: others.join(" ") } : {}) }), fits);
    const seen = this.shown.to(this.sight.viewer)?.map((id) => this.sight.task(id));
    if (typeof ordinal === "number") {
      // A number may be that of the list, also where other words narrow it down.
      if (seen === undefined) yield nth(some("-createdAt"), ordinal);
      else if (others.length > 0) yield seen.filter(fits)[ordinal - 1];
      if (seen !== undefined && (numbered || others.length === 0) && fits(seen[ordinal - 1])) yield seen[ordinal - 1];
      return undefined;
    }
    if (ordinal !== "oldest") yield nth(some("-createdAt"), 1);
    if (ordinal === "oldest" || (ordinal === "last" && seen === undefined)) yield nth(some("createdAt"), 1);
    else if (ordinal === "last") yield seen?.filter(fits).at(-1);
    return undefined;
  }
}

/** Whether a task's name has all these words, whole. */
function hasAll(task: OrchestratedTask, words: readonly string[]): boolean {
  const has = new Set(words.length > 0 ? wordsOf(task.name, false).map(({ word }) => word) : []);
  return words.every((word) => has.has(word));
}

function* filter<T>(items: Iterable<T>, fits: (item: T) => boolean): Generator<T, undefined> {
  for (const item of items) if (fits(item)) yield item;
  return undefined;
}

function nth<T>(items: Iterable<T>, place: number): T | undefined {
  let count = 0;
  for (const item of items) if (++count === place) return item;
  return undefined;
}
