/** A text as words and a lexicon see it: what stands at a place, and where what belongs together ends. */
import type { Control } from "./language.js";
import type { Lexicon } from "./lexicon.js";
import { phraseAt, wordsOf, type Phrases, type Word } from "./words.js";

export interface Passage {
  readonly lexicon: Lexicon;
  readonly text: string;
  readonly words: readonly Word[];
}

/** A list or table of the lexicon. */
export type Kind = keyof Omit<Lexicon, "language">;
type ValueOf<K extends Kind> = Lexicon[K] extends Phrases<infer T> ? T : never;

/** From one place up to, and without, another. */
export type Span = readonly [from: number, end: number];

/** A request about a task that goes on for more words is none. */
const FAR = 100;
const UUID = /^[\da-f-]{36}$/;
/** In the order in which they are looked for. */
const CONTROLS: readonly Control[] = ["switch", "pause", "resume", "again", "cancel"];

export const passageOf = (lexicon: Lexicon, text: string): Passage => ({ lexicon, text, words: wordsOf(text, true) });

/** How many words the phrase of this kind has that stands at a place; 0 when there is none. */
export const lengthAt = ({ lexicon, words }: Passage, kind: Kind, place: number): number => phraseAt<unknown>(lexicon[kind], words, place)?.words.length ?? 0;

/** What the phrase of this kind stands for that stands at a place. */
export const valueAt = <K extends Kind>({ lexicon, words }: Passage, kind: K, place: number): ValueOf<K> | undefined =>
  phraseAt(lexicon[kind] as Phrases<ValueOf<K>>, words, place)?.value;

/** The number at a place, in digits or as a word. */
export function numberAt(passage: Passage, place: number): number | undefined {
  const { word = "" } = passage.words[place] ?? {};
  return /^\d{1,9}$/.test(word) ? Number(word) : valueAt(passage, "numbers", place);
}

/** What can be done to a task, by the verb at a place. */
export function controlAt(passage: Passage, place: number): Control | undefined {
  const groups = valueAt(passage, "verbs", place);
  return CONTROLS.find((group) => groups?.includes(group));
}

/** Whether one of the phrases begins within a span. */
export const has = (passage: Passage, kind: Kind, [from, end]: Span): boolean =>
  passage.words.slice(from, end).some((_, index) => lengthAt(passage, kind, from + index) > 0);

/** The place behind all phrases of this kind at a place. */
export function behind(passage: Passage, kind: Kind, from: number): number {
  let place = from;
  for (let length = 1; length > 0; place += length) length = lengthAt(passage, kind, place);
  return place;
}

/** Whether a sentence ends right before a place. "No. 4" is no end. */
const endsBefore = (passage: Passage, place: number): boolean =>
  passage.words[place - 1]?.ends === true && !(lengthAt(passage, "links", place - 1) > 0 && numberAt(passage, place) !== undefined);

/** From a place to the end of its sentence. */
export function sentence(passage: Passage, from: number): Span {
  let end = from;
  while (end < passage.words.length && !endsBefore(passage, end)) end += 1;
  return [from, end];
}

/**
 * What belongs to the verb of a control that ends before a place, if it speaks of a task: up to the end of the sentence, or
 * to where the next request begins. With `alone` it need not speak of anything.
 */
export function rest(passage: Passage, from: number, alone: boolean): Span | undefined {
  const { words } = passage;
  let marked = false;
  let end = from;
  for (; end < words.length && !endsBefore(passage, end); end += 1) {
    if (end - from > FAR) return undefined;
    // "Build and run" may be a name; it is another request only if what comes before is one.
    if (lengthAt(passage, "joins", end) > 0 && (marked || refers(passage, [from, end], false)) && requests(passage, end)) break;
    const ordinal = lengthAt(passage, "ordinals", end);
    marked ||= words[end]!.quoted || lengthAt(passage, "task", end) > 0 || (ordinal > 0 && lengthAt(passage, "ones", end + ordinal) > 0);
  }
  return marked || refers(passage, [from, end], alone) ? [from, end] : undefined;
}

/** Whether all that stands here is "it" or an id, or nothing where that is enough. */
function refers(passage: Passage, span: Span, alone: boolean): boolean {
  const [from, end] = trimmed(passage, span);
  const { word, numbered } = passage.words[from] ?? { word: "" };
  if (from === end) return alone;
  return isPronoun(passage, span) || (end - from === 1 && (UUID.test(word) || (numbered === true && numberAt(passage, from) !== undefined)));
}

/** Whether all that stands here is "it". */
export function isPronoun(passage: Passage, span: Span): boolean {
  const [from, end] = trimmed(passage, span);
  // Not one that goes on in the next sentence.
  const words = passage.words.slice(from, Math.min(end, from + 9));
  return from < end && lengthAt({ ...passage, words }, "pronouns", 0) === end - from;
}

/** Whether a join leads to another request, also "and then please". */
function requests(passage: Passage, join: number): boolean {
  for (let place = join, steps = 0; steps < 3; steps += 1) {
    place += lengthAt(passage, "joins", place) || lengthAt(passage, "fillers", place);
    if (controlAt(passage, place) !== undefined) return true;
  }
  return false;
}

/** Whether a task is spoken of soon: after no more than three words beside articles. With `atOnce` "it" and quotes will do. */
export function isNear(passage: Passage, [from, end]: Span, atOnce: boolean): boolean {
  const { words } = passage;
  if (atOnce && lengthAt(passage, "pronouns", from) > 0) return true;
  for (let place = from, others = 0; place < end && others <= 3; place += 1) {
    if (lengthAt(passage, "task", place) > 0 || (atOnce && others === 0 && words[place]!.quoted)) return true;
    if (lengthAt(passage, "articles", place) === 0) others += 1;
  }
  return false;
}

/**
 * Without fillers at both ends. In front they go only where it is plain that no name begins with them: before an article,
 * "it", or a span in quotes.
 */
export function trimmed(passage: Passage, [from, end]: Span): Span {
  const { words } = passage;
  const start = Math.min(behind(passage, "fillers", from), end);
  const plain = start === end || words[start]!.quoted || lengthAt(passage, "articles", start) > 0 || lengthAt(passage, "pronouns", start) > 0;
  const first = plain ? start : from;
  let last = end;
  for (let place = last - 5; place < last; place += 1) {
    if (place < first || lengthAt(passage, "fillers", place) !== last - place) continue;
    last = place;
    place -= 6;
  }
  return [first, last];
}
