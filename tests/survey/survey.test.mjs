import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, readdir, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { MARK, run, start, tree } from "./helpers.mjs";
import { isCancelledForGood, isToldAgain } from "./state.mjs";

const posix = process.platform !== "win32";

const SMALL = {
  ".gitignore": "/build/\n",
  "build/made.rs": "pub fn made() {}\n",
  "README.md": `# A | B\n\n## Use *it*\n\n${MARK}: say how\n`,
  "src/lib.rs": `// Says hello.\npub fn hello() {}\n\npub(crate) fn no() {} // ${MARK}: rename\n`,
  "web/index.ts": "export { a } from './a.js';\r\nexport const b = 1;\r\n",
  "web/logo.png": Buffer.from([0x89, 0x50, 0, 1]),
};

const SMALL_SURVEY = `# Survey of NAME

| What | How many |
| --- | ---: |
| Folders | 3 |
| Files read | 4 |
| Lines | 12 |
| Code | 5 |
| Comment | 1 |
| Prose | 3 |
| Blank | 3 |
| Public items | 3 |
| Headings | 2 |
| To do | 2 |
| Files not read: binary | 1 |
| Files with CRLF line ends | 1 |
| Entries left out by .gitignore | 1 |

## Languages

| Language | Files | Lines | Code | Comment | Prose | Blank |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| Markdown | 1 | 5 | 0 | 0 | 3 | 2 |
| Rust | 1 | 4 | 2 | 1 | 0 | 1 |
| TypeScript | 1 | 2 | 2 | 0 | 0 | 0 |
| Other | 1 | 1 | 1 | 0 | 0 | 0 |

## Parts

| Part | Files | Lines | Public items | Headings | To do |
| --- | ---: | ---: | ---: | ---: | ---: |
| \`./\` | 2 | 6 | 0 | 2 | 1 |
| \`src/\` | 1 | 4 | 1 | 0 | 1 |
| \`web/\` | 1 | 2 | 2 | 0 | 0 |

## Public items

### \`src/lib.rs\`

- \`fn hello\` (line 2)

### \`web/index.ts\`

- \`{ a }\` (line 1)
- \`const b\` (line 2)

## Headings

### \`README.md\`

- A | B
  - Use \\*it\\*

## To do

- \`README.md:5\` ${MARK}: say how
- \`src/lib.rs:4\` ${MARK}: rename

## Not read

- \`web/logo.png\`: binary
`;

test("survey: a small tree, to the byte, and the same again", async (t) => {
  const root = await tree(t, SMALL);
  const expected = SMALL_SURVEY.replace("NAME", root.split(/[\\/]/).at(-1));

  const first = await run([root], { cwd: root });
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  assert.equal(await readFile(join(root, "survey.md"), "utf8"), expected);

  // The survey that lies there now is no part of the tree, whatever the number of readers.
  const second = await run([".", "--concurrency", "1"], { cwd: root });
  assert.equal(second.code, 0);
  assert.equal(await readFile(join(root, "survey.md"), "utf8"), expected);
});

test("survey: not in a terminal, one line for each event, and a summary", async (t) => {
  const root = await tree(t, SMALL);
  const { stdout } = await run([root], { cwd: root });
  const lines = stdout.trimEnd().split("\n");
  const summary = "Read 4 files with 12 lines: 3 public items, 2 headings, 2 things left to do. Not read: 1 binary.";
  assert.deepEqual(lines.slice(-2), [summary, "Written to survey.md."]);

  const log = lines.slice(0, -2);
  for (const line of log) assert.match(line, /^ +\d+\.\d\ds {2}\S/);
  const events = log.map((line) => line.slice(10));
  for (const expected of [
    "Find the files: started",
    "Find the files: completed. 5 files in 3 folders: 3 parts",
    "src/: started",
    "src/: lib.rs: Rust, 4 lines",
    "src/: completed. Read 1 file",
    "web/: logo.png: binary",
    "Write the survey: completed. " + summary,
  ]) {
    assert.equal(events.filter((event) => event === expected).length, 1, `${expected}\n${stdout}`);
  }
  assert.match(events.at(-1), /^Survey .*: completed\. Read 4 files/);
});

test("survey: this repository, by default", async (t) => {
  const cwd = await tree(t);
  const { code, stderr } = await run([], { cwd });
  assert.deepEqual([code, stderr], [0, ""]);
  const text = await readFile(join(cwd, "survey.md"), "utf8");
  assert.match(text, /\| `examples\/survey\/ \(1 of 2\)` \| 25 \|/);
  assert.match(text, /### `examples\/survey\/scout\.mjs`\n\n- `function scout` \(line \d+\)/);
  assert.doesNotMatch(text, /^(?:\| |### )`(?:node_modules|target|pkg|\.git)\//m);
});

test("survey: an empty folder", async (t) => {
  const cwd = await tree(t);
  const { code, stdout } = await run([".", "--out", "empty.md"], { cwd });
  assert.equal(code, 0);
  assert.match(stdout, /Read 0 files with 0 lines/);
  assert.match(await readFile(join(cwd, "empty.md"), "utf8"), /## Languages\n\nNone\./);
});

test("survey: large folders are read in parts", async (t) => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, number) => [`many/${number}.txt`, "a\n"]));
  const cwd = await tree(t, files);
  const { code } = await run(["."], { cwd });
  assert.equal(code, 0);
  const text = await readFile(join(cwd, "survey.md"), "utf8");
  for (const row of ["1 of 3)` | 25", "2 of 3)` | 25", "3 of 3)` | 10"]) assert.ok(text.includes(`| \`many/ (${row} |`), text);
});

test("survey: strange files are counted, not stumbled over", async (t) => {
  const cwd = await tree(t, {
    "empty.rs": "",
    "latin1.txt": Buffer.from([0x67, 0x72, 0xfc, 0xdf, 0x65]),
    "bom.js": "\ufeffexport const a = 1;\n",
    "long.js": `export const b = "${"x".repeat(3_000_000)}";\n`,
    "huge.log": "",
    " /blank name.py": "def f(): pass\n",
    ...(posix && {
      "a|b`c``d\n\x1b[31m.md": `# <b>x</b> | [y](z)\n### 1. deep\n## - ${"😀".repeat(80)}\n`,
      "\u202egnp.txt": "x\n",
    }),
  });
  await truncate(join(cwd, "huge.log"), 9 * 1024 * 1024);
  if (posix) {
    await symlink(".", join(cwd, "loop"));
    await symlink("nowhere", join(cwd, "dangling"));
    await symlink("bom.js", join(cwd, "link.js"));
    execFileSync("mkfifo", [join(cwd, "pipe")]);
  }

  const { code, stdout, stderr } = await run(["."], { cwd });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f\u202e]/);

  const text = await readFile(join(cwd, "survey.md"), "utf8");
  assert.match(text, /\| Files not read: too large \| 1 \|/);
  assert.match(text, /\| Files that are not UTF-8 \| 1 \|/);
  assert.match(text, /- `const a` \(line 1\)/);
  assert.match(text, /- `const b` \(line 1\)/);
  assert.match(text, /### ` \/blank name\.py`\n\n- `def f`/);
  assert.match(text, /- `huge\.log`: too large/);
  if (posix) {
    assert.match(text, /\| Symbolic links, not followed \| 3 \|/);
    assert.match(text, /\| Pipes, sockets and devices, not read \| 1 \|/);
    assert.ok(text.includes("### ``` a|b`c``d\ufffd\ufffd[31m.md ```\n\n- \\<b\\>x\\</b\\> | \\[y\\](z)\n  - 1\\. deep\n  - \\- 😀"), text);
  }
});

const asRoot = process.getuid?.() === 0 && "root may read everything";
test("survey: what may not be read is counted", { skip: !posix || asRoot }, async (t) => {
  const cwd = await tree(t, { "a/x": "", "b/secret": "", "c/y": "" });
  await chmod(join(cwd, "b/secret"), 0);
  await chmod(join(cwd, "c"), 0);
  try {
    const { code } = await run(["."], { cwd });
    assert.equal(code, 0);
    const text = await readFile(join(cwd, "survey.md"), "utf8");
    assert.match(text, /- `c\/`: unreadable\n- `b\/secret`: unreadable/);

    const refused = await run(["c"], { cwd });
    assert.deepEqual([refused.code, refused.stderr.split("\n")[0]], [2, 'Cannot survey "c": permission denied.']);
  } finally {
    await chmod(join(cwd, "c"), 0o700);
  }
});

const refusals = [
  [["nowhere"], 'Cannot survey "nowhere": there is no such file or folder.'],
  [["file"], 'Cannot survey "file": it is a file, not a folder.'],
  [["file/x"], 'Cannot survey "file/x": a part of the path is not a folder.'],
  [["\x1b[2J"], 'Cannot survey "\ufffd[2J": there is no such file or folder.'],
  [["."], 'Cannot write "no/where.md": its folder: there is no such file or folder.', ["--out", "no/where.md"]],
  [["."], 'Cannot write "folder": it is a folder.', ["--out", "folder"]],
  [["."], "--out needs a file name.", ["--out", ""]],
  [["a", "b"], "One folder at a time, please: got 2."],
  [["--colour"], "Unknown option '--colour'."],
  [["--plain=yes"], "Option '--plain' does not take an argument."],
  [["--out"], "Option '--out <value>' argument missing."],
  ...["0", "65", "1.5", "many", "", "1e1"].map((text) => [
    ["--concurrency", text],
    `--concurrency takes a whole number from 1 to 64, not "${text}".`,
  ]),
];
for (const [args, message, more = []] of refusals) {
  test(`survey: ${[...args, ...more].map((arg) => JSON.stringify(arg)).join(" ")} is refused`, async (t) => {
    const cwd = await tree(t, { file: "", "folder/x": "" });
    const { code, stdout, stderr } = await run([...args, ...more], { cwd });
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: "", stderr: `${message}\nTry --help.\n` });
    assert.deepEqual((await readdir(cwd)).sort(), ["file", "folder"]);
  });
}

test("survey: --help tells every option", async () => {
  for (const option of ["--help", "-h"]) {
    const { code, stdout } = await run([option]);
    assert.equal(code, 0);
    for (const word of ["[folder]", "--out", "--concurrency", "--state", "--plain", "--help", "Ctrl-C"]) assert.ok(stdout.includes(word), word);
  }
});

test("survey: a failed task makes the exit code 1, and is named", async (t) => {
  const cwd = await tree(t, { "a.txt": "a\n" });
  const out = "x".repeat(300); // no file system takes this
  const { code, stdout, stderr } = await run([".", "--out", out], { cwd });
  assert.deepEqual([code, stderr], [1, ""]);
  assert.match(stdout, /\nThe survey could not be written\.\nFailed:\n/);
  assert.match(stdout, /\n {2}Write the survey: Cannot write "x+": the name is too long\n/);
  assert.deepEqual(await readdir(cwd), ["a.txt"]);
});

test("survey: Ctrl-C cancels all there is, tells what, and leaves no file", { skip: !posix }, async (t) => {
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
  const names = list.trimEnd().split("\n");
  assert.match(names[0], /^ {2}Survey /);
  assert.equal(names.length, 11);
  assert.match(names[1], /^ {2}f\d+\/$/);
  assert.match(names.at(-1), /^ {2}and \d+ more tasks$/);
  assert.doesNotMatch(list, /Find the files|Write the survey/);
  assert.equal((await readdir(cwd)).includes("survey.md"), false);
});

test("survey: a reader that leaves early does not stop it", { skip: !posix }, async (t) => {
  const cwd = await tree(t, SMALL);
  const child = start(["."], { cwd });
  child.stdout.destroy();
  const { code, stderr } = await child.done;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal((await readdir(cwd)).includes("survey.md"), true);
});

test("survey: --state keeps a survey, which is told again and not done again", (t) => isToldAgain(t, run));

test("survey: Ctrl-C cancels what is kept, too", { skip: !posix }, (t) => isCancelledForGood(t, start));
