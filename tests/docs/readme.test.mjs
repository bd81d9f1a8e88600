// Every block of code in the README: run, compiled, or checked against what is there.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { transform } from "esbuild";
import { inRoot, packageName, pkg } from "../../pkg-template/build/paths.mjs";
import { ask, npm, run } from "../../pkg-template/build/run.mjs";
import { launch, open } from "../pkg/help/chromium.mjs";
import { serve } from "../pkg/help/serve.mjs";
import { elizaCores } from "../stages/eliza.mjs";
import { blocksOf, expectedOutput } from "./blocks.mjs";

const readme = readFileSync(inRoot("README.md"), "utf8");
const blocks = blocksOf(inRoot("README.md"));
const scripts = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).scripts;

/** A project into which the package is installed, as the README says. */
const project = mkdtempSync(join(tmpdir(), "readme-"));
before(() => {
  mkdirSync(join(project, "node_modules"));
  symlinkSync(pkg, join(project, "node_modules", packageName), "junction");
  mkdirSync(join(project, "node_modules", "@elizaos"));
  symlinkSync(join(elizaCores, "node_modules", "eliza-core-2"), join(project, "node_modules", "@elizaos", "core"), "junction");
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
});
after(() => rmSync(project, { recursive: true, force: true }));

async function runProgram({ text, line }, source) {
  const file = join(project, `line-${line}.${text.includes("require(") ? "cjs" : "mjs"}`);
  writeFileSync(file, source);
  // The core of elizaOS tells on its standard output how it starts, if it may.
  const env = { LOG_LEVEL: "fatal" };
  const printed = await run(process.execPath, [file], { cwd: project, env, output: "quiet", minutes: 1, name: `the program at line ${line}` });
  const expected = expectedOutput(text);
  assert.ok(expected.length > 0, "a program that shows nothing shows nothing");
  assert.deepEqual(printed.text.trimEnd().split("\n"), expected);
}

const kinds = {
  js: (block) => runProgram(block, block.text),

  async ts(block) {
    const file = join(project, `line-${block.line}.ts`);
    writeFileSync(file, block.text);
    const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "false"];
    const libraries = ["--lib", "es2022,dom,dom.iterable,dom.asynciterable,esnext.disposable"];
    await run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), "--ignoreConfig", ...options, ...libraries, file], { cwd: project, output: "quiet", name: "tsc" });
    await runProgram(block, (await transform(block.text, { loader: "ts", target: "node20" })).code);
  },

  async html({ text }) {
    writeFileSync(join(project, "index.html"), text.replace("<!doctype html>", '<!doctype html>\n<link rel="icon" href="data:,">'));
    const [browser, server] = [await launch(), await serve(project)];
    try {
      const { title, problems } = await open(browser, `${server.url}/`);
      assert.deepEqual({ title, problems }, { title: /document\.title = .*; \/\/ (.*)/.exec(text)[1], problems: [] });
    } finally {
      server.close();
      await browser.close();
    }
  },

  async sh({ text }) {
    for (const line of text.trim().split("\n")) await checkCommand(line.split("#", 1)[0].trim());
  },

  // `cargo test` runs these: src/lib.rs includes the README as documentation.
  rust() {
    assert.match(readFileSync(inRoot("src/lib.rs"), "utf8"), /include_str!\("\.\.\/README\.md"\)/);
  },

  toml({ text }) {
    const manifest = readFileSync(inRoot("Cargo.toml"), "utf8");
    const [, name, feature] = /^(\S+) = \{ path = "\S+", features = \["(\w+)"\] \}$/m.exec(text);
    assert.match(manifest, new RegExp(`^name = "${name}"$`, "m"));
    assert.match(manifest, new RegExp(`^${feature} = \\[`, "m"));
    for (const [, crate, version] of text.matchAll(/^(tokio) = .*?"([\d.]+)"/gm)) {
      assert.match(manifest, new RegExp(`^${crate} = .*"${version.replaceAll(".", "\\.")}\\b`, "m"), crate);
    }
  },

  text() {},
};

async function checkCommand(command) {
  const [program, ...args] = command.split(" ");
  if (program === "npm" && args[0] === "install") {
    // In a place of its own, from where the package really is.
    const place = mkdtempSync(join(tmpdir(), "readme-install-"));
    await npm(["install", "--prefix", place, pkg, "--no-audit", "--no-fund", "--offline"], { cwd: place, output: "quiet" });
    assert.ok(existsSync(join(place, "node_modules", packageName, "package.json")));
    rmSync(place, { recursive: true, force: true });
  } else if (program === "npm") {
    const name = args[0] === "run" ? args[1] : args[0];
    assert.ok(scripts[name], command);
    for (const [, file] of scripts[name].matchAll(/node (\S+)/g)) assert.ok(existsSync(inRoot(file)), file);
  } else {
    assert.equal(program, "cargo", command);
    assert.equal(args.at(-1), "--help", "what only looks can be run here");
    const { text } = await run("cargo", ["--quiet", ...args], { output: "quiet" });
    assert.match(text, /Usage: cargo run/);
  }
}

for (const block of blocks) {
  test(`README, line ${block.line}: ${block.language}`, async () => {
    assert.ok(block.language in kinds, `a block of "${block.language}" is not checked by anybody: call it text if it cannot run`);
    await kinds[block.language](block);
  });
}

test("spec 1.6.18: the README's example lacks imports; here every program in it is run as it stands", () => {
  const programs = blocks.filter(({ language }) => ["js", "ts", "html", "rust"].includes(language));
  assert.ok(programs.length >= 15);
  // A name that is used and not imported stops a program; but one of these need not use the package at all to run.
  for (const { language, text, line } of programs) assert.match(text, language === "rust" ? /use agent_orchestrator::/ : /(from |require\()"agent-orchestrator-wasm/, `line ${line}`);
});

test("README: each command in a sentence exists", async () => {
  for (const [, command] of readme.matchAll(/`(npm (?:start|test|run \w+))[^`]*`/g)) await checkCommand(command);
  assert.match(ask(process.execPath, [inRoot("examples/survey/main.mjs"), "--help"]), /Usage: .*\n\s+npm start/);
});

test("papers: every link to a file leads somewhere", () => {
  for (const paper of ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"]) {
    for (const [, target] of readFileSync(inRoot(paper), "utf8").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https:/.test(target)) continue;
      const [path, anchor] = target.split("#");
      assert.ok(existsSync(inRoot(path || paper)), `${paper}: ${target}`);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(inRoot(path || paper), "utf8").matchAll(/^#+ (.*)$/gm)];
      const anchors = headings.map(([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
      assert.ok(anchors.includes(anchor), `${paper}: ${target}`);
    }
  }
});

test("papers: every file and folder that ARCHITECTURE.md names is there", () => {
  // In backquotes, with a slash in it, and no wildcard. What is made by the build is not asked for.
  const names = [...readFileSync(inRoot("ARCHITECTURE.md"), "utf8").matchAll(/`((?:src|pkg-template|tests|examples|benches|www)\/[\w./-]*)`/g)];
  assert.ok(names.length > 20);
  for (const [, name] of names) assert.ok(existsSync(inRoot(name)), name);
});
