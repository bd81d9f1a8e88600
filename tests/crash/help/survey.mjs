/** The survey of 500 parts, killed 20 times on the way, whatever it is written in. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { chance } from "./chance.mjs";
import { readHistory } from "./history.mjs";
import { runUntil } from "./process.mjs";
import { PARTS, folderWithTree } from "./tree.mjs";

const KILLS = 20;
/** Parts that are left for those kills that strike late on a busy machine. */
const SPARE = 100;

/** The part that a line says is read. */
const partIn = (line) => /s {2}(.+): completed\. Read \d+ files$/.exec(line)?.[1];

/**
 * @param survey Starts of a command line: program and arguments of the survey.
 * @param journal The same of what prints a journal.
 */
export async function surviveKills(t, { survey, journal, seed }) {
  const cwd = await folderWithTree(t);
  const run = (args, options) => runUntil(survey[0], [...survey.slice(1), "tree", ...args], { cwd, ...options });
  const kept = ["--out", "kept.md", "--state", "state"];
  const env = { ...process.env, SURVEY_EXECUTIONS: join(cwd, "executions") };

  const whole = await run(["--out", "whole.md"]);
  assert.deepEqual([whole.code, whole.stderr], [0, ""]);

  t.diagnostic(`seed ${seed}`);
  const random = chance(seed);
  const done = new Set();
  for (let kill = 0; kill < KILLS; kill += 1) {
    // About as many parts from kill to kill; the first one comes before there are any.
    const share = Math.floor((PARTS - SPARE - done.size) / (KILLS - kill));
    const parts = kill === 0 ? 0 : random.between(1, Math.max(1, 2 * share - 1));
    const lines = kill === 0 ? 1 : random.between(1, 12);
    const seen = { parts: 0, lines: 0 };
    const isTime = (line) => {
      seen.parts += partIn(line) === undefined ? 0 : 1;
      // From there on any line may be the last, so that it strikes in the middle of a part, too.
      seen.lines += seen.parts >= parts && (kill > 0 || line.endsWith("Find the files: started")) ? 1 : 0;
      return seen.lines >= lines;
    };
    const { signal, code, stderr, lines: said } = await run(kept, { env, isTime });
    assert.deepEqual([signal, code, stderr], ["SIGKILL", null, ""], `kill ${kill + 1} came too late:\n${said.slice(-3).join("\n")}`);
    for (const part of said.map(partIn)) if (part !== undefined) done.add(part);
  }
  // Where the result is written, it may be faster than the kill.
  await run(kept, { env, isTime: (line) => line.includes("Write the survey: started") });
  const last = await run(kept, { env });
  assert.deepEqual([last.code, last.stderr], [0, ""]);
  const bytes = (name) => readFile(join(cwd, name), "utf8");
  assert.equal(await bytes("kept.md"), await bytes("whole.md"));

  assert.ok((await readdir(join(cwd, "state"))).includes("00000002.journal"), "there was no snapshot");

  const printed = await runUntil(journal[0], [...journal.slice(1), "state"], { cwd });
  assert.deepEqual([printed.code, printed.stderr], [0, ""]);
  const { tasks, recoveries, interruptions } = readHistory(printed.lines.map((line) => JSON.parse(line)));
  const all = [...tasks.values()];
  const readers = all.filter(({ providerId }) => providerId === "reader");
  assert.deepEqual([all.length, readers.length], [PARTS + 3, PARTS]);
  assert.deepEqual(all.filter(({ completed }) => completed !== 1), []);
  const again = readers.filter(({ interrupted }) => interrupted > 0);
  assert.ok(again.length >= KILLS, `only ${again.length} parts were interrupted`);
  assert.deepEqual(again.filter(({ attempts }) => attempts.at(-1) === 1), []);
  assert.ok(recoveries >= KILLS + 1, `${recoveries} recoveries`);

  // What the readers themselves say: each execution is an attempt that was recorded before, and none happened twice.
  const executions = (await bytes("executions")).trimEnd().split("\n");
  assert.equal(new Set(executions).size, executions.length);
  const recorded = new Set(readers.flatMap(({ taskId, attempts }) => attempts.map((attempt) => `${taskId} ${attempt}`)));
  assert.deepEqual(executions.filter((line) => !recorded.has(line)), []);
  const finished = readers.map(({ taskId, attempts }) => `${taskId} ${attempts.at(-1)}`);
  assert.deepEqual(finished.filter((line) => !executions.includes(line)), []);
  t.diagnostic(`${recoveries} restarts, ${interruptions} interrupted attempts, ${executions.length} executions of ${PARTS} parts`);
}
