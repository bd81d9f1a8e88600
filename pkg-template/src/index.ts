// The way in for browsers and bundlers. Nothing happens at import: `init` fetches the .wasm.
import { _startAsync } from "./api.js";
import type { InitInput } from "./init-input.js";

export * from "./api.js";
export type { InitInput };

/**
 * Loads the WebAssembly. Call and await it once before anything else; more calls do no harm. In Node, Deno, Bun and
 * Cloudflare Workers there is nothing to wait for, so the same code runs everywhere.
 */
export async function init(input?: InitInput | Promise<InitInput>): Promise<void> {
  // Bundlers know this form, and take the file along.
  await _startAsync(input ?? new URL("./glue/agent_orchestrator_bg.wasm", import.meta.url));
}
