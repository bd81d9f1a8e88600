// In a page the title is what a test waits for.
import { smoke } from "./smoke.mjs";

export const show = (orchestrator) =>
  smoke(orchestrator).then((result) => { document.title = result; }, (error) => { document.title = `error: ${error.stack ?? error}`; });
