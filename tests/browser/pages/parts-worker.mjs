// Does the work of parts.mjs in a dedicated worker: the first message says which, others that it was heard, or ask about it.
import { work } from "./parts.mjs";

const unheard = [];
const report = (...told) => new Promise((heard) => {
  unheard.push(heard);
  postMessage({ told });
});

let working;
globalThis.onmessage = async ({ data: { which, heard, ask, values } }) => {
  if (which !== undefined) working = work(which, report);
  else if (heard) unheard.shift()();
  else postMessage({ answer: await (await working)[ask](...values) });
};
