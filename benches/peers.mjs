// Supervised agents beside those of other crates, natively: a project of its own, so that no build of the crate has to
// wait for theirs.
import { run } from "../pkg-template/build/run.mjs";
import { step } from "../pkg-template/build/say.mjs";
import { ensureRust } from "../pkg-template/build/setup/rust.mjs";

const project = ["--release", "--locked", "--manifest-path", "benches/peers/Cargo.toml"];

export async function peers() {
  await ensureRust();
  await step("cargo build (agents and their peers)", () => run("cargo", ["build", ...project], { output: "quiet", name: "cargo build" }));
  await run("cargo", ["run", "--quiet", ...project], { name: "cargo run" });
}
