/** What --state promises, of a survey in whatever language. */
import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tree } from "./helpers.mjs";

/** With --state, a survey is kept: it is told again and not done again. */
export async function isToldAgain(t, run) {
  const cwd = await tree(t, { "a.txt": "a\n", "b/c.txt": "c\n" });
  const args = [".", "--state", "state"];
  const first = await run(args, { cwd });
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  const text = await readFile(join(cwd, "survey.md"), "utf8");
  assert.match(text, /\| Folders \| 2 \|/); // what is kept is no part of the tree
  await rm(join(cwd, "survey.md"));

  const second = await run(args, { cwd });
  assert.deepEqual([second.code, second.stderr], [0, ""]);
  const said = ["This survey has ended before; it is not done again.", ...first.stdout.trimEnd().split("\n").slice(-2)];
  assert.equal(second.stdout, `${said.join("\n")}\n`);
  assert.deepEqual((await readdir(cwd)).sort(), ["a.txt", "b", "state"]);

  const other = await run([...args, "--out", "other.md"], { cwd });
  assert.deepEqual([other.code, other.stdout, other.stderr], [2, "", "--state: another survey is kept there.\nTry --help.\n"]);
  for (const [place, why] of [["a.txt", "it is a file, not a folder"], [".", "it is the folder to survey"]]) {
    const { code, stderr } = await run([".", "--state", place], { cwd });
    assert.deepEqual([code, stderr], [2, `Cannot keep anything in "${place}": ${why}.\nTry --help.\n`]);
  }
}

/** Ctrl-C cancels what is kept, too. */
export async function isCancelledForGood(t, start) {
  const line = "let x = 1; // and so on\n".repeat(2000);
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`f${at % 80}/${at}.js`, line]));
  const cwd = await tree(t, files);
  const args = [".", "--concurrency", "2", "--state", "state"];
  const child = start(args, { cwd });
  await new Promise((resolve) => {
    child.stdout.on("data", (text) => text.includes("JavaScript, 2,000 lines") && resolve());
  });
  child.kill("SIGINT");
  const first = await child.done;
  assert.equal(first.code, 130);
  const second = await start(args, { cwd }).done;
  assert.deepEqual([second.code, second.stderr], [130, ""]);
  assert.match(second.stdout, /^This survey has ended before; it is not done again\.\nCancelled before it ended:\n {2}Survey /);
  assert.equal((await readdir(cwd)).includes("survey.md"), false);
}
