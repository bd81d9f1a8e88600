// A task's events: those so far are replayed, later ones follow as they happen. Listens only while it is shown.
import { el, setText } from "./dom.js";
import { log } from "./log.js";
import { eventText, time } from "./words.js";

const MOST = 500;

export function eventsTab(orchestrator, scroller, items) {
  const lines = log(scroller, items);
  let stop;
  let waiting = [];
  let lastType;

  function fill(line, event) {
    const [seq, at, , text] = line.children;
    setText(seq, String(event.seq));
    setText(at, time(event.at));
    setText(text, eventText(event));
  }

  function line(event) {
    const element = el("li", { "data-type": event.type }, el("span", { class: "seq" }), el("time"),
      el("span", { class: "type" }, event.type), el("span", { class: "text" }));
    fill(element, event);
    return element;
  }

  function draw() {
    const added = [];
    for (const event of waiting) {
      // A row of progress reports is one line that changes.
      const last = added.at(-1) ?? lines.last;
      if (event.type === "task:progress" && lastType === "task:progress" && last !== null) fill(last, event);
      else added.push(line(event));
      lastType = event.type;
    }
    waiting = [];
    lines.append(added.slice(-MOST));
    lines.dropFirst(lines.length - MOST);
  }

  function close() {
    stop?.();
    stop = lastType = undefined;
    waiting = [];
    lines.clear();
  }

  return {
    open(taskId) {
      close();
      stop = orchestrator.subscribe((event) => {
        if (waiting.push(event) === 1) requestAnimationFrame(draw);
      }, { taskId, from: 0 });
    },
    close,
  };
}
