// One process of agents.mjs: prints what a round trip to an agent costs beside a bare queue of promises, as JSON.
import { AgentOrchestrator } from "agent-orchestrator-wasm";

const MESSAGES = 20_000, ROUNDS = 9;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** What a user would write: an async function, called one message at a time through a queue of promises. */
function bare() {
  const prompt = async (messages) => messages[0].content;
  let last = Promise.resolve();
  return { send: (text) => (last = last.then(() => prompt([{ role: "user", content: text }]))), end: () => {} };
}

async function ours() {
  const orchestrator = await AgentOrchestrator.open();
  orchestrator.addAgent("echo", () => ({ prompt: async (messages) => messages[0].content }), { inboxCapacity: MESSAGES });
  const agent = orchestrator.spawn("echo");
  return { send: (text) => agent.send(text), end: () => orchestrator.dispose() };
}

const MODES = {
  "one after the other": async ({ send }) => {
    for (let message = 0; message < MESSAGES; message++) await send("hello");
  },
  "all at once": async ({ send }) => {
    await Promise.all(Array.from({ length: MESSAGES }, () => send("hello")));
  },
};

const figures = {};
for (const [mode, run] of Object.entries(MODES)) {
  const spent = { bare: [], ours: [] };
  // In turns, so that what disturbs one disturbs the other.
  for (let round = -2; round < ROUNDS; round++) for (const [name, make] of Object.entries({ bare, ours })) {
    const agent = await make();
    const before = process.cpuUsage();
    await run(agent);
    const { user, system } = process.cpuUsage(before);
    await agent.end();
    if (round >= 0) spent[name].push((user + system) / MESSAGES);
  }
  figures[mode] = {
    bare: median(spent.bare),
    ours: median(spent.ours),
    over: median(spent.ours.map((microseconds, round) => microseconds - spent.bare[round])),
    ratio: median(spent.ours.map((microseconds, round) => microseconds / spent.bare[round])),
  };
}
process.stdout.write(JSON.stringify(figures));
