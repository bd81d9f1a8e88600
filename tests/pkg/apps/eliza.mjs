import * as eliza from "agent-orchestrator-wasm/eliza";
import { talk } from "./agent.mjs";

console.log(await talk(eliza, process.argv[2]));
