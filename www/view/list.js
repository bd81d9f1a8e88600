// The list of tasks: the newest that the filters let through, as many as asked for.
import { arrange, setText } from "./dom.js";
import { errorParts } from "./notices.js";
import { row } from "./row.js";

const PAGE = 50;

/** Up to `wanted` tasks and whether there are more, or why the query was refused. */
function find(state, query, wanted) {
  const tasks = [];
  let cursor;
  try {
    do {
      const page = state.listTasks({ ...query, limit: PAGE, cursor });
      tasks.push(...page.tasks);
      cursor = page.nextCursor;
    } while (cursor !== undefined && tasks.length < wanted);
    return { tasks, more: cursor !== undefined };
  } catch (refusal) {
    return { tasks: [], more: false, refusal };
  }
}

/** @param {() => object} state gives the orchestrator, or a state of its past */
export function list({ orchestrator, state, filters, parts, select }) {
  const rows = new Map();
  let wanted = PAGE;
  let selected;

  const shown = () => [...parts.list.children];
  const focusOn = (element) => element.querySelector(".open").focus();

  function chooseRows() {
    const reachable = rows.has(selected) ? selected : shown()[0]?.dataset.id;
    for (const [id, { choose }] of rows) choose(id === selected, id === reachable);
  }

  /** A row that had the focus and is gone passes it to its neighbour. */
  function arrangeRows(elements) {
    const before = shown().findIndex((element) => element.contains(document.activeElement));
    arrange(parts.list, elements);
    if (before < 0 || parts.list.contains(document.activeElement)) return;
    if (elements.length === 0) parts.search.focus();
    else focusOn(elements[Math.min(before, elements.length - 1)]);
  }

  function draw() {
    const { tasks, more, refusal } = find(state(), filters.query(), wanted);
    const ids = new Set(tasks.map(({ id }) => id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
    for (const task of tasks) {
      if (!rows.has(task.id)) rows.set(task.id, row(orchestrator, task.id, select));
      rows.get(task.id).draw(task);
    }
    arrangeRows(tasks.map(({ id }) => rows.get(id).element));
    chooseRows();

    const counts = state().countTasks();
    filters.drawCounts(counts);
    parts.more.hidden = !more;
    parts.empty.hidden = counts.total > 0;
    parts.nothing.hidden = counts.total === 0 || tasks.length > 0;
    parts.why.replaceChildren(...(refusal === undefined ? ["No task fits these filters."] : errorParts(refusal)));
    return { found: tasks.length, more };
  }

  parts.more.addEventListener("click", () => {
    const first = parts.list.childElementCount;
    wanted += PAGE;
    draw();
    if (shown()[first] !== undefined) focusOn(shown()[first]);
  });

  parts.list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = shown();
    const at = all.indexOf(event.target.closest(".row"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || all[to] === undefined) return;
    event.preventDefault();
    select(all[to].dataset.id, { reveal: false });
    focusOn(all[to]);
  });

  return {
    draw,
    /** Other filters: from the top again. */
    restart() {
      wanted = PAGE;
      parts.scroller.scrollTop = 0;
      const { found, more } = draw();
      setText(parts.found, `${found}${more ? " or more" : ""} tasks found`);
    },
    drawTask(id) {
      const task = rows.has(id) ? state().getTask(id) : undefined;
      if (task !== undefined) rows.get(id).draw(task);
    },
    choose(id) {
      selected = id;
      chooseRows();
    },
  };
}
