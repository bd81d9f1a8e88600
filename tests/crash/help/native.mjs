/** The examples in Rust, as programs. */
import { cargoArtifacts } from "../../../pkg-template/build/run.mjs";
import { ensureRust } from "../../../pkg-template/build/setup/rust.mjs";

/** @returns {Promise<Record<string, string>>} where each of these examples is, built if need be. */
export async function examples(...names) {
  await ensureRust();
  // The features and the profile of `cargo test`, which has built them already.
  const artifacts = await cargoArtifacts(["build", "--features", "native", ...names.flatMap((name) => ["--example", name])]);
  const programOf = (name) => artifacts.find(({ target, executable }) => target.name === name && executable).executable;
  return Object.fromEntries(names.map((name) => [name, programOf(name)]));
}
