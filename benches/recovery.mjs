// How fast a journal of 100,000 tasks is replayed in Node; one process per figure, since the memory of wasm only grows.
import { say } from "../pkg-template/build/say.mjs";
import { inProcess } from "./figures.mjs";

const GOAL = 150_000;

export function recovery() {
  for (const journal of ["memory", "files"]) {
    const { events, seconds } = inProcess(["recovery-run.mjs", journal]);
    const rate = events / seconds;
    say(`  ${journal}: ${events} events in ${(seconds * 1000).toFixed(0)} ms, ${Math.round(rate).toLocaleString("en")} a second; the goal is ${GOAL.toLocaleString("en")}: ${rate >= GOAL ? "reached" : "missed"}`);
  }
}
