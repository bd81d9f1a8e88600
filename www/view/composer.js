// The form for new tasks.
import { inputs } from "../providers/inputs.js";
import { el, icon } from "./dom.js";
import { errorParts } from "./notices.js";

const CHOICES = 50; // tasks to wait for; more would make no good menu

/** Within what the field allows: it is the page that would suffer. */
const howMany = (field) => Math.min(Math.max(Math.floor(field.valueAsNumber) || 1, 1), Number(field.max));

/** The fields that were filled in; what is wrong with them is the orchestrator's to say. */
function readForm(form) {
  const filled = (name) => form.elements[name].value.trim() || undefined;
  const tags = filled("tags")?.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
  const after = filled("after");
  const maxAttempts = howMany(form.elements.attempts);
  return {
    name: form.elements.name.value, description: filled("input"), providerId: form.elements.provider.value, id: filled("id"), tags,
    dependsOn: after === undefined ? undefined : [after],
    retry: maxAttempts === 1 ? undefined : { maxAttempts },
  };
}

/** Several tasks of one kind, with numbers; a blank name stays blank, for the orchestrator to refuse. */
function copies(task, count) {
  const name = (number) => (count === 1 || task.name.trim() === "" ? task.name : `${task.name} ${number}`);
  return Array.from({ length: count }, (_, index) => ({ ...task, name: name(index + 1) }));
}

/** @param {(id: string) => void} created called with the id of the first new task */
export function composer({ orchestrator, form, created }) {
  const { name, input, count } = form.elements;
  const problem = form.querySelector("[data-part=problem]");
  const label = form.querySelector("[data-part=input-label]");
  const hint = form.querySelector("[data-part=hint]");
  const { after } = form.elements;
  const typed = new Map(); // what was typed for each provider
  let provider;

  for (const { id, label: text } of orchestrator.providers) {
    const radio = el("input", { type: "radio", name: "provider", value: id });
    form.querySelector("[data-part=providers]").append(el("label", { class: "choice" }, radio, icon(inputs[id].icon), text));
  }

  function choose(chosen) {
    if (provider !== undefined) typed.set(provider.id, { name: name.value, input: input.value });
    provider = chosen;
    form.elements.provider.value = chosen.id;
    const asked = inputs[chosen.id];
    name.value = typed.get(chosen.id)?.name ?? asked.name;
    input.value = typed.get(chosen.id)?.input ?? asked.value;
    input.rows = asked.rows;
    label.textContent = asked.label;
    hint.textContent = chosen.description;
  }

  async function create(start) {
    problem.replaceChildren();
    try {
      const tasks = await orchestrator.createTasks(copies(readForm(form), howMany(count)));
      form.elements.id.value = after.value = "";
      created(tasks[0].id);
      // How a run ends is told by events; here only a refused start matters.
      if (start) await Promise.all(tasks.map(({ id }) => orchestrator.startTask(id)));
    } catch (error) {
      problem.replaceChildren(icon("failed"), ...errorParts(error));
    }
  }

  /** Tasks that a new one could wait for; the chosen one stays even when it has ended. */
  function offerTasks() {
    const { tasks } = orchestrator.listTasks({ status: ["pending", "blocked", "running", "paused"], limit: CHOICES });
    const chosen = orchestrator.getTask(after.value);
    const offered = chosen === undefined || tasks.some(({ id }) => id === chosen.id) ? tasks : [chosen, ...tasks];
    after.replaceChildren(el("option", { value: "" }, "nothing"), ...offered.map(({ id, name }) => el("option", { value: id }, name)));
    after.value = chosen?.id ?? "";
  }
  after.addEventListener("pointerdown", offerTasks);
  after.addEventListener("focus", offerTasks);
  offerTasks();

  form.addEventListener("change", (event) => {
    if (event.target.name === "provider") choose(orchestrator.providers.find(({ id }) => id === event.target.value));
  });
  form.addEventListener("input", () => problem.replaceChildren());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    create(event.submitter?.value !== "later");
  });
  choose(orchestrator.providers[0]);
}

/** One task for each provider, as a first look. */
export const createExamples = (orchestrator) => orchestrator.createTasks(orchestrator.providers.map(({ id }) =>
  ({ name: inputs[id].name, description: inputs[id].value, providerId: id, tags: ["example"] })));
