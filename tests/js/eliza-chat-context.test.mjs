// What a model is told of tasks: those that who speaks may see, and what a restart has left behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { Chat } from "agent-orchestrator-wasm/chat";
import { memoryJournal } from "agent-orchestrator-wasm/memory";
import { faultyJournal } from "agent-orchestrator-wasm/testing";
import { ann, bob, cat, chatting } from "./help/chat.mjs";
import { manual } from "./help/providers.mjs";
import "./help/unhandled.mjs";

const NONE = {
  text: "# Task Context\n\nNo tasks have been created yet.",
  values: { taskContext: "No tasks have been created yet.", currentTaskName: "None", currentTaskStatus: "N/A" },
  data: { taskCount: 0, currentTaskId: null },
};

test("without tasks it says that there are none", async (t) => {
  assert.deepEqual((await chatting(t)).chat.context(ann), NONE);
});

test("it has the current task at length, and the recent ones in a line each", async (t) => {
  const { chat, say, orchestrator } = await chatting(t);
  const { taskId } = (await say("create a task for the report")).data;
  await say("create a task for the letter", { parameters: { start: false } });
  const { text, values, data } = chat.context(ann);
  assert.equal(values.taskContext, orchestrator.taskContext(taskId));
  assert.match(values.taskContext, /: the report\n- \*\*Execution status\*\*: running/);
  assert.equal(text, `# Task Context\n\n${values.taskContext}\n\n## Recent Tasks\n- the letter — ⏳ pending 0%\n- the report — 🔄 running 0% (current)`);
  assert.deepEqual([values.currentTaskName, values.currentTaskStatus, data], ["the report", "running", { taskCount: 2, currentTaskId: taskId }]);
});

test("without a current task it is about the newest", async (t) => {
  const { chat, add } = await chatting(t);
  await add("Old");
  await add("New");
  const { values, data } = chat.context(ann);
  assert.match(values.taskContext, /^## Current Task.*: New\n/);
  assert.deepEqual([values.currentTaskName, values.currentTaskStatus, data], ["None", "N/A", { taskCount: 2, currentTaskId: null }]);
});

test("ten are listed, with a sign for each status", async (t) => {
  const { chat, add, orchestrator } = await chatting(t);
  for (let number = 0; number < 9; number += 1) await add(`Number ${number}`);
  await orchestrator.pauseTask((await add("Held")).id);
  await orchestrator.cancelTask((await add("Off")).id);
  const lines = chat.context(ann).text.split("## Recent Tasks\n")[1].split("\n");
  assert.deepEqual([lines.length, lines[0], lines[1], lines[9]], [10, "- Off — 🛑 cancelled 0%", "- Held — ⏸️ paused 0%", "- Number 1 — ⏳ pending 0%"]);
});

test("names and what they say stay on their line", async (t) => {
  const { chat, add } = await chatting(t);
  await add("A\n## Current Task: B\n{status}");
  assert.match(chat.context(ann).text, /^- A ## Current Task: B \{status\} — ⏳ pending 0%$/m);
});

test("each has a current task of his own, and another room nothing at all", async (t) => {
  const { chat, say } = await chatting(t);
  await say("create a task for the report");
  await say("create a task for the letter", { viewer: bob });
  assert.deepEqual([ann, bob].map((viewer) => chat.context(viewer).values.currentTaskName), ["the report", "the letter"]);
  assert.deepEqual(chat.context(cat), NONE);
  assert.equal(chat.context({ ...cat, role: "owner" }).data.taskCount, 2);
});

test("after a crash the interrupted tasks are offered, the current one is the same, and resuming goes on", async (t) => {
  const journal = memoryJournal();
  const first = await AgentOrchestrator.open({ journal, providers: [manual("eliza", { label: "Eliza" })], seed: 1 });
  const { data } = await new Chat({ orchestrator: first }).respond(ann, "create a task for the report");
  const kept = await first.exportJournal();
  await first.dispose();

  const { importJournal } = await import("agent-orchestrator-wasm");
  const copy = memoryJournal();
  await importJournal(copy, kept);
  const provider = manual("eliza", { label: "Eliza" });
  const orchestrator = await AgentOrchestrator.open({ journal: copy, providers: [provider], seed: 2 });
  t.after(() => orchestrator.dispose());
  const chat = new Chat({ orchestrator });
  const { text, data: { currentTaskId } } = chat.context(ann);
  assert.equal(currentTaskId, data.taskId);
  assert.ok(text.endsWith('\n\nInterrupted by a restart, and waiting to be resumed:\n1. the report — paused 0%\nSay "resume task" and the name to go on.'), text);
  assert.equal((await chat.respond(ann, "resume the report task")).text, "Resumed task: the report");
  assert.doesNotMatch(chat.context(ann).text, /Interrupted/);
  await provider.call(0);
});

test("what cannot be kept is not said to be done", async (t) => {
  let broken = false;
  const journal = faultyJournal(memoryJournal(), { faults: () => (broken ? "fail" : undefined) });
  const orchestrator = await AgentOrchestrator.open({ journal, providers: [manual("eliza", { label: "Eliza" })], onError: () => {} });
  t.after(() => orchestrator.dispose());
  const chat = new Chat({ orchestrator });
  assert.equal((await chat.respond(ann, "create a task for the report")).success, true);
  broken = true;
  for (const text of ["pause it", "create a task for the letter", "switch to the report task"]) {
    const reply = await chat.respond(ann, text);
    assert.deepEqual([reply.success, reply.data.code], [false, "JOURNAL_FAILED"], text);
  }
});
