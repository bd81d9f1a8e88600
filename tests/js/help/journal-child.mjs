// A program that uses a journal in files, for tests that end it. Its orders are its arguments; what it does it says in lines.
//   hold <folder>            opens and keeps it
//   flood <folder>           appends for ever, and says each position that was acknowledged
//   open <folder> on a line  waits for a line, tries to open, and keeps it
//   fill <folder>            appends until it is refused, and then once more
import { once } from "node:events";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { frames } from "./journals.mjs";

const [order, path] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);
const journal = nodeJournal(path);
const attempt = async (call) => say(await call().then(() => "done", ({ code, message }) => `${code} ${message}`));

if (order === "open") {
  say("ready");
  await once(process.stdin, "data");
}
const loaded = await journal.load().then(({ frames }) => frames, ({ code }) => say(code));
if (loaded === undefined) {
  // Nothing else to do, but there is somebody who ends us.
} else if (order === "flood" || order === "fill") {
  const size = order === "fill" ? 4000 : 100;
  const next = frames(7, loaded.length === 0 ? 0 : (Buffer.concat(loaded).length - 48) / (48 + 4 + size), size);
  try {
    for (;;) {
      const { position } = next;
      await journal.append(position, next.events(1, size));
      say(next.position);
    }
  } catch ({ code, message }) {
    say(`${code} ${message}`);
    await attempt(() => journal.append(0, frames(7).events(1, size)));
    await attempt(() => journal.close());
  }
  process.exit();
} else {
  say("open");
}
setInterval(() => {}, 1000);
