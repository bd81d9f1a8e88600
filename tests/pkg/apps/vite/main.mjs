import * as orchestrator from "agent-orchestrator-wasm";
import { show } from "../show.mjs";

show(orchestrator);
