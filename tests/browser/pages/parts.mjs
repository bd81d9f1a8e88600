// Work to be killed in: one task plans 500 parts and waits for another one, which depends on them all and joins what they found.
// Every load does the same, and goes on where the last one was.
import { AgentOrchestrator, init } from "/pkg/dist/index.js";
import { indexedDbJournal } from "/pkg/dist/journals/indexeddb.js";
import { memoryJournal } from "/pkg/dist/journals/memory.js";
import { opfsJournal } from "/pkg/dist/journals/opfs.js";
import { executions } from "./executions.mjs";

const PARTS = 500;
const TOGETHER = 50; // parts that are planned by one call
const SLICES = 5; // of a part

const journals = {
  // A page that was just killed may own it for another moment.
  indexeddb: (name) => indexedDbJournal(name, { wait: true }),
  memory: () => memoryJournal(),
  opfs: opfsJournal,
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const partId = (part) => `part-${String(part).padStart(3, "0")}`;

async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** No task of these fails. */
function resultOf({ taskId, status, summary, error }) {
  if (status !== "completed") throw new Error(`${taskId}: ${error}`);
  return summary;
}

/** Opens as soon as the worker before is gone; only pages can wait for that without asking again. */
async function openWhenFree(options, journal) {
  for (;;) {
    try {
      return await AgentOrchestrator.open({ ...options, journal: journal() });
    } catch (error) {
      if (error.code !== "LOCKED") throw error;
      await pause(20);
    }
  }
}

/**
 * Does all the work, or what is left of it.
 * @param report is told what happens: `opened`, `planned`, `slice`, `completed`, and at the end `finished` or `broken`; ready
 *   when it was heard
 * @returns what can be asked when it is done
 */
export async function work(which, report) {
  try {
    return await workOn(which, report);
  } catch (error) {
    report("broken", `${error.code ?? ""} ${error.stack}`.trim());
    throw error;
  }
}

async function workOn({ journal, name, snapshotBytes }, report) {
  await init();
  const executed = await executions(name);
  let orchestrator;

  const planner = {
    id: "planner",
    async executeTask(task, { attempt, signal }) {
      await executed.add(task.id, attempt);
      const parts = Array.from({ length: PARTS }, (_, index) => partId(index + 1));
      const order = (id, more) => ({ id, name: id, parentId: task.id, start: "now", idempotencyKey: id, ...more });
      for (let from = 0; from < PARTS; from += TOGETHER) {
        await orchestrator.createTasks(parts.slice(from, from + TOGETHER).map((id) => order(id, { providerId: "reader" })));
        report("planned");
      }
      await orchestrator.createTask(order("writer", { providerId: "writer", dependsOn: parts, onDependencyFailure: "fail", priority: 10 }));
      return resultOf(await orchestrator.waitForTask("writer", { signal }));
    },
  };

  const reader = {
    id: "reader",
    async executeTask(task, context) {
      await executed.add(task.id, context.attempt);
      let found = task.id;
      for (let slice = 1; slice <= SLICES; slice++) {
        found = await digest(found.repeat(100));
        context.appendOutput(`${slice}: ${found}`);
        context.updateProgress((100 * slice) / SLICES);
        // So the test is never far behind, however busy the machine is.
        await report("slice");
        await pause(3);
      }
      return found;
    },
  };

  const writer = {
    id: "writer",
    async executeTask(task, { attempt }) {
      await executed.add(task.id, attempt);
      return task.dependsOn.map((id) => `${id} ${orchestrator.getTask(id).result.summary}`).join("\n");
    },
  };

  const options = { providers: [planner, reader, writer], onInterrupt: "retry", maxConcurrency: 8, keepHistory: true, snapshotBytes };
  orchestrator = await openWhenFree(options, () => journals[journal](name));
  report("opened");
  orchestrator.subscribe(({ taskId, attempt }) => report("completed", taskId, attempt), { types: ["task:completed"] });
  await orchestrator.createTask({ id: "lead", name: "Lead", providerId: "planner", start: "now", idempotencyKey: "lead" });
  resultOf(await orchestrator.waitForTask("lead"));
  await orchestrator.flush();
  report("finished");

  return {
    summary: () => orchestrator.getTask("lead").result.summary,
    tasks: () => orchestrator.countTasks(),
    executions: () => executed.all(),
    verify: () => orchestrator.verify(),
    /** All events that are still kept in memory, up to now. */
    async events() {
      const { seq: last } = await orchestrator.verify();
      const events = [];
      for await (const event of orchestrator.events({ from: 1, buffer: 100_000 })) {
        events.push(event);
        if (event.seq >= last) return events;
      }
      return events;
    },
    /** How many tasks were completed after each of so many events, evenly spread. */
    async completedAt(count) {
      const { seq: last } = await orchestrator.verify();
      const completed = [];
      for (let look = 1; look <= count; look++) {
        using past = await orchestrator.at(Math.ceil((last * look) / count));
        completed.push(past.countTasks().completed);
      }
      return completed;
    },
  };
}
