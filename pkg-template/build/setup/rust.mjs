// Rust, its WebAssembly target, and for tests its formatter and linter.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { minimumRust } from "../manifest.mjs";
import { wasmTarget } from "../paths.mjs";
import { ask, run } from "../run.mjs";
import { Stop, step } from "../say.mjs";

const howToInstall = `Install it by rustup:
  https://rustup.rs (one command on Linux and macOS, an installer on Windows)
then open a new terminal and run this again.`;

// A fresh rustup has not reached the PATH of an open terminal yet.
const cargoBin = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
if (existsSync(cargoBin) && !process.env.PATH.split(delimiter).includes(cargoBin)) process.env.PATH += delimiter + cargoBin;

export const rustVersion = () => ask("rustc", ["--version"]);

function older(version, minimum) {
  const [a, b] = [version, minimum].map((text) => text.split(".").map(Number));
  return a[0] !== b[0] ? a[0] < b[0] : a[1] < b[1];
}

const hasRustup = () => ask("rustup", ["--version"]) !== undefined;

async function component(kind, name, present, consequence) {
  if (present()) return;
  if (!hasRustup()) throw new Stop(`Rust is here but not its ${name}, ${consequence}. ${howToInstall}`);
  await step(`rustup ${kind} add ${name}`, () => run("rustup", [kind, "add", name], { minutes: 10 }));
  if (!present()) throw new Stop(`rustup added ${name}, but the Rust in use does not find it: is another Rust before rustup's in the PATH?`);
}

const targetPresent = () => {
  const folder = ask("rustc", ["--print", "target-libdir", "--target", wasmTarget]);
  return folder !== undefined && existsSync(folder);
};

export async function ensureRust({ forTests = false } = {}) {
  const version = rustVersion();
  if (version === undefined || ask("cargo", ["--version"]) === undefined) throw new Stop(`Rust (rustc and cargo) was not found. ${howToInstall}`);
  const number = version.split(" ")[1];
  if (older(number, minimumRust())) throw new Stop(`Rust ${number} is too old; ${minimumRust()} or newer is needed. Run: rustup update stable`);
  await component("target", wasmTarget, targetPresent, "without which nothing can be compiled for the web");
  if (!forTests) return;
  await component("component", "rustfmt", () => ask("cargo", ["fmt", "--version"]) !== undefined, "which the tests use");
  await component("component", "clippy", () => ask("cargo", ["clippy", "--version"]) !== undefined, "which the tests use");
}
