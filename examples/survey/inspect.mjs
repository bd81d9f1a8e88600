/** What a text holds: lines by kind, public items, headings, and what its authors left to do. */
import { cut, printable } from "./text.mjs";

const MAX_ENTRY_LENGTH = 100;
// Entries are looked for in this much of a line. Longer ones are made by machines.
const MAX_LINE_LENGTH = 500;

/**
 * @param language One of languages.mjs.
 * @param room How many entries to keep; those past it are counted, but not listed.
 */
export function inspect(text, language, room) {
  const lines = text.split("\n");
  const hasCrLf = lines[0].endsWith("\r") && lines.length > 1;
  if (lines.at(-1) === "") lines.pop(); // a final line end ends a line, it does not begin one

  const kinds = { code: 0, comment: 0, prose: 0, blank: 0 };
  const counts = { item: 0, heading: 0, todo: 0 };
  const entries = [];
  const add = (what, line, text, more) => {
    if (!text) return;
    counts[what] += 1;
    const shown = cut(printable(text.replace(/\s/g, " ")), MAX_ENTRY_LENGTH);
    if (entries.length < room) entries.push({ what, line, text: shown, ...more });
  };

  const kindOf = lineKinds(language);
  const headingIn = markdownHeadings();

  lines.forEach((line, index) => {
    const kind = kindOf(line);
    const head = line.slice(0, MAX_LINE_LENGTH).trimEnd();
    kinds[kind] += 1;

    const number = index + 1;
    if (kind === "code") add("item", number, language.item?.(head, lines, index));
    const heading = language.name === "Markdown" ? headingIn(head) : undefined;
    if (kind === "prose") add("heading", number, heading?.text, { level: heading?.level });
    if (kind !== "blank") add("todo", number, todoIn(head, kind, language));
  });
  return { lines: lines.length, ...kinds, ...counts, hasCrLf, entries };
}

/**
 * Tells the kind of one line after the other. A comment counts when a line begins with it; that needs no knowledge of
 * each language's strings, and is right for nearly every line people write.
 */
function lineKinds({ prose, line: lineComments = [], block }) {
  let inBlock = false;
  return (text) => {
    const line = text.trim();
    if (line === "") return "blank";
    const opens = !inBlock && block !== undefined && line.startsWith(block[0]);
    if (inBlock || opens) {
      const end = line.indexOf(block[1], opens ? block[0].length : 0);
      inBlock = end < 0;
      const codeFollows = end >= 0 && end + block[1].length < line.length;
      return codeFollows ? (prose ? "prose" : "code") : "comment";
    }
    if (prose) return "prose";
    return lineComments.some((mark) => line.startsWith(mark)) ? "comment" : "code";
  };
}

/** Finds `# headings`, but not in blocks of code. */
function markdownHeadings() {
  let fence = "";
  return (line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === "") fence = mark;
      else if (mark.startsWith(fence) && line.trim() === mark) fence = "";
      return undefined;
    }
    const [, level, text] = (fence === "" && /^ {0,3}(#{1,6})[ \t](.*)$/.exec(line)) || [];
    const title = text?.trim().replace(/(^|[ \t])#+$/, "").trim();
    return title ? { level: level.length, text: title } : undefined;
  };
}

/** What is left to do, as far as the line says so in a comment, or in prose at its beginning. */
function todoIn(line, kind, { line: lineComments = [], block }) {
  let text = line;
  if (kind === "code") {
    const starts = [...lineComments, ...(block ? [block[0]] : [])].map((mark) => line.indexOf(mark));
    const start = Math.min(...starts.filter((at) => at >= 0));
    if (start === Infinity) return undefined;
    text = line.slice(start);
  }
  text = text.replace(/^[\s/*#;<!>+-]+/, "");
  const found = /^(?:TODO|FIXME)\b/.exec(text) ?? (kind === "prose" ? null : /\b(?:TODO|FIXME)[:(]/.exec(text));
  return found ? text.slice(found.index) : undefined;
}
