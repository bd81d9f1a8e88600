// What a message to a supervised agent and its reply cost over a bare queue of promises, in turns in one process.
import { say } from "../pkg-template/build/say.mjs";
import { against, inProcess, table } from "./figures.mjs";

const GOAL = 10;

export function agents() {
  const figures = inProcess(["agents-run.mjs"]);
  say(table([
    ["20,000 messages and replies, CPU µs each", "bare queue", "agent", "x", "over it"],
    ...Object.entries(figures).map(([mode, { bare, ours, ratio, over }]) => [mode, bare.toFixed(2), ours.toFixed(2), ratio.toFixed(1), over.toFixed(2)]),
  ]));
  for (const [mode, { over }] of Object.entries(figures)) say(`  ${mode}: ${over.toFixed(2)} µs over it; ${against(over, GOAL)}`);
}
