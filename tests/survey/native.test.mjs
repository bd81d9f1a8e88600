// The survey in Rust beside the one in JavaScript: on the same tree both write the same bytes.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFile, readdir, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cargoArtifacts } from "../../pkg-template/build/run.mjs";
import { ensureRust } from "../../pkg-template/build/setup/rust.mjs";
import { MARK, MARK_2, run, tree } from "./helpers.mjs";
import { isCancelledForGood, isToldAgain } from "./state.mjs";

const posix = process.platform !== "win32";
const repository = fileURLToPath(new URL("../..", import.meta.url));

let program;
before(async () => {
  await ensureRust();
  // The features and the profile of `cargo test`, which has built it already.
  const artifacts = await cargoArtifacts(["build", "--features", "native", "--example", "survey"]);
  program = artifacts.find(({ target, executable }) => target.name === "survey" && executable).executable;
});

function start(args, options) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const read = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (read[name] += text));
  child.done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...read }));
  });
  return child;
}
const runNative = (args, options) => start(args, options).done;

/** Runs both over `folder`, and checks that they leave the same file and say the same at their end. */
async function compare(t, folder) {
  const cwd = await tree(t);
  const [js, native] = await Promise.all([
    run([folder, "--out", "js.md"], { cwd }),
    runNative([folder, "--out", "native.md"], { cwd }),
  ]);
  assert.deepEqual([js.code, js.stderr, native.code, native.stderr], [0, "", 0, ""]);
  const [expected, text] = await Promise.all(["js.md", "native.md"].map((name) => readFile(join(cwd, name), "utf8")));
  assert.equal(text, expected);
  const summary = (stdout) => stdout.trimEnd().split("\n").at(-2);
  assert.equal(summary(native.stdout), summary(js.stdout));
  return { text, stdout: native.stdout };
}

const SMALL = {
  ".gitignore": "*.log\n/build/\nmade\n",
  "README.md": `\ufeff# A | B\n\n## Use *it* ##\n\n\`\`\`sh\n# no\n\`\`\`\n${MARK}: say how\n1. x\n`,
  "build/made.rs": "pub fn made() {}\n",
  "src/.gitignore": "!kept.log\n!made/\n",
  "src/lib.rs": `// Says hello.\npub fn hello() {}\n\npub(crate) fn no() {} // ${MARK}: rename\npub use a::{b, c};\npub static mut D: u8 = 0;\n`,
  "src/kept.log": "kept\n",
  "src/lost.log": "lost\n",
  "src/made/by.py": `async def f():\n  """x"""\nclass _Hidden: pass\n# see, ${MARK_2}(me): y\n`,
  "src/made/x.c": "/* a\n b */\nint c; /* d */\n/**/ int e;\n",
  "web/index.ts": "export { a } from './a.js';\r\nexport const b = 1;\r\nexport {\r\n  c, // d\r\n};\r\nexport default class E {}\r\n",
  "web/logo.png": Buffer.from([0x89, 0x50, 0, 1]),
  "web/latin1.txt": Buffer.from([0x67, 0x72, 0xfc, 0xdf, 0x65]),
  "web/huge.sql": "",
  "web/empty.rs": "",
};

test("native survey: the bytes of the survey in JavaScript, for a small tree", async (t) => {
  const root = await tree(t, SMALL);
  await truncate(join(root, "web/huge.sql"), 9 * 1024 * 1024);
  const { text, stdout } = await compare(t, root);
  for (const row of [
    "| Folders | 4 |", "| Files read | 10 |", "| Public items | 8 |", "| To do | 3 |", "| Files not read: too large | 1 |",
    "| Entries left out by .gitignore | 2 |", "- `fn hello` (line 2)", "- `src/lib.rs:4` " + MARK + ": rename",
  ]) assert.ok(text.includes(row), `${row}\n${text}`);
  for (const line of [/^ +\d+\.\d\ds {2}Find the files: started$/m, / src\/: lib\.rs: Rust, 6 lines$/m, /: completed\. Read 10 files/]) {
    assert.match(stdout, line);
  }
});

test("native survey: the same bytes for strange names and texts", async (t) => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, number) => [`many/${number}.txt`, "a\n"]));
  const root = await tree(t, {
    ...many,
    "long.js": `export const b = "${"x".repeat(100_000)}";\n// ${MARK} ${"😀".repeat(200)}\n// ${MARK} x${"😀".repeat(200)}\n`,
    " /blank name.py": "def größe(): pass\ndef\u00a0f(): pass\n",
    "\uff5ea.md": "# after\n",
    "😀.md": "# before, in JavaScript's order\n",
    ...(posix && { "a|b`c``d\n\x1b[31m.md": `# <b>x</b> | [y](z)\n### 1. deep\n## - ${"😀".repeat(80)}\n`, "\u202egnp.txt": "x\n" }),
  });
  if (posix) {
    await symlink(".", join(root, "loop"));
    await symlink("nowhere", join(root, "dangling"));
    execFileSync("mkfifo", [join(root, "pipe")]);
  }
  const { stdout } = await compare(t, root);
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f\u202e]/);
});

test("native survey: the same bytes for this repository", (t) => compare(t, repository));

test("native survey: --help, and what makes no sense", async (t) => {
  const cwd = await tree(t, { file: "", "folder/x": "" });
  const help = await runNative(["--help"], { cwd });
  assert.equal(help.code, 0);
  for (const word of ["[folder]", "--out", "--concurrency", "--state", "--help", "Ctrl-C"]) assert.ok(help.stdout.includes(word), word);

  for (const args of [
    ["nowhere"], ["file"], ["file/x"], ["a", "b"], ["--colour"], ["--out"],
    [".", "--out", "no/where.md"], [".", "--out", "folder"], [".", "--out", ""], ["--concurrency=65"], ["--concurrency", "1.5"],
  ]) {
    const [js, native] = [await run(args, { cwd }), await runNative(args, { cwd })];
    assert.deepEqual(native, js, args.join(" "));
    assert.equal(native.code, 2);
  }
  assert.deepEqual((await readdir(cwd)).sort(), ["file", "folder"]);
});

test("native survey: a failed task makes the exit code 1, and is named", async (t) => {
  const cwd = await tree(t, { "a.txt": "a\n" });
  const { code, stdout, stderr } = await runNative([".", "--out", "x".repeat(300)], { cwd });
  assert.deepEqual([code, stderr], [1, ""]);
  assert.match(stdout, /\nThe survey could not be written\.\nFailed:\n {2}Survey /);
  assert.match(stdout, /\n {2}Write the survey: Cannot write "x+": the name is too long\n/);
  assert.deepEqual(await readdir(cwd), ["a.txt"]);
});

test("native survey: Ctrl-C cancels all there is, tells what, and leaves no file", { skip: !posix }, async (t) => {
  const line = "let x = 1; // and so on\n".repeat(2000);
  const files = Object.fromEntries(Array.from({ length: 1200 }, (_, at) => [`f${at % 80}/${at}.js`, line]));
  const cwd = await tree(t, files);
  const child = start([".", "--concurrency", "2"], { cwd });
  await new Promise((resolve) => {
    child.stdout.on("data", (text) => text.includes("JavaScript, 2,000 lines") && resolve());
  });
  const begin = performance.now();
  child.kill("SIGINT");
  const { code, stdout, stderr } = await child.done;
  const took = performance.now() - begin;

  assert.deepEqual([code, stderr], [130, ""]);
  assert.ok(took < 3000, `it took ${took} ms to end`);
  const [, list] = stdout.split("Cancelled before it ended:\n");
  assert.match(list, /^ {2}Survey .*\n {2}f\d+\/\n[^]* {2}and \d+ more tasks\n$/);
  assert.doesNotMatch(list, /Find the files|Write the survey/);
  assert.equal((await readdir(cwd)).includes("survey.md"), false);
});

test("native survey: --state keeps a survey, which is told again and not done again", (t) => isToldAgain(t, runNative));

test("native survey: Ctrl-C cancels what is kept, too", { skip: !posix }, (t) => isCancelledForGood(t, start));
