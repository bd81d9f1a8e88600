// Ours beside the yardsticks of baseline.mjs, in turns in one process; medians over several such processes.
import { say } from "../pkg-template/build/say.mjs";
import { against, inProcess, median, table } from "./figures.mjs";
import { YARDSTICK } from "./baseline.mjs";

const PROCESSES = 5;
export const OURS = "agent-orchestrator-wasm";
const GOALS = { sequential: 1.0, "capped at 64": 0.6 };

export function lifecycle() {
  const runs = Array.from({ length: PROCESSES }, () => inProcess(["lifecycle-run.mjs"]));
  for (const [mode, goal] of Object.entries(GOALS)) {
    const of = (name, what) => median(runs.map((run) => run[name][mode][what]));
    const ratios = runs.map((run) => run[OURS][mode].ratio);
    say(`  10,000 tasks, ${mode === "sequential" ? "one after the other" : "all queued at once, 64 at a time"}`);
    say(table([
      ["", "CPU µs a task", `x ${YARDSTICK}`],
      ...Object.keys(runs[0]).map((name) => [name, of(name, "cpuMicroseconds").toFixed(2), of(name, "ratio").toFixed(2)]),
    ]));
    say(`  ${against(median(ratios), goal)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} over ${PROCESSES} processes)\n`);
  }
}
