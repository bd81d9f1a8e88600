const orchestrator = require("agent-orchestrator-wasm");

import("./smoke.mjs").then(async ({ smoke }) => console.log(await smoke(orchestrator)));
