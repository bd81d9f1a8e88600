// What can be done with a task. The orchestrator decides what is legal; here it is only decided which button to offer.
import { isOver } from "./words.js";

const main = {
  start: { label: "Start", icon: "play", run: (orchestrator, id) => orchestrator.startTask(id) },
  pause: { label: "Pause", icon: "pause", run: (orchestrator, id) => orchestrator.pauseTask(id) },
  resume: { label: "Resume", icon: "play", run: (orchestrator, id) => orchestrator.resumeTask(id) },
  restart: { label: "Restart", icon: "restart", run: (orchestrator, id) => orchestrator.restartTask(id) },
};

/** The one thing that people most likely want next. */
export function mainAction(task) {
  if (isOver(task)) return main.restart;
  if (task.status === "paused") return main.resume;
  return task.status === "running" || task.status === "blocked" || task.waitingFor !== undefined ? main.pause : main.start;
}
