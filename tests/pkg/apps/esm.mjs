import * as orchestrator from "agent-orchestrator-wasm";
import { smoke } from "./smoke.mjs";

console.log(await smoke(orchestrator));
