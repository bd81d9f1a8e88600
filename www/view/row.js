// One task in the list.
import { mainAction } from "./actions.js";
import { el, icon, set, setIcon, setText } from "./dom.js";
import { attempt } from "./notices.js";
import { statusIcon, statusText } from "./words.js";

export function row(orchestrator, id, select) {
  const state = icon("pending");
  const name = el("span", { class: "name" });
  const provider = el("span", { class: "provider" });
  const status = el("span", { class: "status" });
  const percent = el("span", { class: "percent" });
  const bar = el("progress", { max: 100, "aria-label": "Progress" });
  const open = el("button", { type: "button", class: "open", tabindex: -1, onclick: () => select(id) },
    state, name, percent, el("span", { class: "facts" }, status, provider), bar);

  let action;
  const symbol = icon("play");
  const quick = el("button", { type: "button", class: "quiet square quick", tabindex: -1,
    onclick: () => attempt(() => action.run(orchestrator, id)) }, symbol);
  const element = el("li", { class: "row", "data-id": id }, open, quick);

  return {
    element,
    draw(task) {
      action = mainAction(task);
      set(element, "data-status", task.status);
      element.classList.toggle("done", task.userStatus === "done");
      setIcon(state, statusIcon(task));
      setText(name, task.name);
      setText(provider, task.providerLabel);
      setText(status, task.userStatus === "done" ? `${statusText(task)}, done` : statusText(task));
      setText(percent, task.progress === 0 || task.status === "completed" ? "" : `${task.progress} %`);
      set(bar, "value", task.progress);
      setIcon(symbol, action.icon);
      set(quick, "aria-label", `${action.label} ${task.name}`);
      set(quick, "title", action.label);
    },
    /** The chosen row, and it alone, is reached by Tab; arrow keys go on from there. */
    choose(selected, reachable) {
      set(open, "aria-current", selected ? "true" : undefined);
      set(open, "tabindex", reachable ? 0 : -1);
      set(quick, "tabindex", reachable ? 0 : -1);
    },
  };
}
