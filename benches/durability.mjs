// The journal in files, natively: durability.rs, built with cargo's bench profile.
import { run } from "../pkg-template/build/run.mjs";
import { step } from "../pkg-template/build/say.mjs";
import { ensureRust } from "../pkg-template/build/setup/rust.mjs";

const bench = ["bench", "--features", "native", "--bench", "durability"];

export async function durability() {
  await ensureRust();
  await step("cargo build (bench profile)", () => run("cargo", [...bench, "--no-run"], { output: "quiet", name: "cargo bench" }));
  await run("cargo", [...bench, "--quiet"], { name: "cargo bench" });
}
