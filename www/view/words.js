// The words for what the orchestrator tells.

export const statuses = ["pending", "blocked", "running", "paused", "completed", "failed", "cancelled"];

export const capital = (word) => word[0].toUpperCase() + word.slice(1);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const time = (at) => (at === undefined ? "–" : clock.format(at));

export const isOver = (task) => task.status === "completed" || task.status === "failed" || task.status === "cancelled";

/** What a started task waits for, or its status. */
export function statusText(task) {
  switch (task.waitingFor) {
    case "capacity": return "Queued";
    case "provider": return "Waits for its provider";
    case "dependencies": return "Blocked";
    case "retry": return "Retrying";
    case "time": return `Starts at ${time(task.startAt)}`;
    case "interrupted": return "Interrupted";
    default: return task.status === "pending" ? "Not started" : capital(task.status);
  }
}

/** The symbol for where a task stands. */
export const statusIcon = (task) => (task.waitingFor === "retry" ? "restart" : task.status);

/** What a task waits for before it runs. */
function waitText(task, state) {
  switch (task.waitingFor) {
    case "capacity": return "Waits for a free slot";
    case "provider": return "Waits for its provider";
    case "dependencies": return `Waits for ${task.dependsOn.map((id) => state.getTask(id)?.name ?? "a task that is gone").join(", ")}`;
    case "retry": return `Tries again at ${time(task.retryAt)}${task.error === undefined ? "" : `: ${task.error}`}`;
    case "time": return "Waits for its time";
    default: return "Waits for you to start it";
  }
}

/** One sentence on where a task stands, in a state that knows the others. */
export function note(task, state) {
  switch (task.status) {
    case "completed": return task.result?.summary || "Completed";
    case "failed": return task.error ?? "Failed";
    case "cancelled": return task.error ?? "Cancelled";
    case "paused": return "On hold until you resume it";
    case "running": return task.output.at(-1)?.trim() ?? "At work";
    default: return waitText(task, state);
  }
}

/** An event as one line. */
export function eventText(event) {
  switch (event.type) {
    case "task:created": return event.name;
    case "task:queued": return `attempt ${event.attempt} waits for ${event.waitingFor}`;
    case "task:blocked": return `attempt ${event.attempt} waits for ${event.waitingFor}`;
    case "task:retrying": return `attempt ${event.attempt} follows at ${time(event.retryAt)}: ${event.error}`;
    case "task:interrupted": return `attempt ${event.attempt}, when the page went away`;
    case "task:started": return `attempt ${event.attempt}`;
    case "task:progress": return `${event.progress} %`;
    case "task:output": return event.lines.map((line) => line.trim()).join(" ⏎ ");
    case "task:step": return `${event.step.id} ${event.step.status}: ${event.step.output ?? event.step.description}`;
    case "task:message": return event.message;
    case "task:completed": return event.summary;
    case "task:failed": return event.error;
    case "task:cancelled": return event.reason;
    case "task:late": return `${event.report} of attempt ${event.attempt} came too late`;
    case "journal:failed": return event.message;
    case "subscriber:lagged": return `${event.dropped} events dropped`;
    default: return "";
  }
}
