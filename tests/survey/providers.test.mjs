import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentOrchestrator } from "../../examples/survey/package.mjs";
import { reader } from "../../examples/survey/reader.mjs";
import { scout } from "../../examples/survey/scout.mjs";
import { surveyor } from "../../examples/survey/surveyor.mjs";
import { showProgress } from "../../examples/survey/view.mjs";
import { writer } from "../../examples/survey/writer.mjs";
import { MARK, tree } from "./helpers.mjs";

async function open(t, folder, readers = reader(4)) {
  const orchestrator = await AgentOrchestrator.open({ providers: [readers], workingDirectory: folder });
  for (const provider of [surveyor, scout, writer]) orchestrator.registerProvider(provider(orchestrator));
  t.after(() => orchestrator.dispose());
  const out = join(folder, "survey.md");
  const survey = await orchestrator.createTask({ name: "Survey", providerId: "surveyor", metadata: { out, leaveOut: [out] } });
  return { orchestrator, survey };
}

const some = (number, folders = 1) =>
  Object.fromEntries(Array.from({ length: number }, (_, at) => [`f${at % folders}/${String(at).padStart(4, "0")}.txt`, "a\n"]));

test("the parts are tasks below the survey, and hold what was found", async (t) => {
  const { orchestrator, survey } = await open(t, await tree(t, some(30, 2)));
  const outcome = await orchestrator.startTask(survey.id);
  assert.equal(outcome.status, "completed");

  const { tasks } = orchestrator.listTasks({ parent: survey.id, sort: "createdAt", limit: 100 });
  assert.deepEqual(tasks.map((task) => [task.providerId, task.name, task.status, task.progress]), [
    ["scout", "Find the files", "completed", 100],
    ["reader", "f0/", "completed", 100],
    ["reader", "f1/", "completed", 100],
    ["writer", "Write the survey", "completed", 100],
  ]);
  assert.equal(tasks[1].output.length, 15);
  assert.equal(tasks[1].result.files[0].language, "Text");
  const root = orchestrator.getTask(survey.id);
  assert.deepEqual(root.steps.map((step) => step.status), ["completed", "completed", "completed"]);
  assert.deepEqual(root.filesCreated, [join(root.workingDirectory, "survey.md")]);
});

test("a survey may be done again; what is completed stays so", async (t) => {
  const { orchestrator, survey } = await open(t, await tree(t, some(3)));
  const first = await orchestrator.startTask(survey.id);
  const second = await orchestrator.restartTask(survey.id);
  assert.equal(second.status, "completed", second.error);
  assert.equal(second.summary, first.summary);
  assert.deepEqual(orchestrator.listTasks({ parent: survey.id }).tasks.map((task) => task.attempt), [1, 1, 1]);
});

test("files that are gone when their turn comes are findings, not failures", async (t) => {
  const folder = await tree(t, some(3));
  const { orchestrator } = await open(t, folder);
  await rm(join(folder, "f0/0001.txt"));
  const files = ["0000.txt", "0001.txt", "0002.txt"];
  const outcome = await orchestrator.runTask({ name: "part", providerId: "reader", metadata: { folder: "f0", files } });
  assert.equal(outcome.status, "completed");
  assert.deepEqual(outcome.result.files.map((file) => file.skipped), [undefined, "unreadable", undefined]);
});

test("the strangest part fits into a result", async (t) => {
  const line = `# ${MARK} ${"界".repeat(200)}\n`;
  const files = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`${"n".repeat(200)}${at}.py`, line.repeat(400)]));
  const { orchestrator } = await open(t, await tree(t, files));
  const outcome = await orchestrator.runTask({ name: "part", providerId: "reader", metadata: { folder: "", files: Object.keys(files) } });
  assert.equal(outcome.status, "completed", outcome.error);
  assert.equal(outcome.result.files.reduce((sum, file) => sum + file.todo, 0), 10_000);
  assert.equal(outcome.result.files.reduce((sum, file) => sum + file.entries.length, 0), 2000);
});

test("a reader holds when paused, goes on when resumed, and stops when cancelled", async (t) => {
  const { orchestrator } = await open(t, await tree(t, some(400)));
  const files = Object.keys(some(400)).map((path) => path.slice(3));
  const part = { name: "part", providerId: "reader", metadata: { folder: "f0", files } };
  const reads = async (id) => {
    while (orchestrator.getTask(id).progress === 0) await new Promise(setImmediate);
  };
  const quiet = async (id) => {
    await sleep(200); // for the file it is at
    const { progress } = orchestrator.getTask(id);
    await sleep(100);
    assert.equal(orchestrator.getTask(id).progress, progress);
    assert.ok(progress < 100);
  };

  const held = await orchestrator.createTask(part);
  const run = orchestrator.startTask(held.id);
  await reads(held.id);
  await orchestrator.pauseTask(held.id);
  await quiet(held.id);
  await orchestrator.resumeTask(held.id);
  assert.equal((await run).status, "completed");

  const called = await orchestrator.createTask(part);
  const second = orchestrator.startTask(called.id);
  await reads(called.id);
  await orchestrator.cancelTask(called.id, { reason: "enough" });
  assert.deepEqual([(await second).status, (await second).error], ["cancelled", "enough"]);
  await quiet(called.id);
});

test("parts that fail are named, and the survey is written without them", async (t) => {
  const good = reader(4);
  const folder = await tree(t, some(4, 2));
  const { orchestrator, survey } = await open(t, folder, {
    ...good,
    executeTask(task, ctx) {
      if (task.name === "f0/") throw new Error("no light");
      return good.executeTask(task, ctx);
    },
  });
  const outcome = await orchestrator.startTask(survey.id);
  assert.deepEqual([outcome.status, outcome.error], ["failed", "1 part could not be read"]);
  assert.deepEqual(outcome.result.filesCreated, [join(folder, "survey.md")]);
  assert.match(outcome.summary, /^Read 2 files/);
});

test("in a terminal, the view draws over itself and is gone at the end", async (t) => {
  const good = reader(8);
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const { orchestrator, survey } = await open(t, await tree(t, some(16, 8)), {
    ...good,
    executeTask: (task, ctx) => gate.then(() => good.executeTask(task, ctx)),
  });

  let written = "";
  const stop = showProgress(orchestrator, survey, { write: (text) => (written += text) }, false);
  assert.equal(written, "Survey\n\x1b[?7l[------------------------]   0%  0 of 1 tasks\n\x1b[?7h");

  const run = orchestrator.startTask(survey.id);
  while (orchestrator.countTasks().running < 9) await new Promise(setImmediate);
  const rows = ["f0/", "f1/", "f2/", "f3/", "f4/", "f5/"].map((name) => `    0%  ${name}  \n`);
  const expected = `\x1b[?7l[##----------------------]  10%  1 of 10 tasks\n${rows.join("")}\x1b[?7h`;
  const frame = () => written.slice(written.lastIndexOf("\x1b[?7l"));
  for (let tries = 0; tries < 100 && frame() !== expected; tries += 1) await sleep(20);
  assert.equal(frame(), expected);

  release();
  await run;
  const before = written.length;
  stop();
  assert.match(written.slice(before), /^\x1b\[[1-7]A\x1b\[J$/);
  await sleep(200);
  assert.equal(written.length, before + written.slice(before).indexOf("J") + 1);
});
