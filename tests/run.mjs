// What `npm test` runs: the stages below in this order, up to the first that fails.
//   npm test                  all of them
//   npm test -- rust browser  those whose name has one of these words
//   npm test -- --list        their names
import { Stop, main, say, seconds } from "../pkg-template/build/say.mjs";
import { filesStages } from "./stages/files.mjs";
import { packageStages } from "./stages/package.mjs";
import { rustStages } from "./stages/rust.mjs";
import { wasmStages } from "./stages/wasm.mjs";

const stages = [...rustStages, ...wasmStages, ...packageStages, ...filesStages()];

async function runStages(words) {
  const chosen = stages.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Stop(`No stage has ${words.join(" or ")} in its name. They are:\n${stages.map(({ name }) => `  ${name}`).join("\n")}`);

  const start = performance.now();
  const total = { passed: 0, failed: 0 };
  const times = [];
  for (const [index, { name, run }] of chosen.entries()) {
    say(`\n== ${index + 1}/${chosen.length} ${name}`);
    const stageStart = performance.now();
    try {
      // A stage that counts no tests of its own is one check.
      const { passed, failed } = (await run()) ?? { passed: 1, failed: 0 };
      total.passed += passed;
      total.failed += failed;
      times.push(`${seconds(stageStart).padStart(9)}  ${name}: ${passed} passed${failed > 0 ? `, ${failed} failed` : ""}`);
    } catch (error) {
      total.failed += 1;
      times.push(`${seconds(stageStart).padStart(9)}  ${name}: failed`);
      console.error(error instanceof Stop ? error.message : error);
    }
    if (total.failed > 0) break;
  }

  say(`\n${times.join("\n")}`);
  if (total.failed > 0 && times.length < chosen.length) say(`Stopped at the first failure; ${chosen.length - times.length} more stages were not run.`);
  say(`All of it took ${seconds(start)}.\n`);
  say(`${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
}

await main(async () => {
  const words = process.argv.slice(2);
  if (words.includes("--list")) return say(stages.map(({ name }) => name).join("\n"));
  await runStages(words);
});
