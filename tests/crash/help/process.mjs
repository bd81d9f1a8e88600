/** A survey as a process that is killed on the way. */
import { spawn } from "node:child_process";

/**
 * Runs a program to its end, or until `isTime` says so of a line it wrote; then it is killed with SIGKILL.
 *
 * @returns {Promise<{ code, signal, lines, stderr }>} what it wrote until it was gone.
 */
export function runUntil(program, args, { isTime = () => false, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const lines = [];
    let rest = "";
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop();
      for (const line of parts) {
        lines.push(line);
        if (!child.killed && isTime(line)) child.kill("SIGKILL");
      }
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, lines, stderr }));
  });
}
