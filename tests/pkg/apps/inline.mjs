import * as orchestrator from "agent-orchestrator-wasm/inline";
import { show } from "./show.mjs";

show(orchestrator);
