/** What a text asks for. */
import type { TaskStatus } from "../../api.js";
import type { ActionName } from "./actions.js";
import type { Control, Language, VerbGroup } from "./language.js";
import { lexiconOf, type Lexicon } from "./lexicon.js";
import { Passage, type Span } from "./passage.js";
import { targetOf, type Named, type Target } from "./target.js";
import { oneLine, wordsOf } from "./words.js";

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
  readonly title: string;
  readonly named: Named | undefined;
}

/** Longer names are cut. */
export const TITLE = 100;

/** The first so many characters; none is cut in half. */
export const firstChars = (text: string, most: number): string => [...text.slice(0, most * 2)].slice(0, most).join("").trimEnd();

const ACTION_OF: { readonly [C in Control]: ActionName } = {
  switch: "SWITCH_TASK", pause: "PAUSE_TASK", resume: "RESUME_TASK", again: "RESUME_TASK", cancel: "CANCEL_TASK",
};

class Reader extends Passage {
  /** Behind what people say first, which is where the request begins. */
  begin(): number {
    let place = 0;
    for (;;) {
      const next = this.after(this.lexicon.fillers, place);
      const { comma, quoted } = this.words[next] ?? {};
      if (comma !== true || quoted === true) return next;
      place = next + 1;
    }
  }

  read(): Understood | undefined {
    const { lexicon, words } = this;
    const begin = this.begin();
    if (this.length(lexicon.negations, begin) > 0) return undefined;
    const asks = this.length(lexicon.questions, begin) > 0;
    const first = this.request(begin, asks);
    if (first !== undefined) return first;
    // What is not to be done reaches to the end of its sentence.
    let negated = false;
    for (let place = begin; place < words.length; place += 1) {
      negated ||= this.length(lexicon.negations, place) > 0;
      const later = place === begin || negated ? undefined : this.laterRequest(place, begin, asks);
      if (later !== undefined) return later;
      if (words[place]!.ends) negated = false;
    }
    return undefined;
  }

  private verb(place: number): { groups: readonly VerbGroup[]; from: number } | undefined {
    const groups = this.value(this.lexicon.verbs, place);
    return groups && { groups, from: place + this.length(this.lexicon.verbs, place) };
  }

  /** A request that begins here. */
  private request(place: number, asks: boolean): Understood | undefined {
    const { groups = [], from = place } = this.verb(place) ?? {};
    const control = asks ? undefined : this.control(place);
    return (
      (!asks && groups.includes("new") ? this.create(place, from, control === undefined) : undefined) ??
      (groups.includes("search") ? this.search(this.sentence(from)) : undefined) ??
      (groups.includes("list") ? this.list(this.sentence(from)) : undefined) ??
      this.listAlone(place) ??
      (control !== undefined ? this.change(control, place, from) : undefined) ??
      (!asks && groups.includes("work") && from < this.words.length ? this.work(place) : undefined)
    );
  }

  /** A request in the middle of a text, which must be plain. */
  private laterRequest(place: number, begin: number, asks: boolean): Understood | undefined {
    const verb = this.verb(place);
    if (verb === undefined) return undefined;
    const { groups, from } = verb;
    const soon: Span = [from, Math.min(from + 1000, this.words.length)];
    if (groups.includes("search") || groups.includes("list")) {
      const found = this.near(soon, false) ? (groups.includes("search") ? this.search(this.sentence(from)) : this.list(this.sentence(from))) : undefined;
      if (found !== undefined) return found;
    }
    const control = asks ? undefined : this.control(place);
    if (control === undefined || !this.near(soon, true)) return undefined;
    const rest = this.rest(from, false);
    if (rest === undefined || !this.near(rest, true)) return undefined;
    const { task, ordinals } = this.lexicon;
    const before: Span = [begin, place];
    const spokenOf = this.isPronoun(rest) && (this.has(task, before) || this.has(ordinals, before) || this.words.slice(begin, place).some(({ quoted }) => quoted));
    return this.change(control, place, from, spokenOf ? before : rest);
  }

  private change(control: Control, place: number, from: number, span?: Span): Understood | undefined {
    const { lexicon } = this;
    if (this.length(lexicon.negations, from) > 0) return undefined;
    const rest = span ?? this.rest(from, this.length(lexicon.alone, place) === from - place);
    if (rest === undefined) return undefined;
    const named = targetOf(this, rest);
    return { intent: { action: ACTION_OF[control], ...(control === "again" ? { again: true } : {}), target: named.target }, title: "", named };
  }

  // ----- finding -----

  /** What is left of a part of the text without small words. */
  private query(span: Span): string {
    const { task, links, about, articles, all } = this.lexicon;
    const [from, end] = this.trim(span);
    const kept: string[] = [];
    for (let place = from; place < end; ) {
      const length = Math.max(...[task, links, about, articles, all].map((list) => this.length(list, place)));
      if (length === 0) kept.push(this.words[place]!.typed);
      place += length || 1;
    }
    return kept.join(" ");
  }

  private search(span: Span): Understood | undefined {
    if (!this.has(this.lexicon.task, span)) return undefined;
    return { intent: { action: "SEARCH_TASKS", query: this.query(span) }, title: "", named: undefined };
  }

  private list([from, end]: Span): Understood | undefined {
    const { task, about, statuses } = this.lexicon;
    let named = -1;
    let seen = false;
    let status: TaskStatus | undefined;
    for (let place = from; place < end; place += 1) {
      if (seen && named < 0 && this.length(about, place) > 0) named = place;
      seen ||= this.length(task, place) > 0;
      status ??= this.value(statuses, place);
    }
    if (!seen) return undefined;
    if (named >= 0) return { intent: { action: "SEARCH_TASKS", query: this.query([named, end]) }, title: "", named: undefined };
    return { intent: { action: "LIST_TASKS", ...(status === undefined ? {} : { status }) }, title: "", named: undefined };
  }

  /** Texts that are a list's name and nothing else. */
  private listAlone(place: number): Understood | undefined {
    const [from, end] = this.trim([place, this.words.length]);
    const whole = from < end && this.length(this.lexicon.alone, from) === end - from && this.has(this.lexicon.task, [from, end]);
    return whole ? { intent: { action: "LIST_TASKS" }, title: "", named: undefined } : undefined;
  }

  // ----- making -----

  /** "Create a task", or where the verb means nothing else, "create task". */
  private create(place: number, from: number, direct: boolean): Understood | undefined {
    const { task, indefinite } = this.lexicon;
    if (direct && this.length(task, from) > 0) return this.titled(place, from + this.length(task, from));
    for (let article = from; article < from + 3; article += 1) {
      const length = this.length(indefinite, article);
      if (length === 0) continue;
      const next = article + length;
      for (let noun = next; noun <= Math.max(next, from + 2); noun += 1) {
        if (this.length(task, noun) > 0) return this.titled(place, noun + this.length(task, noun));
      }
    }
    return undefined;
  }

  /** A new task whose title is in quotes, or what stands from a place on. */
  private titled(verb: number, from: number): Understood {
    const { words, lexicon } = this;
    const start = this.after(lexicon.links, from);
    const [line, using] = this.line(from, start);
    const quote = words.slice(verb).find(({ quoted }) => quoted);
    const name = quote !== undefined && quote.typed !== using ? quote.typed : undefined;
    return this.created(name ?? this.title(start, using === undefined ? line : line - 1), name ?? this.title(start, this.lineEnd(start)), using);
  }

  private work(place: number): Understood {
    const [line, using] = this.line(place + 1, place);
    return this.created(this.title(place, using === undefined ? line : line - 1), this.title(place, this.lineEnd(place)), using);
  }

  private created(title: string, whole: string, using: string | undefined): Understood {
    const { untitled } = this.lexicon.language.replies;
    return { intent: { action: "CREATE_TASK", title: title || untitled, ...(using === undefined ? {} : { using }) }, title: whole || untitled, named: undefined };
  }

  /** Where the line of a place ends. */
  private lineEnd(place: number): number {
    const { words, text } = this;
    const from = words[place]?.from ?? text.length;
    const length = text.slice(from).search(/[\n\r\u2028\u2029]/);
    const next = length < 0 ? -1 : words.findIndex((word) => word.from >= from + length);
    return next < 0 ? words.length : next;
  }

  /** Where the title ends that begins at `start`, and the provider that the line names at its end. */
  private line(from: number, start: number): readonly [end: number, using: string | undefined] {
    const end = this.lineEnd(start);
    for (let place = end - 2; place >= Math.max(from, end - 8); place -= 1) {
      if (this.length(this.lexicon.using, place) === 0) continue;
      const tail = wordsOf(this.text.slice(this.words[place + 1]!.from, this.words[end - 1]!.to));
      if (tail.length === 1) return [place + 1, tail[0]!.typed];
    }
    return [end, undefined];
  }

  /** The text of some words as a title: bounded, and without what ends a sentence. */
  private title(from: number, end: number): string {
    if (from >= end) return "";
    const text = this.text.slice(this.words[from]!.from, this.words[end - 1]!.to);
    return firstChars(oneLine(text.slice(0, TITLE * 4)).replace(/[.!?;]+$/, ""), TITLE);
  }
}

/** As {@link readIntent}, with what only the chat needs. */
export const understand = (lexicon: Lexicon, text: string): Understood | undefined => new Reader(lexicon, text).read();

/** Reads what a text asks for; nothing when it asks for nothing that has to do with tasks. */
export const readIntent = (language: Language, text: string): Intent | undefined => understand(lexiconOf(language), text)?.intent;
