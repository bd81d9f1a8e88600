// Makes a journal of many events, opens it again, and tells how many events a second that was.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { nodeJournal } from "agent-orchestrator-wasm/node";

const TASKS = 100_000;
const folder = mkdtempSync(join(tmpdir(), "recovery-"));
const shared = memoryJournal();
const journal = () => (process.argv[2] === "files" ? nodeJournal(folder) : shared);
const provider = {
  id: "mock",
  executeTask(task, context) {
    context.appendOutput("hello");
    context.updateProgress(50);
    return "done";
  },
};
const options = { providers: [provider], snapshotBytes: 0, maxConcurrency: 1000, maxQueued: 200_000 };

try {
  const first = await AgentOrchestrator.open({ ...options, journal: journal() });
  for (let made = 0; made < TASKS; made += 10_000) {
    const tasks = await first.createTasks(Array.from({ length: 10_000 }, (_, n) => ({ name: `Task ${made + n}`, start: "now" })));
    await Promise.all(tasks.map(({ id }) => first.waitForTask(id)));
  }
  const { seq } = await first.verify();
  await first.dispose();
  const begin = performance.now();
  const second = await AgentOrchestrator.open({ ...options, journal: journal() });
  const seconds = (performance.now() - begin) / 1000;
  if (second.countTasks().completed !== TASKS) throw new Error("not everything came back");
  await second.dispose();
  process.stdout.write(JSON.stringify({ events: seq, seconds }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
