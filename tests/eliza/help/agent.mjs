// An agent in a process of its own: it takes orders from the test that started it, and can be killed at any time.
import { configureAgentOrchestratorPlugin, agentOrchestratorPlugin } from "agent-orchestrator-wasm/eliza";
import { connect, runtimeOf } from "./core.mjs";
import { registerPlanner } from "./planner.mjs";

const options = JSON.parse(process.argv[2]);
process.chdir(options.folder);
// What nobody handles ends a process; here it is told as well.
process.on("unhandledRejection", (error) => {
  console.error("unhandled", error);
  process.exit(1);
});

/** What ends each run that is under way, by the name of its task. */
const runs = new Map();
const waits = (id, label) => ({
  id,
  label,
  executeTask: (task, context) => new Promise((resolve, reject) => {
    context.appendOutput(`at work for ${context.runtimeAgentId}`);
    context.updateProgress(40);
    runs.set(task.name, resolve);
    context.signal.addEventListener("abort", () => reject(context.signal.reason));
  }),
});
if (options.configured !== false) configureAgentOrchestratorPlugin({
  gate: options.gate,
  providers: [waits("eliza", "Eliza"), { id: "codex", label: "Codex", executeTask: async (task) => ({ success: true, summary: `done: ${task.name}` }) }],
  defaultProviderId: "eliza",
  getWorkingDirectory: () => process.cwd(),
});

const agent = await runtimeOf(options, agentOrchestratorPlugin);
const { core, runtime } = agent;
let turn;
const [prompts, sent] = [[], []];
registerPlanner(runtime, () => turn, prompts);
runtime.registerSendHandler("test", async (_, target, content) => void sent.push({ room: target.roomId, channel: target.channelId, text: content.text }));
await runtime.initialize();
let service = await runtime.getServiceLoadPromise("CODE_TASK").catch((error) => error);

let number = 0;
const orders = {
  /** A message from a user, through the runtime's own handling of messages; gives what the core delivered as replies. */
  async say({ text, room = "r1", user = "ann", parameters }) {
    const { roomId, entityId } = await connect(agent, { room, user });
    const message = {
      id: core.stringToUuid(`${process.pid} ${number++}`), entityId, roomId, createdAt: Date.now(),
      content: { text, source: "test", channelType: "DM" },
    };
    turn = { message, parameters };
    const replies = [];
    await runtime.messageService.handleMessage(runtime, message, async (content) => {
      replies.push({ text: content.text, actions: content.actions });
      return [];
    });
    return { replies, results: runtime.getActionResults(message.id) };
  },
  /** Lets the run of a task end. */
  finish: async ({ name }) => runs.get(name)({ success: true, summary: `finished ${name}` }),
  tasks: () => service.getTasks(),
  wait: ({ id }) => service.orchestrator.waitForTask(id),
  /** What is in the runtime's own table. */
  async rows() {
    await service.flush();
    return runtime.getTasks({ tags: ["orchestrator"] });
  },
  interrupted: () => service.interruptedTasks,
  sent: async () => sent,
  /** What the model was shown last. */
  prompt: async () => prompts.at(-1),
  async context({ room = "r1", user = "ann" }) {
    const { roomId, entityId } = await connect(agent, { room, user });
    const state = await runtime.composeState({ id: core.stringToUuid(`c ${number++}`), entityId, roomId, content: { text: "hello" } }, ["TASK_CONTEXT"], true, true);
    return state.text;
  },
  /** Lets the core's scheduler do all that is due, with a worker for tasks of this name; gives how often that was called. */
  async due({ name }) {
    let calls = 0;
    runtime.registerTaskWorker({ name, execute: async () => void (calls += 1) });
    await service.flush();
    await runtime.getService("task").runDueTasks();
    return calls;
  },
  async reload() {
    await runtime.unloadPlugin("agent-orchestrator");
    const gone = [runtime.getService("CODE_TASK"), runtime.actions.filter(({ name }) => name === "CREATE_TASK").length];
    await runtime.registerPlugin(agentOrchestratorPlugin);
    service = await runtime.getServiceLoadPromise("CODE_TASK");
    return gone;
  },
  missing: async () => [String(service?.message ?? service), runtime.getService("CODE_TASK")],
  stop: () => runtime.stop(),
};
process.on("message", async ({ id, order, given }) => {
  try {
    process.send({ id, value: await orders[order](given) });
  } catch (error) {
    process.send({ id, error: error?.stack ?? String(error) });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
