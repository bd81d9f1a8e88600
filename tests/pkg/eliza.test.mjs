// What the elizaOS face adds to a bundle: little, nothing that the host does not have, and nothing where it is not imported.
import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { consumer } from "./help/consumer.mjs";

const MAIN = 'export * from "agent-orchestrator-wasm";';
const PLUGIN = 'export { configureAgentOrchestratorPlugin, agentOrchestratorPlugin } from "agent-orchestrator-wasm/eliza";';

/** Bundles a program; gives what is loaded at once, and what is loaded when it is wanted. */
async function bundle(contents, platform) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: consumer }, bundle: true, minify: true, splitting: true, write: false, metafile: true,
    format: "esm", platform, outdir: "/out", absWorkingDir: consumer, loader: { ".wasm": "file" }, logLevel: "silent",
  });
  const textOf = (path) => outputFiles.find((file) => file.path.endsWith(path.split("/").at(-1))).text;
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint !== undefined && metafile.outputs[path].entryPoint.endsWith("stdin>"));
  const once = new Set();
  const visit = (path) => {
    if (once.has(path)) return;
    once.add(path);
    for (const { path: next, kind, external } of metafile.outputs[path].imports) if (kind === "import-statement" && external !== true) visit(next);
  };
  visit(entry);
  const all = Object.keys(metafile.outputs).filter((path) => path.endsWith(".js"));
  const join = (paths) => paths.map(textOf).join("\n");
  return { once: join([...once]), later: join(all.filter((path) => !once.has(path))) };
}
const size = (text) => brotliCompressSync(text).length;

test("the plugin adds at most 10 KB to what a page loads at once", async () => {
  const [without, plain] = [await bundle(MAIN, "browser"), await bundle(MAIN + PLUGIN, "browser")];
  const added = size(plain.once) - size(without.once);
  assert.ok(added > 1000 && added <= 10_000, `${added} bytes`);
});

test("the whole of it, with the chat and the journal, is at most 20 KB", async () => {
  const [without, plain] = [await bundle(MAIN, "browser"), await bundle(MAIN + PLUGIN, "browser")];
  assert.ok(size(plain.once + plain.later) - size(without.once) <= 20_000);
});

test("a bundle without it has nothing of it", async () => {
  const { once, later } = await bundle(MAIN, "browser");
  assert.doesNotMatch(once + later, /CODE_TASK|CREATE_TASK/);
});

test("in a page there is nothing of Node, and in Node no IndexedDB", async () => {
  const [page, node] = [await bundle(PLUGIN, "browser"), await bundle(PLUGIN, "node")];
  assert.doesNotMatch(page.once + page.later, /["']node:/);
  assert.match(page.later, /indexedDB/);
  assert.doesNotMatch(node.once + node.later, /indexedDB/);
  assert.match(node.later, /"node:path"|node:fs/);
});
