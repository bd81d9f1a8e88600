// A provider in the form of an async generator: what it yields is output, what it returns is the result.
import { counted } from "../numbers.js";
import { pause } from "./pause.js";

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

function countWords(line) {
  let words = 0;
  for (const { isWordLike } of segmenter.segment(line)) if (isWordLike) words += 1;
  return words;
}

export const wordCounter = {
  id: "word-counter",
  label: "Word counter",
  description: "Counts the words of each line.",

  async *executeTask(task, context) {
    const lines = task.description.split(/\r?\n/).filter((line) => line.trim() !== "");
    // Slow enough to watch, and never longer than a few seconds.
    const pace = Math.min(400, 4000 / lines.length);
    let total = 0;
    for (const [index, line] of lines.entries()) {
      await context.untilResumed();
      await pause(pace, context.signal);
      const words = countWords(line);
      total += words;
      context.updateProgress((100 * (index + 1)) / lines.length);
      yield `${String(words).padStart(3)}  ${line}`;
    }
    return { success: true, summary: `${counted(total, "word")} in ${counted(lines.length, "line")}`, words: total };
  },
};
