// The way in where no file can be fetched: the bytes of the .wasm are in the module. As everywhere, `init` comes first.
import { _startAsync } from "./api.js";
import { base64 } from "./glue/bytes.js";
import type { InitInput } from "./init-input.js";

export * from "./api.js";
export type { InitInput };

export async function init(input?: InitInput | Promise<InitInput>): Promise<void> {
  await _startAsync(input ?? Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
