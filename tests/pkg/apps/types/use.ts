// Compiled and never run: a program in strict TypeScript that uses most of the API, as a user writes it.
import { AgentOrchestrator, OrchestratorError, init, type AgentProvider, type Journal, type OrchestratedTask, type StoredJournal, type TaskOutcome } from "agent-orchestrator-wasm";
import { indexedDbJournal, type IndexedDbJournal } from "agent-orchestrator-wasm/indexeddb";
import * as inline from "agent-orchestrator-wasm/inline";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { opfsJournal } from "agent-orchestrator-wasm/opfs";
import { journalConformance, type ConformanceCase } from "agent-orchestrator-wasm/testing";

const greeter: AgentProvider = {
  id: "greeter",
  label: "Greeter",
  async executeTask(task, context) {
    context.signal.throwIfAborted();
    const added: boolean = context.appendOutput(`Hello ${task.name}`);
    context.updateProgress(added ? 100 : 0);
    return { success: true, summary: "done" };
  },
};

export async function use(signal: AbortSignal): Promise<string> {
  await init();
  await init(fetch("/somewhere.wasm"));
  await inline.init();
  const orchestrator = await AgentOrchestrator.open({ providers: [greeter], defaultProviderId: "greeter", workingDirectory: () => "/", maxConcurrency: 2 });
  const task: OrchestratedTask = await orchestrator.createTask({ name: "Greet", tags: ["a"], metadata: { room: 7 } });
  const stop: () => void = orchestrator.subscribe((event) => {
    if (event.type === "task:output") event.lines.join();
  });
  const run = orchestrator.startTask(task.id, { signal });
  for await (const event of run) {
    if (event.type === "task:progress") event.progress.toFixed();
  }
  const outcome: TaskOutcome = await run;
  stop();
  try {
    await orchestrator.cancelTask("unknown", { reason: "because" });
  } catch (error) {
    if (!OrchestratorError.isInstance(error)) throw error;
    return error.code;
  } finally {
    await orchestrator.dispose();
  }
  return outcome.summary;
}

/** A journal of the user's own. */
class OwnJournal implements Journal {
  readonly #frames: Uint8Array[] = [];

  async load(): Promise<StoredJournal> {
    return { frames: this.#frames, cut: 0 };
  }

  async append(expectedPosition: number, frame: Uint8Array): Promise<void> {
    if (expectedPosition !== this.#frames.length) throw new OrchestratorError("CONFLICT", "somebody else has written");
    this.#frames.push(frame);
  }

  async snapshot(): Promise<void> {}
  async truncateBefore(): Promise<void> {}
  async close(): Promise<void> {}
}

export async function keep(signal: AbortSignal): Promise<boolean> {
  const kept: IndexedDbJournal = indexedDbJournal("app", { wait: true, signal });
  const all: Journal[] = [kept, indexedDbJournal("other"), memoryJournal(), nodeJournal("./state"), nodeJournal(new URL("file:///state")), opfsJournal("app"), new OwnJournal()];
  const cases: readonly ConformanceCase[] = journalConformance(() => new OwnJournal());
  for (const { name, run } of cases) await run().catch(() => name.length);
  for (const journal of all) await journal.close();
  return kept.persisted;
}
