/** The wasm module: loaded once, and what it throws told in our words. */
import initialise, { initSync, type InitInput, type SyncInitInput } from "./glue/agent_orchestrator.js";
import { OrchestratorError, type ErrorCode } from "./errors.js";
import { ERROR_CODES } from "./generated.js";

/** What the module may be loaded from. */
export type ModuleSource = InitInput | Promise<InitInput>;

let memory: WebAssembly.Memory | undefined;

/** Starts the module from what is at hand. */
export function start(module: SyncInitInput): void {
  memory ??= initSync({ module }).memory;
}

/** Starts the module from wherever it is. */
export async function startAsync(source: ModuleSource): Promise<void> {
  memory ??= (await initialise({ module_or_path: source })).memory;
}

/** The memory of the module, which must have been started. */
export function loaded(): WebAssembly.Memory {
  if (memory !== undefined) return memory;
  throw new OrchestratorError("NOT_INITIALIZED", "the wasm module is not loaded yet: call `await init()` first");
}

/** What is told of a core that stopped at a bug. */
export const stopped = (cause: unknown): OrchestratorError =>
  new OrchestratorError("POISONED", "the core stopped at a bug and cannot go on; open a new orchestrator", { cause });

/** What the core throws, as an error of ours. */
export function told(thrown: unknown): unknown {
  if (thrown instanceof WebAssembly.RuntimeError) return stopped(thrown);
  if (OrchestratorError.isInstance(thrown) || !(thrown instanceof Error)) return thrown;
  const { code, message, cause } = thrown as { code?: unknown; message: string; cause?: unknown };
  if (!ERROR_CODES.includes(code as ErrorCode)) return thrown;
  return new OrchestratorError(code as ErrorCode, message, cause === undefined ? undefined : { cause });
}

/** A refusal as the core writes it: the code, a line feed, the message. */
export function refusalOf(text: string): OrchestratorError {
  const end = text.indexOf("\n");
  return new OrchestratorError(text.slice(0, end) as ErrorCode, text.slice(end + 1));
}
