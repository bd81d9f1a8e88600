// The journal in files of Node: what it keeps, what it makes of bad files, and what it says when the disk does not do as told.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs, { appendFileSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import "agent-orchestrator-wasm";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { journalConformance } from "agent-orchestrator-wasm/testing";
import { HEAD, child, folder, frames, kept } from "./help/journals.mjs";
import { refusedWith, thrownBy } from "./help/refused.mjs";
import "./help/unhandled.mjs";

const FIRST = "00000001.journal";

const shared = folder({ after });
for (const { name, run } of journalConformance((name) => nodeJournal(join(shared, name)))) test(`node: ${name}`, run);

/** A closed journal with five events, of one frame each. */
async function five(path) {
  const journal = nodeJournal(path);
  await journal.load();
  const next = frames(7);
  for (let position = 0; position < 5; position++) await journal.append(position, next.events(1, 100));
  await journal.append(5, next.closed());
  await journal.close();
  return next;
}

const bytesIn = (path) => Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString("hex")]));

/** Replaces functions of node:fs for a while. */
function replacing(t, functions) {
  const own = Object.fromEntries(Object.keys(functions).map((name) => [name, fs[name]]));
  const set = (all) => {
    Object.assign(fs, all);
    syncBuiltinESMExports();
  };
  set(Object.fromEntries(Object.entries(functions).map(([name, make]) => [name, make(own[name])])));
  const restore = () => set(own);
  t.after(restore);
  return restore;
}

const systemError = (code) => Object.assign(new Error(`${code}: as said`), { code });

test("a folder may be named by path or URL, is created, and stays the same one", async (t) => {
  const path = folder(t);
  const before = process.cwd();
  process.chdir(path);
  const journal = nodeJournal("a/b/c");
  process.chdir(before);
  await journal.load();
  await journal.append(0, frames(7).events(1, 1));
  await journal.close();
  const again = nodeJournal(pathToFileURL(join(path, "a", "b", "c")));
  assert.ok((await kept(again)).length > 0);
  await again.close();
  for (const bad of [undefined, null, 5, "", "a\0b", {}, new URL("http://example.org/")]) await thrownBy(() => nodeJournal(bad));
});

test("has nothing on the disk before it is loaded, and works only while it is open", async (t) => {
  const path = join(folder(t), "state");
  const journal = nodeJournal(path);
  for (const call of [() => journal.append(0, frames(7).events(1, 1)), () => journal.snapshot(0, frames(7).snapshot(new Uint8Array(1))), () => journal.truncateBefore(0)]) {
    await refusedWith("JOURNAL_FAILED", call);
  }
  await journal.close();
  assert.equal(fs.existsSync(path), false);
  await journal.load();
  await journal.close();
  await refusedWith("JOURNAL_FAILED", () => journal.append(0, frames(7).events(1, 1)));
});

test("what is no frame or no position is refused, and nothing is written", async (t) => {
  const path = folder(t);
  const next = await five(path);
  const before = readFileSync(join(path, FIRST));
  const journal = nodeJournal(path);
  await journal.load();
  const good = next.events(1, 10);
  for (const bytes of [undefined, null, "frame", [...good], good.buffer.slice(0, 20), new Uint8Array(0), good.subarray(1), Uint8Array.of(...good, ...good)]) {
    await refusedWith("INVALID_ARGUMENT", () => journal.append(5, bytes));
  }
  for (const position of [-1, 0.5, NaN, Infinity, "5", null, undefined, 2 ** 53]) {
    for (const call of [() => journal.append(position, good), () => journal.snapshot(position, good), () => journal.truncateBefore(position)]) await refusedWith("INVALID_ARGUMENT", call);
  }
  await refusedWith("INVALID_ARGUMENT", () => journal.snapshot(5, good));
  await refusedWith("CONFLICT", () => journal.append(5, frames(8, 5).events(1, 10)));
  assert.deepEqual(readFileSync(join(path, FIRST)), before);
  await journal.append(5, good);
  await journal.close();
});

test("many journals may be open at once", async (t) => {
  const warnings = [];
  const warn = (warning) => warnings.push(warning);
  process.on("warning", warn);
  const all = Array.from({ length: 20 }, () => nodeJournal(folder(t)));
  await Promise.all(all.map((journal) => journal.load()));
  await Promise.all(all.map((journal) => journal.close()));
  await new Promise(setImmediate);
  process.removeListener("warning", warn);
  assert.deepEqual(warnings, []);
});

test("what is appended is synced when the promise is fulfilled, and not on the event loop", async (t) => {
  const order = [];
  const path = folder(t);
  const journal = nodeJournal(path);
  await journal.load();
  await journal.append(0, frames(7).events(1, 1));
  const next = frames(7, 1, 1);
  replacing(t, {
    writeSync: (own) => (...values) => { order.push("write"); return own(...values); },
    fdatasync: (own) => (file, done) => { order.push("sync"); own(file, (error) => { order.push("synced"); done(error); }); },
    fdatasyncSync: () => () => assert.fail("the event loop must not wait"),
  });
  const appended = journal.append(1, next.events(1, 1)).then(() => order.push("fulfilled"));
  const other = journal.append(2, next.events(1, 1)).then(() => order.push("fulfilled"));
  await Promise.all([appended, other]);
  assert.deepEqual(order, ["write", "sync", "synced", "fulfilled", "write", "sync", "synced", "fulfilled"]);
  await journal.close();
});

test("a torn end is cut, and told", async (t) => {
  const path = folder(t);
  const journal = nodeJournal(path);
  await journal.load();
  const next = frames(7);
  await journal.append(0, next.events(3, 50));
  const whole = await kept(journal);
  await journal.close();
  const torn = next.events(2, 200);
  for (const length of [1, 3, HEAD - 1, HEAD, HEAD + 1, torn.length - 1]) {
    appendFileSync(join(path, FIRST), torn.subarray(0, length));
    const { frames: found, cut } = await journal.load();
    assert.deepEqual([Buffer.concat(found), cut], [whole, length]);
    await journal.close();
  }
  await journal.load();
  await journal.append(3, torn);
  await journal.close();
});

test("flipped bits in a closed journal are found", async (t) => {
  const path = folder(t);
  await five(path);
  const sound = readFileSync(join(path, FIRST));
  const journal = nodeJournal(path);
  let found = 0;
  for (let bit = 0; bit < sound.length * 8; bit += 11) {
    const bytes = Buffer.from(sound);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    writeFileSync(join(path, FIRST), bytes);
    const told = await journal.load().then(({ cut }) => cut, ({ code }) => code);
    assert.ok(["JOURNAL_DAMAGED", "JOURNAL_VERSION"].includes(told) || told > 0, `bit ${bit}: ${told}`);
    if (typeof told === "string") assert.deepEqual(readFileSync(join(path, FIRST)), bytes, "nothing was changed");
    found += 1;
    await journal.close();
  }
  assert.ok(found > 600, `${found} bits`);
});

test("damage has its place in the message, and lets go of the folder", async (t) => {
  const path = folder(t);
  await five(path);
  const bytes = readFileSync(join(path, FIRST));
  bytes[HEAD + 2 * (HEAD + 104) + 60] ^= 1;
  writeFileSync(join(path, FIRST), bytes);
  const journal = nodeJournal(path);
  const error = await refusedWith("JOURNAL_DAMAGED", () => journal.load());
  assert.match(error.message, new RegExp(`\\b${HEAD + 2 * (HEAD + 104)}\\b`), "the place in the file");
  assert.equal(readFileSync(join(path, "lock"), "utf8"), "");
  await journal.close();
});

test("files of a newer version are refused and left alone", async (t) => {
  const path = folder(t);
  await five(path);
  const bytes = readFileSync(join(path, FIRST));
  bytes[HEAD + 4] = 2;
  writeFileSync(join(path, FIRST), bytes);
  await refusedWith("JOURNAL_VERSION", () => nodeJournal(path).load());
  assert.deepEqual(readFileSync(join(path, FIRST)), bytes);
});

test("other files in the folder are left alone", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "notes.txt"), "mine");
  mkdirSync(join(path, "1.journal"));
  writeFileSync(join(path, "00000002.journal.bak"), "mine too");
  await five(path);
  assert.equal(readFileSync(join(path, "notes.txt"), "utf8"), "mine");
  assert.deepEqual(readdirSync(path).sort(), ["00000001.journal", "00000002.journal.bak", "1.journal", "lock", "notes.txt"]);
});

test("somebody who writes to the file without asking is found out", async (t) => {
  const path = folder(t);
  const next = await five(path);
  const journal = nodeJournal(path);
  await journal.load();
  const before = statSync(join(path, FIRST)).size;
  appendFileSync(join(path, FIRST), "x");
  await refusedWith("CONFLICT", () => journal.append(5, next.events(1, 10)));
  assert.equal(statSync(join(path, FIRST)).size, before + 1);
  await journal.close();
});

test("links are not followed", async (t) => {
  const [path, elsewhere] = [folder(t), folder(t)];
  await five(path);
  renameSync(join(path, FIRST), join(elsewhere, "target"));
  symlinkSync(join(elsewhere, "target"), join(path, FIRST));
  const before = bytesIn(elsewhere);
  const error = await refusedWith("JOURNAL_FAILED", () => nodeJournal(path).load());
  assert.match(error.message, /symbolic link/);
  fs.rmSync(join(path, FIRST));
  fs.rmSync(join(path, "lock"));
  symlinkSync(join(elsewhere, "target"), join(path, "lock"));
  assert.match((await refusedWith("JOURNAL_FAILED", () => nodeJournal(path).load())).message, /"lock".*symbolic link/);
  assert.deepEqual(bytesIn(elsewhere), before);
});

test("a path that cannot be a folder is told as such", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "file"), "");
  for (const [name, pattern] of [["file", /"file".*where a folder should be/], ["file/below", /"below".*is a file and no folder/]]) {
    const error = await refusedWith("JOURNAL_FAILED", () => nodeJournal(join(path, name)).load());
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes(basename(path)), "no more of the path than its end");
  }
});

test("a write that fails stops the journal until it is opened again", async (t) => {
  const path = folder(t);
  const next = await five(path);
  const journal = nodeJournal(path);
  await journal.load();
  // Half of a frame is written, as a disk that gets full does it.
  const restore = replacing(t, {
    writeSync: (own) => (file, bytes, at, length, position) => {
      if (at > 0) throw systemError("ENOSPC");
      return own(file, bytes, at, length >> 1, position);
    },
  });
  const frame = next.events(1, 100);
  const error = await refusedWith("JOURNAL_FULL", () => journal.append(5, frame));
  assert.match(error.message, /disk is full/);
  restore();
  for (const call of [() => journal.append(5, frame), () => journal.load(), () => journal.truncateBefore(0)]) await refusedWith("JOURNAL_FAILED", call);
  await journal.close();
  assert.equal((await journal.load()).cut, frame.length >> 1);
  await journal.append(5, frame);
  await journal.close();
});

for (const [code, expected] of [["EIO", "JOURNAL_FAILED"], ["ENOSPC", "JOURNAL_FULL"]]) {
  test(`a sync that fails stops the journal: ${code}`, async (t) => {
    const path = folder(t);
    const next = await five(path);
    const journal = nodeJournal(path);
    await journal.load();
    const restore = replacing(t, { fdatasync: () => (_, done) => setImmediate(done, systemError(code)) });
    const frame = next.events(1, 100);
    const first = journal.append(5, frame);
    const second = journal.append(6, next.events(1, 100));
    await refusedWith(expected, () => first);
    await refusedWith("JOURNAL_FAILED", () => second);
    restore();
    await refusedWith("JOURNAL_FAILED", () => journal.append(6, frame));
    await journal.close();
    // It was written all the same, and nothing says that it must be gone.
    const { frames: found } = await journal.load();
    await journal.append(6, next.events(1, 100)).catch(() => {});
    assert.ok(Buffer.concat(found).includes(Buffer.from(frame)));
    await journal.close();
  });
}

for (const [code, pattern] of [["EROFS", /read-only/], ["EACCES", /no right/], ["EMFILE", /too many files/]]) {
  test(`a folder that cannot be opened is told as such: ${code}`, async (t) => {
    const path = folder(t);
    await five(path);
    const before = bytesIn(path);
    const restore = replacing(t, { writeFileSync: () => () => { throw systemError(code); } });
    assert.match((await refusedWith("JOURNAL_FAILED", () => nodeJournal(path).load())).message, pattern);
    restore();
    assert.deepEqual(bytesIn(path), before);
  });
}

/** In a mount namespace of its own nobody needs to be root, and nothing is left. Not every machine lets one have it. */
const inside = (mount, path) => ["unshare", "-rm", "sh", "-c", `${mount} && exec "$@"`, path];
const mounts = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs tmpfs /tmp"]).status === 0;

for (const real of mounts ? ["a real disk"] : []) {
  test(`${real} that gets full`, async (t) => {
    const path = folder(t);
    const program = child(t, "fill", path, { through: inside('mount -t tmpfs -o size=256k tmpfs "$0"', path) });
    let [line, last] = [await program.line(), 0];
    while (/^\d+$/.test(line)) [last, line] = [Number(line), await program.line()];
    assert.ok(last >= 30, `${last} frames fit`);
    assert.match(line, /^JOURNAL_FULL .*the disk is full/);
    assert.match(await program.line(), /^JOURNAL_FAILED/);
    assert.equal(await program.line(), "done");
    assert.equal(await program.ended, 0);
  });

  test(`${real} that is read-only`, async (t) => {
    const path = folder(t);
    await five(path);
    const before = bytesIn(path);
    const through = inside('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', path);
    assert.equal(await child(t, "hold", path, { through }).line(), "JOURNAL_FAILED");
    assert.deepEqual(bytesIn(path), before);
  });
}
