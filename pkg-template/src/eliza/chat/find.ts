/** Finding the task that is meant among those that somebody sees. Where more than one is left, none is taken. */
import type { ListQuery, OrchestratedTask, OrchestratorApi, TaskStatus } from "../../api.js";
import type { Control } from "./language.js";
import type { Lexicon } from "./lexicon.js";
import type { Named } from "./target.js";
import { currentOf, taskOf, tasksAnywhere, tasksOf, type Viewer } from "./viewer.js";
import { fold, LETTER, oneLine, wordsOf } from "./words.js";

/** What was found: one to act on, or `all` of several, or several to choose from, or why there is none. */
export type Found = readonly [kind: "one" | "all" | "which" | "nothing" | "foreign" | "notFound", tasks: readonly OrchestratedTask[]];

/** Where to look. */
export interface Search {
  readonly orchestrator: OrchestratorApi;
  readonly lexicon: Lexicon;
  readonly viewer: Viewer;
  /** The ids that the viewer was shown last. */
  readonly shown: readonly string[] | undefined;
}

export const TERMINAL: readonly TaskStatus[] = ["completed", "failed", "cancelled"];

/** Which of several tasks cannot be meant. */
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
const LONGEST_NAME = 1024;
const SHORTEST_ID = 4;

type Tasks = readonly OrchestratedTask[];
const unique = (tasks: readonly (OrchestratedTask | undefined)[]): Tasks => [...new Map(tasks.flatMap((task) => (task === undefined ? [] : [[task.id, task]]))).values()];
const flat = (text: string): string => fold(oneLine(text));

/** The task with exactly this id. */
export function findById({ orchestrator, viewer }: Search, id: string): Found {
  const task = taskOf(orchestrator, viewer, id);
  return task !== undefined ? ["one", [task]] : [orchestrator.getTask(id) === undefined ? "notFound" : "foreign", []];
}

/** The task, or tasks, that words mean. */
export function find(search: Search, named: Named, control: Control): Found {
  const { orchestrator, viewer } = search;
  const { mine, all, quoted, ordinal, words } = named.target;
  const exact = exactly(search, named, (query) => tasksOf(orchestrator, viewer, query));
  const plain = (all ?? quoted ?? ordinal ?? words) === undefined;
  const [candidates, guessed] = plain ? [unique([...exact, currentOf(orchestrator, viewer, mine)])] : exact.length > 0 ? [exact] : candidatesOf(search, named);
  if (candidates.length === 0) {
    if (plain || (all === true && words === undefined)) return ["nothing", []];
    return [exactly(search, named, (query) => tasksAnywhere(orchestrator, query)).length > 0 ? "foreign" : "notFound", []];
  }
  const possible = candidates.filter(({ status }) => !CANNOT[control].includes(status));
  if (all === true && exact.length === 0 && guessed !== true && control !== "switch") return [possible.length > 0 ? "all" : "nothing", possible];
  if (candidates.length === 1) return ["one", candidates];
  if (possible.length === 1) return ["one", possible];
  return ["which", possible.length > 0 ? possible : candidates];
}

/** Tasks whose words begin with those of a text, or whose id does; where it has no words, all. */
const matching = (text: string, tasks: (query: ListQuery) => Tasks): Tasks =>
  new TextEncoder().encode(text.slice(0, LONGEST_NAME + 1)).length > LONGEST_NAME ? [] : tasks(LETTER.test(text) ? { text } : {});

/** Tasks that are meant by id or name; articles before a name are of no account, unless it was in quotes. */
function exactly({ lexicon }: Search, { names, target: { quoted } }: Named, tasks: (query: ListQuery) => Tasks): Tasks {
  const bare = (name: string): string => {
    const words = flat(name).split(" ");
    while (quoted === undefined && words.length > 1 && lexicon.articles.has(words[0]!)) words.shift();
    return words.join(" ");
  };
  return unique(names.flatMap((name) => matching(name, tasks).filter((task) => task.id === name || bare(task.name) === bare(name))));
}

/** Whether a task's name has all these words, whole. */
function hasAll(task: OrchestratedTask | undefined, words: readonly string[]): task is OrchestratedTask {
  const has = new Set(wordsOf(task?.name ?? "").map(({ word }) => word));
  return task !== undefined && words.every((word) => has.has(word));
}

/** Those of the best kind that there is, and whether they were only `guessed`: by other words than those of names. */
function candidatesOf(search: Search, { target, typed, others, numbered }: Named): readonly [tasks: Tasks, guessed?: boolean] {
  const tasks = (query?: ListQuery): Tasks => tasksOf(search.orchestrator, search.viewer, query);
  const { quoted, ordinal, status } = target;
  const words = quoted === undefined ? target.words : wordsOf(quoted).map(({ word }) => word);
  if (words === undefined) return [tasks()];
  // Without letters there is nothing to search for.
  const found = LETTER.test(typed) ? matching(typed, tasks) : [];
  const byName = found.filter((task) => hasAll(task, words));
  if (quoted === undefined) {
    const picked = ordinal === undefined ? (status === undefined ? [] : tasks({ status })) : inOrder(search, ordinal, others, numbered);
    if (unique(picked).length > 0) return [unique([...byName, ...picked])];
  }
  const best = unique([...byName, ...found.filter(({ id }) => typed.length >= SHORTEST_ID && id.startsWith(typed))]);
  return best.length > 0 ? [best] : [found.slice(0, FOUND), true];
}

/** "The second one": in the list that was seen last, else among all tasks, newest first. */
function inOrder({ orchestrator, viewer, shown }: Search, ordinal: NonNullable<Named["target"]["ordinal"]>, others: readonly string[], numbered: boolean): readonly (OrchestratedTask | undefined)[] {
  const newestFirst = tasksOf(orchestrator, viewer).filter((task) => hasAll(task, others));
  const list = shown?.map((id) => taskOf(orchestrator, viewer, id));
  const seen = list === undefined ? newestFirst : list.filter((task) => hasAll(task, others));
  const [newest, oldest] = [newestFirst[0], newestFirst.at(-1)];
  if (typeof ordinal !== "number") return ordinal === "newest" ? [newest] : ordinal === "oldest" ? [oldest] : [newest, seen.at(-1)];
  // What was shown has kept its numbers, whatever became of others. A number may be one of them also where words narrow it down.
  const inList = list?.[ordinal - 1];
  if (list !== undefined && others.length === 0) return [inList];
  return [seen[ordinal - 1], numbered && hasAll(inList, others) ? inList : undefined];
}
