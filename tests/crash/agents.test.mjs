// A tree of agents over a journal in files, killed again and again: it comes back, and what was not answered is delivered again.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentOrchestrator, nodeJournal } from "../../examples/survey/package.mjs";
import { chance } from "./help/chance.mjs";
import { runUntil } from "./help/process.mjs";

const desk = fileURLToPath(new URL("./help/desk.mjs", import.meta.url));
const MESSAGES = 2000;
const KILLS = 20;

test("a tree of agents that is killed 20 times answers or reports every message, each once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "desk-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { between } = chance(20_261_121);
  const answered = new Set();
  const refused = new Set();
  let kills = 0;
  for (;;) {
    // After so many lines, or never once it was killed often enough.
    let left = kills < KILLS ? between(1, 40) : Infinity;
    const { code, signal, lines, stderr } = await runUntil(process.execPath, [desk, folder, String(MESSAGES)], { isTime: () => --left <= 0 });
    for (const line of lines) {
      const [what, number] = line.split(" ");
      if (what === "answered") answered.add(Number(number));
      if (what === "refused") refused.add(Number(number));
    }
    if (signal === "SIGKILL") {
      kills += 1;
      continue;
    }
    assert.equal(code, 0, stderr);
    assert.equal(lines.at(-1), "done");
    break;
  }
  assert.equal(kills, KILLS);

  const orchestrator = await AgentOrchestrator.open({ journal: nodeJournal(folder), keepHistory: true });
  t.after(() => orchestrator.dispose());
  const { seq: last } = await orchestrator.verify();
  const events = [];
  for await (const event of orchestrator.events({ from: 0 })) {
    events.push(event);
    if (event.seq === last) break;
  }
  const messages = new Map();
  const open = new Map();
  const order = new Map();
  let again = 0;
  let starts = 0;
  for (const [index, event] of events.entries()) {
    assert.equal(event.seq, index + 1, "positions have no gap");
    const name = `${event.agent} ${event.messageId}`;
    const message = messages.get(name);
    switch (event.type) {
      case "agent:message":
        messages.set(name, { number: event.messages[0].content, prompted: 0, ends: [] });
        break;
      case "agent:prompted":
        assert.equal(open.get(event.agent), undefined, `${name} was given while another one was open`);
        assert.ok(message.prompted === 0 || message.ends.length === 0, `${name} was given after its end`);
        assert.ok(event.messageId >= (order.get(event.agent) ?? 0), `${name} came after ${order.get(event.agent)}`);
        order.set(event.agent, event.messageId);
        if (message.prompted > 0) again += 1;
        message.prompted += 1;
        open.set(event.agent, name);
        break;
      case "agent:replied":
        assert.equal(open.get(event.agent), name);
        assert.equal(event.reply, `answer to ${message.number}`);
        message.ends.push("answered");
        open.delete(event.agent);
        break;
      case "agent:dropped":
        assert.equal(event.reason, "failed");
        message.ends.push("refused");
        break;
      case "agent:failed":
        open.delete(event.agent);
        break;
      case "agent:spawned":
      case "agent:restarted":
        starts += 1;
        break;
      case "journal:recovered":
        open.clear();
        break;
    }
  }

  const ends = new Map([...messages.values()].map(({ number, ends }) => [number, ends]));
  assert.equal(messages.size, MESSAGES, "each message was taken once");
  assert.deepEqual([...ends].filter(([number, [end, ...more]]) => more.length > 0 || end !== (number % 17 === 3 ? "refused" : "answered")), []);
  // What a caller was told is in the journal.
  for (const number of answered) assert.deepEqual(ends.get(number), ["answered"]);
  for (const number of refused) assert.deepEqual(ends.get(number), ["refused"]);
  assert.ok(again > 0 && starts > KILLS, `${again} messages were delivered again`);
  const { letters } = orchestrator.deadLetters();
  assert.deepEqual(letters.map(({ messages: [{ content }] }) => content).sort((a, b) => a - b),
    Array.from({ length: MESSAGES }, (_, number) => number).filter((number) => number % 17 === 3));
});
