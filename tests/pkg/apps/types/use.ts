// Compiled and never run: a program in strict TypeScript that uses most of the API, as a user writes it.
import {
  AgentHandle, AgentOrchestrator, OrchestratorError, init, type AgentEvent, type AgentNode, type AgentOptions, type AgentOutcome, type AgentProvider, type DeadLetters,
  type Journal, type JsonValue, type OrchestratedTask, type StoredJournal, type SupervisedAgent, type SupervisorPolicy, type TaskOutcome,
} from "agent-orchestrator-wasm";
import { indexedDbJournal, type IndexedDbJournal } from "agent-orchestrator-wasm/indexeddb";
import * as inline from "agent-orchestrator-wasm/inline";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { opfsJournal } from "agent-orchestrator-wasm/opfs";
import {
  SimulationError, VirtualClock, faultyJournal, journalConformance, scriptedProvider, simulate, type ConformanceCase, type Script, type SimulationReport,
} from "agent-orchestrator-wasm/testing";

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

/** An agent of the user's own. */
class Counter implements SupervisedAgent {
  async prompt(messages: Parameters<SupervisedAgent["prompt"]>[0], context: Parameters<SupervisedAgent["prompt"]>[1]): Promise<{ count: number } | undefined> {
    context.signal.throwIfAborted();
    if (messages[0]?.role === "system") return context.stop(), undefined;
    const count = typeof context.state === "number" ? context.state + 1 : 1;
    context.state = count;
    return context.isCancelled ? undefined : { count };
  }
  async stopped(): Promise<void> {}
}

export async function supervise(signal: AbortSignal): Promise<AgentOutcome> {
  const supervisor: SupervisorPolicy = (name, { agent, failure, retryable, cause }) => {
    if (failure === "timeout" || cause instanceof TypeError) return "stop";
    return retryable && name === agent ? "restart" : "escalate";
  };
  const orchestrator = await AgentOrchestrator.open({ supervisor, maxRestarts: 5, inboxCapacity: 100 });
  const options: AgentOptions = { strategy: "rest_for_one", restart: "permanent", backoff: { delay: 10, jitter: 0 }, overflow: "drop_oldest", supervisor };
  orchestrator.addAgent("root", async ({ incarnation }) => ({ prompt: () => `start ${incarnation}` }), options);
  orchestrator.addChild("counter", "root", () => new Counter());
  orchestrator.addChild("silent", "root", ({ state }) => ({ prompt() { void state; } }));
  const root: AgentHandle = orchestrator.spawn("root");
  const reply: JsonValue | undefined = await root.send([{ role: "user", content: { deep: [1, "two"] } }], { signal });
  if (typeof reply === "string") reply.trim();
  for await (const event of root) {
    if (event.type === "agent:failed") event.error.trim();
    if (event.type === "agent:stopped") event.status satisfies "completed" | "failed" | "cancelled";
  }
  const events: AsyncIterable<AgentEvent> = root;
  void events;
  orchestrator.subscribe((event) => event.agent.trim(), { types: ["agent:ready"], agent: "counter" });
  const tree: readonly AgentNode[] = orchestrator.tree();
  const { letters }: DeadLetters = orchestrator.deadLetters();
  orchestrator.agent("counter")?.cancel(`${tree.length} of ${letters.length}`);
  await orchestrator.removeAgent("silent");
  return root.isDone ? root.ended() : root.stop({ reason: "enough" });
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

export async function rehearse(): Promise<number> {
  const clock = new VirtualClock(0);
  const script: Script = [{ output: "hello" }, { wait: 500 }, "untilResumed", { fail: "not yet", retryable: true }];
  const provider = scriptedProvider((task, attempt) => (attempt === 1 && task.priority === 0 ? script : [{ succeed: "done" }]), { clock, maxConcurrency: 2 });
  const journal = faultyJournal(memoryJournal(), { clock, delay: 10, faults: { 7: "torn" } });
  const orchestrator = await AgentOrchestrator.open({ clock, journal, providers: [provider] });
  await clock.advance(1000);
  await orchestrator.dispose();
  const endings: (string | undefined)[] = provider.calls.map(({ endedBy }) => endedBy);
  try {
    const report: SimulationReport = await simulate({
      seeds: 10,
      state: () => ({ paid: [] as string[] }),
      providers: ({ state, clock: virtual }) => [{ id: "own", executeTask: ({ id }) => String(state.paid.push(id) + virtual.now()) }],
      journal: () => memoryJournal(),
      scenario: ({ orchestrator: simulated, random, step }) => simulated.runTask({ name: `task ${step}`, priority: random.below(10) }),
      check: ({ state, ended }) => void (ended && state.paid.join()),
    });
    return report.crashes + endings.length;
  } catch (error) {
    if (error instanceof SimulationError) return error.seed + error.skip.length;
    throw error;
  }
}
