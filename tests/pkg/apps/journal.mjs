// Imports no more than it needs: the module is loaded all the same.
import { join } from "node:path";
import process from "node:process";
import { nodeJournal } from "agent-orchestrator-wasm/node";
import { journalConformance } from "agent-orchestrator-wasm/testing";
import { conform } from "./journals.mjs";

console.log(await conform(journalConformance, (name) => nodeJournal(join(process.argv[2], name))));
