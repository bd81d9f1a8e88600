// The page as a whole: an orchestrator with three providers, a form that creates tasks, a list, and the open task.
import { init, AgentOrchestrator } from "agent-orchestrator-wasm";
import { shown } from "./numbers.js";
import { primeFinder } from "./providers/prime-finder.js";
import { reader } from "./providers/reader.js";
import { wordCounter } from "./providers/word-counter.js";
import { composer, createExamples } from "./view/composer.js";
import { confirmation } from "./view/confirm.js";
import { detail } from "./view/detail.js";
import { watch } from "./view/feed.js";
import { filters } from "./view/filters.js";
import { list } from "./view/list.js";
import { announceChanges, attempt } from "./view/notices.js";

await init();
const orchestrator = await AgentOrchestrator.open({
  providers: [wordCounter, primeFinder, reader],
  maxConcurrency: 4, // few enough to see tasks wait for a slot
  maxOutputLines: 200,
});

const byId = (id) => document.getElementById(id);
let selected;

function select(id, { reveal = true } = {}) {
  if (id !== selected) open.open(id);
  selected = id;
  tasks.choose(id);
  // On a narrow screen the open task covers the list.
  document.body.classList.toggle("reading", reveal);
}

function close() {
  selected = undefined;
  tasks.choose(undefined);
  open.close();
  document.body.classList.remove("reading");
}

const chosen = filters({ search: byId("search"), status: byId("status"), hideDone: byId("hide-done"), changed: () => tasks.restart() });

const tasks = list({
  orchestrator,
  filters: chosen,
  select,
  parts: {
    list: byId("tasks"), scroller: byId("scroller"), search: byId("search"), found: byId("found"),
    more: byId("more"), empty: byId("empty"), nothing: byId("nothing"), why: byId("why"),
  },
});

const open = detail({ orchestrator, root: byId("detail"), confirmDelete: confirmation(byId("confirm")), close });

composer({ orchestrator, form: byId("composer"), created: select });
byId("examples").addEventListener("click", () => attempt(async () => {
  const examples = await createExamples(orchestrator);
  select(examples[0].id);
  await Promise.all(examples.map(({ id }) => orchestrator.startTask(id)));
}));
byId("clear").addEventListener("click", () => chosen.clear());

watch(orchestrator, (change) => {
  if (change.list) tasks.draw();
  else for (const id of change.tasks) tasks.drawTask(id);
  if (selected !== undefined && (change.missed || change.tasks.has(selected))) open.draw();
  byId("events").textContent = shown(change.events);
});
announceChanges(orchestrator);
tasks.draw();

document.body.dataset.ready = "true";
