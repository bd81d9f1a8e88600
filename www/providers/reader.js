// A provider with a plan: one step per file, and the progress follows from the steps.
import { counted } from "../numbers.js";
import { pause } from "./pause.js";

/** Text of a file of this page. */
async function read(file, signal) {
  const response = await fetch(new URL(file, document.baseURI), { signal });
  if (!response.ok) throw new Error(`${file} answered ${response.status} ${response.statusText}`.trim());
  return response.text();
}

export const reader = {
  id: "reader",
  label: "Reader",
  description: "Reads files of this page, step by step.",

  async executeTask(task, context) {
    const files = task.description.split(/\r?\n/).map((file) => file.trim()).filter((file) => file !== "");
    const plan = files.map((file) => ({ file, step: context.addStep(`Read ${file}`) }));
    let total = 0;
    for (const { file, step } of plan) {
      await context.untilResumed();
      context.updateStep(step.id, "running");
      await pause(300, context.signal); // A file of this page is read too fast to watch.
      try {
        const text = await read(file, context.signal);
        const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
        total += lines;
        context.appendOutput(`${String(lines).padStart(5)}  ${file}`);
        context.updateStep(step.id, "completed", counted(lines, "line"));
      } catch (error) {
        context.updateStep(step.id, "failed", error.message);
        throw error;
      }
    }
    return { success: true, summary: `${counted(total, "line")} in ${counted(files.length, "file")}`, lines: total };
  },
};
