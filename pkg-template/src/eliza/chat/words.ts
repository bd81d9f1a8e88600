/** Texts taken apart into words. Everything here takes time in proportion to the text, whatever it says. */

/** One word of a text, or a span in quotes. */
export interface Word {
  /** Folded, so that equal words are equal texts; empty for a span in quotes. */
  readonly word: string;
  /** As it was typed, without what stands around it; of a span in quotes, what is in them. */
  readonly typed: string;
  /** Where it begins and ends in the text, with what stands around it. */
  readonly from: number;
  readonly to: number;
  readonly quoted: boolean;
  /** Whether a `#` stands right before it. */
  readonly numbered: boolean;
  /** Whether a comma stands right after it. */
  readonly comma: boolean;
  /** Whether a sentence or a line ends with it. */
  readonly ends: boolean;
}

/** Upper case first: it makes one of letters that have several small forms. Phones type ’ where a keyboard has '. */
export const fold = (text: string): string => text.replaceAll("’", "'").toUpperCase().toLowerCase().replaceAll("ς", "σ");

/** White space of any kind and length as one space. */
export const oneLine = (text: string): string => text.replace(/\p{White_Space}+/gu, " ").trim();

const LETTER = /[\p{Alphabetic}\p{N}]/u;
const TO_LAST_LETTER = /^.*[\p{Alphabetic}\p{N}]/su;
const PIECE = /[^\p{White_Space}]+/gu;
const NEW_LINE = /[\n\r\u2028\u2029]/;
const OPENING = /["“«`„'‘]/g;
const CLOSING: { readonly [opening: string]: string } = { '"': '"', "“": "”", "«": "»", "`": "`", "„": "“", "'": "'", "‘": "’" };
/** These are apostrophes too, and close only where a word ends. */
const APOSTROPHES = "'’";

const letterBefore = (text: string, place: number): boolean => /[\p{Alphabetic}\p{N}]$/u.test(text.slice(Math.max(place - 2, 0), place));
const letterAt = (text: string, place: number): boolean => /^[\p{Alphabetic}\p{N}]/u.test(text.slice(place, place + 2));

/** Where the first span in quotes begins and ends, the quotes included. */
function firstQuoted(text: string): readonly [from: number, to: number] | undefined {
  const unclosed = new Set<string>();
  let from = 0;
  for (const { index } of text.matchAll(OPENING)) {
    const closing = CLOSING[text[index]!]!;
    // Not the inches of a screen, nor the apostrophe of "don't".
    if (index < from || unclosed.has(closing) || letterBefore(text, index)) continue;
    let end = text.indexOf(closing, index + 1);
    if (APOSTROPHES.includes(closing)) while (end >= 0 && letterAt(text, end + 1)) end = text.indexOf(closing, end + 1);
    if (end < 0) unclosed.add(closing);
    else if (text.slice(index + 1, end).trim() !== "") return [index, end + 1];
    else from = end + 1;
  }
  return undefined;
}

/** The words of a text. The first span in quotes is one of them; other quotes are only punctuation. */
export function wordsOf(text: string, quotes = true): Word[] {
  const span = quotes ? firstQuoted(text) : undefined;
  const words: { -readonly [K in keyof Word]: Word[K] }[] = [];
  let last = 0;
  const pieces = (from: number, to: number): void => {
    for (const match of text.slice(from, to).matchAll(PIECE)) {
      const piece = match[0];
      const start = from + match.index;
      endLine(start);
      last = start + piece.length;
      const head = piece.search(LETTER);
      if (head < 0) {
        mark(piece);
        continue;
      }
      const typed = TO_LAST_LETTER.exec(piece.slice(head))![0];
      words.push({ word: fold(typed), typed, from: start, to: last, quoted: false, numbered: piece[head - 1] === "#", comma: false, ends: false });
      mark(piece.slice(head + typed.length));
    }
  };
  const endLine = (until: number): void => {
    if (words.length > 0 && NEW_LINE.test(text.slice(last, until))) words.at(-1)!.ends = true;
  };
  /** What stands after a word says whether something ends there. */
  const mark = (after: string): void => {
    const word = words.at(-1);
    if (word === undefined) return;
    word.comma ||= after.endsWith(",");
    word.ends ||= /[.!?;]/.test(after);
  };
  pieces(0, span?.[0] ?? text.length);
  if (span !== undefined) {
    const [from, to] = span;
    endLine(from);
    last = to;
    words.push({ word: "", typed: oneLine(text.slice(from + 1, to - 1)), from, to, quoted: true, numbered: false, comma: false, ends: false });
    pieces(to, text.length);
  }
  return words;
}

/** Phrases and what they stand for, by their first words; of those that begin alike the longest comes first. */
export type Phrases<T = true> = ReadonlyMap<string, readonly { readonly words: readonly string[]; readonly value: T }[]>;

/** Makes phrases ready to be found. */
export function phrasesOf<T>(entries: Iterable<readonly [phrase: string, value: T]>): Phrases<T> {
  const phrases = new Map<string, { words: string[]; value: T }[]>();
  for (const [phrase, value] of entries) {
    const words = wordsOf(phrase, false).map(({ word }) => word);
    const [first] = words;
    if (first === undefined) continue;
    const alike = phrases.get(first) ?? [];
    alike.push({ words, value });
    phrases.set(first, alike.sort((one, other) => other.words.length - one.words.length));
  }
  return phrases;
}

/** The longest phrase that begins at a place. */
export function phraseAt<T>(phrases: Phrases<T>, words: readonly Word[], place: number): { readonly length: number; readonly value: T } | undefined {
  const found = phrases.get(words[place]?.word ?? "")?.find((phrase) => phrase.words.every((word, index) => words[place + index]?.word === word));
  return found && { length: found.words.length, value: found.value };
}
