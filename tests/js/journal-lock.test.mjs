// A folder belongs to one owner at a time, however many want it and however they end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { child, folder, frames, kept } from "./help/journals.mjs";
import { refusedWith, thrownBy } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const lockOf = (path) => readFileSync(join(path, "lock"), "utf8");

test("a second owner in this process is refused at once, until the first one closes", async (t) => {
  const path = folder(t);
  const [one, other] = [nodeJournal(path), nodeJournal(path)];
  await one.load();
  assert.match(lockOf(path), new RegExp(`^${process.pid} \\d+\n$`));
  const error = await refusedWith("LOCKED", () => other.load());
  assert.match(error.message, new RegExp(`process ${process.pid} `));
  await refusedWith("JOURNAL_FAILED", () => other.append(0, frames(7).events(1, 1)));
  await other.close();
  assert.match(lockOf(path), /^\d/, "the one who has it not cannot let it go");
  await one.append(0, frames(7).events(1, 1));
  await one.close();
  assert.equal(lockOf(path), "");
  await other.load();
  await refusedWith("LOCKED", () => one.load());
  await other.close();
});

test("the copy that require gives, and a worker thread, are other owners", async (t) => {
  const path = folder(t);
  const journal = nodeJournal(path);
  await journal.load();
  const required = createRequire(import.meta.url)("agent-orchestrator-wasm/node");
  assert.notEqual(required.nodeJournal, nodeJournal);
  assert.equal((await thrownBy(() => required.nodeJournal(path).load())).code, "LOCKED");
  const worker = new Worker(
    `const { workerData: { entry, path }, parentPort } = require("node:worker_threads");
    import(entry).then(({ nodeJournal }) => nodeJournal(path).load()).catch(({ code }) => code).then((code) => parentPort.postMessage(code));`,
    { eval: true, workerData: { entry: import.meta.resolve("agent-orchestrator-wasm/node"), path } },
  );
  assert.equal(await new Promise((resolve) => worker.once("message", resolve)), "LOCKED");
  await worker.terminate();
  await journal.close();
});

test("another process is refused at once, and a process that ends lets go", async (t) => {
  const path = folder(t);
  const owner = child(t, "hold", path);
  assert.equal(await owner.line(), "open");
  await refusedWith("LOCKED", () => nodeJournal(path).load());
  assert.equal(await child(t, "hold", path).line(), "LOCKED");
  await owner.end("SIGKILL");
  const journal = nodeJournal(path);
  await journal.load();
  assert.equal(await child(t, "hold", path).line(), "LOCKED");
  await journal.close();
});

test("a process that exits without closing leaves no lock", async (t) => {
  const path = folder(t);
  const entry = JSON.stringify(import.meta.resolve("agent-orchestrator-wasm/node"));
  execFileSync(process.execPath, ["--input-type=module", "-e", `const { nodeJournal } = await import(${entry}); await nodeJournal(${JSON.stringify(path)}).load(); process.exit(0);`]);
  assert.equal(lockOf(path), "");
});

test("a killed process has lost nothing that it acknowledged", async (t) => {
  const path = folder(t);
  let acknowledged = 0;
  for (let round = 0; round < 6; round++) {
    const program = child(t, "flood", path);
    for (let lines = 0; lines < 15 + 11 * round; lines++) {
      const line = await program.line();
      assert.match(line, /^\d+$/);
      acknowledged = Number(line);
    }
    await program.end("SIGKILL");
    // What it said before it was gone.
    for (let line = await program.line(); line !== undefined; line = await program.line()) if (/^\d+$/.test(line)) acknowledged = Number(line);
    const journal = nodeJournal(path);
    const bytes = await kept(journal);
    const expected = frames(7);
    const whole = [];
    for (let length = 48; length < bytes.length; length += whole.at(-1).length) whole.push(expected.events(1, 100));
    assert.ok(whole.length >= acknowledged, `${whole.length} of ${acknowledged}`);
    assert.ok(bytes.subarray(48).equals(Buffer.concat(whole)));
    await journal.close();
  }
  assert.ok(acknowledged > 200);
});

test("lines of nobody are no lock", async (t) => {
  const path = folder(t);
  const gone = child(t, "hold", folder(t));
  await gone.end("SIGKILL");
  const start = (pid) => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ")[19];
  // The process of another start had the same number before; of one that is no number there is none.
  const nobody = ["", "\n", "garbage", "1", "x 5\n", "0 0\n", "99999999999 1\n", `${gone.pid} 1\n`, "a".repeat(5000)];
  if (existsSync("/proc/self/stat")) nobody.push(`${process.ppid} ${Number(start(process.ppid)) + 1}\n`);
  for (const line of nobody) {
    writeFileSync(join(path, "lock"), line);
    const journal = nodeJournal(path);
    await journal.load();
    assert.match(lockOf(path), new RegExp(`^${process.pid} `), JSON.stringify(line));
    await journal.close();
  }
  // Without a start, as hosts without /proc write it, the number must do.
  writeFileSync(join(path, "lock"), `${process.ppid} 0\n`);
  await refusedWith("LOCKED", () => nodeJournal(path).load());
  assert.equal(lockOf(path), `${process.ppid} 0\n`);
});

for (const stat of existsSync("/proc/self/stat") ? ["/proc"] : []) test(`a process that was killed and not yet buried owns nothing, ${stat} says`, async (t) => {
  const path = folder(t);
  // A shell that does not wait for its child: it stays a zombie.
  const owner = child(t, "hold", path, { through: ["sh", "-c", '"$@" & exec sleep 60', "sh"] });
  assert.equal(await owner.line(), "open");
  const pid = Number(lockOf(path).split(" ")[0]);
  process.kill(pid, "SIGKILL");
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) await new Promise(setImmediate);
  const journal = nodeJournal(path);
  await journal.load();
  await journal.close();
});

test("of many that want what a dead process had, one gets it", async (t) => {
  const path = folder(t);
  for (let round = 0; round < 4; round++) {
    const dead = child(t, "hold", path);
    assert.equal(await dead.line(), "open");
    await dead.end("SIGKILL");
    // The one who wanted it before has died too, in the middle of taking it.
    if (round % 2 === 1) writeFileSync(join(path, `lock.${lockOf(path).trim().replace(" ", "-")}`), lockOf(path));
    const all = Array.from({ length: 5 }, () => child(t, "open", path));
    for (const one of all) assert.equal(await one.line(), "ready");
    for (const one of all) one.go();
    const answers = (await Promise.all(all.map((one) => one.line()))).sort();
    assert.deepEqual(answers, [...Array(4).fill("LOCKED"), "open"]);
    await Promise.all(all.map((one) => one.end("SIGKILL")));
    assert.deepEqual(readdirSync(path), ["lock"]);
  }
});
