// The page's server, and the page when the package is not built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serve } from "../../www/serve.mjs";
import { start } from "./help/open.mjs";

const www = fileURLToPath(new URL("../../www/", import.meta.url));

let server;
before(async () => { server = await serve({ port: 0 }); });
after(() => server.close());

/** A request as it stands: `fetch` would tidy the path. */
async function raw(path, method = "GET") {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => { text += chunk; });
  await once(socket, "close");
  return { status: Number(text.split(" ")[1]), text };
}

test("files come with their types", async () => {
  for (const [path, type] of [
    ["", "text/html; charset=utf-8"],
    ["main.js", "text/javascript; charset=utf-8"],
    ["style/base.css", "text/css; charset=utf-8"],
    ["favicon.svg", "image/svg+xml"],
    ["pkg/dist/index.js", "text/javascript; charset=utf-8"],
    ["pkg/dist/glue/agent_orchestrator_bg.wasm", "application/wasm"],
  ]) {
    const response = await fetch(server.url + path);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-type"), type, path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    await response.arrayBuffer();
  }
});

test("nothing outside of the two folders is served", async () => {
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/pkg/../../package.json", "/pkg/%2e%2e/%2e%2e/package.json", "/..\\package.json", "//etc/passwd", "/view", "/no-such-file", "/main.js%00.html"]) {
    assert.equal((await raw(path)).status, 404, path);
  }
  assert.equal((await raw("/%")).status, 400);
  assert.equal((await raw("/", "POST")).status, 405);
  const head = await raw("/main.js", "HEAD");
  assert.equal(head.status, 200);
  assert.ok(head.text.endsWith("\r\n\r\n"), "HEAD has no body");
});

test("without the built package, program and page say what to run", async () => {
  // A space and a percent sign, since folders have them.
  const folder = mkdtempSync(join(tmpdir(), "www 100% "));
  try {
    cpSync(www, join(folder, "www"), { recursive: true });
    const program = join(folder, "www", "serve.mjs");
    const run = spawnSync(process.execPath, [program, "--port", "0"], { encoding: "utf8", timeout: 10_000 });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /npm run build/);

    const { serve: serveCopy } = await import(pathToFileURL(program));
    const copy = await serveCopy({ port: 0 });
    const { browser, close } = await start();
    try {
      assert.match(await (await fetch(`${copy.url}pkg/dist/index.js`)).text(), /npm run build/);
      const page = await browser.newPage();
      await page.goto(copy.url);
      await page.getByRole("alert").filter({ hasText: "npm run build" }).waitFor();
    } finally {
      await close();
      await copy.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a wrong port is refused in plain words", () => {
  const run = spawnSync(process.execPath, [join(www, "serve.mjs"), "--port", "http"], { encoding: "utf8", timeout: 10_000 });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /--port takes a number/);
});
