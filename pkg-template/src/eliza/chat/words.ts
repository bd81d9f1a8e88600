/** Texts taken apart into words. Everything here takes time in proportion to the text, whatever it says. */

/** One word of a text, or a span in quotes. */
export interface Word {
  /** Folded, so that equal words are equal texts; empty for a span in quotes. */
  readonly word: string;
  /** As it was typed, without what stands around it; of a span in quotes, what is in them. */
  readonly typed: string;
  readonly quoted: boolean;
  /** Where it begins in the text, with what stands before it. */
  readonly from: number;
  /** Whether a `#` stands right before it. */
  readonly numbered: boolean;
  /** Whether a comma stands right after it. */
  readonly comma: boolean;
  /** Whether a sentence or a line ends with it. */
  ends: boolean;
}

/** Upper case first: it makes one of letters that have several small forms. Phones type ’ where a keyboard has '. */
export const fold = (text: string): string => text.replace(/[’ʼ]/g, "'").toUpperCase().toLowerCase().replaceAll("ς", "σ");

/** White space of any kind and length as one space. */
export const oneLine = (text: string): string => text.replace(/\p{White_Space}+/gu, " ").trim();

export const LETTER = /[\p{Alphabetic}\p{N}]/u;
/** From the first character of a kind to the last. */
const core = (kind: string): RegExp => new RegExp(`${kind}(?:.*${kind})?`, "su");
const LETTERS = core("[\\p{Alphabetic}\\p{N}]");
/** Arrows, mathematics, pictures: what may be a name where there are no letters. */
const SIGNS = core("[$+<=>^|~\\u2190-\\u2bff\\u{1f000}-\\u{1faff}]");
export const LINE_END = /[\n\r\x85\u2028\u2029]/;

/**
 * A span in quotes, once all kinds of quotes are one. Not the inches of a screen, nor the apostrophe of "don't"; no name is
 * longer, and the bound keeps the time in proportion to the text.
 */
const QUOTED = /(?<![\p{Alphabetic}\p{N}])(?:"\s*[^"\s][^"]{0,200}"|'\s*[^'\s].{0,200}?'(?![\p{Alphabetic}\p{N}]))/su;
/** Stands for a span in quotes. */
const SPAN = "\0";

/** The words of a text. The first span in quotes is one of them, if `quotes` count; all other quotes are punctuation. */
export function wordsOf(text: string, quotes = false): Word[] {
  // As long as it was, so that places stay the same.
  const span = quotes ? QUOTED.exec(text.replace(/[“”„«»`]/g, '"').replace(/[‘’]/g, "'")) : null;
  const from = span?.index ?? text.length;
  const to = from + (span?.[0].length ?? 0);
  const plain = span === null ? text : text.slice(0, from) + SPAN.padStart(2).padEnd(to - from) + text.slice(to);
  const words: Word[] = [];
  const end = (): void => {
    while (isSmile(words.at(-1))) words.pop();
    if (words.length > 0) words.at(-1)!.ends = true;
  };
  let last = 0;
  for (const { 0: piece, index } of plain.matchAll(/[^\p{White_Space}]+/gu)) {
    if (LINE_END.test(plain.slice(last, index))) end();
    last = index + piece.length;
    const quoted = index === from + 1;
    const found = LETTERS.exec(piece) ?? SIGNS.exec(piece);
    const typed = quoted ? oneLine(text.slice(from + 1, to - 1)) : (found?.[0] ?? "");
    const tail = quoted ? "" : piece.slice((found?.index ?? 0) + typed.length);
    if (typed !== "") {
      words.push({
        word: quoted ? "" : fold(typed), typed, quoted, from: quoted ? from : index,
        numbered: piece[(found?.index ?? 0) - 1] === "#", comma: tail.endsWith(","), ends: false,
      });
    }
    if (/[.!?;]/.test(tail)) end();
  }
  end();
  while (isSmile(words[0])) words.shift();
  return words;
}

/** A sign in the middle may be a name; at the ends of a sentence it is a smile. */
const isSmile = (word: Word | undefined): boolean => word !== undefined && !word.quoted && !LETTER.test(word.typed);

/** Phrases and what they stand for, by their first words; of those that begin alike the longest comes first. */
export type Phrases<T = unknown> = ReadonlyMap<string, readonly { readonly words: readonly string[]; readonly value: T }[]>;

/** Makes phrases ready to be found. */
export function phrasesOf<T>(entries: Iterable<readonly [phrase: string, value: T]>): Phrases<T> {
  const phrases = new Map<string, { words: string[]; value: T }[]>();
  for (const [phrase, value] of entries) {
    const words = wordsOf(phrase).map(({ word }) => word);
    const alike = [...(phrases.get(words[0] ?? "") ?? []), { words, value }];
    if (words.length > 0) phrases.set(words[0]!, alike.sort((one, other) => other.words.length - one.words.length));
  }
  return phrases;
}

/** The longest phrase that begins at a place. */
export const phraseAt = <T>(phrases: Phrases<T>, words: readonly Word[], place: number): { readonly words: readonly string[]; readonly value: T } | undefined =>
  phrases.get(words[place]?.word ?? "")?.find((phrase) => phrase.words.every((word, index) => words[place + index]?.word === word));
