// What an import and the first orchestrator cost beside a process that does nothing, in CPU time of the whole process.
import { say } from "../pkg-template/build/say.mjs";
import { against, inProcess, median } from "./figures.mjs";

const PAIRS = 11;
const GOAL = 25;
const report = "const { user, system } = process.cpuUsage(); process.stdout.write(JSON.stringify((user + system) / 1000));";
const evaluate = (code) => inProcess(["--input-type=module", "--eval", code + report]);

export function start() {
  const ours = 'const { AgentOrchestrator } = await import("agent-orchestrator-wasm"); await AgentOrchestrator.open();';
  const pairs = Array.from({ length: PAIRS }, () => ({ empty: evaluate(""), full: evaluate(ours) }));
  const extra = median(pairs.map(({ empty, full }) => full - empty));
  const empty = median(pairs.map((pair) => pair.empty));
  say(`  ${extra.toFixed(1)} ms of CPU over an empty process (${empty.toFixed(1)} ms), median of ${PAIRS} pairs; ${against(extra, GOAL)}`);
}
