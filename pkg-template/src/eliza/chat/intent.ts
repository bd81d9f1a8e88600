/** What a text asks for. */
import type { TaskStatus } from "../../api.js";
import type { ActionName } from "./actions.js";
import type { Control, Language, VerbGroup } from "./language.js";
import { lexiconOf, type Lexicon } from "./lexicon.js";
import { behind, controlAt, has, isNear, isPronoun, lengthAt, numberAt, passageOf, rest, sentence, trimmed, valueAt, type Passage, type Span } from "./passage.js";
import { targetOf, type Named, type Target } from "./target.js";
import { lineOf, titleOf, type Title } from "./title.js";

/** What a text asks for; see {@link readIntent}. */
export interface Intent {
  action: ActionName;
  /** The name of the task to create. */
  title?: string;
  /** The id or label of the provider that it names, if there is one of that name. */
  using?: string;
  /** What to search for; empty when the text does not say. */
  query?: string;
  /** Which tasks to list. */
  status?: TaskStatus;
  /** With `RESUME_TASK`: to begin anew. */
  again?: true;
  target?: Target;
}

/** An intent, with what it leaves open. */
export interface Understood {
  readonly intent: Intent;
  /** The title where `using` names no provider. */
  readonly title?: string;
  readonly named?: Named;
}

const ACTION_OF: { readonly [G in VerbGroup]: ActionName } = {
  new: "CREATE_TASK", work: "CREATE_TASK", search: "SEARCH_TASKS", list: "LIST_TASKS",
  switch: "SWITCH_TASK", pause: "PAUSE_TASK", resume: "RESUME_TASK", again: "RESUME_TASK", cancel: "CANCEL_TASK",
};

/** As {@link readIntent}, with what only the chat needs. */
export function understand(lexicon: Lexicon, text: string): Understood | undefined {
  const passage = passageOf(lexicon, text);
  const { words } = passage;
  const begin = beginning(passage);
  if (lengthAt(passage, "negations", begin) > 0) return undefined;
  const asks = lengthAt(passage, "questions", begin) > 0;
  let found = request(passage, begin, asks);
  // What is not to be done reaches to the end of its sentence.
  let negated = false;
  for (let place = begin; place < words.length && found === undefined; place += 1) {
    negated ||= lengthAt(passage, "negations", place) > 0;
    if (place > begin && !negated) found = laterRequest(passage, place, begin, asks);
    negated &&= !words[place]!.ends;
  }
  return found;
}

/** Reads what a text asks for; nothing when it asks for nothing that has to do with tasks. */
export const readIntent = (language: Language, text: string): Intent | undefined => understand(lexiconOf(language), text)?.intent;

/** What a text says of an action that was chosen for it, and that it does not ask for itself. */
export interface Said {
  readonly named: Named;
  readonly query: string;
  /** Whether it is to begin anew. */
  readonly again: boolean;
}

/** Reads what follows the verb of an action, if a text begins with one, or else all of it. */
export function saidOf(lexicon: Lexicon, text: string, action: ActionName): Said {
  const passage = passageOf(lexicon, text);
  const begin = beginning(passage);
  const verb = valueAt(passage, "verbs", begin)?.find((group) => ACTION_OF[group] === action);
  const span: Span = [begin + (verb === undefined ? 0 : lengthAt(passage, "verbs", begin)), passage.words.length];
  const named = targetOf(passage, span);
  return { named, query: named.target.quoted ?? query(passage, span), again: verb === "again" };
}

/** Behind what people say first, which is where the request begins. */
function beginning(passage: Passage): number {
  for (let place = 0; ; place += 1) {
    place = behind(passage, "fillers", place);
    const word = passage.words[place];
    if (word?.comma !== true || word.quoted) return place;
  }
}

/** A request that begins here. */
function request(passage: Passage, place: number, asks: boolean): Understood | undefined {
  const { words } = passage;
  const groups = valueAt(passage, "verbs", place) ?? [];
  const from = place + lengthAt(passage, "verbs", place);
  const control = asks ? undefined : controlAt(passage, place);
  return (
    (!asks && groups.includes("new") ? create(passage, place, from, control === undefined) : undefined) ??
    look(passage, place, from) ??
    (control && change(passage, control, from, lengthAt(passage, "alone", place) === from - place)) ??
    (!asks && groups.includes("work") && from < words.length ? created(passage, lineOf(passage, place, false)) : undefined)
  );
}

/** A request in the middle of a text, which must be plain. */
function laterRequest(passage: Passage, place: number, begin: number, asks: boolean): Understood | undefined {
  const { words } = passage;
  const from = place + lengthAt(passage, "verbs", place);
  const after: Span = [from, words.length];
  if (from === place || !isNear(passage, after, true)) return undefined;
  const found = isNear(passage, after, false) ? look(passage, place, from) : undefined;
  const control = asks ? undefined : controlAt(passage, place);
  if (found !== undefined || control === undefined) return found;
  const said = rest(passage, from, false);
  if (said === undefined || !isNear(passage, said, true)) return undefined;
  const before: Span = [begin, place];
  const spokenOf = isPronoun(passage, said) && (has(passage, "task", before) || has(passage, "ordinals", before) || words.slice(...before).some(({ quoted }) => quoted));
  return change(passage, control, from, false, spokenOf ? before : said);
}

/** Something done to a task. */
function change(passage: Passage, control: Control, from: number, alone: boolean, said = rest(passage, from, alone)): Understood | undefined {
  if (said === undefined || lengthAt(passage, "negations", from) > 0) return undefined;
  const named = targetOf(passage, said);
  return { intent: { action: ACTION_OF[control], ...(control === "again" && { again: true }), target: named.target }, named };
}

/** A search or a list. */
function look(passage: Passage, place: number, from: number): Understood | undefined {
  const groups = valueAt(passage, "verbs", place) ?? [];
  const [search, list] = [groups.includes("search"), groups.includes("list")];
  const span: Span = search || list ? sentence(passage, from) : [from, from];
  if (has(passage, "task", span)) {
    if (search) return { intent: { action: "SEARCH_TASKS", query: query(passage, span) } };
    const [, end] = span;
    let next = from;
    let status: TaskStatus | undefined;
    const denied = has(passage, "negations", span);
    for (let seen = false; next < end && !(seen && lengthAt(passage, "about", next) > 0); next += 1) {
      seen ||= lengthAt(passage, "task", next) > 0;
      status ??= valueAt(passage, "statuses", next);
    }
    if (next < end) return { intent: { action: "SEARCH_TASKS", query: query(passage, [next + lengthAt(passage, "about", next), end]) } };
    return { intent: { action: "LIST_TASKS", ...(status && !denied && { status }) } };
  }
  // The name of a list, and nothing else.
  const whole = trimmed(passage, [place, passage.words.length]);
  return lengthAt(passage, "alone", whole[0]) === whole[1] - whole[0] && has(passage, "task", whole) ? { intent: { action: "LIST_TASKS" } } : undefined;
}

/** Words that are not searched for. */
const QUIET = ["task", "links", "about", "articles", "all"] as const;

/** What is left of a part of the text without small words. */
function query(passage: Passage, span: Span): string {
  const { words } = passage;
  const [from, end] = trimmed(passage, span);
  const kept: string[] = [];
  for (let place = from; place < end; ) {
    const length = Math.max(...QUIET.map((list) => lengthAt(passage, list, place)));
    if (length === 0) kept.push(words[place]!.typed);
    place += length || 1;
  }
  return kept.join(" ");
}

/** "Create a task", with no more than a word between, or where the verb means nothing else, "create task". */
function create(passage: Passage, verb: number, from: number, direct: boolean): Understood | undefined {
  // Behind the article that came last.
  let open = direct ? from : Infinity;
  const [, end] = sentence(passage, from);
  for (let noun = from; noun < Math.min(from + 6, end); noun += 1) {
    const length = lengthAt(passage, "task", noun);
    const named = noun > from || numberAt(passage, noun + length) === undefined;
    if (length > 0 && named && (noun === open || (open > from && noun === open + 1))) return created(passage, titleOf(passage, verb, noun + length));
    const article = lengthAt(passage, "indefinite", noun);
    if (article > 0 && noun < from + 3) open = noun + article;
  }
  return undefined;
}

function created({ lexicon }: Passage, { title, whole, using }: Title): Understood {
  const { untitled } = lexicon.language.replies;
  return { intent: { action: "CREATE_TASK", title: title || untitled, ...(using !== undefined && { using }) }, title: whole || untitled };
}
