// What Cargo.toml and Cargo.lock say; the npm package and the tools follow them.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { Stop } from "./say.mjs";

const text = (name) => (existsSync(inRoot(name)) ? readFileSync(inRoot(name), "utf8") : "");

function find(file, pattern, what) {
  const value = pattern.exec(text(file))?.[1];
  if (value === undefined) throw new Stop(`${file} does not say ${what}.`);
  return value;
}

export const crateVersion = () => find("Cargo.toml", /^version = "([^"]+)"/m, "the version of the crate");
export const minimumRust = () => find("Cargo.toml", /^rust-version = "([^"]+)"/m, "which Rust it needs (rust-version)");

/** The glue generator must be of exactly the version of the wasm-bindgen that was compiled in. */
export function bindgenVersion() {
  return /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(text("Cargo.lock"))?.[1]
    ?? find("Cargo.toml", /^wasm-bindgen = "=([^"]+)"/m, "which wasm-bindgen it uses");
}
