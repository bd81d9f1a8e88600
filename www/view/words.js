// The words for what the orchestrator tells.

export const statuses = ["pending", "running", "paused", "completed", "failed", "cancelled"];

export const capital = (word) => word[0].toUpperCase() + word.slice(1);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const time = (at) => (at === undefined ? "–" : clock.format(at));

export const isOver = (task) => task.status === "completed" || task.status === "failed" || task.status === "cancelled";

/** What a started task waits for, or its status. */
export function statusText(task) {
  if (task.waitingFor === "capacity") return "Queued";
  if (task.waitingFor === "provider") return "Waits for its provider";
  return task.status === "pending" ? "Not started" : capital(task.status);
}

/** One sentence on where a task stands. */
export function note(task) {
  switch (task.status) {
    case "completed": return task.result?.summary || "Completed";
    case "failed": return task.error ?? "Failed";
    case "cancelled": return task.error ?? "Cancelled";
    case "paused": return "On hold until you resume it";
    case "running": return task.output.at(-1)?.trim() ?? "At work";
    default: return { capacity: "Waits for a free slot", provider: "Waits for its provider" }[task.waitingFor] ?? "Waits for you to start it";
  }
}

/** An event as one line. */
export function eventText(event) {
  switch (event.type) {
    case "task:created": return event.name;
    case "task:queued": return `attempt ${event.attempt} waits for ${event.waitingFor}`;
    case "task:started": return `attempt ${event.attempt}`;
    case "task:progress": return `${event.progress} %`;
    case "task:output": return event.lines.map((line) => line.trim()).join(" ⏎ ");
    case "task:step": return `${event.step.id} ${event.step.status}: ${event.step.output ?? event.step.description}`;
    case "task:message": return event.message;
    case "task:completed": return event.summary;
    case "task:failed": return event.error;
    case "task:cancelled": return event.reason;
    case "task:late": return `${event.report} of attempt ${event.attempt} came too late`;
    case "subscriber:lagged": return `${event.dropped} events dropped`;
    default: return "";
  }
}
