// The survey in Node, killed again and again; its journal is read by the program in Rust, since the files are the same.
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { examples } from "./help/native.mjs";
import { surviveKills } from "./help/survey.mjs";

const main = fileURLToPath(new URL("../../examples/survey/main.mjs", import.meta.url));

test("a survey in Node that is killed 20 times finishes as if it had not been", async (t) => {
  const { journal } = await examples("journal");
  await surviveKills(t, { survey: [process.execPath, main], journal: [journal], seed: 7_112_026 });
});
