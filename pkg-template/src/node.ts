// The way in for Node, Deno and Bun, which can read a file without waiting: ready when imported.
import { readFileSync } from "node:fs";
import { _start } from "./api.js";
import type { InitInput } from "./init-input.js";

export * from "./api.js";
export type { InitInput };

_start(readFileSync(new URL("./glue/agent_orchestrator_bg.wasm", import.meta.url)));

/** Has nothing left to do here; kept so that the same code runs in a browser. */
export async function init(_input?: InitInput | Promise<InitInput>): Promise<void> {}
