// The name of the open task, and the way to change it in place.
import { setText } from "./dom.js";
import { attempt } from "./notices.js";

export function title({ orchestrator, heading, rename, form, input }) {
  let id;

  function edit(on) {
    form.hidden = !on;
    heading.hidden = on;
    rename.hidden = on;
    if (on) {
      input.value = heading.textContent;
      input.select();
    }
  }
  function leave() {
    const hadFocus = form.contains(document.activeElement);
    edit(false);
    if (hadFocus) rename.focus();
  }

  rename.addEventListener("click", () => edit(true));
  form.addEventListener("reset", leave);
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await attempt(() => orchestrator.renameTask(id, input.value))) leave();
    else input.focus();
  });

  return (task) => {
    if (task.id !== id) edit(false);
    id = task.id;
    setText(heading, task.name);
    heading.title = task.name;
  };
}
