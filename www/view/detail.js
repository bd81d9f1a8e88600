// The open task: where it stands, what can be done with it, and all it has said.
import { shown } from "../numbers.js";
import { mainAction } from "./actions.js";
import { set, setIcon, setText } from "./dom.js";
import { eventsTab } from "./events-tab.js";
import { factsTab } from "./facts-tab.js";
import { attempt } from "./notices.js";
import { outputTab } from "./output-tab.js";
import { stepsTab } from "./steps-tab.js";
import { tabs } from "./tabs.js";
import { title } from "./title.js";
import { isOver, note, statusIcon, statusText } from "./words.js";

/** @param {() => object} state gives the orchestrator, or a state of its past */
export function detail({ orchestrator, state, root, confirmDelete, close }) {
  const parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]));
  const count = (name, text) => setText(root.querySelector(`[data-tab=${name}] .count`), text);

  const drawTitle = title({ orchestrator, heading: parts.name, rename: parts.rename, form: parts["rename-form"], input: parts["new-name"] });
  const output = outputTab(parts.output, parts.lines, parts["no-output"]);
  const drawSteps = stepsTab(parts.steps, parts["no-steps"]);
  const drawFacts = factsTab(parts.facts);
  const events = eventsTab(orchestrator, parts.events, parts["event-lines"]);

  let id;
  let task;
  let action;

  const showEvents = () => {
    if (id !== undefined && !parts.events.hidden) events.open(id);
    else events.close();
  };
  tabs(parts.tabs, () => {
    output.settle();
    showEvents();
  });

  // A button that cannot be used keeps the focus it may have: it is marked, not disabled.
  const on = (name, run) => parts[name].addEventListener("click", () => {
    if (parts[name].getAttribute("aria-disabled") === "true") return;
    attempt(() => run(id));
    // What a person did shows at once; events tell of it when it is kept.
    draw();
  });
  on("main", () => action.run(orchestrator, id));
  on("cancel", () => orchestrator.cancelTask(id));
  on("done", () => orchestrator.setUserStatus(id, task.userStatus === "done" ? "open" : "done"));
  on("delete", async () => { if (await confirmDelete(task)) await orchestrator.deleteTask(task.id); });
  parts.back.addEventListener("click", () => close());

  function drawNone(isOpen) {
    parts.task.hidden = !isOpen;
    parts.none.hidden = isOpen;
    setText(parts["none-title"], id === undefined ? "No task is open" : "Not created yet");
    setText(parts["none-text"], id === undefined ? "Choose one to see its output, steps and events." : "The open task came later.");
  }

  function draw() {
    const current = state().getTask(id);
    if (current === undefined && orchestrator.getTask(id) === undefined) return close();
    drawNone(current !== undefined);
    if (current === undefined) return undefined;
    task = current;
    action = mainAction(task);
    set(root, "data-status", task.status);
    drawTitle(task);
    setIcon(parts.state.firstElementChild, statusIcon(task));
    setText(parts.status, statusText(task));
    setText(parts.provider, task.providerLabel);
    setText(parts.attempt, task.attempt === 0 ? "" : `Attempt ${task.attempt}`);
    set(parts.bar, "value", task.progress);
    setText(parts.percent, `${task.progress} %`);
    setText(parts.note, note(task, state()));

    setText(parts.main.lastElementChild, action.label);
    setIcon(parts.main.firstElementChild, action.icon);
    set(parts.cancel, "aria-disabled", isOver(task));
    set(parts.done, "aria-pressed", task.userStatus === "done");

    count("output", shown(output.draw(task)));
    const { total, completed } = drawSteps(task);
    count("steps", total === 0 ? "0" : `${completed}/${total}`);
    drawFacts(task);
    return undefined;
  }

  return {
    open(taskId) {
      id = taskId;
      showEvents();
      draw();
    },
    close() {
      id = task = undefined;
      showEvents();
      root.removeAttribute("data-status");
      drawNone(false);
    },
    draw,
  };
}
