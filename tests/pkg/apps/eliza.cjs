const eliza = require("agent-orchestrator-wasm/eliza");

import("./agent.mjs").then(({ talk }) => talk(eliza, process.argv[2])).then(console.log);
