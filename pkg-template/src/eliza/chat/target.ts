/** Which task somebody means, as far as the words tell. */
import type { TaskStatus } from "../../api.js";
import type { Ordinal } from "./lexicon.js";
import { behind, has, isPronoun, lengthAt, numberAt, trimmed, valueAt, type Passage, type Span } from "./passage.js";

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
  /** Of the words, those that do not say which of several. */
  readonly others: readonly string[];
  /** Whether the ordinal is a number, as lists show them. */
  readonly numbered: boolean;
}

/** Words that tell nothing of which task. */
const SMALL = ["task", "about", "links", "articles", "ones", "joins"] as const;

/** Reads a target from a part of a text. */
export function targetOf(passage: Passage, span: Span): Named {
  const { words } = passage;
  const [from, end] = trimmed(passage, span);
  const small = (place: number): number => Math.max(...SMALL.map((list) => lengthAt(passage, list, place)));
  const typed = (places: readonly number[]): string => places.map((place) => words[place]!.typed).join(" ");
  const target: Target = {};
  const kept: number[] = [];
  let which: number[] = [];
  let numbered = false;
  // A number right after "task" is one in a list; "about" comes before a name.
  let afterTask = false;
  for (let place = isPronoun(passage, span) ? end : from, length = 1; place < end; place += length) {
    const ordinal = valueAt(passage, "ordinals", place);
    const number = afterTask || words[place]!.numbered ? numberAt(passage, place) : undefined;
    length = 1;
    if (words[place]!.quoted) {
      target.quoted = words[place]!.typed;
    } else if (target.ordinal === undefined && (ordinal ?? number) !== undefined) {
      target.ordinal = (ordinal ?? number)!;
      numbered = ordinal === undefined;
      length = lengthAt(passage, "ordinals", place) || 1;
      which = Array.from({ length }, (_, index) => place + index);
      kept.push(...which);
    } else if (kept.length === 0 && lengthAt(passage, "all", place) > 0) {
      target.all = true;
    } else if (small(place) > 0) {
      length = small(place);
    } else {
      kept.push(place);
    }
    afterTask = lengthAt(passage, "task", place) > 0 || (afterTask && lengthAt(passage, "links", place) > 0 && lengthAt(passage, "about", place) === 0);
  }

  if (has(passage, "mine", [from, end])) target.mine = true;
  if (kept.length === 1 && target.quoted === undefined && target.ordinal === undefined) {
    const [number, status] = [numberAt(passage, kept[0]!), valueAt(passage, "statuses", kept[0]!)];
    if (status !== undefined) target.status = status;
    // "All 3" counts them.
    if (number !== undefined && target.all === undefined) {
      target.ordinal = number;
      numbered = true;
      which = kept;
    }
  }
  const folded = (places: readonly number[]): string[] => places.map((place) => words[place]!.word);
  if (kept.length > 0) target.words = folded(kept);

  const places = words.map((_, place) => place);
  // "The task hello" may be the one of that name, though hello is a word to begin with.
  const filled = places.slice(...span).filter((place) => small(place) === 0);
  const names = target.quoted === undefined ? [kept, places.slice(behind(passage, "articles", from), end), filled].map(typed) : [target.quoted];
  return {
    target, numbered,
    typed: target.quoted ?? typed(kept),
    names: [...new Set(names)].filter((name) => name !== ""),
    others: folded(kept.filter((place) => !which.includes(place))),
  };
}
