/** Puts together what the readers found and writes it down. */
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { summarise, surveyText } from "./survey-text.mjs";
import { allTasks } from "./tasks.mjs";
import { count, reason, shown } from "./text.mjs";

export function writer(orchestrator) {
  return {
    id: "writer",
    label: "Writer",
    description: "Writes the survey",

    async executeTask(task, ctx) {
      const { scoutId, out } = task.metadata;
      // Finished tasks keep their results, so nobody has to hand them over.
      const { tally } = orchestrator.getTask(scoutId).result;
      const parts = allTasks(orchestrator, { tag: scoutId });
      const survey = summarise(basename(ctx.workingDirectory) || "/", tally, parts);
      const text = surveyText(survey);
      ctx.updateProgress(50);

      await ctx.untilResumed();
      ctx.signal.throwIfAborted(); // the last moment at which a cancelled survey leaves no file behind
      try {
        await writeFile(out, text);
      } catch (error) {
        throw new Error(`Cannot write "${basename(out)}": ${reason(error)}`, { cause: error });
      }
      return { success: true, summary: inOneLine(survey), filesCreated: [out] };
    },
  };
}

function inOneLine({ total, skipped }) {
  const left = skipped.map(({ why, paths }) => `${shown(paths.length)} ${why}`).join(", ");
  return (
    `Read ${count(total.files, "file")} with ${count(total.lines, "line")}: ${count(total.item, "public item")}, ` +
    `${count(total.heading, "heading")}, ${count(total.todo, "thing")} left to do.${left && ` Not read: ${left}.`}`
  );
}
