// Orchestrators with a journal and a virtual clock, which are opened again and again.
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { AgentOrchestrator, OrchestratorError } from "agent-orchestrator-wasm";
import { manual } from "./providers.mjs";
import { virtualClock } from "./time.mjs";

/** Opened on this journal, or without one if that is `undefined`; a "crash" is not to dispose of it. */
export async function host(t, options = {}) {
  const { journal, clock = virtualClock() } = { journal: memoryJournal(), ...options };
  const worker = manual("worker");
  const orchestrator = await AgentOrchestrator.open({ seed: 7, providers: [worker], ...options, clock, journal });
  t.after(() => orchestrator.dispose());
  const status = (id) => {
    const { status, attempt, waitingFor } = orchestrator.getTask(id);
    return [status, attempt, waitingFor];
  };
  const called = (id, attempt) => worker.calls.find(({ context }) => context.taskId === id && context.attempt === attempt);
  return { journal, clock, worker, orchestrator, status, called };
}

export const task = (id, rest = {}) => ({ id, name: id, ...rest });

/** A journal whose appends wait until the test lets them through, or fail. */
export function gate(inner = memoryJournal()) {
  let [shut, failing, waiting] = [false, undefined, []];
  return {
    inner,
    appends: 0,
    load: (options) => inner.load(options),
    async append(position, frame) {
      this.appends += 1;
      if (shut) await new Promise((resolve) => waiting.push(resolve));
      if (failing !== undefined) throw new OrchestratorError(failing, "no room on the device");
      return inner.append(position, frame);
    },
    snapshot: (position, frame) => inner.snapshot(position, frame),
    truncateBefore: (position) => inner.truncateBefore(position),
    close: () => inner.close(),
    shut: () => void (shut = true),
    open() {
      shut = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
    fail: (code) => void (failing = code),
  };
}
