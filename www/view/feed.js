// From events to drawing: however many events arrive, the page is drawn at most once per frame.

// These change nothing but the task itself; all others may change which tasks are listed, or how many there are.
const inPlace = new Set(["task:progress", "task:output", "task:step", "task:late"]);

/**
 * @param {(change: { tasks: Set<string>, list: boolean, missed: boolean, events: number }) => void} draw
 *   gets the ids of changed tasks, whether the list may have changed, whether events were missed (then anything may
 *   have changed), and the number of the last event
 */
export function watch(orchestrator, draw) {
  let tasks = new Set();
  let list = false;
  let missed = false;
  let events = 0;
  let asked = false;

  const drawNow = () => {
    asked = false;
    const change = { tasks, list, missed, events };
    tasks = new Set();
    list = missed = false;
    draw(change);
  };

  return orchestrator.subscribe((event) => {
    events = event.seq;
    if (event.taskId !== undefined) tasks.add(event.taskId);
    if (!inPlace.has(event.type)) list = true;
    if (event.type === "subscriber:lagged") missed = true;
    if (!asked) {
      asked = true;
      requestAnimationFrame(drawNow);
    }
  });
}
