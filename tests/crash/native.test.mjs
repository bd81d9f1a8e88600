// The survey in Rust, killed again and again: what it finishes is that of a run without a crash.
import { before, test } from "node:test";
import { cargoArtifacts } from "../../pkg-template/build/run.mjs";
import { ensureRust } from "../../pkg-template/build/setup/rust.mjs";
import { surviveKills } from "./help/survey.mjs";

const programs = {};
before(async () => {
  await ensureRust();
  // The features and the profile of `cargo test`, which has built them already.
  const names = ["survey", "journal"];
  const artifacts = await cargoArtifacts(["build", "--features", "native", ...names.flatMap((name) => ["--example", name])]);
  for (const name of names) programs[name] = artifacts.find(({ target, executable }) => target.name === name && executable).executable;
});

test("a native survey that is killed 20 times finishes as if it had not been", (t) =>
  surviveKills(t, { survey: [programs.survey], journal: [programs.journal], seed: 20_261_121 }));
