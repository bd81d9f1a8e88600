/** What happens in a simulation when its user says nothing else: random calls, and attempts that do random things. */
import type { AgentProvider, CreateTask, OnInterrupt } from "../api.js";
import type { VirtualClock } from "./clock.js";
import type { FaultPlan } from "./faults.js";
import { Random, numberOf } from "./random.js";
import type { Act, Script } from "./script.js";
import { scriptedProvider } from "./scripted-provider.js";
import type { SimulationContext } from "./simulate.js";

const GROUPS = ["g0", "g1"] as const;
const INTERRUPTS: readonly [OnInterrupt, ...OnInterrupt[]] = ["pause", "retry", "fail"];

/** One of the last tasks, or one that never was. */
function someTask({ random, taskIds }: SimulationContext): string {
  return (random.percent(97) ? random.pick(taskIds.slice(-9)) : undefined) ?? "nobody";
}

const someProvider = ({ random, orchestrator }: SimulationContext): string => (random.percent(95) ? random.pick(orchestrator.providers)?.id : undefined) ?? "nobody";

/** A span of up to 20 seconds, or none. */
const someSpan = (random: Random): number | undefined => (random.percent(40) ? 1 + random.below(20_000) : undefined);

/** A task with a random plan. Its id follows from the step, whatever came before. */
function newTask(context: SimulationContext, part: number): CreateTask {
  const { random, step, clock } = context;
  const chance = (percent: number): boolean => random.percent(percent);
  const now = clock.now();
  const span = (): number | undefined => someSpan(random);
  const moment = (times: number): number | undefined => {
    const after = span();
    return after === undefined ? undefined : now + times * after;
  };
  return {
    name: chance(1) ? "" : `task ${step}`,
    id: chance(2) ? someTask(context) : `t${step}${"abcd"[part]}`,
    providerId: someProvider(context),
    start: chance(50) ? "now" : "manual",
    parentId: chance(20) ? someTask(context) : undefined,
    outlivesParent: chance(30),
    dependsOn: chance(30) ? [someTask(context)] : undefined,
    onDependencyFailure: chance(40) ? "fail" : "block",
    retry: chance(35)
      ? { maxAttempts: 1 + random.below(4), delay: random.below(2000), maxDelay: 2000 + random.below(8000), factor: 1 + random.below(3), jitter: random.below(11) / 10 }
      : undefined,
    timeout: chance(35) ? { attempt: span(), idle: span(), total: span() } : undefined,
    deadline: chance(15) ? moment(10) : undefined,
    startAt: chance(15) ? moment(5) : undefined,
    group: chance(50) ? random.pick(GROUPS) : undefined,
    priority: chance(40) ? random.below(5) - 2 : undefined,
    onInterrupt: chance(60) ? random.pick(INTERRUPTS) : undefined,
    idempotencyKey: chance(5) ? `order ${random.below(3)}` : undefined,
  };
}

type Call = (context: SimulationContext) => unknown;

/** Calls, each with how often it comes. */
const CALLS: readonly (readonly [weight: number, call: Call])[] = [
  [14, (context) => context.orchestrator.createTask(newTask(context, 0))],
  [4, (context) => context.orchestrator.createTasks([0, 1, 2].slice(0, 2 + context.random.below(2)).map((part) => newTask(context, part)))],
  [12, (context) => context.orchestrator.runTask(newTask(context, 0))],
  [12, (context) => context.orchestrator.startTask(someTask(context))],
  [3, (context) => context.orchestrator.waitForTask(someTask(context))],
  [6, (context) => context.orchestrator.pauseTask(someTask(context))],
  [8, (context) => context.orchestrator.resumeTask(someTask(context))],
  [5, (context) => context.orchestrator.cancelTask(someTask(context))],
  [7, (context) => context.orchestrator.restartTask(someTask(context))],
  [2, (context) => context.orchestrator.deleteTask(someTask(context))],
  [1, (context) => context.orchestrator.renameTask(someTask(context), `name ${context.random.below(9)}`)],
  [3, (context) => context.orchestrator.reassignTask(someTask(context), someProvider(context))],
  [1, (context) => context.orchestrator.setUserStatus(someTask(context), context.random.percent(50) ? "done" : "open")],
  [2, (context) => context.orchestrator.appendOutput(someTask(context), `line ${context.random.below(1000)}`)],
  [2, (context) => context.orchestrator.updateProgress(someTask(context), context.random.below(140) - 20)],
  [2, (context) => context.orchestrator.addStep(someTask(context), `step ${context.step}`)],
  [2, (context) => context.orchestrator.updateStep(someTask(context), `s${1 + context.random.below(3)}`, context.random.percent(50) ? "running" : "completed")],
  [1, (context) => context.orchestrator.switchTask(context.random.percent(70) ? someTask(context) : null)],
  [3, (context) => context.orchestrator.limitGroup(context.random.pick(["", ...GROUPS]) ?? "", context.random.percent(70) ? 1 + context.random.below(3) : undefined)],
  [2, (context) => context.orchestrator.flush()],
  [1, (context) => context.orchestrator.compact()],
];
const WEIGHTS = CALLS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * What {@link simulate} does in each step if it is given no other scenario: one random call. A scenario of your own may call
 * it as well.
 *
 * @example
 * ```ts
 * await simulate({ scenario: (context) => (context.random.percent(20) ? mine(context) : defaultScenario(context)) });
 * ```
 */
export function defaultScenario(context: SimulationContext): unknown {
  let dice = context.random.below(WEIGHTS);
  for (const [weight, call] of CALLS) {
    if (dice < weight) return call(context);
    dice -= weight;
  }
  return undefined;
}

/** What an attempt does, as follows from the seed, the task and the attempt, whenever it runs. */
function script(seed: number, plan: FaultPlan, taskId: string, attempt: number): Script {
  const random = new Random(seed, numberOf(taskId), attempt);
  const acts: Act[] = [];
  const late = random.below(1000) < plan.late;
  if (late) acts.push("ignoreCancel");
  for (let n = random.below(4); n > 0; n--) {
    acts.push(random.pick<Act>([
      { output: `output ${n}` }, { progress: random.below(100) }, { step: `step ${n}` }, "untilResumed", { wait: random.below(20_000) }, { wait: random.below(200) },
    ]));
  }
  // So long that it may be called off before.
  if (late) acts.push({ wait: random.below(1500) }, { output: "perhaps too late" });
  if (random.below(1000) < plan.lost) acts.push("never");
  acts.push(random.pick<Act>([
    { throw: new Error("scripted") }, { fail: "scripted" }, { fail: "scripted" }, { fail: "scripted", retryable: false }, "untilCancelled",
    { answer: 5 }, { answerTwice: "done" }, { succeed: "done" }, { succeed: "done" }, { succeed: "done" },
  ]));
  return acts;
}

/** The providers of a simulation that is given none; once it is at its end, attempts succeed at once. */
export function defaultProviders(seed: number, plan: FaultPlan, clock: VirtualClock, isEnding: () => boolean): readonly AgentProvider[] {
  return [undefined, 1, 2].map((maxConcurrency, index) =>
    scriptedProvider((task, attempt) => (isEnding() ? [] : script(seed, plan, task.id, attempt)), { id: `p${index}`, maxConcurrency, clock }));
}
