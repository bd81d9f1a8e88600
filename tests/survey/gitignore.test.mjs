import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ignores, rulesFor, rulesInside } from "../../examples/survey/gitignore.mjs";
import { tree } from "./helpers.mjs";

/** The files below `root` that are not ignored, found as the scout finds them. */
async function kept(root) {
  const files = [];
  const walk = async (folder, rules) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.name === ".git" || ignores(rules, path, entry.isDirectory())) continue;
      if (entry.isDirectory()) await walk(path, await rulesInside(rules, path));
      else files.push(path.slice(root.length + 1).replaceAll("\\", "/"));
    }
  };
  await walk(root, await rulesFor(root));
  return files.sort();
}

const cases = {
  "plain names, at any depth": [{ ".gitignore": "x.log\n", "x.log": "", "a/x.log": "", "a/y": "" }, ["a/y"]],
  "a leading slash ties a name to its folder": [{ ".gitignore": "/x\n", x: "", "a/x": "" }, ["a/x"]],
  "a trailing slash means folders only": [{ ".gitignore": "out/\n", "out/x": "", "a/out": "" }, ["a/out"]],
  "a later ! takes back": [{ ".gitignore": "*.log\n!keep.log\n", "a.log": "", "keep.log": "" }, ["keep.log"]],
  "an ignored folder cannot be looked into": [{ ".gitignore": "out/\n!out/x\n", "out/x": "" }, []],
  "but its content can be ignored piece by piece": [{ ".gitignore": "out/*\n!out/x\n", "out/x": "", "out/y": "" }, ["out/x"]],
  "a deeper file has the last word": [{ ".gitignore": "*.log\n", "a/.gitignore": "!*.log\n", "a/x.log": "", "x.log": "" }, ["a/x.log"]],
  "a deeper file saves a folder": [{ ".gitignore": "out\n", "a/.gitignore": "!out\n", "a/out/x": "", "out/x": "" }, ["a/out/x"]],
  "what is saved keeps the rules of above": [
    { ".gitignore": "out/\n*.log\n", "a/.gitignore": "!out/\n", "a/out/x.log": "", "a/out/y": "" },
    ["a/out/y"],
  ],
  "names that look like patterns": [{ ".gitignore": "*\n!*/\n", "a/.gitignore": "!/[x]*/\n!*.c\n", "a/[x]/y.c": "" }, ["a/[x]/y.c"]],
  "two stars": [{ ".gitignore": "a/**/z\n", "a/z": "", "a/b/c/z": "", z: "" }, ["z"]],
  "comments, empty lines, CRLF, byte order mark": [{ ".gitignore": "\ufeffx\r\n\r\n# y\r\n", x: "", y: "" }, ["y"]],
  "upper and lower case differ": [{ ".gitignore": "README\n", README: "", readme2: "" }, ["readme2"]],
  "lines that are no pattern": [{ ".gitignore": "[\n\\\n!\n/\n***\\\n[z-a]\n", x: "" }, ["x"]],
};
for (const [name, [files, expected]] of Object.entries(cases)) {
  test(`gitignore: ${name}`, async (t) => {
    const found = await kept(await tree(t, files));
    assert.deepEqual(found.filter((file) => !file.endsWith(".gitignore")), expected);
  });
}

test("gitignore: the folders above count, up to the top of the repository", async (t) => {
  const root = await tree(t, {
    ".gitignore": "*",
    "repo/.git/HEAD": "",
    "repo/.gitignore": "*.log\n",
    "repo/part/x.log": "",
    "repo/part/y": "",
  });
  assert.deepEqual(await kept(join(root, "repo/part")), ["y"]);
});

test("gitignore: an ignored folder that is asked for by name is looked into, with its own rules", async (t) => {
  const root = await tree(t, { ".git/HEAD": "", ".gitignore": "out/\n", "out/a/.gitignore": "x\n", "out/a/x": "", "out/a/y": "" });
  assert.deepEqual(await kept(join(root, "out")), ["a/.gitignore", "a/y"]);
  assert.deepEqual(await kept(join(root, "out/a")), [".gitignore", "y"]);
});

test("gitignore: a .gitignore that is no regular file is none", async (t) => {
  const root = await tree(t, { x: "", "a/.gitignore/b": "", "a/x": "" });
  if (process.platform !== "win32") execFileSync("mkfifo", [join(root, ".gitignore")]);
  const found = await kept(root);
  assert.deepEqual(found.filter((file) => file !== ".gitignore"), ["a/.gitignore/b", "a/x", "x"]);
});

const noGit = spawnSync("git", ["--version"]).status !== 0 && "git is not installed";
test("gitignore: random trees, compared with git itself", { skip: noGit }, async (t) => {
  const patterns = (
    "a|a/|/a|*.log|!*.log|!a|!a/|out/|!out/|/out|b/*|!b/y.txt|**/a|a/**|a/**/b|*|!*/|*.t?t|[xy].*|!x.log|b/a/|!b/a|/*|!/b|" +
    "# c||\\!a|y.txt |b/**/|**/out/|!**/y.txt"
  ).split("|");
  let state = 7;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };

  for (let round = 0; round < 40; round += 1) {
    const root = await tree(t);
    execFileSync("git", ["init", "--quiet", root]);
    const folders = ["", ...["a/", "b/", "out/", "a/a/", "a/out/", "b/a/", "b/out/", "out/a/"].filter(() => random(3) > 0)];
    for (const folder of folders) {
      mkdirSync(join(root, folder), { recursive: true });
      for (const name of ["x.log", "y.txt", "z.js"]) await writeFile(join(root, folder, name), "");
      if (folder === "" || random(3) === 0) {
        const lines = Array.from({ length: 1 + random(4) }, () => patterns[random(patterns.length)]);
        await writeFile(join(root, folder, ".gitignore"), `${lines.join("\n")}\n`);
      }
    }
    const git = ["-C", root, "-c", "core.excludesFile=", "-c", "core.ignoreCase=false"];
    const listed = execFileSync("git", [...git, "ls-files", "-co", "--exclude-standard"], { encoding: "utf8" });
    assert.deepEqual(await kept(root), listed.split("\n").filter(Boolean).sort(), `round ${round}, in ${root}`);
    await rm(root, { recursive: true });
  }
});
