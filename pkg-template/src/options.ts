/** Reads the options of an orchestrator: each once, checked before anything is opened. */
import { timeOf, type Time } from "./clock.js";
import { count, flag, invalid, kindOf, object, optionalString, string } from "./input.js";
import { readJournal, type Foreign } from "./foreign.js";
import { policyOf, whole, type AgentDefaults } from "./agent-options.js";
import type { SupervisorPolicy } from "./agent-types.js";
import type { CoreOptions } from "./opening.js";
import { onInterruptOf } from "./plan.js";
import { readProvider, type Registered } from "./provider.js";
import type { OpenOptions } from "./types.js";

/** What {@link OpenOptions} say. */
export interface Settings {
  readonly core: CoreOptions;
  readonly journal: Foreign | undefined;
  readonly agents: AgentDefaults;
  /** Decides about agents that have no policy above them. */
  readonly supervisor: SupervisorPolicy | undefined;
  readonly time: Time;
  readonly groups: readonly (readonly [name: string, max: number | undefined])[];
  readonly providers: readonly Registered[];
  readonly defaultProviderId: string | undefined;
  /** A directory, or who is asked for one at every create. */
  readonly workingDirectory: string | (() => string);
  readonly onError: (error: unknown, where: string) => void;
}

/** A whole number of bytes that may be 0. */
function wholeNumber(what: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${what} must be a whole number of at least 0, not ${typeof value === "number" ? value : kindOf(value)}`);
}

function groupsOf(value: unknown): Settings["groups"] {
  if (value === undefined) return [];
  return Object.entries(object("groups", value)).map(([name, limits]) => {
    const { maxConcurrency } = object("a group", limits) as { maxConcurrency?: unknown };
    return [string("a group's name", name), count("a group's maxConcurrency", maxConcurrency)];
  });
}

export function readOptions(options: OpenOptions): Settings {
  const {
    providers, defaultProviderId, workingDirectory, maxConcurrency, maxTasks, maxOutputLines, eventLogBytes, maxQueued, onInterrupt,
    maxUnwrittenBytes, snapshotBytes, snapshotEvents, keepHistory, groups, journal, clock, now, seed, onError,
    supervisor, maxRestarts, inboxCapacity,
  } = object("the options", options) as OpenOptions;
  if (onError !== undefined && typeof onError !== "function") throw invalid(`onError must be a function, not ${kindOf(onError)}`);
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) throw invalid("seed must be a whole number of at least 0");
  if (providers !== undefined && !Array.isArray(providers)) throw invalid(`providers must be an array, not ${kindOf(providers)}`);
  return {
    workingDirectory: typeof workingDirectory === "function" ? workingDirectory : (optionalString("workingDirectory", workingDirectory) ?? ""),
    core: {
      maxConcurrency: count("maxConcurrency", maxConcurrency),
      maxTasks: count("maxTasks", maxTasks),
      maxOutputLines: count("maxOutputLines", maxOutputLines),
      eventLogBytes: count("eventLogBytes", eventLogBytes),
      maxQueued: count("maxQueued", maxQueued),
      onInterrupt: Math.max(onInterruptOf(onInterrupt) - 1, 0),
      maxUnwrittenBytes: count("maxUnwrittenBytes", maxUnwrittenBytes),
      snapshotBytes: wholeNumber("snapshotBytes", snapshotBytes),
      snapshotEvents: wholeNumber("snapshotEvents", snapshotEvents),
      keepHistory: flag("keepHistory", keepHistory),
      seed,
      recordMessages: journal !== undefined,
      consults: supervisor !== undefined,
    },
    agents: { maxRestarts: whole("maxRestarts", maxRestarts), inboxCapacity: count("inboxCapacity", inboxCapacity) },
    supervisor: policyOf("supervisor", supervisor),
    journal: journal === undefined ? undefined : readJournal(journal),
    time: timeOf(clock, now),
    groups: groupsOf(groups),
    providers: Array.from(providers ?? [], readProvider),
    defaultProviderId: optionalString("defaultProviderId", defaultProviderId),
    onError: onError ?? ((error, where) => console.error(`agent-orchestrator: error in ${where}:`, error)),
  };
}
