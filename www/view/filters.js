// Which tasks are listed: the search text, the status, and whether done ones are left out.
import { shown } from "../numbers.js";
import { el, setText } from "./dom.js";
import { capital, statuses } from "./words.js";

/** @param {() => void} changed called when the query is another one */
export function filters({ search, status, hideDone, changed }) {
  const counters = new Map();
  for (const name of ["all", ...statuses]) {
    const counter = el("span", { class: "count" }, "0");
    counters.set(name, counter);
    const input = el("input", { type: "radio", name: "status", value: name, checked: name === "all" });
    status.append(el("label", { class: "tile", "data-status": name }, input, counter, " ", capital(name)));
  }

  search.addEventListener("input", changed);
  status.addEventListener("change", changed);
  hideDone.addEventListener("change", changed);
  const chosen = () => status.querySelector(":checked").value;

  return {
    /** The conditions, as `listTasks` takes them. A blank text is no search. */
    query() {
      return {
        text: search.value.trim() === "" ? undefined : search.value,
        status: chosen() === "all" ? undefined : chosen(),
        userStatus: hideDone.checked ? "open" : undefined,
      };
    },
    clear() {
      search.value = "";
      hideDone.checked = false;
      status.querySelector("[value=all]").checked = true;
      changed();
      search.focus();
    },
    drawCounts(counts) {
      for (const [name, counter] of counters) {
        const count = counts[name === "all" ? "total" : name];
        setText(counter, shown(count));
        counter.closest(".tile").classList.toggle("none", count === 0);
      }
    },
  };
}
