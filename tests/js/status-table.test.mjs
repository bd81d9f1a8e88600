// Every command in every status, against the table: what is legal leads where it says, all else changes nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashes, open, record, turn } from "./help/open.mjs";
import { manual } from "./help/providers.mjs";
import { refused } from "./help/refused.mjs";
import "./help/unhandled.mjs";

/** How a task gets into each status; `first` is the provider's call, where there is one. */
const reach = {
  pending: async () => {},
  running: async ({ start, first }) => {
    start();
    await first();
  },
  paused: async ({ orchestrator, id, start, first }) => {
    start();
    await first();
    await orchestrator.pauseTask(id);
  },
  completed: async ({ start, first }) => {
    const run = start();
    (await first()).resolve("done");
    await run;
  },
  failed: async ({ start, first }) => {
    const run = start();
    (await first()).reject(new Error("no"));
    await run;
  },
  cancelled: async ({ orchestrator, id, start, first }) => {
    start();
    await first();
    await orchestrator.cancelTask(id);
  },
  // Started while no slot is free.
  "pending, queued": async ({ start }) => void start(),
  // Paused before its provider was called.
  "paused, not begun": async ({ orchestrator, id, start }) => {
    start();
    await orchestrator.pauseTask(id);
  },
};
const QUEUED = ["pending, queued", "paused, not begun"];

const annotate = {
  "append output": ({ orchestrator, id }) => orchestrator.appendOutput(id, "more"),
  "add a step": ({ orchestrator, id }) => orchestrator.addStep(id, "more"),
  "update a step": ({ orchestrator, id }) => orchestrator.updateStep(id, "s1", "running", "half"),
};
const edit = {
  rename: ({ orchestrator, id }) => orchestrator.renameTask(id, "another name"),
  "set the user status": ({ orchestrator, id }) => orchestrator.setUserStatus(id, "done"),
};

/** Runs settle when the task does, so they are only watched for a refusal. */
const watched = async (run) => {
  const settled = await Promise.race([run.then(() => undefined, (error) => error), turn()]);
  if (settled !== undefined) throw settled;
};

const verbs = {
  start: ({ orchestrator, id }) => watched(orchestrator.startTask(id)),
  pause: ({ orchestrator, id }) => orchestrator.pauseTask(id),
  resume: ({ orchestrator, id }) => orchestrator.resumeTask(id),
  cancel: ({ orchestrator, id }) => orchestrator.cancelTask(id),
  restart: ({ orchestrator, id }) => watched(orchestrator.restartTask(id)),
  progress: ({ orchestrator, id }) => orchestrator.updateProgress(id, 42),
  ...annotate,
  ...edit,
  reassign: ({ orchestrator, id }) => orchestrator.reassignTask(id, "other"),
  delete: ({ orchestrator, id }) => orchestrator.deleteTask(id),
  complete: ({ first }) => first().then(({ resolve }) => resolve("done")).then(turn),
  fail: ({ first }) => first().then(({ reject }) => reject(new Error("no"))).then(turn),
};

const [no, none, stays, gone, late, absent] = ["refused", "no effect", "stays", "gone", "late", undefined];
const always = (what) => Array.from({ length: 8 }, () => what);
const statuses = Object.keys(reach);

/** A column for each status, in the order of `reach`. `absent` is what cannot be asked for: there is no attempt to report it. */
const table = {
  //         pending      running      paused       completed    failed       cancelled    queued       not begun
  start:    ["running",   none,        no,          no,          no,          no,          none,        no],
  pause:    ["paused",    "paused",    none,        no,          no,          no,          "paused",    none],
  resume:   [no,          none,        "running",   no,          no,          no,          no,          "pending"],
  cancel:   ["cancelled", "cancelled", "cancelled", no,          no,          none,        "cancelled", "cancelled"],
  restart:  [no,          no,          no,          "running",   "running",   "running",   no,          no],
  progress: [stays,       stays,       stays,       no,          no,          no,          stays,       stays],
  ...Object.fromEntries(Object.keys({ ...annotate, ...edit }).map((verb) => [verb, always(stays)])),
  reassign: [stays,       no,          no,          stays,       stays,       stays,       stays,       stays],
  delete:   always(gone),
  complete: [absent,      "completed", "completed", absent,      absent,      late,        absent,      absent],
  fail:     [absent,      "failed",    "failed",    absent,      absent,      late,        absent,      absent],
};

async function inStatus(t, status) {
  const provider = manual();
  const orchestrator = await open(t, { providers: [provider, manual("other")], defaultProviderId: "manual", maxConcurrency: QUEUED.includes(status) ? 1 : 64 });
  if (QUEUED.includes(status)) orchestrator.runTask({ name: "takes the only slot", providerId: "other" });
  const { id } = await orchestrator.createTask({ name: "subject", steps: ["a", "b"] });
  const subject = { orchestrator, id, start: () => orchestrator.startTask(id), first: () => provider.call(0) };
  await reach[status](subject);
  assert.equal(orchestrator.getTask(id).status, status.split(",")[0]);
  return subject;
}

for (const [column, status] of statuses.entries()) {
  describe(status, () => {
    for (const [verb, row] of Object.entries(table)) {
      const expected = row[column];
      if (expected === absent) continue;
      test(`${verb}: ${expected}`, async (t) => {
        const subject = await inStatus(t, status);
        const { orchestrator, id } = subject;
        const events = record(orchestrator);
        await turn();
        const [before, seen] = [orchestrator.getTask(id), events.length];
        const act = () => verbs[verb](subject);

        if (expected === no) {
          await refused(orchestrator, "ILLEGAL_TRANSITION", act);
          await turn();
          assert.equal(events.length, seen, "no event for a refusal");
          assert.deepEqual(orchestrator.getTask(id), before);
          return;
        }
        const hashed = hashes(orchestrator);
        await act();
        await turn();
        const after = orchestrator.getTask(id);
        const news = events.slice(seen).filter(({ taskId }) => taskId === id);
        if (expected === none) {
          assert.deepEqual(hashes(orchestrator), hashed);
          assert.deepEqual(news, []);
        } else if (expected === late) {
          assert.deepEqual(news.map(({ type }) => type), ["task:late"]);
          assert.equal(after.status, "cancelled");
        } else if (expected === gone) {
          assert.equal(after, undefined);
          assert.equal(news.at(-1).type, "task:deleted");
        } else {
          assert.equal(after.status, expected === stays ? before.status : expected);
          assert.ok(news.length > 0);
        }
      });
    }
  });
}
