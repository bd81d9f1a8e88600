/** For tests: virtual time, providers and journals that do what they are told, simulations, and a suite for journals of your own. */
export { VirtualClock } from "./clock.js";
export { journalConformance, type ConformanceCase } from "./conformance.js";
export { faultPlan, journalFaults, type FaultPlan, type JournalFault } from "./faults.js";
export { faultyJournal, type CrashOptions, type FaultyJournal, type JournalPlan } from "./faulty-journal.js";
export { Random } from "./random.js";
export { defaultScenario } from "./scenario.js";
export type { Act, Script } from "./script.js";
export { scriptedProvider, type Call, type EndedBy, type ScriptedProvider, type ScriptedProviderOptions } from "./scripted-provider.js";
export { SimulationError, simulate, type SimulateOptions, type SimulationContext, type SimulationCounts, type SimulationReport } from "./simulate.js";
export type { Check } from "./violation.js";
