// Where things are. The root is found from this file, so every script works from any folder.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
export const inRoot = (...parts) => join(root, ...parts);

export const template = inRoot("pkg-template");
/** The finished package. */
export const pkg = inRoot("pkg");
/** What the build keeps between runs: glue, stamps, the packed tarball. */
export const cache = inRoot("target", "npm");

export const wasmTarget = "wasm32-unknown-unknown";
/** Cargo's name of the library, which names the glue files too. */
export const libName = "agent_orchestrator";
export const packageName = "agent-orchestrator-wasm";
