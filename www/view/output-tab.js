// A task's output. Lines have numbers that count from the first line ever written, so that only new ones are added.
import { el } from "./dom.js";
import { log } from "./log.js";

export function outputTab(scroller, items, empty) {
  const lines = log(scroller, items);
  let shown; // which run of which task is on the page
  let first = 0; // number of the first line on the page, counted from 0
  let next = 0; // number of the first line that is not there yet

  function draw(task) {
    const key = `${task.id} ${task.attempt}`;
    const end = task.outputDropped + task.output.length;
    if (key !== shown || end < next || task.outputDropped > next) {
      lines.clear();
      shown = key;
      first = next = task.outputDropped;
    }
    const added = task.output.slice(next - task.outputDropped);
    lines.append(added.map((line, index) => el("li", { "data-number": next + index + 1 }, line)));
    lines.dropFirst(task.outputDropped - first);
    first = task.outputDropped;
    next = end;
    empty.hidden = end > 0;
    return end;
  }

  return { draw, settle: lines.settle };
}
