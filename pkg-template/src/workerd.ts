// The way in for Cloudflare Workers and edge functions, which compile the .wasm when they are deployed and refuse to do so later.
import module from "./glue/agent_orchestrator_bg.wasm";
import { _start } from "./api.js";
import type { InitInput } from "./init-input.js";

export * from "./api.js";
export type { InitInput };

_start(module);

/** Has nothing left to do here; kept so that the same code runs in a browser. */
export async function init(_input?: InitInput | Promise<InitInput>): Promise<void> {}
