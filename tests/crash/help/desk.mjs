// A desk of clerks that answer numbered messages, over a journal in a folder: to be killed and started again.
//   node desk.mjs <folder> <how many messages>
// Writes `answered <number>` and `refused <number>` when that is known, and `done` when there is nothing left to do.
import { AgentOrchestrator, nodeJournal } from "../../../examples/survey/package.mjs";

const CLERKS = 5;
/** Messages that no clerk can answer, by their number. */
const isBad = (number) => number % 17 === 3;

const [folder, count] = [process.argv[2], Number(process.argv[3])];
const orchestrator = await AgentOrchestrator.open({ journal: nodeJournal(folder), keepHistory: true });

/** Those that were taken before this process began: they need not be sent again. */
const taken = new Set();
const { seq: last } = await orchestrator.verify();
for await (const { type, seq, messages } of orchestrator.events({ from: 0 })) {
  if (type === "agent:message") taken.add(messages[0].content);
  if (seq === last) break;
}

orchestrator.addAgent("desk", () => ({ prompt: () => "open" }), { strategy: "rest_for_one" });
for (let n = 0; n < CLERKS; n++) orchestrator.addChild(`clerk ${n}`, "desk", clerk, { retryMessage: 1, maxRestarts: 1000, backoff: { delay: 1, jitter: 0 } });
orchestrator.spawn("desk");

function clerk({ state }) {
  let done = state?.done ?? -1;
  return {
    async prompt([{ content: number }], ctx) {
      // What this clerk has done is known to it, whoever was killed meanwhile: nothing comes twice but the last one.
      if (number < done) throw Object.assign(new Error(`message ${number} came after ${done}`), { retryable: false });
      await null;
      if (isBad(number)) throw new Error("nobody can answer this");
      done = number;
      ctx.state = { done };
      return `answer to ${number}`;
    },
  };
}

const waiting = [];
for (let number = 0; number < count; number++) {
  if (taken.has(number)) continue;
  const answer = orchestrator.agent(`clerk ${number % CLERKS}`).send({ role: "user", content: number });
  waiting.push(answer.then(() => console.log(`answered ${number}`), ({ code }) => console.log(`refused ${number} ${code}`)));
  if (waiting.length % 10 === 0) await Promise.race(waiting.slice(-10));
}
await Promise.all(waiting);
// Others were taken by a process that is gone; they end the ordinary way.
await orchestrator.agent("desk").awaitResult();
console.log("done");
await orchestrator.dispose();
