#!/usr/bin/env node
/**
 * Surveys a source tree with four providers: `surveyor` leads, `scout` finds the files and plans the parts, `reader`
 * reads a part, `writer` writes the result down. Start reading here, then surveyor.mjs.
 *
 * With --state, a survey goes on after a crash: all it takes is a journal, and providers that may be called again.
 */
import { basename } from "node:path";
import { HELP, UsageError, readOptions } from "./options.mjs";
import { AgentOrchestrator, OrchestratorError, nodeJournal } from "./package.mjs";
import { reader } from "./reader.mjs";
import { scout } from "./scout.mjs";
import { surveyor } from "./surveyor.mjs";
import { count, printable } from "./text.mjs";
import { showProgress } from "./view.mjs";
import { writer } from "./writer.mjs";

const say = (line) => console.log(printable(line));

/** @returns the exit code. */
async function main(args) {
  const options = await readOptions(args);
  if (options.help) {
    console.log(HELP);
    return 0;
  }

  const orchestrator = await AgentOrchestrator.open({
    providers: [reader(options.concurrency)],
    workingDirectory: options.folder,
    // Every reader may run, and the surveyor and one of its other helpers beside them.
    maxConcurrency: options.concurrency + 2,
    // Interrupted tasks run again, and what has happened can be looked at later: see examples/journal.rs.
    ...(options.state && { journal: nodeJournal(options.state), onInterrupt: "retry", keepHistory: true }),
  });
  // These three use the orchestrator themselves, so they can only be made once it is there.
  for (const provider of [surveyor, scout, writer]) orchestrator.registerProvider(provider(orchestrator));

  try {
    return await survey(orchestrator, options);
  } finally {
    await orchestrator.dispose();
  }
}

async function survey(orchestrator, options) {
  // The first Ctrl-C cancels the survey and, with it, every task below it. A second one ends the process at once.
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort(new Error("Interrupted")));

  const task = await orchestrator.createTask(order(options)).catch((error) => {
    throw OrchestratorError.isInstance(error) && error.code === "CONFLICT" ? new UsageError("--state: another survey is kept there.") : error;
  });
  const isOver = ["completed", "failed", "cancelled"].includes(task.status);
  if (isOver) say("This survey has ended before; it is not done again.");

  const stopShowing = showProgress(orchestrator, task, process.stdout, options.plain);
  // It was interrupted, and has waited for somebody to ask for it again.
  if (task.status === "paused") await orchestrator.resumeTask(task.id);
  const outcome = await (isOver ? orchestrator.waitForTask(task.id) : orchestrator.startTask(task.id, { signal: interrupt.signal }));
  stopShowing();

  if (outcome.status === "cancelled") {
    sayTasks(orchestrator, "cancelled", "Cancelled before it ended:");
    return 130;
  }
  if (outcome.result) say(outcome.summary);
  if (outcome.result?.filesCreated.length > 0) say(`Written to ${options.shownOut}.`);
  sayTasks(orchestrator, "failed", "Failed:");
  return orchestrator.countTasks().failed > 0 ? 1 : 0;
}

/** The same order is the same task: a new one at first, and when this runs again, the one that is kept. */
const order = ({ folder, out, state }) => ({
  name: `Survey ${basename(folder) || folder}`,
  providerId: "surveyor",
  metadata: { folder, out, leaveOut: state === undefined ? [out] : [state, out] },
  idempotencyKey: "survey",
  // A task that brings the process down each time is not run again for ever. This one lasts as long as the process, so
  // it would be taken for one.
  onInterrupt: "pause",
});

/** Names the tasks that ended in `status`, the first of them at least. */
function sayTasks(orchestrator, status, title) {
  const { tasks } = orchestrator.listTasks({ status, sort: "createdAt", limit: 10 });
  if (tasks.length === 0) return;
  say(title);
  for (const task of tasks) say(status === "failed" ? `  ${task.name}: ${task.error}` : `  ${task.name}`);
  const more = orchestrator.countTasks()[status] - tasks.length;
  if (more > 0) say(`  and ${count(more, "more task")}`);
}

// Whoever reads our output may leave early, as `head` does; the survey itself is still worth finishing.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(printable(error.message));
    console.error("Try --help.");
    process.exitCode = 2;
  } else if (OrchestratorError.isInstance(error)) {
    // What the journal refuses, such as a folder that another process uses.
    console.error(printable(`${error.message} (${error.code})`));
    process.exitCode = 1;
  } else {
    throw error;
  }
}
