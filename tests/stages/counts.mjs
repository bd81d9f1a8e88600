// How many tests a tool says it ran.
import { Stop } from "../../pkg-template/build/say.mjs";

const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);

/** A run that counts nothing has tested nothing, and a bad exit code without a failed test is a failure too. */
function counts(what, code, passed, failed) {
  if (passed + failed === 0) throw new Stop(`${what} ran no tests${code === 0 ? "" : ` and ended with exit code ${code}`}.`);
  return { passed, failed: Math.max(failed, code === 0 ? 0 : 1) };
}

/** Of cargo's and wasm-bindgen's test runners. */
export const rustCounts = (what, { code, text }) =>
  counts(what, code, sum(text, /^test result: .*?(\d+) passed/gm), sum(text, /^test result: .*?(\d+) failed/gm));

/** Of `node --test` with the spec reporter. */
export const nodeCounts = (what, { code, text }) =>
  counts(what, code, sum(text, /^\S* ?pass (\d+)$/gm), sum(text, /^\S* ?(?:fail|cancelled) (\d+)$/gm));
