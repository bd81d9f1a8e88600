// The one error class: codes, causes, and that it is known across copies of the package.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "agent-orchestrator-wasm";
import { collect, open } from "./help/open.mjs";
import { instant } from "./help/providers.mjs";
import { CODES, thrownBy } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const cjs = createRequire(import.meta.url)("agent-orchestrator-wasm");
const { OrchestratorError } = esm;

test("has a name, a code, a message and a cause", () => {
  const cause = new Error("below");
  const error = new OrchestratorError("TASK_FAILED", "it failed", { cause });
  assert.deepEqual([error.name, error.code, error.message, error.cause], ["OrchestratorError", "TASK_FAILED", "it failed", cause]);
  assert.ok(error instanceof Error && error instanceof OrchestratorError);
  assert.match(error.stack, /it failed/);
  assert.match(String(error), /^OrchestratorError: it failed$/);
  assert.deepEqual(Object.keys(error), ["code"]);
});

test("is told from everything else", () => {
  assert.equal(OrchestratorError.isInstance(new OrchestratorError("ABORTED", "x")), true);
  for (const other of [undefined, null, 5, "TASK_FAILED", {}, new Error("x"), { code: "TASK_FAILED", name: "OrchestratorError" }, () => {}]) {
    assert.equal(OrchestratorError.isInstance(other), false);
  }
});

test("is known across the copies that import and require give", async () => {
  assert.notEqual(cjs.OrchestratorError, OrchestratorError);
  const one = await cjs.AgentOrchestrator.open();
  const error = await thrownBy(() => one.pauseTask("nobody"));
  await one.dispose();
  assert.ok(!(error instanceof OrchestratorError) && error instanceof cjs.OrchestratorError);
  assert.ok(OrchestratorError.isInstance(error) && cjs.OrchestratorError.isInstance(error));
  assert.equal(error.code, "TASK_NOT_FOUND");
  assert.equal(cjs.OrchestratorError.isInstance(new OrchestratorError("ABORTED", "x")), true);
});

test("thrown in a provider by another copy it is a cause like any other", async (t) => {
  const cause = new cjs.OrchestratorError("LIMIT_EXCEEDED", "theirs");
  const orchestrator = await open(t, { providers: [instant(() => Promise.reject(cause))] });
  const outcome = await orchestrator.runTask({ name: "a" });
  assert.deepEqual([outcome.status, outcome.error, outcome.cause], ["failed", "theirs", cause]);
});

test("an awaited run never rejects for a task that failed or was cancelled; unwrap does", async (t) => {
  const cause = new TypeError("broken");
  const orchestrator = await open(t, {
    providers: [instant(({ name }) => {
      if (name === "throws") throw cause;
      if (name === "hangs") return new Promise(() => {});
      return name === "fails" ? { success: false, error: "did not work" } : { success: true, summary: "well", extra: 1 };
    })],
  });
  const run = (name) => orchestrator.runTask({ name });
  assert.deepEqual({ ...(await run("works").unwrap()) }, { success: true, summary: "well", error: undefined, filesCreated: [], filesModified: [], extra: 1 });
  const thrown = await thrownBy(() => run("throws").unwrap());
  assert.deepEqual([thrown.code, thrown.message, thrown.cause], ["TASK_FAILED", "broken", cause]);
  const failed = await thrownBy(() => run("fails").unwrap());
  assert.deepEqual([failed.code, failed.message, failed.cause], ["TASK_FAILED", "did not work", undefined]);
  const hangs = run("hangs");
  await orchestrator.cancelTask(hangs.taskId, { reason: "enough" });
  const cancelled = await thrownBy(() => hangs.unwrap());
  assert.deepEqual([cancelled.code, cancelled.message], ["TASK_CANCELLED", "enough"]);
  assert.equal((await thrownBy(() => orchestrator.startTask("nobody").unwrap())).code, "TASK_NOT_FOUND");
});

test("a run is a promise in all but name", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  const run = orchestrator.runTask({ name: "a" });
  assert.ok(run instanceof esm.TaskRun);
  assert.equal(Object.prototype.toString.call(run), "[object TaskRun]");
  const seen = [];
  assert.equal((await run.finally(() => seen.push("finally"))).status, "completed");
  assert.equal(await run.then(({ status }) => status), "completed");
  assert.equal((await run.catch(() => seen.push("never"))).status, "completed");
  assert.equal(await orchestrator.startTask("nobody").catch(({ code }) => code), "TASK_NOT_FOUND");
  assert.equal(await orchestrator.startTask("nobody").then(undefined, ({ code }) => code), "TASK_NOT_FOUND");
  assert.deepEqual(seen, ["finally"]);
  assert.deepEqual((await Promise.all([run, orchestrator.waitForTask(run.taskId)])).map(({ status }) => status), ["completed", "completed"]);
});

test("a refused run that nobody looks at is no unhandled rejection", async (t) => {
  const orchestrator = await open(t);
  orchestrator.startTask("nobody");
  orchestrator.runTask(null);
  orchestrator.restartTask(5);
  // The file fails on an unhandled rejection.
});

test("a message says what was wrong and what would be right", async (t) => {
  const orchestrator = await open(t, { providers: [instant("x", "one"), instant("x", "two")] });
  const messages = await Promise.all([
    () => orchestrator.createTask({ name: "a", providerId: "three" }),
    () => orchestrator.updateProgress("nobody", 5),
    () => orchestrator.setUserStatus("x", "closed"),
    () => orchestrator.listTasks({ sort: "age" }),
    () => orchestrator.registerProvider({ id: "p" }),
  ].map(async (call) => (await thrownBy(call)).message));
  for (const [index, words] of [/"three".*one, two/, /no task "nobody"/, /open or done.*"closed"/, /createdAt, -createdAt/, /"p".*executeTask/].entries()) {
    assert.match(messages[index], words);
  }
});

test("in each status every refusal has a code of the list", async (t) => {
  const orchestrator = await open(t, { providers: [instant()] });
  const run = orchestrator.runTask({ name: "a" });
  await run;
  const error = await thrownBy(() => orchestrator.resumeTask(run.taskId));
  assert.ok(CODES.includes(error.code));
  assert.match(error.message, /cannot resume a task that is completed/);
  await assert.rejects(collect(orchestrator.startTask(run.taskId)), { code: "ILLEGAL_TRANSITION" });
});
