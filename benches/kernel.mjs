// The kernel without any JavaScript: kernel.rs, built with cargo's bench profile.
import { run } from "../pkg-template/build/run.mjs";
import { step } from "../pkg-template/build/say.mjs";
import { ensureRust } from "../pkg-template/build/setup/rust.mjs";

export async function kernel() {
  await ensureRust();
  await step("cargo build (bench profile)", () => run("cargo", ["bench", "--bench", "kernel", "--no-run"], { output: "quiet", name: "cargo bench" }));
  await run("cargo", ["bench", "--quiet", "--bench", "kernel"], { name: "cargo bench" });
}
