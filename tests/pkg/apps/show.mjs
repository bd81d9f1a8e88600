// In a page the title is what a test waits for.
import { smoke } from "./smoke.mjs";

export const show = (orchestrator, more = () => "") =>
  smoke(orchestrator).then(async (result) => { document.title = result + (await more()); }).catch((error) => { document.title = `error: ${error.stack ?? error}`; });
