/** The name of a task that a text asks for. */
import { behind, lengthAt, passageOf, type Passage } from "./passage.js";
import { LINE_END, oneLine, wordsOf } from "./words.js";

/** Longer names are cut. */
export const LONGEST_TITLE = 100;

/** The first so many characters; none is cut in half. */
export const firstChars = (text: string, most: number): string => [...text.slice(0, most * 2)].slice(0, most).join("").trimEnd();

/** A name, without the provider that the text ends with, and with it; empty when there is none. */
export interface Title {
  readonly title: string;
  readonly whole: string;
  readonly using: string | undefined;
}

/** The name of a new task: what is in quotes after its verb, or what follows a place on its line. */
export function titleOf(passage: Passage, verb: number, from: number): Title {
  const { title, whole, using } = lineOf(passage, from, true);
  const quoted = passage.words.slice(verb).find((word) => word.quoted && word.typed !== using);
  return quoted === undefined ? { title, whole, using } : { title: firstChars(quoted.typed, LONGEST_TITLE), whole: firstChars(quoted.typed, LONGEST_TITLE), using };
}

/** What follows a place on its line, as a name; with `linked` without links in front. */
export function lineOf({ lexicon, text, words }: Passage, from: number, linked: boolean): Title {
  // A link may stand at the end of the line before.
  const next = linked ? behind({ lexicon, text, words }, "links", from) : from;
  const place = LINE_END.test(text.slice(words[from]?.from, words[next]?.from)) ? next : from;
  const line = text.slice(words[place]?.from ?? text.length).split(LINE_END, 1)[0]!;
  const passage = passageOf(lexicon, line);
  const its = passage.words;
  const cut = (start: number, end: number): string =>
    start < end ? firstChars(oneLine(line.slice(its[start]!.from, its[end]?.from).slice(0, LONGEST_TITLE * 4)).replace(/[.!?;]+$/, ""), LONGEST_TITLE) : "";
  const start = linked ? behind(passage, "links", 0) : 0;
  for (let place = its.length - 2; place >= Math.max(its.length - 8, 0); place -= 1) {
    const tail = lengthAt(passage, "using", place) > 0 ? wordsOf(line.slice(its[place + 1]!.from), true) : [];
    if (tail.length === 1) return { title: cut(start, place), whole: cut(start, its.length), using: tail[0]!.typed };
  }
  return { title: cut(start, its.length), whole: cut(start, its.length), using: undefined };
}
