/** A text as words and a lexicon see it: what stands at a place, and where what belongs together ends. */
import type { Control } from "./language.js";
import type { Lexicon } from "./lexicon.js";
import { phraseAt, wordsOf, type Phrases, type Word } from "./words.js";

/** In the order in which they are looked for. */
export const CONTROLS: readonly Control[] = ["switch", "pause", "resume", "again", "cancel"];

/** A request about a task that goes on for longer is none. */
const FAR = 100;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;

/** From one place up to, and without, another. */
export type Span = readonly [from: number, end: number];

export class Passage {
  readonly words: readonly Word[];

  constructor(
    readonly lexicon: Lexicon,
    readonly text: string,
  ) {
    this.words = wordsOf(text);
  }

  /** How many words the phrase has that stands at a place; 0 when there is none. */
  length<T>(phrases: Phrases<T>, place: number): number {
    return phraseAt(phrases, this.words, place)?.length ?? 0;
  }

  value<T>(phrases: Phrases<T>, place: number): T | undefined {
    return phraseAt(phrases, this.words, place)?.value;
  }

  /** The number at a place, in digits or as a word. */
  number(place: number): number | undefined {
    const word = this.words[place]?.word ?? "";
    return /^\d{1,9}$/.test(word) ? Number(word) : this.value(this.lexicon.numbers, place);
  }

  /** What can be done to a task, by the verb at a place. */
  control(place: number): Control | undefined {
    const groups = this.value(this.lexicon.verbs, place);
    return groups && CONTROLS.find((group) => groups.includes(group));
  }

  has<T>(phrases: Phrases<T>, [from, end]: Span): boolean {
    for (let place = from; place < end; place += 1) if (this.length(phrases, place) > 0) return true;
    return false;
  }

  /** The place behind the phrases of this kind at a place. */
  after(phrases: Phrases, from: number, end = this.words.length): number {
    let place = from;
    for (let length = this.length(phrases, place); length > 0 && place + length <= end; length = this.length(phrases, place)) place += length;
    return place;
  }

  /** Up to the end of the sentence. */
  sentence(from: number): Span {
    let end = from;
    while (end < this.words.length && !this.endsBefore(end)) end += 1;
    return [from, end];
  }

  /** Whether something ends right before a place. "No. 4" is no end. */
  private endsBefore(place: number): boolean {
    if (this.words[place - 1]?.ends !== true) return false;
    return !(this.length(this.lexicon.links, place - 1) > 0 && this.number(place) !== undefined);
  }

  /**
   * What belongs to the verb of a control that ends before a place, if it speaks of a task: up to the end of the sentence,
   * or to where the next request begins.
   */
  rest(from: number, alone: boolean): Span | undefined {
    const { words, lexicon } = this;
    let marked = false;
    let end = from;
    for (; end < words.length && !this.endsBefore(end); end += 1) {
      if (end - from > FAR) return undefined;
      // "Build and run" may be a name; it is another request only if what comes before is one.
      if (this.length(lexicon.joins, end) > 0 && (marked || this.marked([from, end], false)) && this.requests(end)) break;
      const ordinal = this.length(lexicon.ordinals, end);
      marked ||= words[end]!.quoted || this.length(lexicon.task, end) > 0 || (ordinal > 0 && this.length(lexicon.ones, end + ordinal) > 0);
    }
    return marked || this.marked([from, end], alone) ? [from, end] : undefined;
  }

  /** Whether all that stands here is "it" or an id, or nothing where that is enough. */
  private marked(span: Span, alone: boolean): boolean {
    const [from, end] = this.trim(span);
    if (from === end) return alone;
    const word = this.words[from]!;
    return this.isPronoun([from, end]) || (end - from === 1 && (UUID.test(word.word) || (word.numbered && this.number(from) !== undefined)));
  }

  isPronoun(span: Span): boolean {
    const [from, end] = this.trim(span);
    return from < end && this.length(this.lexicon.pronouns, from) === end - from;
  }

  /** Whether a join leads to another request. */
  private requests(join: number): boolean {
    const { joins, fillers } = this.lexicon;
    let place = join;
    for (let steps = 0; steps < 4; steps += 1) {
      if (this.control(place) !== undefined) return true;
      place += this.length(joins, place) || this.length(fillers, place);
    }
    return false;
  }

  /** Whether a task is spoken of soon: after no more than three words beside articles. */
  near([from, end]: Span, orAtOnce: boolean): boolean {
    const { articles, pronouns, task } = this.lexicon;
    if (orAtOnce && this.length(pronouns, from) > 0) return true;
    let others = 0;
    for (let place = from; place < end && others <= 3; ) {
      if (this.length(task, place) > 0 || (orAtOnce && others === 0 && this.words[place]!.quoted)) return true;
      const article = this.length(articles, place);
      place += article || 1;
      if (article === 0) others += 1;
    }
    return false;
  }

  /**
   * Without fillers at both ends. In front they go only where it is plain that no name begins with them: before an article,
   * "it", or a span in quotes.
   */
  trim([from, end]: Span): Span {
    const { fillers, articles, pronouns } = this.lexicon;
    const start = this.after(fillers, from, end);
    const plain = start >= end || this.words[start]!.quoted || this.length(articles, start) > 0 || this.length(pronouns, start) > 0;
    const first = plain ? start : from;
    let last = end;
    for (let length = 1; length <= 5 && last - length >= first; length += 1) {
      if (this.length(fillers, last - length) !== length) continue;
      last -= length;
      length = 0;
    }
    return [first, last];
  }
}
