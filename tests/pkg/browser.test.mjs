// The packed tarball in a page: as plain modules, and through bundlers.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as vite from "vite";
import { allWell } from "./apps/journals.mjs";
import { expected } from "./apps/smoke.mjs";
import { launch, open } from "./help/chromium.mjs";
import { apps, bundle, consumer, inConsumer, tool } from "./help/consumer.mjs";
import { serve } from "./help/serve.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const wasmFiles = (urls) => urls.filter((url) => url.endsWith(".wasm"));

async function visit(folder, path) {
  const server = await serve(folder);
  try {
    return await open(browser, server.url + path);
  } finally {
    server.close();
  }
}

test("a plain page with an import map", async () => {
  const { page, title, fetched, problems } = await visit(consumer, "/apps/page/");
  assert.equal(title, expected);
  assert.equal(await page.evaluate("early"), "NOT_INITIALIZED");
  assert.equal(wasmFiles(fetched).length, 1, "one .wasm is fetched, once");
  assert.deepEqual(problems, []);
});

test("Vite's development server, without any configuration", async () => {
  const server = await vite.createServer({ root: join(apps, "vite"), configFile: false, logLevel: "warn", cacheDir: join(apps, "vite", "cache"), server: { host: "127.0.0.1", port: 0 } });
  try {
    await server.listen();
    const { title, problems } = await open(browser, server.resolvedUrls.local[0]);
    assert.equal(title, expected + allWell);
    assert.deepEqual(problems, []);
  } finally {
    await server.close();
  }
});

test("Vite's production build, without any configuration", async () => {
  const outDir = join(apps, "vite", "dist");
  // In a process of its own, as the development server has left its mark on this one (NODE_ENV).
  await inConsumer(tool("vite"), ["build", join(apps, "vite"), "--logLevel", "warn", "--outDir", outDir], { NODE_ENV: undefined });
  assert.equal(wasmFiles(readdirSync(join(outDir, "assets"))).length, 1, "the .wasm is there, once");
  const { title, fetched, problems } = await visit(outDir, "/");
  assert.equal(title, expected + allWell);
  assert.equal(wasmFiles(fetched).length, 1);
  assert.deepEqual(problems, []);
});

test("esbuild with /inline: one file, nothing fetched", async () => {
  await bundle("inline.mjs", "inline.js");
  const { title, fetched, problems } = await visit(apps, "/page/inline.html");
  assert.equal(title, expected);
  assert.deepEqual(wasmFiles(fetched), []);
  assert.deepEqual(problems, []);
});

test("esbuild without the file beside it: init(url) says where it is", async () => {
  await bundle("bare.mjs", "bundle.js");
  const { title, problems } = await visit(consumer, "/apps/page/own-url.html");
  assert.equal(title, expected);
  assert.deepEqual(problems, []);
});
