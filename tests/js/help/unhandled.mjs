// Fails the file that imports this when a promise is rejected and nobody looks, or an exception reaches the host.
import assert from "node:assert/strict";
import { after } from "node:test";
import { turn } from "./open.mjs";

const stray = [];
process.on("unhandledRejection", (reason) => stray.push(reason));
process.on("uncaughtExceptionMonitor", (error) => stray.push(error));

after(async () => {
  // Node tells of unhandled rejections at the end of a turn.
  await turn();
  await turn();
  assert.deepEqual(stray, []);
});
