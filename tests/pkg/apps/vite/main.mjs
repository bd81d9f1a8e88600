import * as orchestrator from "agent-orchestrator-wasm";
import { indexedDbJournal } from "agent-orchestrator-wasm/indexeddb";
import { journalConformance } from "agent-orchestrator-wasm/testing";
import { conform } from "../journals.mjs";
import { show } from "../show.mjs";

show(orchestrator, () => conform(journalConformance, (name) => indexedDbJournal(name)));
