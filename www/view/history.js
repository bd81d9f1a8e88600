// Looking back: the list and the open task as they were after any event there ever was.
import { shown } from "../numbers.js";
import { setText } from "./dom.js";
import { showError } from "./notices.js";
import { time } from "./words.js";

/**
 * @param {{ range: HTMLInputElement, text: HTMLElement, now: HTMLButtonElement }} parts
 * @param {() => void} changed called when another moment is shown
 */
export function history({ orchestrator, parts: { range, text, now }, changed }) {
  let past; // the state that is shown, unless it is the current one
  let wanted; // the event after which it is wanted
  let looking = false;
  let last = 0;

  function draw() {
    document.body.classList.toggle("past", past !== undefined);
    now.hidden = past === undefined;
    if (past === undefined) range.value = range.max;
    const words = past === undefined ? "Now" : `At ${time(past.at)}, event ${shown(past.seq)} of ${shown(last)}`;
    setText(text, words);
    range.setAttribute("aria-valuetext", words);
  }

  /** One look after the other; of those that were asked for meanwhile, the newest. */
  async function look() {
    if (looking) return;
    looking = true;
    while (wanted !== past?.seq) {
      let state;
      try {
        state = wanted === undefined ? undefined : await orchestrator.at(wanted);
      } catch (error) {
        wanted = undefined;
        showError(error);
      }
      past?.dispose();
      past = state;
      draw();
      changed();
    }
    looking = false;
  }

  function want(seq) {
    wanted = seq;
    look();
  }

  range.addEventListener("input", () => want(range.valueAsNumber >= last ? undefined : range.valueAsNumber));
  now.addEventListener("click", () => {
    want(undefined);
    range.focus();
  });

  return {
    /** What is shown: the orchestrator, or a state of its past. */
    get state() {
      return past ?? orchestrator;
    },
    get isPast() {
      return past !== undefined;
    },
    toNow: () => want(undefined),
    /** There are so many events by now. */
    grow(events) {
      last = events;
      range.max = String(Math.max(events, 1));
      draw();
    },
  };
}
