/** Which task somebody means, as far as the words tell. */
import type { TaskStatus } from "../../api.js";
import type { Ordinal } from "./lexicon.js";
import type { Passage, Span } from "./passage.js";
import type { Word } from "./words.js";

/** Which task, or tasks. With nothing in it: the current one. */
export interface Target {
  quoted?: string;
  /** One of one's own. */
  mine?: true;
  /** Every one that fits. */
  all?: true;
  ordinal?: Ordinal;
  status?: TaskStatus;
  /** All words that are left, folded. */
  words?: string[];
}

/** A target, with what was typed. */
export interface Named {
  readonly target: Target;
  /** The words of the target, as they were typed. */
  readonly typed: string;
  /** What may be the name itself: with and without the words that are left out of a target. */
  readonly names: readonly string[];
  /** Of `target.words`, those that do not say which of several. */
  readonly others: readonly string[];
  /** Whether the ordinal is a number, as lists show them. */
  readonly numbered: boolean;
}

const typedOf = (words: readonly Word[]): string => words.map(({ typed }) => typed).join(" ");

/** Reads a target from a part of a text. */
export function targetOf(passage: Passage, span: Span): Named {
  const { words, lexicon } = passage;
  const { articles, links, about, ones, joins, task } = lexicon;
  const [from, end] = passage.trim(span);
  const target: Target = {};
  const kept: Word[] = [];
  const others: string[] = [];
  let numbered = false;
  let quoted: string | undefined;
  // A number right after "task" is one in a list; "about" comes before a name.
  let afterTask = false;
  const keep = (place: number, length: number, which: boolean): void => {
    const part = words.slice(place, Math.min(place + length, end));
    kept.push(...part);
    if (!which) others.push(...part.map(({ word }) => word));
    afterTask = false;
  };

  if (passage.has(lexicon.mine, [from, end])) target.mine = true;
  for (let place = passage.isPronoun(span) ? end : from, length = 1; place < end; place += length) {
    const ordinal = passage.length(lexicon.ordinals, place);
    const number = passage.number(place);
    length = 1;
    if (words[place]!.quoted) {
      quoted = words[place]!.typed;
    } else if (ordinal > 0) {
      length = ordinal;
      keep(place, length, target.ordinal === undefined);
      target.ordinal ??= passage.value(lexicon.ordinals, place)!;
    } else if (number !== undefined && target.ordinal === undefined && (afterTask || words[place]!.numbered)) {
      keep(place, 1, true);
      target.ordinal = number;
      numbered = true;
    } else if (passage.length(lexicon.all, place) > 0 && kept.length === 0) {
      length = passage.length(lexicon.all, place);
      target.all = true;
    } else {
      const small = [task, about, links, articles, ones, joins].find((list) => passage.length(list, place) > 0);
      if (small === undefined) keep(place, 1, false);
      else length = passage.length(small, place);
      if (small === task) afterTask = true;
      else if (small !== links) afterTask = false;
    }
  }

  const [only] = kept;
  if (kept.length === 1 && quoted === undefined && others.length === 1) {
    const place = words.indexOf(only!);
    const [number, status] = [passage.number(place), passage.value(lexicon.statuses, place)];
    if (number !== undefined) {
      target.ordinal = number;
      numbered = true;
      others.length = 0;
    }
    if (status !== undefined) target.status = status;
  }
  if (quoted !== undefined) target.quoted = quoted;
  if (kept.length > 0) target.words = kept.map(({ word }) => word);

  const [first, last] = span;
  const small = (place: number): boolean => [task, links, articles, ones, joins].some((list) => passage.length(list, place) > 0);
  const whole = words.slice(passage.after(articles, from, end), end);
  // "The task hello" may be the one of that name, though hello is a word to begin with.
  const filled = first === from && last === end ? kept : words.slice(first, last).filter((_, index) => !small(first + index));
  const names = quoted === undefined ? [typedOf(kept), typedOf(whole), typedOf(filled)] : [quoted];
  return { target, typed: quoted ?? typedOf(kept), names: [...new Set(names)].filter((name) => name !== ""), others, numbered };
}
