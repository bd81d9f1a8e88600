// The rest of what is known about a task.
import { el } from "./dom.js";
import { time } from "./words.js";

export function factsTab(items) {
  return (task) => {
    const facts = {
      Id: task.id,
      Provider: `${task.providerLabel} (${task.providerId})`,
      Attempt: String(task.attempt),
      Tags: task.tags.join(", ") || "–",
      "Waits for": task.dependsOn.join(", ") || "–",
      Created: time(task.createdAt),
      "First run": time(task.startedAt),
      Ended: time(task.completedAt),
      "User status": task.userStatus,
      Description: task.description,
      Result: task.result === undefined ? "–" : JSON.stringify(task.result, null, 2),
    };
    items.replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  };
}
