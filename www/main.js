// The page as a whole: an orchestrator with three providers, a form that creates tasks, a list, and the open task.
import { init } from "agent-orchestrator-wasm";
import { counted, shown } from "./numbers.js";
import { primeFinder } from "./providers/prime-finder.js";
import { reader } from "./providers/reader.js";
import { wordCounter } from "./providers/word-counter.js";
import { forgetAll, openKept, whenOpened } from "./store.js";
import { composer, createExamples } from "./view/composer.js";
import { confirmation } from "./view/confirm.js";
import { detail } from "./view/detail.js";
import { watch } from "./view/feed.js";
import { filters } from "./view/filters.js";
import { history } from "./view/history.js";
import { list } from "./view/list.js";
import { announceChanges, attempt, errorParts } from "./view/notices.js";

const byId = (id) => document.getElementById(id);

/** What is wrong with the page as a whole; nothing, if there are no words. */
function trouble(...words) {
  byId("trouble-text").replaceChildren(...words);
  byId("trouble").hidden = words.length === 0;
}

let leaving = false;
const confirmAll = confirmation(byId("confirm-all"));
byId("start-over").addEventListener("click", () => attempt(async () => {
  if (!(await confirmAll())) return;
  leaving = true;
  await forgetAll();
  location.reload();
}));
const offerToStartOver = () => { byId("start-over").hidden = false; };

/** Opens what was kept; what cannot be read can at least be forgotten. */
async function open() {
  const options = {
    providers: [wordCounter, primeFinder, reader],
    maxConcurrency: 4, // few enough to see tasks wait for a slot
    maxOutputLines: 200,
    onInterrupt: "retry", // what was under way when the page went away begins again
    keepHistory: true, // for the history
  };
  try {
    const waits = () => {
      trouble("Another tab has these tasks open. This one opens them when that one is closed.");
      document.body.dataset.waits = "true";
    };
    return await openKept(options, waits);
  } catch (error) {
    if (["JOURNAL_DAMAGED", "JOURNAL_VERSION"].includes(error.code)) offerToStartOver();
    throw error;
  }
}

await init();
const { orchestrator, unkept } = await open();
trouble(...(unkept === undefined ? [] : ["Nothing is kept: these tasks are gone when this page is closed. ", ...errorParts(unkept)]));
if (unkept === undefined) {
  byId("kept").hidden = false;
  offerToStartOver();
}
orchestrator.subscribe((event) => {
  // It always comes, whatever one asked for.
  if (event.type === "journal:failed" && !leaving) trouble("Nothing more is kept, and nothing can be changed. Reload the page. ", ...errorParts({ name: event.code, message: event.message }));
}, { types: ["journal:failed"] });

let selected;

function select(id, { reveal = true } = {}) {
  if (id !== selected) opened.open(id);
  selected = id;
  tasks.choose(id);
  // On a narrow screen the open task covers the list.
  document.body.classList.toggle("reading", reveal);
}

function close() {
  selected = undefined;
  tasks.choose(undefined);
  opened.close();
  document.body.classList.remove("reading");
}

const chosen = filters({ search: byId("search"), status: byId("status"), hideDone: byId("hide-done"), changed: () => tasks.restart() });

const moments = history({
  orchestrator,
  parts: { range: byId("moment"), text: byId("moment-text"), now: byId("to-now") },
  changed() {
    tasks.draw();
    if (selected !== undefined) opened.draw();
  },
});
const state = () => moments.state;

const tasks = list({
  orchestrator,
  state,
  filters: chosen,
  select,
  parts: {
    list: byId("tasks"), scroller: byId("scroller"), search: byId("search"), found: byId("found"),
    more: byId("more"), empty: byId("empty"), nothing: byId("nothing"), why: byId("why"),
  },
});

const opened = detail({ orchestrator, state, root: byId("detail"), confirmDelete: confirmation(byId("confirm")), close });

/** Something new is there now, and was not before. */
function created(id) {
  moments.toNow();
  select(id);
}
composer({ orchestrator, form: byId("composer"), created });
byId("examples").addEventListener("click", () => attempt(async () => {
  const examples = await createExamples(orchestrator);
  created(examples[0].id);
  await Promise.all(examples.map(({ id }) => orchestrator.startTask(id)));
}));
byId("clear").addEventListener("click", () => chosen.clear());

function drawEvents(events) {
  byId("events").textContent = shown(events);
  moments.grow(events);
}
watch(orchestrator, (change) => {
  drawEvents(change.events);
  // The past does not change.
  if (moments.isPast) return;
  if (change.list) tasks.draw();
  else for (const id of change.tasks) tasks.drawTask(id);
  if (selected !== undefined && (change.missed || change.tasks.has(selected))) opened.draw();
});
announceChanges(orchestrator);
tasks.draw();

whenOpened(orchestrator, (event) => {
  drawEvents(event.seq);
  if (event.type !== "journal:recovered") return;
  const { total } = orchestrator.countTasks();
  if (total === 0) return;
  const again = event.interrupted === 0 ? "" : ` ${shown(event.interrupted)} under way ${event.interrupted === 1 ? "has" : "have"} begun again.`;
  byId("found-again-text").textContent = `Found ${counted(total, "task")} as ${total === 1 ? "it was" : "they were"} left.${again}`;
  byId("found-again").hidden = false;
});
byId("found-again-seen").addEventListener("click", () => { byId("found-again").hidden = true; });

document.body.dataset.ready = "true";
