// Telling people: errors, with their code, stay until they are dismissed; changes of status are spoken to screen readers.
import { OrchestratorError } from "agent-orchestrator-wasm";
import { el, icon } from "./dom.js";

const MOST = 3;
const errors = document.getElementById("errors");
const spoken = document.getElementById("spoken");

/** What an error says, with the code that programs go by. */
export function errorParts(error) {
  const code = OrchestratorError.isInstance(error) ? error.code : (error?.name ?? "Error");
  return [el("code", { class: "code" }, code), el("span", { class: "message" }, String(error?.message ?? error))];
}

export function showError(error) {
  const notice = el("div", { class: "notice", role: "alert" }, icon("failed"), el("p", {}, ...errorParts(error)));
  notice.append(el("button", { type: "button", class: "quiet square", "aria-label": "Dismiss", onclick: () => notice.remove() }, icon("close")));
  errors.append(notice);
  while (errors.childElementCount > MOST) errors.firstElementChild.remove();
}

/** Runs something that a person asked for; what is wrong with it is shown. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    showError(error);
    return undefined;
  }
}

/** Speaks the changes of status, in one sentence per batch. */
export function announceChanges(orchestrator) {
  let sentences = [];
  const speak = () => {
    spoken.textContent = sentences.length > 3 ? `${sentences.length} tasks changed` : sentences.join(". ");
    sentences = [];
  };
  const say = (event) => {
    // Some events are of no task, and come whatever one asked for.
    const name = event.taskId === undefined ? undefined : orchestrator.getTask(event.taskId)?.name;
    if (name === undefined) return;
    if (sentences.push(`${name}: ${event.type.slice("task:".length)}`) === 1) setTimeout(speak, 500);
  };
  const types = ["task:started", "task:blocked", "task:retrying", "task:paused", "task:resumed", "task:completed", "task:failed", "task:cancelled"];
  orchestrator.subscribe(say, { types });
}
