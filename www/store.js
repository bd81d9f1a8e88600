// Where the tasks are kept: in this browser, or nowhere if it does not allow that.
import { AgentOrchestrator } from "agent-orchestrator-wasm";
import { indexedDbJournal } from "agent-orchestrator-wasm/indexeddb";

const NAME = "agent-orchestrator-demo";
const DATABASE = `agent-orchestrator:${NAME}`; // what a journal of this name is called

/**
 * Opens the orchestrator with all that this browser has kept of it.
 * @param {() => void} waits called when another tab has it; it is opened when that tab is gone
 * @returns {Promise<{ orchestrator: AgentOrchestrator, unkept?: Error }>} `unkept` says why nothing will be kept
 */
export async function openKept(options, waits) {
  const open = (how) => AgentOrchestrator.open({ ...options, journal: indexedDbJournal(NAME, how) });
  try {
    return { orchestrator: await open() };
  } catch (error) {
    if (error.code === "LOCKED") {
      waits();
      return { orchestrator: await open({ wait: true }) };
    }
    if (error.code === "JOURNAL_FAILED") return { orchestrator: await AgentOrchestrator.open(options), unkept: error };
    throw error;
  }
}

/** Forgets everything. The orchestrator cannot go on after that: load the page again. */
export const forgetAll = () => new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase(DATABASE);
  request.onsuccess = () => resolve();
  request.onerror = () => reject(request.error);
});

/** Calls back with the events that tell how it was opened: this time, and the times before that are still kept. */
export function whenOpened(orchestrator, tell) {
  orchestrator.subscribe(tell, { types: ["journal:recovered", "provider:registered"], from: 0 });
}
