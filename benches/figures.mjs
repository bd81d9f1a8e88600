// Small helps for the programs beside this file.
import { spawnSync } from "node:child_process";
import { Stop } from "../pkg-template/build/say.mjs";

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Whether a goal is reached, in words that stand in a column. */
export const against = (value, most) => `goal ${most}: ${value <= most ? "reached" : "missed"}`;

/** Rows of text in columns. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]))).join("   ")}`).join("\n");
}

/** Runs a piece of JavaScript in a process of its own; gives what it wrote, which must be JSON. */
export function inProcess(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
  if (status !== 0) throw new Stop(`A measuring process failed:\n${stderr}`);
  return JSON.parse(stdout);
}
