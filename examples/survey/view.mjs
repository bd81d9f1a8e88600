/** Shows a survey while it runs: a view that redraws itself in a terminal, one line per event elsewhere. */
import { printable } from "./text.mjs";

const TASKS_SHOWN = 6;
const REDRAW_MS = 80;

/** @returns a function that stops showing. */
export function showProgress(orchestrator, survey, stream, plain) {
  return plain ? writeLog(orchestrator, survey, stream) : drawView(orchestrator, survey, stream);
}

/** The log follows the events: each is told once, in order. */
function writeLog(orchestrator, survey, stream) {
  return orchestrator.subscribe((event) => {
    const text = inWords(event);
    if (text === undefined) return;
    const name = event.taskId === undefined ? "" : `${orchestrator.getTask(event.taskId)?.name ?? event.taskId}: `;
    const seconds = ((event.at - survey.createdAt) / 1000).toFixed(2);
    stream.write(`${printable(`${seconds.padStart(7)}s  ${name}${text}`)}\n`);
  });
}

/** Progress is left out: the output lines say the same, and more. So is what has not begun. */
function inWords(event) {
  switch (event.type) {
    case "task:started": return "started";
    case "task:output": return event.lines.join(" / ");
    case "task:step": return event.step.status === "pending" ? undefined : `${event.step.description}: ${event.step.status}`;
    case "task:paused": return "paused";
    case "task:resumed": return "resumed";
    case "task:completed": return `completed. ${event.summary}`;
    case "task:failed": return `failed. ${event.error}`;
    case "task:cancelled": return `cancelled. ${event.reason}`;
    case "subscriber:lagged": return `${event.dropped} events were not shown`;
  }
}

/** The view asks how things stand, a few times a second. */
function drawView(orchestrator, survey, stream) {
  let height = 0;
  const erase = () => (height > 0 ? `\x1b[${height}A\x1b[J` : "");

  const draw = () => {
    const running = orchestrator.listTasks({ status: "running", parent: survey.id, sort: "createdAt", limit: TASKS_SHOWN });
    const lines = [overall(orchestrator.countTasks()), ...running.tasks.map(oneTask)];
    // Without wrapping, one line of ours is one line of the terminal, however narrow it is.
    stream.write(`${erase()}\x1b[?7l${lines.map((line) => `${printable(line)}\n`).join("")}\x1b[?7h`);
    height = lines.length;
  };

  stream.write(`${printable(survey.name)}\n`);
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  return () => {
    clearInterval(timer);
    stream.write(erase());
  };
}

function overall({ total, completed, failed, cancelled }) {
  const ended = completed + failed + cancelled;
  const share = ended / total;
  const trouble = failed > 0 ? `, ${failed} failed` : "";
  return `${bar(share)} ${percent(100 * share)}  ${ended} of ${total} tasks${trouble}`;
}

const oneTask = (task) => `  ${percent(task.progress)}  ${task.name}  ${task.output.at(-1) ?? ""}`;
const percent = (number) => `${Math.floor(number)}%`.padStart(4);

function bar(share, width = 24) {
  const full = Math.round(share * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}
