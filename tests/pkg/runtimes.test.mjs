// The packed tarball in every runtime that has no page.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allReplied } from "./apps/agent.mjs";
import { allWell } from "./apps/journals.mjs";
import { expected } from "./apps/smoke.mjs";
import { bundle, inConsumer, tool } from "./help/consumer.mjs";

const scratch = mkdtempSync(join(tmpdir(), "runtimes-"));

test("Node, import", async () => assert.equal(await inConsumer(process.execPath, ["esm.mjs"]), expected));

test("Node, require", async () => assert.equal(await inConsumer(process.execPath, ["cjs.cjs"]), expected));

test("Deno", async () => {
  const env = { DENO_DIR: join(scratch, "deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  // Reading its own file is all it may do.
  assert.equal(await inConsumer(tool("deno"), ["run", "--no-remote", "--no-prompt", "--allow-read", "esm.mjs"], env), expected);
});

test("Bun", async () => {
  const env = { BUN_INSTALL_CACHE_DIR: join(scratch, "bun"), DO_NOT_TRACK: "1" };
  assert.equal(await inConsumer(tool("bun"), ["run", "esm.mjs"], env), expected);
});

/** What Deno may do: reading /proc, by which it tells a process that is gone, needs all rights. */
const inFiles = (program) => Object.entries({
  "Node, import": [process.execPath, [`${program}.mjs`]],
  "Node, require": [process.execPath, [`${program}.cjs`]],
  Deno: [tool("deno"), ["run", "--no-remote", "--allow-all", `${program}.mjs`], { DENO_DIR: join(scratch, "deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" }],
  Bun: [tool("bun"), ["run", `${program}.mjs`], { BUN_INSTALL_CACHE_DIR: join(scratch, "bun"), DO_NOT_TRACK: "1" }],
});
for (const [name, [command, words, env]] of inFiles("journal")) {
  test(`a journal in files: ${name}`, async () => assert.equal(await inConsumer(command, [...words, join(scratch, name)], env), allWell));
}
for (const [name, [command, words, env]] of inFiles("eliza")) {
  test(`the elizaOS face, with its tasks in files: ${name}`, async () => {
    const folder = mkdtempSync(join(scratch, "agent-"));
    assert.equal(await inConsumer(command, [...words, folder], env), allReplied);
    assert.ok(existsSync(join(folder, ".eliza", "agent-orchestrator", "ada")));
  });
}

test("workerd, bundled as wrangler does", async () => {
  await bundle("worker.mjs", "worker.js", { conditions: ["workerd", "worker", "browser"] });
  // Says nothing when all is well; ends with an error otherwise.
  await inConsumer(tool("workerd"), ["test", "worker.capnp"]);
});
