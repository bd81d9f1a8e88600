// A task's steps.
import { arrange, el, icon, set, setIcon, setText } from "./dom.js";

export function stepsTab(items, empty) {
  let rows = [];
  let shown;

  function stepRow() {
    const state = icon("pending");
    const description = el("span", { class: "name" });
    const output = el("span", { class: "facts" });
    const element = el("li", { class: "step" }, state, description, output);
    return {
      element,
      draw(step) {
        set(element, "data-status", step.status);
        setIcon(state, step.status);
        setText(description, step.description);
        setText(output, step.output ?? step.status);
      },
    };
  }

  return (task) => {
    if (shown !== task.id) rows = [];
    shown = task.id;
    rows = task.steps.map((step, index) => rows[index] ?? stepRow());
    task.steps.forEach((step, index) => rows[index].draw(step));
    arrange(items, rows.map(({ element }) => element));
    empty.hidden = task.steps.length > 0;
    return { total: task.steps.length, completed: task.steps.filter(({ status }) => status === "completed").length };
  };
}
