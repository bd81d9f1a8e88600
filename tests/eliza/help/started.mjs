// Starts agents in processes of their own, and gives them orders.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A folder that is removed after the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "eliza-"));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** An agent of this version of the core, with its files in this folder. */
export async function start(t, options) {
  const child = fork(fileURLToPath(new URL("agent.mjs", import.meta.url)), [JSON.stringify(options)], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let logged = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (logged += text));
  const waiting = new Map();
  let ready;
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the agent is gone (${signal ?? code}):\n${logged}`));
    resolve(signal ?? code);
  }));
  child.on("message", (message) => {
    if (message.ready) return ready();
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) resolve(message.value);
    else reject(new Error(`${message.error}\n${logged}`));
  });
  t.after(() => child.kill("SIGKILL"));
  let number = 0;
  const order = (name, rest = {}) => new Promise((resolve, reject) => {
    waiting.set(++number, { resolve, reject });
    child.send({ id: number, order: name, given: rest });
  });
  await Promise.race([new Promise((resolve) => (ready = resolve)), ended.then((how) => Promise.reject(new Error(`the agent did not start (${how}):\n${logged}`)))]);
  return {
    order,
    /** Says something, and gives the one reply. */
    async say(text, rest) {
      const { replies } = await order("say", { text, ...rest });
      return replies.map((reply) => reply.text).join("\n===\n");
    },
    async kill() {
      child.kill("SIGKILL");
      return ended;
    },
    logged: () => logged,
  };
}
