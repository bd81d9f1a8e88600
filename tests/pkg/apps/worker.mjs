import * as orchestrator from "agent-orchestrator-wasm";
import { expected, smoke } from "./smoke.mjs";

// What `workerd test` calls.
export default {
  async test() {
    const result = await smoke(orchestrator);
    if (result !== expected) throw new Error(result);
  },
};
