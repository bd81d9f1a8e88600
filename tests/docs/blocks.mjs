// The fenced blocks of a Markdown file, and what they say that they print.
import { readFileSync } from "node:fs";

/** @returns {{ language: string, text: string, line: number }[]} */
export function blocksOf(file) {
  const blocks = [];
  let block;
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (block === undefined && fence) block = { language: fence[1], lines: [], line: index + 1 };
    else if (block !== undefined && fence?.[1] === "") {
      blocks.push({ language: block.language, text: block.lines.join("\n") + "\n", line: block.line });
      block = undefined;
    } else block?.lines.push(line);
  }
  return blocks;
}

/** What a program says that it prints: after `console.log(...);` on its line, or on a line of its own after `prints:`. */
export const expectedOutput = (text) =>
  [...text.matchAll(/(?:console\.log\(.*\);|^) *\/\/ (prints: )?(.*)$/gm)]
    .filter(([line, prints]) => prints !== undefined || line.includes("console.log"))
    .map(([, , words]) => words);
