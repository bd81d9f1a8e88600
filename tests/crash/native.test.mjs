// The survey in Rust, killed again and again: what it finishes is that of a run without a crash.
import { test } from "node:test";
import { examples } from "./help/native.mjs";
import { surviveKills } from "./help/survey.mjs";

test("a native survey that is killed 20 times finishes as if it had not been", async (t) => {
  const { survey, journal } = await examples("survey", "journal");
  await surviveKills(t, { survey: [survey], journal: [journal], seed: 20_261_121 });
});
